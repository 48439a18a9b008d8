"""The journal: rendering it gives what was heard, and a session that was killed goes on from it."""

from __future__ import annotations

import random
import re
import time

import numpy as np
import pytest
import soundfile

from chronus.doors import journals
from chronus.doors.journals import KEPT
from chronus.session.journal import last_frame, pending_at_end
from chronus.session.saving import patch_lines
from tests.doors.outside import Live
from tests.doors.terminal import PATIENCE_S, Terminal
from tests.support.program import chronus
from tests.support.score import Stage

SEED = 20
LINES = 300
START = (
    "load kick; sequence kick: x...x...x.x.x...",
    "load saw level=-12; load filter; patch saw > filter; set saw.freq 110",
    "load delay time=150ms; patch filter > delay",
)


def frames_of(path):
    return soundfile.read(path, dtype="float32")[0]


def random_line(chance: random.Random, nodes: list[str]) -> str:
    """A line of a player: many gestures, some patching, some mistakes."""
    name = chance.choice(nodes) if nodes else "kick"
    cutoff = chance.randrange(80, 6000)
    pattern = "".join(chance.choice("x..X.o_") for _ in range(chance.choice((8, 16, 12))))
    choices = [
        f"set filter.cutoff {cutoff}hz",
        f"set filter.cutoff {cutoff}hz; set saw.freq {chance.choice(('a1', 'c2', 'e2'))}",
        f"set delay.time {chance.randrange(20, 400)}ms",
        f"sequence kick: x{pattern[1:]}",
        f"sequence saw.freq: a1 c2 e2 {chance.choice(('g2', '.', 'a2'))} step 1/8 now",
        "trigger kick",
        f"tempo {chance.randrange(100, 180)}",
        f"patch saw > filter by {chance.choice((0.3, 0.7, 1))}",
        "unpatch saw > filter",
        f"set {name}.level {-chance.randrange(6, 30)}",
        f"unload {name}",
        f"unload {name} tail",
        f"{chance.choice(('mute', 'unmute', 'solo', 'unsolo'))} {name}",
        f"set filter.mode {chance.choice(('low', 'band'))}",
        "copy filter; wait 20ms; rename filter2 other; wait 50ms; unload other",
        "panic; start",
        f"set {name}.nonsense 3",
        "list nodes",
        "stop; start",
        "undo",
        "redo",
        f"set filter.cutoff {cutoff}hz over {chance.randrange(10, 400)}ms",
        f"set filter.cutoff {cutoff}hz filter.level -6db over 1/8",
        f"tempo {chance.randrange(100, 180)} over 300ms",
        "at next beat { trigger kick; set saw.freq *1.1 }",
        f"at +{chance.randrange(10, 300)}ms set delay.time 90ms",
        "every 3 beats trigger kick",
        "cancel all",
        "{ unpatch saw > filter; set saw.level -20; trigger kick }",
        "snapshot here",
        "recall here over 1 beat",
    ]
    if len(nodes) < 8:
        kind = chance.choice(("hat", "snare", "triangle", "noise"))
        nodes.append(f"n{chance.randrange(10**6)}")
        choices += [f"load {kind} as {nodes[-1]} level=-18"] * 4
    line = chance.choice(choices)
    if line.startswith("unload"):
        nodes.remove(name)
    return line


def test_a_typed_session_renders_to_what_was_heard(tmp_path, monkeypatch):
    """Three hundred random lines with random pauses, live, against their journal, offline."""
    monkeypatch.setenv("TERM", "dumb")
    journal, heard = tmp_path / "j.chronus", tmp_path / "live.wav"
    chance = random.Random(SEED)
    nodes: list[str] = []
    terminal = Terminal("--plain", "--journal", journal, "--record", heard)
    try:
        for line in START:
            assert terminal.say(line).startswith(b"ok"), line
        patch = tmp_path / "patch.chronus"
        for number in range(LINES):
            terminal.say(random_line(chance, nodes))
            if number % 60 == 30:
                terminal.say(f'save "{patch}"')
            if number % 60 == 50:  # what was there then; the file is another one later
                terminal.say(f'open "{patch}"')
            time.sleep(chance.choice((0.0, 0.0, 0.01, 0.05)))
        terminal.say("quit")
        assert terminal.process.wait(PATIENCE_S) == 0
        said = [line for line in terminal.closing if line.startswith(b"ok")]
    finally:
        terminal.close()
    output = tmp_path / "rendered.wav"
    ended = chronus("render", journal, "-o", output)
    assert (ended.status, ended.out) == (0, ""), f"seed {SEED}"
    frames = frames_of(heard)
    assert np.abs(frames).max() > 0.1
    np.testing.assert_array_equal(frames_of(output), frames, f"seed {SEED}")
    assert len(said) > LINES / 2


