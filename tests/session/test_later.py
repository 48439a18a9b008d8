"""What is done later: at a musical time, again and again, until it is cancelled."""

from __future__ import annotations

import numpy as np
import pytest

from chronus.session.agenda import MOST_PENDING
from tests.support.score import GATED, Stage, render
from tests.support.sound import onsets

BAR = 96_000
BEAT = 24_000


def block_of(frame):
    return int(frame + 0.5) // 64 * 64


@pytest.mark.parametrize(
    ("when", "frame"),
    [
        ("next bar", 2 * BAR),
        ("next 4 bars", 4 * BAR),
        ("next beat", 1.5 * BAR),
        ("next 4 beats", 2 * BAR),
        ("bar 4", 3 * BAR),
        ("beat 9", 2 * BAR),
        ("beat 8.5", 2 * BAR - BEAT / 2),
        ("+500ms", 1.3 * BAR + 24_000),
        ("+2 beats", 1.3 * BAR + 2 * BEAT),
        ("+1 bar", 2.3 * BAR),
        ("+1/8", 1.3 * BAR + BEAT / 2),
    ],
)
def test_each_way_to_say_when(when, frame):
    """What is heard begins in the block that holds the time; the reply names its first frame."""
    played = render([GATED, "wait 1.3 bars", f"at {when} gate env on", "wait 5 bars"], bars=7)
    assert onsets(played.left).tolist() == [block_of(frame)]
    result = played.replies[2].results[0]
    assert result.data["frame"] == block_of(frame)
    assert f"(frame {block_of(frame)})" in result.text


@pytest.mark.parametrize(
    ("when", "bar"), [("next bar", 2), ("next 4 bars", 5), ("bar 1", 1), ("+1 bar", 2)]
)
def test_on_a_line_the_next_one_is_another(when, bar):
    """Who stands on bar 1 means by the next bar the second, and by bar 1 this one."""
    played = render([GATED, f"at {when} gate env on", "wait 5 bars"], bars=6)
    assert onsets(played.left).tolist() == [(bar - 1) * BAR]


@pytest.mark.parametrize("tempo", [60, 97, 120, 173.3, 960])
def test_the_next_bar_after_a_wait_for_a_bar_is_one_bar_on(tempo):
    """However bar lines fall between frames, a wait until one is on it."""
    played = render(
        [
            GATED,
            f"tempo {tempo}",
            "wait until bar 3",
            "at next bar trigger env",
            "at bar 3 { trigger env }",
            "wait 3 bars",
        ],
        bars=6,
    )
    bar = 4 * 60 * 48_000 / tempo
    assert onsets(played.left).tolist() == [block_of(2 * bar), block_of(3 * bar)]


def test_a_block_is_on_the_bar_line_and_moves_nothing_that_plays():
    """What plays on sounds as without it, and the block's notes begin exactly on the line."""
    song = [GATED, "load hat; unpatch hat > out", "sequence env: x.x. step 1/8 gate 20%"]
    plain = render([*song, "wait 2 bars"], bars=2)
    played = render(
        [
            *song,
            "wait 0.6 bars",
            "at next bar {",
            "  load kick as k  # a comment with a }",
            "  set k.freq 70; trigger k",
            "}",
            "wait 1.4 bars",
        ],
        bars=2,
    )
    np.testing.assert_array_equal(played.frames[:BAR], plain.frames[:BAR])
    more = np.abs(played.left - plain.left)
    assert onsets(more)[0] in (BAR, BAR + 1)


def test_tempo_moves_what_is_kept_in_beats():
    """A change of tempo in between moves a bar line, but not what was said in milliseconds."""
    played = render(
        [
            GATED,
            "at bar 2 trigger env",
            "at +1800ms trigger env",
            "wait 2 beats",
            "tempo 60",
            "wait 4 bars",
        ],
        6.0,
    )
    assert onsets(played.left).tolist() == [block_of(1.8 * 48_000), block_of(3 * 48_000)]


def test_meter_and_ramps_move_bar_lines():
    """Bar lines are those of the transport, with meters and tempo ramps."""
    played = render(
        [
            GATED,
            "meter 3/4",
            "tempo 60 over 3 beats",
            "every bar trigger env",
            "wait 4 bars",
        ],
        bars=4,
    )
    transport = played.session.transport
    lines = [block_of(transport.frame_at(3.0 * n)) for n in range(1, 4)]
    assert onsets(played.left).tolist()[1:] == lines
    assert lines[1] - lines[0] == 3 * 48_000


