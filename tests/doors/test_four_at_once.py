"""Four who write at once, one who sends rubbish, and one who never reads: one journal."""

from __future__ import annotations

import random
import re
import socket
import threading

import pytest

from tests.doors.osc_client import Controller, free_port, message
from tests.doors.terminal import Terminal
from tests.support.program import chronus

LINES = 2_500
"""Of each of the four."""
NAMES = ("a", "b", "c", "d", "e", "f")
KINDS = ("saw", "sine", "kick", "filter", "delay", "hat")
TYPED = 50
"""Lines that are typed in a row: a terminal holds 4,096 characters that nobody has read."""
UNANSWERED = 64
"""So many lines of a controller are on their way at most: the network loses what finds no room."""


def written_by(seed):
    """Lines of one of them: most of them set something, some are wrong, some take back."""
    chance = random.Random(seed)
    lines = []
    for _ in range(LINES):
        one, other = chance.choice(NAMES), chance.choice(NAMES)
        kinds_of_lines = {
            f"set {one}.level {chance.randrange(-40, 0)}db": 60,
            f"set {one}.pan {chance.uniform(-1, 1):.2f}; get {one}.pan": 20,
            f"load {chance.choice(KINDS)} as {one}": 5,
            f"unload {one}": 1,
            f"patch {one} > {other}": 3,
            f"unpatch {one} > {other}": 3,
            f"sequence {one}: x..x{'.' * chance.randrange(5)}": 3,
            f"mute {one}": 2,
            f"unmute {one}": 2,
            "undo": 1,
            "undo --mine": 1,
            f"set {one}.lvel 3": 2,
            f"{{ set {one}.level -3db; lod {other} }}": 2,
        }
        lines += chance.choices(list(kinds_of_lines), list(kinds_of_lines.values()))
    return lines


def closing(text):
    return re.findall(r"^(?:ok|error) .*", text, re.MULTILINE)


class Four:
    """A session at a prompt, and what each of the others is told."""

    def __init__(self, folder):
        self.port = free_port()
        self.journal = folder / "all.chronus"
        self.host = Terminal(
            "--plain", "--journal", self.journal, "--osc", self.port, echoes=False,
            XDG_STATE_HOME=str(folder / "state"), CHRONUS_OSC="",
        )  # fmt: skip
        self.told = {}

    def connect(self):
        client = socket.socket(socket.AF_UNIX)
        client.connect(str(self.host.folder / "chronus" / "main.sock"))
        client.settimeout(120.0)
        return client

    def at_the_prompt(self, lines):
        before = len(self.host.closing)
        for begin in range(0, len(lines), TYPED):
            part = lines[begin : begin + TYPED]
            for line in part:
                self.host.type(line)
            self.host.waits_for_closing(before + begin + len(part))
        self.told["prompt"] = self.host.closing[before:]

    def at_the_socket(self, lines):
        with self.connect() as client:
            reader = threading.Thread(target=self._read, args=(client,))
            reader.start()
            client.sendall("".join(f"{line}\n" for line in lines).encode())
            client.shutdown(socket.SHUT_WR)
            reader.join()

    def _read(self, client):
        with client.makefile("r") as answers:
            self.told["socket"] = closing(answers.read())

    def by_osc(self, lines):
        controller = Controller(self.port)
        answers = []
        for number, line in enumerate(lines):
            controller.send(message("/cmd", line).dgram)
            if number >= UNANSWERED:
                answers.append(controller.answer()[0])
        self.told["osc"] = answers + [a for a, *_ in controller.answers(UNANSWERED)]
        controller.close()

    def through_a_pipe(self, lines):
        ended = chronus("send", stdin="".join(f"{line}\n" for line in lines), **self.host.places)
        self.told["pipe"] = ended.closing

    def rubbish(self, chance):
        for _ in range(20):
            with self.connect() as client:
                client.sendall(b"\xff\x00" + chance.randbytes(300) + b"\n")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for _ in range(200):
                sender.sendto(chance.randbytes(60), ("127.0.0.1", self.port))

    def close(self):
        self.host.close()


@pytest.fixture
def four(tmp_path):
    made = Four(tmp_path)
    yield made
    made.close()


def test_ten_thousand_lines_of_four_are_one_journal(four, tmp_path):
    """Every line is answered, and the journal leads to the state in which the four have ended.

    Neither one who sends rubbish nor one who never reads his answers changes anything of that.
    """
    host = four.host
    assert host.say("get out.level").startswith(b"ok")
    deaf = four.connect()
    deaf.sendall(b"describe filter\n" * 200)
    ways = (four.at_the_prompt, four.at_the_socket, four.by_osc, four.through_a_pipe)
    given = [written_by(seed) for seed in range(len(ways))]
    writers = [
        threading.Thread(target=way, args=(lines,)) for way, lines in zip(ways, given, strict=True)
    ]
    for writer in writers:
        writer.start()
    four.rubbish(random.Random(5))
    for writer in writers:
        writer.join()
    assert [len(four.told[way]) for way in ("prompt", "socket", "pipe")] == [LINES] * 3
    assert four.told["osc"].count("/reply") + four.told["osc"].count("/error") == LINES
    assert {"/reply", "/error"} == set(four.told["osc"])
    reached, replayed = tmp_path / "reached.chronus", tmp_path / "replayed.chronus"
    assert host.say(f"save {reached}").startswith(b"ok")
    host.kill()
    deaf.close()
    ended = chronus(
        "resume", four.journal, "--device", "null", stdin=f"save {replayed}\nquit\n",
        **{**host.places, "XDG_STATE_HOME": str(tmp_path / "other")},
    )  # fmt: skip
    assert ended.status == 0, ended
    assert replayed.read_text() == reached.read_text()
