"""Several at once in one session: what one says the others see, and who holds what."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import threading
import time

import numpy as np
import pytest
import soundfile

from chronus.doors.chatter import MOST_TOLD, WINDOW_S, Chatter
from tests.doors.outside import PATIENCE_S, Live, gone
from tests.doors.terminal import Terminal
from tests.support.program import chronus, start

SONG = "load saw; load filter; load kick; patch saw > filter\nwait 60s\n"


@pytest.fixture
def live():
    made = []

    def begun(song=SONG, *options):
        made.append(Live(song, *options))
        return made[-1]

    yield begun
    for session in made:
        session.close()


class Client:
    """A client that stays: what it says, and all that it is told."""

    def __init__(self, session):
        self._socket = session.connect()
        self._socket.settimeout(None)
        self._changed = threading.Condition()
        self._lines = []
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()
        self.say("get kick.level")  # it is in now

    def _read(self):
        with self._socket.makefile("r") as answers:
            for line in answers:
                with self._changed:
                    self._lines.append(line.rstrip("\n"))
                    self._changed.notify_all()

    def _wait(self, found):
        with self._changed:
            assert self._changed.wait_for(found, PATIENCE_S), self._lines
            return found()

    def say(self, line):
        """Say a line; its closing line."""
        before = len(self.closing)
        self._socket.sendall(f"{line}\n".encode())
        return self._wait(lambda: self.closing[before:])[0]

    @property
    def closing(self):
        return [line for line in self._lines if line.split(" ")[0] in ("ok", "error")]

    @property
    def news(self):
        return [line for line in self._lines if line.startswith("! ")]

    def sees(self, text):
        return self._wait(lambda: any(text in line for line in self.news))

    def close(self):
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()


@pytest.fixture
def join():
    """Lets clients of some manner into a session."""
    made = []

    def joined(session, manner=Client):
        made.append(manner(session))
        return made[-1]

    yield joined
    for client in made:
        client.close()


# ---- what others say


def test_each_sees_what_the_other_says_and_not_what_he_says_himself(live, join):
    """A line that does something is news to all others, with who said it; a question is not."""
    session = live()
    one, two = join(session), join(session)
    assert one.say("set filter.cutoff 800hz").startswith("ok")
    assert two.say("get filter.cutoff").startswith("ok")
    assert two.say("set filter.cut 3").startswith("error")
    assert two.say("trigger kick; mute kick").startswith("ok")
    assert two.sees("! client 1: set filter.cutoff 800hz")
    assert one.sees("! client 2: trigger kick; mute kick")
    session.send("unmute kick")
    assert one.sees("! client 3: unmute kick")
    assert two.sees("! client 3: unmute kick")
    assert [line.partition(":")[0] for line in one.news] == ["! client 2", "! client 3"]
    assert [line.partition(":")[0] for line in two.news] == ["! client 1", "! client 3"]


def test_a_prompt_and_one_that_is_attached_see_each_other():
    """`chronus attach` gives the same session in another terminal; each sees the other's lines."""
    host = Terminal("--plain")
    guest = None
    try:
        assert host.say("load kick; load filter").startswith(b"ok")
        guest = Terminal("attach", "--plain", plays=False, **host.places)
        assert guest.say("set kick.level -6db").startswith(b"ok kick.level = -6db")
        assert host.shows(b"! client 1: set kick.level -6db")
        assert host.say("set kick.level -9db").startswith(b"ok")
        assert guest.shows(b"! prompt: set kick.level -9db")
        assert guest.say("get kick.level").startswith(b"ok kick.level = -9db")
        guest.type("{ set kick.level -3db")
        assert guest.shows(b"... "), "a block goes on"
        assert guest.say("trigger kick }").startswith(b"ok 2 commands")
        assert host.shows(b"! client 1: { set kick.level -3db trigger kick }")
    finally:
        if guest is not None:
            guest.close()
        host.close()


