"""Blocks and musical times at every door, and several doors at once."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from tests.doors.outside import Live
from tests.doors.test_socket_prompt import Terminal
from tests.support.program import chronus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PIPE = ("--device", "null", "--ahead", "64")
SONG = """\
tempo 150
load kick; load saw as bass freq=55
sequence kick: x...x...
every 2 beats {
  note bass c2 for 1/16   # } no end

  set bass.level -9db
}
at next bar { load hat
  sequence hat: x.x.x.x. now }
at bar 3 tempo 120; at +1500ms set bass.freq 70
wait 1.5 bars
{ set kick.freq 60
  at next beat trigger kick }
wait 1 bar
cancel 1
wait 3 beats
"""


@pytest.fixture
def live() -> Iterator[Callable[..., Live]]:
    made: list[Live] = []

    def begun(song: str = "load vca\nwait 1000s\n", *options: object) -> Live:
        made.append(Live(song, *options))
        return made[-1]

    yield begun
    for session in made:
        session.close()


def frames_of(path) -> np.ndarray:
    return soundfile.read(path, dtype="float32")[0]


# ---- scores


def test_live_and_offline_are_the_same(tmp_path):
    """What is pending sounds the same rendered, played, and through a pipe, to the last bit."""
    (tmp_path / "song.chronus").write_text(SONG)
    length = ("--bars", "6")
    assert chronus("render", "song.chronus", "-o", "r.wav", *length, folder=tmp_path).status == 0
    played = chronus(
        "play", "song.chronus", *length, *PIPE, "--lanes", "2", "--record", "p.wav", folder=tmp_path
    )
    assert played.status == 0, played.out
    np.testing.assert_array_equal(frames_of(tmp_path / "p.wav"), frames_of(tmp_path / "r.wav"))
    (tmp_path / "ended.chronus").write_text(f"{SONG}\nquit\n")
    piped = chronus(*PIPE, "--record", "s.wav", stdin=f"{SONG}\nquit\n", folder=tmp_path)
    assert piped.status == 0
    assert chronus("render", "ended.chronus", "-o", "t.wav", folder=tmp_path).status == 0
    np.testing.assert_array_equal(frames_of(tmp_path / "s.wav"), frames_of(tmp_path / "t.wav"))


def test_a_block_in_a_pipe_gets_one_reply():
    """Its number is that of the line where it begins; blank lines in it get none."""
    given = (
        "load kick\n\n{ set kick.freq 60\n\n trigger kick }\nlist\nat next bar {\nstop\n}\nquit\n"
    )
    ended = chronus(*PIPE, "--json", stdin=given)
    answers = [o for o in ended.objects if "event" not in o]
    assert [(o["n"], o["ok"]) for o in answers] == [(n, True) for n in (1, 2, 3, 6, 7, 10)]
    assert answers[2]["line"] == "{ set kick.freq 60\n\n trigger kick }"
    assert answers[2]["result"]["frame"] == 0
    assert answers[2]["result"]["commands"] == len(answers[2]["result"]["results"]) == 2
    assert answers[4]["result"]["frame"] == 96_000


@pytest.mark.parametrize(
    ("given", "replies", "place"),
    [
        ("load kick\nat next bar {\nload hat\nlist\n", 2, "line 2, column 13"),
        ("load kick\n}\nlist\n", 3, "line 2, column 1"),
        ("{\n{\nload hat\n}\n}\nlist\n", 2, "line 2, column 1"),
        ("{\nload hat\nlod saw\n}\nlist\n", 2, "line 3, column 1"),
    ],
)
def test_wrong_braces_are_one_error(given, replies, place):
    """It names its place, and nothing of the block is done."""
    ended = chronus(*PIPE, stdin=given)
    assert ended.status == 1
    assert len(ended.closing) == replies
    (error,) = [line for line in ended.closing if line.startswith("error E_SYNTAX")]
    assert place in error
    assert "hat" not in ended.out.replace(error, "")


def test_what_fails_when_its_time_comes_makes_the_status_1(tmp_path):
    """It stands in the news, live and offline, and is no reply."""
    song = "load hat\nat bar 2 trigger hat\nunload hat\nwait 2 bars\n"
    (tmp_path / "song.chronus").write_text(song)
    rendered = chronus("render", "song.chronus", "-o", "r.wav", folder=tmp_path)
    played = chronus(*PIPE, stdin=song)
    for ended in (rendered, played):
        assert ended.status == 1
        (told,) = [line for line in ended.lines if line.startswith("! at bar 2")]
        assert "#1" in told
        assert "error E_NAME" in told
    assert [line.split(" ")[0] for line in played.closing] == ["ok"] * 4


def test_check_reads_blocks(tmp_path):
    """Each error in a block of a file has its line."""
    (tmp_path / "right.chronus").write_text(SONG)
    assert chronus("check", "right.chronus", folder=tmp_path).status == 0
    (tmp_path / "wrong.chronus").write_text(
        "load kick\nat next bar {\n set kick.foo 3\n}\nload x\n"
    )
    ended = chronus("check", "wrong.chronus", folder=tmp_path)
    assert ended.status == 1
    assert "line 3 column 11: E_PORT" in ended.out
    assert "line 5 column 6: E_NAME" in ended.out


# ---- from outside


def test_lines_of_a_send_form_blocks(live):
    """Several arguments, or lines of stdin, are one block; what is not closed is an error."""
    session = live()
    ended = session.send("{", "load kick", "set kick.freq 60", "}", "get kick.freq")
    assert ended.status == 0
    assert len(ended.closing) == 2
    assert ended.closing[0].startswith("ok 2 commands at ")
    ended = session.send(stdin="{ load hat\nset hat.foo 3 }\nget hat.level\n")
    assert ended.status == 1
    assert "line 2, column 9" in ended.closing[0]
    assert ended.closing[1].startswith("error E_NAME"), "nothing of the block was done"
    ended = session.send("get kick.freq", "at next bar {", "trigger kick")
    assert ended.status == 1
    assert "line 2, column 13" in ended.closing[1]


def test_a_client_schedules_in_a_score_that_plays(live):
    """It comes on its bar line, in real time, and the score's own samples stay as they are."""
    song = "tempo 150\nload kick; sequence kick: x...\nload lfo as dc rate=0.01 shape=square\n"
    song += "load adsr as env attack=0 decay=0 sustain=1 release=0; patch dc > env > out\n"
    song += "wait 2 bars\nset kick.freq 60\nwait 6 bars\n"
    session = live(song, "--bars", "8")
    while not session.ask("wait 10ms")[0]["ok"]:
        pass  # frame 0 is not played yet
    said = session.ask("at next bar {", "gate env on", "}", "list pending")
    assert said[0]["ok"], said
    frame = said[0]["result"]["frame"]
    assert said[1]["result"]["pending"][0]["who"].startswith("client")
    ended = session.end()
    assert ended.status == 0
    late = [line for line in ended.lines if "late" in line]
    played = frames_of(session.recorded)[:, 0]
    plain = session.folder / "plain.wav"
    assert chronus("render", session.song, "-o", plain, "--bars", "8").status == 0
    more = np.flatnonzero(np.abs(played - frames_of(plain)[:, 0]) > 0.1)
    if not late:  # a machine that is too busy says so
        assert more[0] == frame
    assert more[0] >= frame
    assert frame % 76_800 < 64