@pytest.mark.parametrize(
    ("every", "bars"),
    [("bar", [0, 1, 2, 3, 4, 5]), ("2 bars", [0, 2, 4]), ("4 bars", [0, 4]), ("3 beats", None)],
)
def test_every(every, bars):
    """At each line whose number is 1 modulo so many, from the one that is here on."""
    played = render([GATED, f"every {every} trigger env", "wait 6 bars"], bars=6)
    wanted = [n * BAR for n in bars] if bars else [n * 3 * BEAT for n in range(8)]
    assert onsets(played.left).tolist() == wanted


def test_every_from_within_a_bar_begins_at_the_next_line():
    """What has passed is not made up for, and a cancelled one comes no more."""
    stage = Stage()
    stage.say(GATED, "wait 1.5 bars", "every 2 bars trigger env", "wait until bar 6")
    assert stage.say("cancel 1").results[0].text == "cancelled #1"
    stage.say("wait 4 bars")
    assert onsets(stage.frames[:, 0]).tolist() == [2 * BAR, 4 * BAR]


def test_order_is_time_and_then_number():
    """Of what is due at one time the later number has the last word; lines come after it."""
    stage = Stage()
    stage.say("load filter")
    stage.say("at bar 2 set filter.cutoff 300", "at +2s set filter.cutoff 400")
    stage.say("at beat 5 set filter.cutoff *2", "at beat 4 set filter.cutoff 900")
    stage.say("wait until bar 2")
    assert stage.get("filter.cutoff") == 800
    stage.say("set filter.cutoff *2", "wait 1 beat")
    assert stage.get("filter.cutoff") == 1600


def test_stop_holds_what_is_pending():
    """While the transport stands no beat comes; milliseconds do."""
    played = render(
        [
            GATED,
            "wait 2 beats",
            "stop",
            "at next bar trigger env",
            "at +500ms trigger env",
            "wait 1s",
            "start",
            "wait 1 bar",
        ],
        4.0,
    )
    assert "held" in played.replies[3].results[0].text
    assert played.replies[3].results[0].data["frame"] is None
    assert onsets(played.left).tolist() == [72_000, 144_000]


def test_what_is_held_by_what_is_pending():
    """An `at` may begin another, and an `every`."""
    played = render(
        [GATED, "at bar 2 every 2 bars trigger env", "at bar 3 at +1 beat trigger env"], bars=6
    )
    assert onsets(played.left).tolist() == [2 * BAR, 2 * BAR + BEAT, 4 * BAR]


def test_it_is_tried_when_it_is_typed():
    """What cannot be done is an error at once, and nothing is pending then."""
    stage = Stage()
    stage.say("load kick")
    error = stage.fails("at next bar { set kick.freq 60\n set kick.foo 3 }")
    assert (error.code, error.span.line, error.span.column) == ("E_PORT", 3, 11)
    assert stage.fails("every 2 bars trigger hat").code == "E_NAME"
    assert stage.fails("at bar 1e9 trigger kick").code == "E_RANGE"
    stage.say("wait 2 bars")
    assert stage.fails("at bar 2 trigger kick").code == "E_STATE"
    assert stage.fails("at beat 2 trigger kick").code == "E_STATE"
    assert stage.say("list pending").results[0].data == {"pending": []}
    assert stage.session.patch.nodes["kick"].value("freq") != 60


def test_it_is_prepared_anew_when_its_time_comes():
    """It works on the patch of then; where that cannot be, news tell it and nothing changes."""
    stage = Stage()
    stage.say("load filter; load hat", "at bar 2 set filter.cutoff *2", "set filter.cutoff 400")
    stage.say("at bar 2 { set filter.cutoff 50; trigger hat }", "every bar trigger hat")
    stage.say("wait 3 beats", "unload hat", "wait 2 beats")
    assert stage.get("filter.cutoff") == 800
    first, second = stage.news
    assert first.startswith("at bar 2 (#2): error E_NAME: there is no node 'hat'")
    assert "(line 4, column 42)" in first
    assert second.startswith("at bar 2 (#3), and is cancelled: error E_NAME")
    assert stage.say("list pending").results[0].data == {"pending": []}
    assert stage.session.pending.failures == 2