def test_who_says_much_is_summed_up():
    """Ten lines within two seconds are told each; the rest is one line, and nothing is lost."""
    now = [0.0]
    told = []
    chatter = Chatter(lambda text, author: told.append((text, author)), lambda: now[0])
    for number in range(MOST_TOLD + 57):
        chatter.hear("osc 127.0.0.1:9", f"set a.b {number}")
    chatter.hear("client 1", "load kick")
    chatter.hear("songs/a.chronus", "load hat")
    assert len(told) == MOST_TOLD + 1
    now[0] = WINDOW_S
    chatter.tell()
    assert told[-1] == ("osc 127.0.0.1:9: 57 lines more, at last set a.b 66", "osc 127.0.0.1:9")
    chatter.hear("osc 127.0.0.1:9", "set a.b 1")
    assert told[-1][0] == "osc 127.0.0.1:9: set a.b 1"
    assert len(told) == MOST_TOLD + 3


# ---- locks


def test_what_one_has_locked_no_other_changes(live, join):
    """Every way to change a locked node is E_LOCKED and names who holds it; nothing changes."""
    session = live()
    one, two = join(session), join(session)
    assert one.say("set filter.resonance 0.5").startswith("ok")
    assert one.say("lock filter kick").startswith("ok locked filter, kick")
    assert two.say("list locks").startswith("ok 2 locks")
    before = session.ask("get filter", "list cables", "list sequences", "list nodes")
    for line in [
        "set filter.cutoff 300", "unload kick", "rename kick k", "note kick c2", "gate kick on",
        "trigger kick", "sequence kick: x...", "mute kick", "patch kick > filter", "reset kick",
        "unpatch saw > filter", "set saw.freq 110; set filter.cutoff 300", "undo",
        "open { tempo 99 }", "at next bar set kick.freq 50", "{ set saw.freq 99; trigger kick }",
        "unlock filter", "lock kick", "reset all",
    ]:  # fmt: skip
        said = two.say(line)
        assert said.startswith("error E_LOCKED: "), (line, said)
        assert "locked by client 1" in said
    after = session.ask("get filter", "list cables", "list sequences", "list nodes")
    assert [a["result"] for a in after] == [b["result"] for b in before]
    assert two.say("set saw.freq 110").startswith("ok")
    assert two.say("copy kick as other").startswith("ok")
    assert two.say("panic").startswith("ok")
    assert one.say("set filter.cutoff 300").startswith("ok")
    assert one.say("unlock filter").startswith("ok")
    assert two.say("set filter.cutoff 500").startswith("ok")
    assert two.say("trigger kick").startswith("error E_LOCKED")


def test_a_lock_ends_with_its_client(live, join):
    """Once who holds it has gone, a node is everybody's again."""
    session = live()
    one, two = join(session), join(session)
    assert one.say("lock kick").startswith("ok")
    assert two.say("trigger kick").startswith("error E_LOCKED")
    one._socket.shutdown(socket.SHUT_RDWR)
    limit = time.monotonic() + PATIENCE_S
    while not two.say("list locks").startswith("ok 0 locks"):
        assert time.monotonic() < limit
    assert two.say("trigger kick").startswith("ok")


# ---- undo


def test_undo_mine_and_its_journal(live, join, tmp_path):
    """Two undo each his own, and the journal of that renders to the samples that were heard."""
    journal = tmp_path / "two.chronus"
    song = "load saw; load filter; patch saw > filter\nwait 5s\n"
    session = live(song, "--seconds", 5, "--journal", journal)
    session.wait_for_sound()
    one, two = (join(session, Client2) for _ in range(2))
    assert one.say("set filter.cutoff 3000")["ok"]
    assert two.say("set saw.freq 220")["ok"]
    assert one.say("undo --mine")["text"] == "undone: set filter.cutoff 3000"
    assert two.say("get saw.freq")["result"]["value"] == 220.0
    assert two.say("undo --mine")["text"] == "undone: set saw.freq 220"
    assert two.say("undo --mine")["error"]["code"] == "E_STATE"
    assert session.end().status == 0
    assert "undo only 2" in journal.read_text()
    again = tmp_path / "again.wav"
    assert chronus("render", journal, "-o", again).status == 0
    heard = soundfile.read(session.recorded, dtype="float32")[0]
    np.testing.assert_array_equal(soundfile.read(again, dtype="float32")[0], heard)


