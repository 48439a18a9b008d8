"""When a sound card is given more latency, by what was seen of it."""

from __future__ import annotations

import pytest

from chronus.machine.latency import MOST_LATENCY_S, SIGNS, WINDOW_S, Health, Look

RATE_HZ = 48_000
STEP_S = 0.05


def run(health: Health, seconds: float, start_s: float = 0.0, **signs) -> list[tuple[float, float]]:
    """Look for so long; when another latency was wanted, and which.

    Args:
        health: whose looks they are.
        seconds: how long.
        start_s: when it begins.
        signs: underflows_at (times), ahead_s (of each look), rate (share of the frames).
    """
    wanted = []
    steps = round(seconds / STEP_S)
    for step in range(steps):
        time_s = start_s + step * STEP_S
        underflows = sum(at <= time_s for at in signs.get("underflows_at", ()))
        frames = round(time_s * RATE_HZ * signs.get("rate", 1.0))
        found = health.wanted_latency_s(
            Look(time_s, frames, underflows, signs.get("ahead_s", 0.03))
        )
        if found is not None:
            wanted.append((time_s, found))
    return wanted


def test_a_stream_that_flows_is_left_alone():
    """Nothing happens in two minutes in which all is well."""
    assert run(Health(RATE_HZ, 0.05), 120.0) == []


def test_an_accident_is_no_reason():
    """Two interruptions in a minute, and any number while the stream begins, change nothing."""
    assert run(Health(RATE_HZ, 0.05), 60.0, underflows_at=(5.0, 30.0)) == []
    assert run(Health(RATE_HZ, 0.05), 60.0, underflows_at=(0.1, 0.2, 0.3, 0.4, 0.5)) == []


def test_what_lies_long_ago_does_not_count():
    """Interruptions further apart than the window never add up."""
    apart = [2.0 + n * WINDOW_S / (SIGNS - 1.5) for n in range(8)]
    assert run(Health(RATE_HZ, 0.05), 60.0, underflows_at=apart) == []


def test_interruptions_double_the_latency():
    """The third of three interruptions is answered at once with twice the latency."""
    (at, wanted), *_ = run(Health(RATE_HZ, 0.05), 10.0, underflows_at=(3.0, 4.0, 5.0))
    assert at == pytest.approx(5.0, abs=2 * STEP_S)
    assert wanted == 0.1


def test_callbacks_that_come_too_late_count_though_nothing_is_told():
    """Where frames should sound before they were asked for, the card has run dry."""
    assert run(Health(RATE_HZ, 0.05), 10.0, ahead_s=-0.001)[0][1] == 0.1
    assert run(Health(RATE_HZ, 0.05), 10.0, ahead_s=None) == [], "not known is no sign"


def test_a_card_that_asks_for_too_few_frames_runs_dry():
    """A tenth of the frames missing, with no word of it, is seen within ten seconds."""
    (at, wanted), *_ = run(Health(RATE_HZ, 0.05), 12.0, rate=0.9)
    assert at < 10.0
    assert wanted == 0.1
    assert run(Health(RATE_HZ, 0.05), 60.0, rate=0.999) == [], "clocks differ"


def test_there_is_a_limit():
    """The latency is never more than the limit, and at the limit it is left as it is."""
    dry = [1.0 + n / 4 for n in range(40)]
    assert run(Health(RATE_HZ, 0.3), 10.0, underflows_at=dry)[0][1] == MOST_LATENCY_S
    assert run(Health(RATE_HZ, MOST_LATENCY_S), 10.0, underflows_at=dry) == []


def test_a_tiny_latency_becomes_one_that_helps():
    """Twice nearly nothing would be nearly nothing."""
    assert run(Health(RATE_HZ, 0.001), 10.0, underflows_at=(2.0, 2.1, 2.2))[0][1] == 0.02
