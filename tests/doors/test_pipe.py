"""Lines through a pipe into a live call without a sound card, and what comes back."""

from __future__ import annotations

import os
import signal
import time

import numpy as np
import pytest
import soundfile

from tests.support.program import chronus, start

LIVE = ("--device", "null", "--ahead", "64")


def test_each_line_has_one_closing_line_in_order():
    """Replies come in the order of the lines, each with one closing line; wrong ones make it 1."""
    ended = chronus(*LIVE, stdin="load vca\nlist\nload sow\nset vca.gain 300%\nlist kinds\nquit\n")
    assert ended.status == 1
    words = [line.split(" ")[0] for line in ended.closing]
    assert words == ["ok", "ok", "error", "ok", "ok", "ok"]
    assert ended.closing[2].startswith("error E_NAME:")
    assert "\x1b" not in ended.out
    assert "\r" not in ended.out


def test_all_is_well_is_0():
    """Where every line does what it says the status is 0."""
    assert chronus(*LIVE, stdin="load kick\ntrigger kick\nwait 10ms\n").status == 0


def test_an_empty_pipe_ends():
    """Without a line there is no reply, and status 0."""
    ended = chronus(*LIVE, stdin="")
    assert (ended.status, ended.out) == (0, "")


def test_json():
    """With --json there is one object a line, as the contract has it."""
    lines = ["load filter", "set filter.cutof 3", "wait 1 bar", "status", "get filter.cutoff"]
    ended = chronus(*LIVE, "--json", stdin="\n".join([*lines, "quit"]) + "\n")
    loaded, wrong, waited, status, got, bye = (o for o in ended.objects if "event" not in o)
    assert [o["n"] for o in (loaded, wrong, waited, status, got, bye)] == [1, 2, 3, 4, 5, 6]
    assert [o["line"].strip() for o in (loaded, wrong, waited, status, got)] == lines
    assert loaded["ok"] is True
    assert set(loaded["at"]) == {"frame", "bar"}
    assert loaded["at"] == {"frame": 0, "bar": "1.1.000"}
    assert wrong["ok"] is False
    assert wrong["error"]["code"] == "E_PORT"
    assert wrong["error"]["column"] == 12
    assert wrong["error"]["suggestions"][0] == "cutoff"
    assert wrong["error"]["message"]
    assert status["at"] == {"frame": 96_000, "bar": "2.1.000"}
    assert got["result"]["value"] == 1000.0
    facts = status["result"]
    for name in (
        "frame",
        "bar",
        "tempo",
        "rate",
        "block",
        "ahead",
        "device",
        "nodes",
        "underruns",
        "late",
        "handovers",
        "quarantined",
        "cpu",
        "processes",
    ):
        assert name in facts
    assert facts["device"] == "null"
    roles = {p["role"] for p in facts["processes"]}
    assert {"shell", "worker", "audio"} <= roles
    assert all(set(p) >= {"role", "lane", "pid"} for p in facts["processes"])


def test_strict_ends_at_the_first_error():
    """With --strict nothing behind the first error is done."""
    ended = chronus(*LIVE, "--strict", stdin="load kick\nload sow\nload vca\n")
    assert ended.status == 1
    assert len(ended.closing) == 2


def test_ten_thousand_lines_at_once():
    """Ten thousand lines in one burst are answered one by one, in order."""
    lines = [f"set lfo.rate {1 + k / 100}" for k in range(9_000)]
    lines += [f"set lof.rate {k}" for k in range(998)]
    ended = chronus(*LIVE, "--json", stdin="\n".join(["load lfo", *lines, "quit"]) + "\n")
    objects = [o for o in ended.objects if "event" not in o]
    assert [o["n"] for o in objects] == list(range(1, 10_001))
    assert [o["ok"] for o in objects] == [True] * 9_001 + [False] * 998 + [True]
    assert objects[9_000]["result"]["values"]["lfo.rate"] == pytest.approx(90.99)


BYTES = [
    b"\xff\xfe\x80",
    b"load \x00saw",
    b"\x1b[2J",
    b"load sa\xc3",
    b"load " + b"a" * 100_000,
    b"\xe2\x80\xae",
    b"\x07",
    b"load \xf0\x9f\x98\x80",
    b";;;x",
    b"load saw\rload saw",
]


def test_bytes_that_are_no_line():
    """What is no text gets an error of one printable line each, and the next line is done."""
    given = b"".join(line + b"\nload lfo\n" for line in BYTES)
    ended = chronus(*LIVE, stdin=given)
    words = [text.split(" ")[0] for text in ended.lines]
    assert words == ["error", "ok"] * len(BYTES)
    assert ended.status == 1
    assert all(c.isprintable() or c == "\n" for c in ended.out)