def test_a_score_and_lines_from_outside_render_to_what_was_heard(tmp_path):
    """Lines that come in between what a score has published ahead stand in the order of effect."""
    song = "\n".join(START) + "\n" + "wait 1 beat\nset filter.cutoff 700hz\n" * 8
    journal = tmp_path / "j.chronus"
    live = Live(song, "--journal", journal)
    try:
        for cutoff in range(500, 3500, 300):
            ended = live.send(f"set filter.cutoff {cutoff}hz", "trigger kick", "set saw.freq *1.06")
            assert ended.status == 0, ended
        live.send("load noise as n level=-30", "unload saw", "unload n")
        assert live.end().status == 0
        heard = frames_of(live.recorded)
    finally:
        live.close()
    output = tmp_path / "rendered.wav"
    assert chronus("render", journal, "-o", output).status == 0
    np.testing.assert_array_equal(frames_of(output), heard)


def test_a_killed_session_goes_on(tmp_path, monkeypatch):
    """Nothing that was acknowledged is missing, and from there on the journal is what is heard."""
    monkeypatch.setenv("TERM", "dumb")
    state = {"XDG_STATE_HOME": str(tmp_path / "state")}
    chance = random.Random(SEED + 1)
    nodes: list[str] = []
    terminal = Terminal("--plain", **state)
    try:
        for line in START:
            assert terminal.say(line).startswith(b"ok"), line
        for _ in range(40):
            terminal.say(random_line(chance, nodes))
        terminal.say("cancel all")
        for line in ("every 2 bars trigger kick", "at bar 900 { trigger kick; stop }"):
            assert terminal.say(line).startswith(b"ok"), line
        assert terminal.say("at +1000s trigger kick").startswith(b"ok")
        terminal.say(f'save "{tmp_path}/before.chronus"')
        before = terminal.say("status")
        # What rings on in the past session's journal must not do so behind the place of the new.
        for line in ("load delay as echo feedback=0.95; load hat as struck", "patch struck > echo"):
            assert terminal.say(line).startswith(b"ok"), line
        terminal.say("trigger struck; wait 100ms; unload struck echo tail")
        terminal.kill()
    finally:
        terminal.close()
    journal, heard = tmp_path / "j.chronus", tmp_path / "live.wav"
    again = Terminal("resume", "--plain", "--journal", journal, "--record", heard, **state)
    try:
        assert again.say(f'save "{tmp_path}/after.chronus"').startswith(b"ok")
        after = again.say("status")
        assert again.say("list pending").startswith(b"ok 3 ")
        for _ in range(20):
            again.say(random_line(chance, nodes))
        again.say("quit")
        assert again.process.wait(PATIENCE_S) == 0
    finally:
        again.close()
    saved = [(tmp_path / f"{name}.chronus").read_text() for name in ("before", "after")]
    assert saved[0] == saved[1]
    assert _frame(after) >= _frame(before)
    output = tmp_path / "rendered.wav"
    assert chronus("render", journal, "-o", output).status == 0
    resumed = int(re.findall(r"wait until frame (\d+)\nreset ", journal.read_text())[0])
    frames = frames_of(heard)
    assert np.abs(frames[:resumed]).max() == 0.0
    assert np.abs(frames[resumed:]).max() > 0.1
    np.testing.assert_array_equal(frames_of(output)[resumed:], frames[resumed:])


def test_what_is_said_while_something_is_published_ahead_is_kept(tmp_path, monkeypatch):
    """Killed shortly before what is pending comes, a session has it and all that was said since."""
    monkeypatch.setenv("TERM", "dumb")
    state = {"XDG_STATE_HOME": str(tmp_path / "state")}
    terminal = Terminal("--plain", **state)
    try:
        assert terminal.say("load saw").startswith(b"ok")
        for number in range(3):
            assert terminal.say(f"at +600ms set saw.level -{number + 20}").startswith(b"ok")
        due = time.monotonic() + 0.55
        said = 0
        while time.monotonic() < due:
            said += 1
            assert terminal.say(f"set saw.freq {100 + said}hz").startswith(b"ok")
        terminal.kill()
    finally:
        terminal.close()
    (kept,) = (tmp_path / "state" / "chronus" / "journals").glob("*.chronus")
    text = kept.read_text()
    for number in range(said):
        assert f"set saw.freq {101 + number}hz " in text
    ahead = text[text.rindex("# pending:") :]
    for number in range(3):
        line = f"set saw.level -{number + 20}"
        assert f"\n{line}  #" in text or f" {line}" in ahead, line


def _frame(closing: bytes) -> int:
    return int(re.findall(rb"frame (\d+)\)$", closing)[0])


