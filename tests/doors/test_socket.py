"""Lines from outside: `chronus send` into a live session, and clients that mean no good."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from tests.doors.outside import PATIENCE_S, Live, gone
from tests.support.program import chronus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

RATE_HZ = 48_000
SONG = """\
load saw as bass freq=55
tempo 150
load kick; sequence kick: x...x.x.
sequence bass: c2 . eb2 _ g2 . c2~ c3
wait 4 bars
set bass.freq 110
wait 1 bar
"""
STILL = "load vca\nwait 1000s\n"


@pytest.fixture
def live() -> Iterator[Callable[..., Live]]:
    made: list[Live] = []

    def begun(song: str = STILL, *options: object) -> Live:
        made.append(Live(song, *options))
        return made[-1]

    yield begun
    for session in made:
        session.close()


def frames_of(path) -> np.ndarray:
    return soundfile.read(path, dtype="float32")[0]


def rendered(session: Live, song: str, *length: object) -> np.ndarray:
    path = session.folder / "other.chronus"
    path.write_text(song)
    output = session.folder / "rendered.wav"
    assert chronus("render", path, "-o", output, *length).status == 0
    return frames_of(output)


# ---- what a line does


def test_replies_come_as_from_a_pipe(live):
    """Each line has its closing line, in order; one that fails makes the status 1."""
    session = live()
    ended = session.send(
        "load kick", "get kick.level", "set kick.foo 3", "list kinds; get vca.gain"
    )
    assert ended.status == 1
    assert [line.split(" ")[0] for line in ended.closing] == ["ok", "ok", "error", "ok"]
    assert ended.closing[2].startswith("error E_PORT:")
    assert "line 3, column 10" in ended.closing[2]
    assert session.send("get kick.level").status == 0, "what was loaded stays"


def test_lines_of_stdin_and_objects(live):
    """Without a line in the call stdin is sent; --json gives one object a line, blank or not."""
    session = live()
    ended = session.send("--json", stdin="load kick\n\n# nothing\nset kick.foo 3\nstatus\n")
    assert ended.status == 1
    assert [o["n"] for o in ended.objects] == [1, 2, 3, 4, 5]
    assert [o["ok"] for o in ended.objects] == [True, True, True, False, True]
    assert ended.objects[3]["error"]["code"] == "E_PORT"
    assert ended.objects[4]["result"]["device"] == "null"


def test_a_line_from_outside_is_heard_at_the_frame_that_its_reply_names(live):
    """The recording is what a score gives that has the same line at that very frame."""
    session = live("load saw\nwait 5s\n", "--seconds", 5)
    session.wait_for_sound()
    (said,) = session.ask("set saw.freq 110; load kick; set kick.freq 70; trigger kick")
    assert said["ok"], said
    frame = said["at"]["frame"]
    assert 0 < frame < 5 * RATE_HZ
    assert session.end().status == 0
    same = f"load saw\nwait {frame / RATE_HZ:.6f}s\n{said['line']}\nwait 5s\n"
    expected = rendered(session, same, "--seconds", 5)
    np.testing.assert_array_equal(frames_of(session.recorded), expected)


def test_a_score_goes_on_as_if_nobody_had_called(live):
    """Lines that change no sound, and waits, move nothing of a score."""
    session = live(SONG, "--bars", 6)
    session.wait_for_sound()
    for _ in range(3):
        said = session.ask(
            "get bass.freq", "wait 1/16", "load vca as v", "nonsense", "status", "unload v"
        )
        assert [s["ok"] for s in said] == [True, True, True, False, True, True], said
    assert session.end().status == 0
    np.testing.assert_array_equal(frames_of(session.recorded), rendered(session, SONG, "--bars", 6))


def test_time_from_outside_is_the_clients_own(live):
    """A wait holds up its client alone; what would come after a wait is an error."""
    session = live("load vca\nwait 100s\n")
    session.wait_for_sound()
    with session.connect() as waiting:
        waiting.sendall(b"#json\nwait 4 bars\n")
        (got,) = session.ask("get vca.gain")
        assert got["ok"]
        with waiting.makefile("r") as answers:
            waited = json.loads(answers.readline())
        assert got["at"]["frame"] < waited["at"]["frame"], "it waited for the other client"
    (refused,) = session.ask("set vca.gain 50%; wait 1 bar; set vca.gain 60%")
    assert refused["error"]["code"] == "E_STATE"
    assert session.ask("get vca.gain")[0]["result"]["value"] == pytest.approx(1.0)


def test_a_plan_that_is_published_ahead_is_not_undone(live):
    """A node that a score brings, and one from outside, are both there, whichever came first."""
    song = "load vca\n" + "".join(f"load saw as s{n}\nwait 1/8\n" for n in range(16))
    session = live(song + "wait 2 bars\n")
    names = [f"k{n}" for n in range(20)]
    for name in names:
        assert session.ask(f"load kick as {name}")[0]["ok"]
    (said,) = session.ask("list nodes")
    heard = {row[0] for row in said["result"]["nodes"]}
    assert {*names, *(f"s{n}" for n in range(16))} <= heard
    assert session.ask("status")[0]["result"]["late"] == 0


def test_quit_from_outside_ends_the_session(live):
    """`quit` is answered, and ends a score that waits."""
    session = live("load vca\nwait 1000s\n")
    ended = session.send("quit")
    assert (ended.status, ended.err) == (0, "")
    assert ended.closing[0].startswith("ok bye")
    assert session.end().status == 0
    assert gone(session.path)


# ---- names


def test_sessions_are_listed_and_told_apart(live):
    """The first is main, the next main2, others have the name that they were given."""
    session = live("load vca\nwait 100s\n")
    session.start("--name", "song")
    session.start()
    ended = session.call("sessions")
    assert [line.split("  ")[0] for line in ended.lines] == ["main", "main2", "song"]
    assert all(f"pid {p.pid}" in ended.out for p in session.processes)
    listed = [json.loads(line) for line in session.call("sessions", "--json").lines]
    assert {entry["pid"] for entry in listed} == {p.pid for p in session.processes}
    assert session.send("--session", "song", "load hat as only").status == 0
    assert session.send("get only.level").status == 1
    taken = session.start("--name", "song", waits=False)
    _, err = taken.communicate(timeout=PATIENCE_S)
    assert taken.returncode == 2
    assert b"error E_STATE" in err
    assert b"song2" in err


def test_without_a_session_the_call_is_wrong(live):
    """Status 2, and the names of those that there are."""
    session = live()
    ended = session.send("--session", "other", "status")
    assert (ended.status, ended.out) == (2, "")
    assert "main" in ended.err
    assert session.call("play", session.song, "--name", "a/b").status == 2


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_the_socket_is_private_and_goes(live, how):
    """Nobody else gets in, and nothing is left after a clean end."""
    session = live()
    assert stat.S_IMODE(session.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(session.path.parent.stat().st_mode) == 0o700
    session.processes[0].send_signal(how)
    assert session.end().status == 130
    assert list(session.runtime.iterdir()) == []


def test_the_name_of_a_killed_session_is_free(live):
    """A socket is removed even where its session is killed; what is left is no session."""
    session = live()
    session.processes[0].kill()
    session.processes[0].wait()
    assert gone(session.path)
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(session.path))
    assert session.path.exists()
    assert session.call("sessions").lines == ["no session is live"]
    session.start()
    assert session.send("get vca.gain").status == 0


def test_a_folder_of_somebody_else_is_not_trusted(live):
    """A folder that others may write to, or a link, is passed over for the temporary one."""
    session = live()
    session.processes[0].terminate()
    session.end()
    (session.runtime / "chronus").symlink_to(session.folder)
    process = session.start()
    assert not session.path.exists()
    assert f"pid {process.pid}" in session.call("sessions").out


# ---- clients that mean no good


def never_reads(session: Live) -> socket.socket:
    client = session.connect()
    client.settimeout(1.0)
    try:
        while True:
            client.sendall(b"list kinds\n" * 1000)
    except TimeoutError:
        return client


FLOOD = 30_000


def floods(session: Live) -> socket.socket:
    client = session.connect()

    def read() -> None:
        while client.recv(1 << 16):
            pass

    reader = threading.Thread(target=read)
    reader.start()
    client.sendall(b"get nothing.at\n" * FLOOD)
    client.shutdown(socket.SHUT_WR)
    reader.join()
    return client


def sends_garbage(session: Live) -> socket.socket:
    client = session.connect()
    client.sendall(bytes(range(256)) * 50 + b"\n" + b"\0\0\xff\xfe\n\n\xc3\n")
    return client


def sends_one_endless_line(session: Live) -> socket.socket:
    client = session.connect()
    for _ in range(100):
        client.sendall(b"load kick " * 10_000)
    client.sendall(b"\nget bass.level\n")
    client.shutdown(socket.SHUT_WR)
    with client.makefile("r") as answers:
        refused, answered = answers.readlines()
    assert refused.startswith("error E_LIMIT:")
    assert answered.startswith("ok bass.level")
    return client


def leaves_in_the_middle(session: Live) -> socket.socket:
    client = session.connect()
    client.sendall(b"load kick as half\nunload ha")
    client.close()
    return client


@pytest.mark.parametrize(
    "harm", [never_reads, floods, sends_garbage, sends_one_endless_line, leaves_in_the_middle]
)
def test_a_bad_client_harms_nothing(live, harm):
    """The music is the same to the sample, and others are answered after it."""
    session = live(f"{SONG}wait 1000s\n")
    client = harm(session)
    session.wait_for_sound()
    assert [said["ok"] for said in session.ask("get bass.level", "wait 7 bars")] == [True, True]
    if harm is leaves_in_the_middle:
        assert session.ask("get half.level")[0]["ok"], "half a line was carried out"
    assert session.ask("quit")[0]["ok"]
    ended = session.end()
    client.close()
    assert ended.status == 0
    if harm is never_reads:
        assert sum("did not read" in line for line in ended.lines) == 1
    played = frames_of(session.recorded)
    same = rendered(session, f"{SONG}wait 1000s\n", "--seconds", len(played) / RATE_HZ)
    np.testing.assert_array_equal(played, same)


def test_lines_of_many_clients_do_not_mix(live):
    """Each of eight clients has its own replies, in the order of its lines."""
    session = live("load vca\nwait 1000s\n")
    found: dict[int, list[dict]] = {}

    def ask(number: int) -> None:
        lines = [f"load kick as k{number}_{n}; unload k{number}_{n}" for n in range(20)]
        found[number] = session.ask(*lines)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, said in found.items():
        assert [s["n"] for s in said] == list(range(1, 21))
        assert all(s["ok"] for s in said), said
        assert all(f"k{number}_{s['n'] - 1};" in s["line"] for s in said)


def test_news_come_to_clients_too(live):
    """What no line asked for is told to who is attached, on a line of its own."""
    session = live("load vca\nwait 1000s\n")
    (said,) = session.ask("status")
    (audio,) = [p["pid"] for p in said["result"]["processes"] if p["role"] == "audio"]
    with session.connect() as client:
        client.sendall(b"get vca.gain\n")
        with client.makefile("r") as answers:
            assert answers.readline().startswith("ok vca.gain")
            os.kill(audio, signal.SIGKILL)
            assert answers.readline().startswith("! the audio process ended")
