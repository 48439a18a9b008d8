"""What must hold for each kind of the catalog, whatever it is for."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np
import pytest

from chronus.dsp.layout import WIDE
from chronus.modules.catalog import kinds
from chronus.settings import BLOCK

from .driver import Player, alike

if TYPE_CHECKING:
    from chronus.dsp.declaration import Input, Kind

NAMES: Final = sorted(kinds())
LOUDEST: Final = {
    "vca": 4.1,
    "mix": 4.0,
    "strip": 5.7,
    "filter": 150.0,
    "delay": 120.0,
    "keys": 20_000.0,  # in Hz
    "ladder": 12.0,
    "diode": 8.0,
    "distortion": 3.0,
    "compressor": 4.0,
    "supersaw": 5.0,
    "pluck": 3.6,
    "reverb": 12.0,
    "chorus": 3.6,
    "flanger": 3.6,
    "phaser": 40.0,
    "shift": 8.0,
    "sampler": 4.0,
    "grains": 12.0,
    "convolve": 20_000.0,  # the test's impulse is noise
    "eq": 600.0,  # three times 18 dB at one place
    "add": 20_001.0,  # whose `b` may be as large as any value
    "mul": 20_000.0,
    "min": 20_000.0,
    "max": 20_000.0,
    "clip": 20_000.0,
    "quantize": 22_000.0,  # in Hz
    "width": 5.0,
    "formant": 6.0,
}
"""The largest value that a kind may give from inputs of -1..1, where it is not 2."""


def ends(port: Input) -> tuple[float, float]:
    return (
        port.low if math.isfinite(port.low) else -1.0,
        port.high if math.isfinite(port.high) else 1.0,
    )


def bounded(name: str, outputs: dict[str, np.ndarray]) -> None:
    for output, values in outputs.items():
        assert np.isfinite(values).all(), f"{name}.{output} is not finite"
        largest = float(np.abs(values).max())
        assert largest <= LOUDEST.get(name, 2.0), f"{name}.{output} reaches {largest}"


def drawn(
    kind: Kind, random: np.random.Generator, frames: int, *, moving: bool = True
) -> dict[str, np.ndarray]:
    """Inputs for WIDE voices anywhere in their ranges; gates that open and close."""
    signals = {}
    for port, name in kind.input_rows:
        low, high = ends(kind.inputs[port])
        if kind.inputs[port].curve == "exponential":
            least = max(low, 1e-6 * high)
            value = least * (high / least) ** random.random((frames, WIDE))
        else:
            value = low + (high - low) * random.random((frames, WIDE))
        if name == "gate":
            value = np.repeat(random.integers(0, 2, (frames // 16, WIDE)), 16, axis=0)
        elif not moving and name not in {"in_", "in_left", "in_right"}:
            value = np.broadcast_to(value[:1], value.shape)
        signals[name] = value.astype(np.float32)
    return signals


def resting(signals: dict[str, np.ndarray], random: np.random.Generator) -> dict[str, np.ndarray]:
    """The signals, held for whole blocks: of all voices in every other block, else of some."""
    found = {}
    for name, values in signals.items():
        blocks = values.reshape(-1, BLOCK, WIDE)
        held = random.random((len(blocks), 1, WIDE)) < 0.5
        held[::2] = True
        found[name] = np.where(held, blocks[:, :1], blocks).reshape(values.shape)
    return found


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("moving", ["never", "always", "now and then"])
def test_mono_and_wide_kernels_give_the_same_bits(name: str, moving: str) -> None:
    """Each of WIDE voices sounds bit for bit as it does alone, whatever its neighbours do.

    Blocks in which inputs rest go another way through a kernel, and give the same bits. Where
    states go in leaps alone, and frame by frame among others, they are rounded otherwise.
    """
    random = np.random.default_rng(11)
    frames = 32 * BLOCK
    signals = drawn(kinds()[name], random, frames, moving=moving != "never")
    if moving == "now and then":
        signals = resting(signals, random)
    together = Player(name, wide=True).play(frames, **signals)
    for voice in range(WIDE):
        alone = Player(name).play(frames, **{key: row[:, voice] for key, row in signals.items()})
        for output, values in alone.items():
            same = np.ascontiguousarray(together[output][:, voice])
            alike(kinds()[name], values, same, f"{name}.{output}, voice {voice}")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("wide", [False, True])
def test_what_is_known_to_rest_needs_no_looking_at(name: str, wide: bool) -> None:  # noqa: FBT001
    """A kernel that is told which rows rest, and keeps what follows from them, gives the same."""
    random = np.random.default_rng(13)
    kind = kinds()[name]
    for _ in range(3):
        signals: dict[str, np.ndarray] = {}
        for key, row in drawn(kind, random, 6 * BLOCK, moving=False).items():
            moves = key in {"gate", "in_", "in_left", "in_right"} or random.random() < 0.2
            signals[key] = row[:, 0] if moves else row[0, 0]
        found = []
        for knows in (False, True):
            player = Player(name, wide=wide)
            player.knows = knows
            found.append(player.play(6 * BLOCK, **signals))
        for output, values in found[0].items():
            np.testing.assert_array_equal(
                values.view(np.int32), found[1][output].view(np.int32), err_msg=output
            )


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("wide", [False, True])
def test_a_block_can_be_computed_again(name: str, wide: bool) -> None:  # noqa: FBT001
    """A block computed twice from one state gives the same outputs, state and memory again.

    What lay in the output rows before makes no difference.
    """
    random = np.random.default_rng(12)
    kind = kinds()[name]

    def inputs() -> dict[str, np.ndarray]:
        return {key: row if wide else row[:, 0] for key, row in drawn(kind, random, BLOCK).items()}

    player = Player(name, wide=wide)
    for _ in range(8):
        player.play(BLOCK, **inputs())
    state, signals = player.state.copy(), inputs()
    first = player.play(BLOCK, **signals)
    after, memory = player.state.copy(), player.memory.copy()
    player.state[:] = state
    player.left_behind = float("nan")
    again = player.play(BLOCK, **signals)
    for output, values in first.items():
        np.testing.assert_array_equal(values, again[output])
    np.testing.assert_array_equal(after, player.state)
    np.testing.assert_array_equal(memory, player.memory)


@pytest.mark.parametrize("name", NAMES)
def test_time_may_be_split_anywhere(name: str) -> None:
    """Pieces of any length make the same samples as the whole, and a new start makes them again.

    Each piece is played by another node, that gets the state and memory of the last and no more.
    """
    random = np.random.default_rng(16)
    lengths = (1, 5, 2, 7, 1)
    frames = sum(lengths) * BLOCK
    signals = {key: row[:, 0] for key, row in drawn(kinds()[name], random, frames).items()}
    whole = Player(name).play(frames, **signals)
    again = Player(name)
    state, memory = again.state, again.memory
    start = 0
    for length in lengths:
        part = Player(name)
        part.state[:], part.memory[:] = state, memory
        end = start + length * BLOCK
        given = {key: row[start:end] for key, row in signals.items()}
        for output, values in part.play(length * BLOCK, **given).items():
            np.testing.assert_array_equal(values, whole[output][start:end])
        state, memory, start = part.state, part.memory, end


@pytest.mark.parametrize("name", NAMES)
def test_every_corner_of_the_ranges_is_finite_and_bounded(name: str) -> None:
    """Wherever in their ranges the inputs stand, at the ends too, the outputs stay in bounds."""
    random = np.random.default_rng(13)
    kind = kinds()[name]
    frames = 64 * BLOCK
    for _ in range(8):
        signals = {}
        for port, row in kind.input_rows:
            low, high = ends(kind.inputs[port])
            middle = kind.inputs[port].default
            corner = random.choice([low, high, middle], WIDE, p=[0.4, 0.4, 0.2])
            signals[row] = np.broadcast_to(corner, (frames, WIDE))
            if row == "gate":
                signals[row] = (np.arange(frames) // 700 % 2)[:, None] * np.ones(WIDE)
            elif row in {"in_", "in_left", "in_right"}:
                signals[row] = np.sign(np.sin(np.arange(frames) / random.uniform(2, 90)))
        bounded(name, Player(name, wide=True).play(frames, **signals))


@pytest.mark.parametrize("name", NAMES)
def test_modulation_at_audio_rate_is_finite_and_bounded(name: str) -> None:
    """Any input may be thrown between the ends of its range from sample to sample."""
    random = np.random.default_rng(14)
    kind = kinds()[name]
    frames = 64 * BLOCK
    time = np.arange(frames)
    for port, row in kind.input_rows:
        low, high = ends(kind.inputs[port])
        signals = drawn(kind, random, frames, moving=False)
        for voice in range(WIDE):
            wave = np.sin(time * random.uniform(0.001, 3.1))
            wave = np.sign(wave) if voice % 2 else wave
            signals[row][:, voice] = low + (high - low) * (0.5 + 0.5 * wave)
        np.clip(signals[row], low, high, out=signals[row])
        bounded(name, Player(name, wide=True).play(frames, **signals))
    bounded(name, Player(name, wide=True).play(frames, **drawn(kind, random, frames)))


@pytest.mark.parametrize(
    "name",
    [name for name in NAMES if kinds()[name].waits_for_gate and name != "keys"],
)
def test_what_was_never_struck_is_silent(name: str) -> None:
    """A node whose gate was never open gives exact silence; `keys` gives no sound, but a pitch."""
    for output, values in Player(name).play(64 * BLOCK, gate=0.0).items():
        assert not values.any(), output


@pytest.mark.parametrize(
    "name",
    [name for name in NAMES if kinds()[name].main_input is not None and name != "compare"],
)
def test_what_hears_nothing_says_nothing(name: str) -> None:
    """A node of an effect or a mixer with nothing patched in, and no file, gives exact silence.

    `compare` makes no sound, and says that nothing is not above anything.
    """
    player = Player(name)
    player.load(np.zeros((0, 0)))
    for output, values in player.play(64 * BLOCK).items():
        assert not values.any(), output


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("rate_hz", [22_050, 44_100, 96_000, 192_000])
def test_other_sample_rates_work(name: str, rate_hz: int) -> None:
    """Each kind plays in bounds at every usual sample rate."""
    random = np.random.default_rng(15)
    player = Player(name, rate_hz=rate_hz)
    for _ in range(4):
        signals = drawn(kinds()[name], random, 16 * BLOCK, moving=False)
        bounded(name, player.play(16 * BLOCK, **{key: row[:, 0] for key, row in signals.items()}))