def test_a_client_cancels_what_another_has_scheduled(live):
    """One agenda for all doors."""
    session = live()
    (said,) = session.ask("every 100 bars load kick")
    (cancelled,) = session.ask(f"cancel {said['result']['id']}")
    assert cancelled["result"]["cancelled"] == [said["result"]["id"]]
    assert session.ask("list pending")[0]["result"]["pending"] == []


def test_many_clients_edit_one_node_and_no_update_is_lost(live):
    """Each of six clients adds to one port, alone and in blocks: all that they add is there."""
    session = live("load vca; load filter cutoff=100\nwait 1000s\n")
    found: dict[int, list[dict]] = {}

    def ask(number: int) -> None:
        lines = (
            "set filter.cutoff +10",
            f"{{ set filter.cutoff +5\n load kick as k{number}",
            f"unload k{number}; set filter.cutoff +5 }}",
            "at +50ms set filter.cutoff +1",
        )
        found[number] = session.ask(*(line for _ in range(10) for line in lines))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(said["ok"] for replies in found.values() for said in replies)
    session.ask("wait 1s")
    (value,) = session.ask("get filter.cutoff")
    assert value["result"]["value"] == pytest.approx(100 + 6 * 10 * (10 + 10 + 1))
    said = [s for replies in found.values() for s in replies if s["line"].startswith("set")]
    reached = {s["result"]["values"]["filter.cutoff"] for s in said}
    assert len(reached) == len(said), "each reply says what its own line made of it"


# ---- the prompt


@pytest.mark.parametrize("options", [("--plain",), ()])
def test_a_block_is_typed_at_the_prompt(options, monkeypatch):
    """Its lines are asked for by dots; a time comes while nothing is typed."""
    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal(*options)
    try:
        assert terminal.shows(b"chronus>")
        terminal.type("{ load kick as mine")
        assert terminal.shows(b"...")
        terminal.type("set mine.freq 70 }")
        assert terminal.shows(b"ok 2 commands at")
        terminal.type("at next beat { unload mine }")
        assert terminal.shows(b"ok #1 at beat")
        terminal.type("wait 2s")
        assert terminal.shows(b"ok waited")
        assert terminal.send("get mine.freq").status == 1, "it has come"
        terminal.type("at next bar {")
        terminal.type("\x04")
        assert terminal.shows(b"the block that begins here is not closed")
    finally:
        terminal.close()


def test_pasted_lines_are_done_once_each_in_order(monkeypatch):
    """Several lines at a stroke, with blocks in them, as a terminal pastes them."""
    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal()
    try:
        assert terminal.shows(b"chronus>")
        terminal.type("load kick")
        assert terminal.shows(b"ok kick")
        lines = [
            "set kick.freq 60",
            "{ set kick.freq *2",
            "set kick.freq +10 }",
            "load hat as last",
        ]
        terminal.type("\x1b[200~" + "\n".join(lines) + "\x1b[201~")
        assert terminal.shows(b"ok last")
        assert terminal.send("get kick.freq").closing[0].startswith("ok kick.freq = 130hz")
    finally:
        terminal.close()