def test_a_reader_that_goes_away():
    """When nobody reads the replies any more the call ends, with no word of it."""
    process = start(*LIVE)
    process.stdin.write(b"load kick\n")
    process.stdin.flush()
    assert process.stdout.readline().startswith(b"ok")
    process.stdout.close()
    try:
        process.stdin.write(b"list kinds\n" * 2000)
        process.stdin.close()
    except BrokenPipeError:
        pass
    errors = process.stderr.read()
    assert process.wait(60) == 1
    process.stderr.close()
    assert b"Traceback" not in errors
    assert b"Exception" not in errors


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_cleanly(number, tmp_path):
    """Ctrl-C ends with 130: files are closed and whole, no process is left."""
    process = start(*LIVE, "--json", "--record", "a.wav", folder=tmp_path)
    process.stdin.write(b"load saw\nwait 200ms\nstatus\n")
    process.stdin.flush()
    lines = [process.stdout.readline() for _ in range(3)]
    pids = [int(text) for text in _pids(lines[-1])]
    process.send_signal(number)
    out, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert b"Traceback" not in errors + out
    frames, _ = soundfile.read(tmp_path / "a.wav")
    assert len(frames) == 0 or np.isfinite(frames).all()
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def _pids(line):
    import json  # noqa: PLC0415

    return [p["pid"] for p in json.loads(line)["result"]["processes"]]


SONG = """\
tempo 137
load kick; load noise; load filter; load adsr; load delay; load lfo as wob
patch noise > filter > adsr > delay
patch wob > filter.cutoff by 500hz
sequence kick: x...x..x
sequence adsr: ..x. ..xo
wait 1/4
set filter.resonance 0.8 delay.time 200ms over 3/16; tempo 180 over 1/4; meter 3/8
load saw as bass; sequence bass: c2 c2~ eb2 . now
wait 1/8
unload wob; set bass.level -12db
wait 1/8
note bass c3
load vca gain=0.5; patch bass > vca
wait 1/4
unload kick delay
"""


def test_what_is_played_live_is_what_is_rendered(tmp_path):
    """The recording of a score that was played is, frame by frame, the render of it."""
    (tmp_path / "song.chronus").write_text(SONG)
    played = chronus(
        "play", "song.chronus", *LIVE, "--record", "live.wav", "--seconds", "2.5", folder=tmp_path
    )
    assert played.status == 0, played.out + played.err
    assert (
        chronus(
            "render", "song.chronus", "-o", "render.wav", "--seconds", "2.5", folder=tmp_path
        ).status
        == 0
    )
    live, _ = soundfile.read(tmp_path / "live.wav", dtype="float32")
    rendered, _ = soundfile.read(tmp_path / "render.wav", dtype="float32")
    assert len(live) == len(rendered) == 120_000
    assert np.array_equal(live, rendered)


def test_what_is_piped_live_is_what_is_rendered(tmp_path):
    """The same through a pipe, without a length: both end with the same tail."""
    (tmp_path / "song.chronus").write_text(SONG + "unload noise vca bass\n")
    ended = chronus(
        *LIVE, "--record", "live.wav", stdin=SONG + "unload noise vca bass\n", folder=tmp_path
    )
    assert ended.status == 0, ended.out + ended.err
    assert chronus("render", "song.chronus", "-o", "render.wav", folder=tmp_path).status == 0
    live, _ = soundfile.read(tmp_path / "live.wav", dtype="float32")
    rendered, _ = soundfile.read(tmp_path / "render.wav", dtype="float32")
    assert len(live) == len(rendered)
    assert np.array_equal(live, rendered)


def test_nothing_is_asked_of_a_terminal_that_is_not_there():
    """Without a terminal stdin at its end is the end, also with --plain."""
    ended = chronus(*LIVE, "--plain", stdin="list kinds\n")
    assert ended.status == 0
    assert ended.closing[-1].startswith("ok")


def test_a_closed_stdin_is_no_crash():
    """A call without any stdin ends as one with an empty pipe."""
    process = start(*LIVE)
    process.stdin.close()
    process.stdin = None
    out, errors = process.communicate(timeout=60)
    assert process.returncode == 0
    assert b"Traceback" not in out + errors


def test_a_line_that_comes_too_late_is_told():
    """It is done at once, and what was played is not what its score says: that is no secret."""
    process = start(*LIVE)
    process.stdin.write(b"load saw level=-20db\nwait 100ms\n")
    process.stdin.flush()
    while not process.stdout.readline().startswith(b"ok waited"):
        pass
    time.sleep(1.0)
    out, _ = process.communicate(b"set saw.freq 220\nwait 3s\nstatus\nquit\n", timeout=60)
    assert b"! a line came late" in out
    assert b"\nlate 0\n" not in out
