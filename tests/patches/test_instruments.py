"""What every instrument that comes with the program must do, whatever it is."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

import chronus
from chronus.patch.instruments import PLAYED
from tests.support.score import Stage, render
from tests.support.sound import dbfs, rms_db

FOLDER = Path(chronus.__file__).parents[1] / "patches" / "instruments"
NAMES = sorted(
    path.stem
    for path in FOLDER.glob("*.chronus")
    if "To be replaced by a tuned one" not in path.read_text("utf-8")
)
IN_TIME_S = 30
"""After which a short note is over."""

READY = {"riser": {"time": "1s"}}
"""What is set so that 300 ms are enough to hear it."""


@cache
def loaded(name):
    """The instrument as it is in a patch."""
    stage = Stage()
    stage.say(f"load {name}")
    return stage.session.patch.instruments[name]


def struck(name, *settings):
    """A stroke or note of 300 ms and what rings for 150 ms after it, a second pitch within."""
    ready = READY.get(name, {}) | dict(settings)
    line = [f"set {name}.{port} {value}" for port, value in ready.items()]
    pitch = loaded(name).ports.get("freq")
    second = []
    if pitch is not None and "freq" not in dict(settings):
        hz = min(1.5 * default_of(name, "freq"), pitch.declared.high)
        second = [f"set {name}.freq {hz}hz"]
    play = [f"gate {name} on", "wait 200ms", *second, "wait 100ms", f"gate {name} off"]
    return render([f"load {name}", *line, *play], 0.45).frames


@cache
def default_of(name, port):
    """What a port is set to at first."""
    return loaded(name).ports[port].declared.default


@cache
def hit(name, velocity):
    """A note of 300 ms at the instrument's own pitch."""
    return struck(name, ("velocity", velocity))


def ends_of(name, port):
    """The lowest and highest value of a port, as a command says them; its words if it has any."""
    declared = loaded(name).ports[port].declared
    if declared.choices:
        return declared.choices[0], declared.choices[-1]
    return f"{declared.low}{declared.unit}", f"{declared.high}{declared.unit}"


def moved_ports(name):
    return [port for port in loaded(name).ports if port != "gate"]


@pytest.mark.parametrize("name", NAMES)
def test_it_shows_what_matters(name):
    """It has one line on itself, four to ten ports besides what notes go to, each with a line."""
    instrument = loaded(name)
    own = [port for port in instrument.ports if port not in (*PLAYED, "glide")]
    assert 4 <= len(own) <= 10
    assert {"gate", "velocity"} <= set(instrument.ports)
    assert instrument.definition.doc
    assert all(exposed.declared.doc for exposed in instrument.ports.values())
    text = (FOLDER / f"{name}.chronus").read_text("utf-8")
    assert text.startswith("# ")
    assert f"load {name}" in text, "its comments say how to play it"


@pytest.mark.parametrize("name", NAMES)
def test_velocity_matters_and_a_hit_has_its_level(name):
    """Harder is louder; the peak of a hit at 0.8 is neither faint nor near full scale, mono too."""
    soft, usual, hard = (hit(name, velocity) for velocity in (0.4, 0.8, 1.0))
    assert rms_db(soft) + 2.0 < rms_db(hard)
    assert -35.0 < dbfs(usual) < -3.0
    middle = usual.mean(axis=1)
    assert rms_db(middle) > rms_db(usual) - 3.0
    assert abs(float(np.mean(middle))) < 0.005
    np.testing.assert_array_equal(hard, struck(name, ("velocity", 1.0)))


@pytest.mark.long
@pytest.mark.parametrize("name", NAMES)
def test_every_port_is_heard_and_none_clips(name):
    """Each port changes the sound between its ends, and no end of any leads to the limiter."""
    for port in moved_ports(name):
        rest = () if port in {"velocity", "accent"} else (("velocity", 1.0),)
        low, high = (struck(name, *rest, (port, end)) for end in ends_of(name, port))
        assert np.isfinite(low).all(), port
        assert np.isfinite(high).all(), port
        loudest = max(dbfs(low), dbfs(high))
        assert loudest < -0.4, f"{port} leads to {loudest:.1f} dBFS"
        assert dbfs(low - high) > loudest - 40.0, f"{port} is not heard"


@pytest.mark.long
@pytest.mark.parametrize("name", NAMES)
def test_corners_of_all_ports_are_sound(name):
    """All ports at their lowest, at their highest, and two mixtures: finite, and no clipping."""
    ports = [p for p in moved_ports(name) if p not in PLAYED]
    for turn in ((0,), (1,), (0, 1), (1, 0)):
        ends = [(p, ends_of(name, p)[turn[i % len(turn)]]) for i, p in enumerate(ports)]
        frames = struck(name, ("velocity", 1.0), *ends)
        assert np.isfinite(frames).all()
        assert dbfs(frames) < -0.4, f"{dbfs(frames):.1f} dBFS at {ends}"


@pytest.mark.parametrize("name", NAMES)
def test_it_falls_silent(name):
    """30 s after a short note at the latest nothing is left, and nothing stands still off zero."""
    stage = Stage()
    stage.say(f"load {name}", f"trigger {name}")
    for _ in range(IN_TIME_S):
        stage.say("wait 1s")
        if dbfs(stage.frames[-24_000:]) < -90.0:
            return
    pytest.fail(f"{dbfs(stage.frames[-24_000:]):.0f} dBFS are left")