def test_journals_are_kept_but_not_for_ever(tmp_path):
    """One for each session that did anything, the last twenty of them."""
    state = {"XDG_STATE_HOME": str(tmp_path)}
    kept = tmp_path / "chronus" / "journals"
    kept.mkdir(parents=True)
    old = [kept / f"20200101-0000{n:02}-main-1.chronus" for n in range(KEPT + 5)]
    for path in old:
        path.write_text("# chronus journal 1 at 48000 hz\n")
    asked = tmp_path / "asked.chronus"
    call = ("--device", "null", "--journal", asked)
    assert chronus(*call, stdin="load kick\nwait 10ms\n", **state).status == 0
    left = sorted(path for path in kept.iterdir() if path not in old)
    assert [path.read_text() for path in left] == [asked.read_text()]
    assert [path for path in old if path.exists()] == old[-(KEPT - 1) :]
    assert chronus("--device", "null", stdin="list kinds\n", **state).status == 0
    assert sorted(path for path in kept.iterdir() if path not in old) == left


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--journal", "/nonexistent/j.chronus"), "cannot write /nonexistent/j.chronus"),
        (("--journal", "/"), "cannot write /"),
        (("resume",), "there is no journal of a past session"),
        (("resume", "patches/songs/acid.chronus"), "is no journal"),
        (("resume", "nowhere.chronus"), "cannot read nowhere.chronus"),
    ],
)
def test_what_is_no_journal_is_said(tmp_path, arguments, words):
    """The call is wrong, and nothing is played."""
    ended = chronus(*arguments, "--device", "null", XDG_STATE_HOME=str(tmp_path))
    assert ended.status == 2
    assert words in ended.err


def test_a_journal_knows_its_rate(tmp_path):
    """It renders at the rate at which it was played, unless another is asked for."""
    journal, heard = tmp_path / "j.chronus", tmp_path / "live.wav"
    song = "load saw level=-6\nwait 100ms\nset saw.freq 220\nwait 100ms\nquit\n"
    call = ("--device", "null", "--rate", "44100", "--journal", journal, "--record", heard)
    assert chronus(*call, stdin=song).status == 0
    output = tmp_path / "rendered.wav"
    assert chronus("render", journal, "-o", output).status == 0
    assert soundfile.info(output).samplerate == 44_100
    np.testing.assert_array_equal(frames_of(output), frames_of(heard))


def test_a_kept_journal_that_grows_too_long_begins_anew(tmp_path, monkeypatch):
    """It leads to the same patch, snapshots and place in its bars; what is pending still comes."""
    monkeypatch.setattr(journals, "MOST_BYTES", 4000)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    stage = Stage()
    kept = journals.Journals(None, "main", stage.session.rate_hz, lambda _: None)
    kept.follow(stage.session)
    stage.say("tempo 150; meter 7/8", *START, "snapshot bright", "set filter.cutoff 300hz")
    for cutoff in range(500, 600):
        stage.say(f"set filter.cutoff {cutoff}hz", "wait 1/16")
    stage.say("wait 1/16")
    frame = stage.session.frame
    stage.say("at +900s trigger kick")
    for cutoff in range(500, 600):
        stage.say(f"set filter.cutoff {cutoff}hz", "wait 1/16")
    stage.say("wait 1/16")
    kept.end(stage.session.frame)
    (path,) = journals.kept_journals()
    assert path.stat().st_size < 8000
    again = Stage()
    again.say(*path.read_text().splitlines()[:-1])
    assert patch_lines(again.session.patch) == patch_lines(stage.session.patch)
    assert again.session.position[1].split(".")[:2] == stage.session.position[1].split(".")[:2]
    for session in (again, stage):
        session.say("recall bright")
    assert patch_lines(again.session.patch) == patch_lines(stage.session.patch)
    lines = path.read_text().splitlines()
    end = last_frame(lines)
    (pending,) = pending_at_end(lines, end, stage.session.rate_hz)
    left_s = 900.0 - (stage.session.frame - frame) / stage.session.rate_hz
    assert float(re.findall(r"\+([0-9.]+)s", pending)[0]) == pytest.approx(left_s, abs=2e-3)


def test_what_is_said_about_what_is_published_ahead_comes_with_it(tmp_path, monkeypatch):
    """A line about a port that an item is about to move neither overtakes nor is lost to it."""
    monkeypatch.setenv("TERM", "dumb")
    journal, heard = tmp_path / "j.chronus", tmp_path / "live.wav"
    terminal = Terminal("--plain", "--journal", journal, "--record", heard)
    try:
        assert terminal.say("load saw level=-12; load filter; patch saw > filter").startswith(b"ok")
        for number in range(12):
            assert terminal.say(f"at +150ms set saw.freq {100 + 30 * number}hz").startswith(b"ok")
            time.sleep(0.06 + 0.005 * number)
            assert terminal.say(f"set saw.freq {500 + number}hz").startswith(b"ok")
        time.sleep(0.3)
        # What was said last counts, in the patch and in the engine.
        assert terminal.say("get saw.freq").startswith(b"ok saw.freq = 511hz"), terminal.closing[-1]
        terminal.say("quit")
        assert terminal.process.wait(PATIENCE_S) == 0
    finally:
        terminal.close()
    output = tmp_path / "rendered.wav"
    assert chronus("render", journal, "-o", output).status == 0
    np.testing.assert_array_equal(frames_of(output), frames_of(heard))