def test_list_pending_and_cancel():
    """What is pending is listed with its number, time, author and text, and can be taken back."""
    stage = Stage()
    assert stage.session.run_line("load kick", who="me").ok
    assert stage.session.run_line("at bar 3 {\n trigger kick\n # x\n}", who="me").ok
    assert stage.session.run_line("every 2 bars set kick.freq 60", who="you").ok
    listed = stage.say("list pending").results[0]
    assert listed.data["pending"] == [
        {
            "id": 1,
            "when": "bar 3",
            "every": None,
            "frame": 2 * BAR,
            "who": "me",
            "text": "{ trigger kick }",
        },
        {
            "id": 2,
            "when": "bar 1",
            "every": "every 2 bars",
            "frame": 0,
            "who": "you",
            "text": "set kick.freq 60",
        },
    ]
    assert all("#" in line for line in listed.lines)
    error = stage.fails("cancel 2 7")
    assert (error.code, error.suggestions, error.span.column) == ("E_NAME", ("1", "2"), 10)
    assert stage.say("cancel 2 1").results[0].data == {"cancelled": [2, 1]}
    assert stage.say("cancel all").results[0].already
    assert stage.say("at bar 3 trigger kick").results[0].data["id"] == 3


def test_there_is_a_limit():
    """So much may be pending, and no more."""
    stage = Stage()
    stage.say("load kick")
    for _ in range(MOST_PENDING):
        stage.session.run_line("at bar 99 trigger kick")
    error = stage.fails("at bar 99 trigger kick")
    assert error.code == "E_LIMIT"
    assert str(MOST_PENDING) in error.message


def test_what_takes_effect_is_told_as_its_author_said_it():
    """The inner commands are told with the frame of their effect; `at` itself is not."""
    stage = Stage()
    stage.say("load kick")
    done = []
    stage.session.telling.on_done(done.append)
    stage.session.run_line("at bar 2 { set kick.freq 60; trigger kick }", who="me")
    stage.session.run_line("wait 2 bars", who="you")
    ((frame, texts, who),) = [(d.frame, d.texts, d.who) for d in done]
    assert (frame, texts, who) == (BAR, ("set kick.freq 60", "trigger kick"), "me")


# ---- in the middle of a line, and at the end


def test_a_wait_in_the_middle_of_a_line_passes_what_is_pending():
    """What comes after the wait builds on it, and undoes nothing."""
    together, apart = Stage(), Stage()
    lines = [
        GATED,
        "load kick as k; load hat as k2",
        "every 2 beats trigger env",
        "at bar 2 { set k2.decay 50ms; trigger k2; load kick as k3 }",
        "at bar 4 unload k",
    ]
    rest = ["wait 1.5 bars", "set k3.freq 70; trigger k3", "wait 2 bars", "load vca"]
    together.say(*lines, "; ".join(rest), "wait 1 bar")
    apart.say(*lines, *rest, "wait 1 bar")
    np.testing.assert_array_equal(together.frames, apart.frames)
    assert set(together.session.patch.nodes) == set(apart.session.patch.nodes)
    assert "k" not in together.session.patch.nodes


def test_a_file_that_is_run_passes_what_is_pending(tmp_path):
    """`run` gives what its lines give."""
    lines = [GATED, "every bar {\n trigger env }", "wait 1.5 bars", "at next bar {", "load kick",
             "trigger kick }", "wait 3 bars", "trigger env", "wait 1 bar"]  # fmt: skip
    song = tmp_path / "song.chronus"
    song.write_text("\n".join(lines))
    run, typed = Stage(), Stage()
    run.say(f'run "{song}"')
    typed.say("\n".join(lines))
    np.testing.assert_array_equal(run.frames, typed.frames)


def test_what_fails_in_the_middle_of_a_line_changes_nothing_else():
    """News tell it when its time comes, and the line goes on."""
    stage = Stage()
    stage.say("load kick; load filter", "at bar 2 trigger kick")
    stage.say("unload kick; wait 2 bars; set filter.cutoff 300; list pending")
    (told,) = stage.news
    assert told.startswith("at bar 2 (#1): error E_NAME")
    assert stage.get("filter.cutoff") == 300


def test_a_length_is_played_with_all_that_is_pending():
    """What is pending behind the last line happens up to the length; the rest is dropped."""
    played = render([GATED, "at bar 3 trigger env", "at bar 5 trigger env"], bars=4)
    assert onsets(played.left).tolist() == [2 * BAR]
    assert len(played.frames) == 4 * BAR
    assert played.news == ["at bar 5 (#2): dropped, the score ends before"]


def test_without_a_length_the_last_line_ends_a_score():
    """What is pending then is dropped, and told; what repeats just ends."""
    played = render([GATED, "every bar trigger env", "at bar 3 trigger env", "wait 1.5 bars"])
    assert onsets(played.left).tolist() == [0, BAR]
    assert played.news == ["at bar 3 (#2): dropped, the score ends before"]


def test_a_wait_beyond_the_length_passes_what_comes_before():
    """A line that waits too long is cut, but not what was to happen before the end."""
    played = render([GATED, "at bar 2 trigger env", "at bar 4 trigger env", "wait 9 bars"], bars=3)
    assert onsets(played.left).tolist() == [BAR]
