"""Waves and spectra as pictures: matplotlib draws them, where it is installed."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from chronus.errors import Code, UserError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from chronus.errors import Span

HOW_TO_INSTALL: Final = 'pip install "music-chronus[pictures]"'
SIZE_IN: Final = (9.0, 4.0)
LOWEST_DB: Final = -110.0


def check_there(span: Span) -> None:
    """See that pictures can be drawn.

    Raises:
        UserError: E_FILE, matplotlib is not installed.
    """
    try:
        import matplotlib  # noqa: F401, ICN001, PLC0415 - takes a second, and is an extra
    except ImportError as error:
        message = f"matplotlib draws pictures, and is not installed: {HOW_TO_INSTALL}"
        raise UserError(Code.FILE, message, span, ("show spectrum",)) from error


def wave(frames: NDArray[np.float32], rate_hz: int, form: str) -> bytes:
    """A picture of a wave, left and right.

    Args:
        frames: shape (frames, 2).
        rate_hz: frames a second.
        form: `png` or `svg`.
    """
    ms = 1000.0 * np.arange(len(frames)) / rate_hz
    figure, axes = _axes("time, ms", "amplitude")
    for side, name in enumerate(("left", "right")):
        axes.plot(ms, frames[:, side], label=name, linewidth=0.9)
    axes.legend(loc="upper right")
    return _drawn(figure, form)


def spectrum(frames: NDArray[np.float32], rate_hz: int, form: str) -> bytes:
    """A picture of the spectrum of frames, both sides together; a full-scale sine lies at 0 dB.

    Args:
        frames: shape (frames, 2).
        rate_hz: frames a second.
        form: `png` or `svg`.
    """
    window = np.blackman(len(frames))
    mono = frames.mean(axis=1, dtype=np.float64) * window
    size = 2.0 * np.abs(np.fft.rfft(mono)) / max(float(window.sum()), 1.0)
    hz = np.fft.rfftfreq(len(frames), 1.0 / rate_hz)
    figure, axes = _axes("frequency, Hz", "level, dB")
    axes.plot(hz[1:], 20.0 * np.log10(np.maximum(size[1:], 1e-9)), linewidth=0.7)
    axes.set_xscale("log")
    axes.set_xlim(20.0, rate_hz / 2.0)
    axes.set_ylim(LOWEST_DB, 6.0)
    return _drawn(figure, form)


def _axes(across: str, up: str) -> tuple[Any, Any]:
    from matplotlib.figure import Figure  # noqa: PLC0415 - as above

    figure = Figure(figsize=SIZE_IN, layout="constrained")
    axes = figure.add_subplot(xlabel=across, ylabel=up)
    axes.grid(visible=True, linewidth=0.3)
    return figure, axes


def _drawn(figure: Any, form: str) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format=form)
    return buffer.getvalue()
