"""What the sampler must sound like."""

from __future__ import annotations

from typing import Final

import numpy as np
import pytest

from tests.support.sound import cents, pitch, rms_db

from .driver import RATE_HZ, Player, Signal, strokes

SECOND: Final = RATE_HZ
C4_HZ: Final = 261.625565


def sine(hz: float, frames: int = SECOND) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * hz * np.arange(frames) / RATE_HZ)).astype(np.float32)


def play(sound: np.ndarray, frames: int, *, length: int = 480, **signals: Signal) -> np.ndarray:
    """What a sampler of a sound, (channels, frames), makes of a stroke at frame 64: (frames, 2)."""
    player = Player("sampler")
    player.load(np.atleast_2d(sound))
    gate = strokes(frames, 64, length=length)
    got = player.play(frames, gate=gate, velocity=1.0, **signals)
    return np.stack([got["out_left"], got["out_right"]], axis=1)


@pytest.fixture(scope="module")
def noise() -> np.ndarray:
    return np.random.default_rng(1).uniform(-0.5, 0.5, (2, 4800)).astype(np.float32)


def test_at_its_root_the_file_sounds_as_it_is(noise: np.ndarray) -> None:
    """Each frame is that of the file, on both sides, from the stroke on, and then it is silent."""
    got = play(noise, 9600)
    np.testing.assert_allclose(got[64 : 64 + 4800], noise.T, atol=2e-7)
    assert not got[:64].any()
    assert np.abs(got[64 + 4800 + 480 :]).max() < 1e-6
    alone = play(noise[:1], 9600)
    np.testing.assert_array_equal(alone[:, 0], alone[:, 1])


@pytest.mark.parametrize(
    ("signals", "ratio"),
    [
        ({"freq": 2 * C4_HZ}, 2.0),
        ({"freq": 174.614}, 174.614 / C4_HZ),
        ({"pitch": 7.0}, 2.0 ** (7 / 12)),
        ({"root": 440.0}, C4_HZ / 440.0),
        ({"pitch": -24.0}, 0.25),
    ],
)
def test_pitch_is_right(signals: dict[str, float], ratio: float) -> None:
    """A tone of 1 kHz is moved as far as pitch, root and freq say, within a hundredth of a cent."""
    got = play(sine(1000.0, 2 * SECOND), SECOND, **signals)[4800:33_600, 0]
    assert abs(cents(pitch(got), 1000.0 * ratio)) < 0.01


def test_what_is_read_between_frames_is_clean() -> None:
    """At 7 semitones up, of a tone of 3 kHz, what is beside it lies 70 dB below."""
    got = play(sine(3000.0, 2 * SECOND), SECOND, pitch=7.0)[4800:28_800, 0].astype(float)
    lines = np.abs(np.fft.rfft(got * np.blackman(len(got))))
    hz = np.arange(len(lines)) * RATE_HZ / len(got)
    beside = np.abs(hz - 3000.0 * 2 ** (7 / 12)) > 20.0
    assert 20 * np.log10(lines[beside].max() / lines.max()) < -70.0