class Client2:
    """A client that gets objects."""

    def __init__(self, session):
        self._socket = session.connect()
        self._socket.sendall(b"#json\n")
        self._answers = self._socket.makefile("r")

    def say(self, line):
        self._socket.sendall(f"{line}\n".encode())
        while "event" in (said := json.loads(self._answers.readline())):
            pass
        return said

    def close(self):
        self._answers.close()
        self._socket.close()


# ---- a session without a prompt


def test_a_server_stays_until_quit_or_a_signal(live):
    """`chronus --server` plays what others type, ends by `quit` or SIGTERM, and leaves nothing."""
    session = live()
    for ends in ("quit", signal.SIGTERM):
        process = start("--server", "--device", "null", "--name", "served", **session.places)
        session.processes.append(process)
        assert b"served is live" in process.stdout.readline()
        ended = session.call("attach", "served", stdin="load kick\ntrigger kick\nstatus\n")
        assert ended.status == 0
        assert [line.split(" ")[0] for line in ended.closing] == ["ok"] * 3
        if ends == "quit":
            assert session.send("--session", "served", "quit").status == 0
        else:
            process.send_signal(ends)
        process.communicate(timeout=PATIENCE_S)
        assert process.returncode == (0 if ends == "quit" else 130)
        assert gone(session.path.with_name("served.sock"))


def test_who_is_attached_leaves_with_the_session():
    """Once the session has ended, the attached prompt ends by itself, and says so; its status is 1.

    A line that is not waited for goes on, and its reply comes before the next one's.
    """
    host = Terminal("--plain")
    guest = None
    try:
        assert host.say("load kick").startswith(b"ok")
        guest = Terminal("attach", "--plain", plays=False, **host.places)
        assert guest.say("get kick.level").startswith(b"ok")
        guest.type("wait 2s; set kick.level -5db")
        time.sleep(0.5)
        guest.process.send_signal(signal.SIGINT)
        assert guest.shows(b"not waited for")
        guest.type("get kick.level")
        assert guest.waits_for_closing(3)[1:] == [
            *(line for line in guest.closing[1:2] if b"kick.level = -5db" in line),
            *(line for line in guest.closing[2:3] if line.startswith(b"ok kick.level = -5db")),
        ]
        assert host.say("quit").startswith(b"ok")
        assert guest.shows(b"the session has ended")
        assert guest.process.wait(PATIENCE_S) == 1
    finally:
        if guest is not None:
            guest.close()
        host.close()


def test_attaching_to_nothing_is_a_wrong_call(live):
    """Status 2, with the names of those that there are."""
    session = live()
    ended = session.call("attach", "nobody")
    assert ended.status == 2
    assert "main" in ended.err


# ---- meters at a terminal


def test_watch_shows_meters_until_a_key_is_pressed():
    """At a terminal the meters come again and again; a key ends them, and the prompt goes on."""
    host = Terminal(TERM="xterm")
    try:
        assert host.shows(b"chronus>")
        host.type("load sine; load kick")
        assert host.shows(b"sine: sine > out")
        host.type("watch meters")
        assert host.shows(b"(any key ends)")
        assert host.shows("█".encode())
        assert host.shows(b"\x1b[4F"), "they are drawn over what was there"
        host.type("")
        assert host.shows(b"ok watched")
        host.type("get sine.freq")
        assert host.shows(b"sine.freq = 110hz")
    finally:
        host.close()


def test_watch_elsewhere_is_an_error(live):
    """A client at the socket, and a score, are told what to say instead."""
    session = live()
    (said,) = session.ask("watch meters")
    assert said["error"]["code"] == "E_STATE"
    assert said["error"]["suggestions"] == ["show meters"]
    (said,) = session.ask("show meters")
    assert set(said["result"]["meters"]) == {"filter", "kick", "out"}
    assert said["result"]["meters"]["filter"]["peak_db"] > -40
