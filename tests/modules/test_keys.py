"""What the player of an instrument, its knobs and the sum of its voices must do."""

from __future__ import annotations

import numpy as np
import pytest

from chronus.dsp.declaration import Family, Output, audio, module
from chronus.modules.keys import octaves_between
from tests.support.score import render
from tests.support.sound import cents, pitch

from .driver import RATE_HZ, Player, play

MS = RATE_HZ // 1000


def steps(*parts: tuple[float, int]) -> np.ndarray:
    """Values, each held for so many ms, up to whole blocks."""
    values = np.concatenate([np.full(ms * MS, value, np.float32) for value, ms in parts])
    return np.pad(values, (0, -len(values) % 64), mode="edge")


def played(freq: np.ndarray, *, glide: float, gate: float | np.ndarray = 1.0) -> np.ndarray:
    return Player("keys").play(len(freq), freq=freq, gate=gate, glide=glide)["freq"].astype(float)


def test_without_glide_all_goes_through_untouched() -> None:
    """Pitch, gate and velocity come out bit for bit as they go in, however they move."""
    random = np.random.default_rng(1)
    given = {
        "freq": random.uniform(0, 20_000, 6400).astype(np.float32),
        "gate": random.integers(0, 2, 6400).astype(np.float32),
        "velocity": random.random(6400).astype(np.float32),
    }
    got = Player("keys").play(6400, **given)
    for name, values in given.items():
        np.testing.assert_array_equal(got[name], values)


@pytest.mark.parametrize("glide", [1.0, 37.0, 250.0, 5000.0])
@pytest.mark.parametrize("goal", [27.5, 439.0, 880.0, 12_000.0])
def test_a_glide_walks_equal_ratios_and_arrives_in_its_time(glide: float, goal: float) -> None:
    """Over `glide` the pitch goes by equal ratios, and is the new note's to the bit at its end."""
    freq = steps((440.0, 20), (goal, 5100))
    got = played(freq, glide=glide)
    begin, frames = 20 * MS, round(glide * MS)
    way = np.arange(frames) / frames
    wanted = 440.0 * (goal / 440.0) ** way
    assert np.abs(1200 * np.log2(got[begin : begin + frames] / wanted)).max() < 0.01
    assert (got[:begin] == 440.0).all()
    assert (got[begin + frames :] == goal).all()
    assert got[begin + frames - frames // 10 - 1] != goal


def test_the_first_note_starts_at_its_pitch() -> None:
    """Before a gate has been open nothing glides; the second note does."""
    freq = steps((110.0, 10), (220.0, 10), (440.0, 10))
    gate = steps((0.0, 10), (1.0, 5), (0.0, 5), (1.0, 10))
    got = played(freq, glide=5.0, gate=gate)
    np.testing.assert_array_equal(got[: 20 * MS], freq[: 20 * MS])
    assert 220.0 < got[22 * MS] < 440.0
    assert got[25 * MS] == 440.0


def test_a_new_note_in_a_glide_sets_out_from_where_the_pitch_is() -> None:
    """In the middle of a glide the next begins there: no jump, and its whole time once more."""
    got = played(steps((220.0, 10), (880.0, 50), (110.0, 200)), glide=100.0)
    assert np.abs(np.diff(np.log2(got))).max() < 3.0 / (100 * MS)
    middle = got[60 * MS]
    assert abs(cents(middle, 440.0)) < 1.0
    assert abs(cents(got[110 * MS], (440.0 * 110.0) ** 0.5)) < 1.0
    assert got[160 * MS - 1] > 110.0
    assert (got[160 * MS :] == 110.0).all()


def test_from_and_to_nothing_there_is_no_glide() -> None:
    """No equal ratios lead from 0 Hz: the pitch is there at once."""
    freq = steps((0.0, 10), (220.0, 10), (0.0, 10))
    np.testing.assert_array_equal(played(freq, glide=5.0), freq)


@module(
    doc="Probe of a helper.",
    family=Family.EFFECT,
    inputs=(audio("a", "One"), audio("b", "Other")),
    outputs=(Output("out", "What it gives"),),
    source="Test",
    example="",
)
def between(a: float, b: float, dt: float) -> float:  # noqa: ARG001
    return octaves_between(a, b)


def test_octaves_between_is_as_exact_as_it_says() -> None:
    """Over twenty octaves either way an interval is right within 4e-7 octaves and one rounding."""
    random = np.random.default_rng(2)
    low, high = (np.exp2(random.uniform(-6, 14, 64_000)).astype(np.float32) for _ in range(2))
    got = play(between, 64_000, a=low, b=high)["out"].astype(float)
    wanted = np.log2(high.astype(float) / low.astype(float))
    assert (np.abs(got - wanted) < 4e-7 + 1.2e-7 * np.abs(wanted)).all()


@pytest.mark.parametrize("kind", ["sine", "saw", "square", "triangle"])
@pytest.mark.parametrize(
    ("amount", "factor"), [("", 1.0), (" by 0.5", 0.5), (" by 200%", 2.0), (" by 1.007", 1.007)]
)
def test_a_cable_alone_sets_the_pitch(kind: str, amount: str, factor: float) -> None:
    """An oscillator at 0 Hz sounds at the pitch of `keys` times the cable's amount."""
    made = f"load keys freq=220; load {kind} as osc freq=0; patch keys.freq > osc.freq{amount}"
    lines = [f"instrument it {{ {made} }}", "load it"]
    assert abs(cents(pitch(render(lines, 1.0).left), 220.0 * factor)) < 0.05


def test_an_oscillator_at_0_hz_stands_still() -> None:
    """At 0 Hz an oscillator gives one value, whatever it is."""
    for kind in ("sine", "saw", "square", "triangle"):
        values = Player(kind).play(640, freq=0.0)["out"]
        assert np.isfinite(values).all()
        assert len(set(values.tolist())) == 1


def test_notes_and_steps_play_an_oscillator_through_keys() -> None:
    """A note for `keys` is heard at its pitch, for its length and no longer."""
    lines = [
        (
            "instrument it { load keys; load sine freq=0; load adsr as env velocity=0 attack=0 "
            "decay=0 sustain=1 release=0; patch sine > env; patch keys.freq > sine.freq; "
            "patch keys.gate > env.gate; patch keys.velocity > env.velocity }"
        ),
        "load it",
        "wait 100ms; note it a4 for 500ms at 50%",
    ]
    heard = render(lines, 1.0).left
    begin, end = np.flatnonzero(heard)[[0, -1]]
    assert abs(begin - 4800) < 70
    assert abs(end - begin - 24_000) < 70
    assert abs(cents(pitch(heard[begin + 480 : end - 480]), 440.0)) < 0.1
    assert abs(np.abs(heard).max() - 0.5) < 0.01


def test_knob_and_poly_are_wires() -> None:
    """`knob` gives its value, and `poly` what goes in, side by side, bit for bit."""
    random = np.random.default_rng(3)
    left, right = random.uniform(-3, 3, (2, 640)).astype(np.float32)
    np.testing.assert_array_equal(Player("knob").play(640, value=left)["out"], left)
    got = Player("poly").play(640, in_left=left, in_right=right)
    np.testing.assert_array_equal(got["out_left"], left)
    np.testing.assert_array_equal(got["out_right"], right)