@pytest.mark.parametrize("semitones", [5.0, 12.0, 13.3, 24.0])
def test_what_is_read_faster_has_no_aliases(semitones: float) -> None:
    """Of noise that moves above half the rate, and beside a tone that does not, -60 dB are left."""
    ratio = 2.0 ** (semitones / 12.0)
    noise = np.fft.rfft(np.random.default_rng(2).uniform(-0.5, 0.5, 4 * SECOND))
    noise[np.arange(len(noise)) / len(noise) < 1.0 / ratio] = 0.0
    got = play(np.fft.irfft(noise).astype(np.float32), SECOND // 2, pitch=semitones)[4800:, 0]
    assert rms_db(got[:16_384]) < rms_db(np.fft.irfft(noise)) - 60.0
    tone = play(sine(14_000.0 / ratio, 4 * SECOND), SECOND // 2, pitch=semitones)[4800:, 0]
    lines = np.abs(np.fft.rfft(tone[:16_384] * np.kaiser(16_384, 12.0)))
    beside = np.abs(np.arange(len(lines)) * RATE_HZ / 16_384 - 14_000.0) > 40.0
    assert 20 * np.log10(lines[beside].max() / lines.max()) < -65.0
    # Of 14 kHz nothing is lost.
    assert abs(20 * np.log10(np.abs(tone[:16_384]).max() / 0.5)) < 1.0


def test_levels_follow_each_other_without_a_step() -> None:
    """While the pitch rises through two octaves, a tone is as loud throughout."""
    rise = np.linspace(-1.0, 25.0, SECOND)
    got = play(sine(2000.0, 4 * SECOND), SECOND, pitch=rise)[480:, 0].astype(float)
    parts = np.abs(got[: len(got) // 480 * 480].reshape(-1, 480)).max(axis=1)
    assert abs(20 * np.log10(parts / 0.5)).max() < 0.6


@pytest.mark.parametrize("loop", [0.0, 1.0])
def test_reverse_plays_the_frames_backwards(noise: np.ndarray, loop: float) -> None:
    """Backwards each frame is that of the file from its end; in a loop, again and again."""
    got = play(noise, 9600, reverse=1.0, loop=loop, fade=0.0, length=9000)
    np.testing.assert_allclose(got[64 : 64 + 4800], noise.T[::-1], atol=2e-7)
    if loop:
        np.testing.assert_allclose(got[64 + 4800 : 9000], noise.T[::-1][: 9000 - 4864], atol=2e-7)


def test_slices_begin_and_end_to_the_frame() -> None:
    """Slice n of m, of a part of the file, is the frames from its beginning to that of the next."""
    ramp = np.arange(4803, dtype=np.float32) / 4803
    edges = [480 + (4322.7 - 480.3) * n / 7 + 0.3 for n in range(8)]
    whole = [int(edge + 0.5) for edge in edges]
    for n in (0, 3, 6):
        signals = {"start": 480.3 / 4803, "end": 4322.7 / 4803, "slices": 7.0, "slice": float(n)}
        got = play(ramp, 4800, **signals)[64:, 0]
        count = whole[n + 1] - whole[n]
        np.testing.assert_allclose(got[:count], ramp[whole[n] : whole[n + 1]], atol=3e-7)
        # Behind its last frame it sinks away.
        assert (np.diff(got[count : count + 100]) < 0.0).all()


@pytest.mark.parametrize("reverse", [0.0, 1.0])
def test_a_loop_has_no_click(reverse: float) -> None:
    """A tone that is no whole number of cycles long loops smoothly while the gate is open."""
    tone = sine(441.3, 7001)
    got = play(tone, 2 * SECOND, loop=1.0, fade=20.0, reverse=reverse, length=SECOND)
    heard = got[64 : 64 + SECOND, 0].astype(float)
    bend = np.abs(np.diff(heard[100:-500], 2)).max()
    assert bend < 1.5 * 0.5 * (2 * np.pi * 441.3 / RATE_HZ) ** 2
    # It goes on for as long as the gate is open, and then fades within `release`.
    assert np.abs(heard[-4800:]).max() > 0.2
    assert np.abs(got[64 + SECOND + 960 :]).max() < 1e-6


def test_a_loop_of_whole_cycles_goes_on_for_ever() -> None:
    """With no fade, ten cycles of a tone loop as the endless tone would sound."""
    got = play(sine(480.0, 1000), SECOND, loop=1.0, fade=0.0, length=SECOND, freq=C4_HZ * 1.01)
    time = np.arange(SECOND - 64) * 1.01
    assert np.abs(got[64:, 0] - 0.5 * np.sin(2 * np.pi * 480.0 * time / RATE_HZ)).max() < 1e-3


def test_a_new_stroke_and_a_closing_gate_make_no_click() -> None:
    """Struck again in the middle, or ended by its gate, a low tone goes on without a jump."""
    player = Player("sampler")
    player.load(sine(60.0)[None])
    gate = strokes(SECOND // 2, 64, 5000, 9300, length=2000)
    for gated in (0.0, 1.0):
        player = Player("sampler")
        player.load(sine(60.0)[None])
        got = player.play(len(gate), gate=gate, velocity=1.0, gated=gated)["out_left"]
        assert np.abs(np.diff(got.astype(float))).max() < 0.03
        assert (np.abs(got[-12_000:]).max() > 0.1) == (gated == 0.0)


def test_without_a_file_it_is_silent() -> None:
    """A sampler without a file gives exact silence when it is struck."""
    assert not play(np.zeros((0, 0), np.float32), 4800).any()
