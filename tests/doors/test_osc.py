"""Controllers play a live session by OSC, and those that mean no good harm nothing."""

from __future__ import annotations

import socket
import time

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from chronus.doors.osc import PlayedClock
from chronus.doors.osc_messages import MalformedError, line_of, read
from chronus.errors import UserError
from tests.doors.osc_client import Controller, bundle, free_port, message
from tests.doors.outside import Live
from tests.support.program import ROOT, chronus
from tests.support.sound import amplitude, ends, onsets

RATE_HZ = 48_000
STILL = "load vca\nwait 1000s\n"
PATCHED = "load sine; load filter; load adsr; patch sine > filter > adsr\nwait 1000s\n"


@pytest.fixture
def opened():
    made = []

    def begin(song=STILL, *options):
        port = free_port()
        session = Live(song, "--osc", port, *options)
        controller = Controller(port)
        made.append((session, controller))
        return session, controller

    yield begin
    for session, controller in made:
        controller.close()
        session.close()


def status(session):
    return session.ask("status")[0]["result"]


def value(session, port):
    return session.ask(f"get {port}")[0]["result"]["value"]


# ---- what messages mean


@pytest.mark.parametrize(
    ("address", "values", "line"),
    [
        ("/mod/sine/freq", (880,), "set sine.freq 880"),
        ("/mod/kick2/freq", (0.1,), "set kick2.freq 0.1"),
        ("/mod/kick2/freq", (61.25,), "set kick2.freq 61.25"),
        ("/mod/acid/filter/cutoff", ("800hz",), "set acid/filter.cutoff 800hz"),
        ("/mod/filter/cutoff", ("+7st",), "set filter.cutoff +7st"),
        ("/mod/filter/cutoff", (300, "over 2 bars"), "set filter.cutoff 300 over 2 bars"),
        ("/gate/adsr", (1,), "gate adsr on"),
        ("/gate/adsr", (0.0,), "gate adsr off"),
        ("/gate/adsr", (True,), "gate adsr on"),
        ("/note/kick", (60,), "note kick c4"),
        ("/note/kick", (69.5, 0.5), "note kick 452.892984hz at 0.5"),
        ("/note/kick", (61, 127, 0.25), "note kick c#4 for 0.25s at 1"),
        ("/note/kick", ("eb3", 1.0), "note kick eb3 at 1"),
        ("/note/kick", (60, 0), "gate kick off"),
        ("/cmd", ("tempo 174",), "tempo 174"),
        ("/cmd", ("load", "kick"), "load kick"),
        ("/test", (), "test"),
    ],
)
def test_a_message_stands_for_a_line(address, values, line):
    """Each address has its line; numbers are in the port's unit, strings as they are written."""
    (group,) = read(message(address, *values).dgram)
    assert line_of(group.messages[0]) == line


@pytest.mark.parametrize(
    ("address", "values", "code"),
    [
        ("/nod/sine/freq", (880,), "E_NAME"),
        ("/mod/sine", (880,), "E_SYNTAX"),
        ("/mod/si ne/freq", (880,), "E_SYNTAX"),
        ("/mod/sine/freq", (), "E_VALUE"),
        ("/mod/sine/freq", ("1; quit",), "E_VALUE"),
        ("/mod/sine/freq", (float("nan"),), "E_VALUE"),
        ("/mod/sine/freq", (b"blob",), "E_VALUE"),
        ("/gate/adsr", ("maybe",), "E_VALUE"),
        ("/note/kick", (128,), "E_RANGE"),
        ("/note/kick", (60, 1.5), "E_RANGE"),
        ("/note/kick", (60, -3), "E_RANGE"),
        ("/note/kick", (), "E_VALUE"),
        ("/cmd", (7,), "E_VALUE"),
    ],
)
def test_what_stands_for_no_line_says_why(address, values, code):
    """What is wrong with a message has the code of the language's own errors."""
    (group,) = read(message(address, *values).dgram)
    with pytest.raises(UserError) as caught:
        line_of(group.messages[0])
    assert caught.value.code == code


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"\0\1\2\3",
        b"/mod",
        b"/a\0\0",
        b"/a\0\0,q\0\0",
        b"/a\0\0,i\0\0\0",
        b"/\xff\xfe\0,\0\0\0",
        b"#bundle\0",
        b"#bundle\0" + b"\0" * 7 + b"\1" + b"\xff\xff\xff\xf0" + b"/a\0\0",
        b"#bundle\0" + b"\0" * 7 + b"\1" + b"\0\0\0\3" + b"/a\0",
    ],
)
def test_a_packet_that_is_no_osc_is_refused(packet):
    """Cut, empty and false packets end in one error, sizes that lead backwards too."""
    if packet == b"/a\0\0":
        assert read(packet)[0].messages[0].arguments == ()
        return
    with pytest.raises(MalformedError):
        read(packet)


def test_bundles_in_bundles_have_an_end():
    """A bundle within others is done for itself; one that lies too deep is refused."""
    inner = bundle(message("/test"))
    for _ in range(3):
        inner = b"#bundle\0" + b"\0" * 7 + b"\1" + len(inner).to_bytes(4, "big") + inner
    assert [len(group.messages) for group in read(inner)] == [0, 0, 0, 1]
    for _ in range(10):
        inner = b"#bundle\0" + b"\0" * 7 + b"\1" + len(inner).to_bytes(4, "big") + inner
    with pytest.raises(MalformedError):
        read(inner)


@settings(
    max_examples=600, deadline=None, phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
@given(
    st.one_of(
        st.binary(max_size=200),
        st.binary(max_size=120).map(lambda data: b"/mod/a/b\0\0\0\0" + data),
        st.binary(max_size=120).map(lambda data: b"#bundle\0" + data),
        st.lists(st.tuples(st.integers(0, 79), st.integers(0, 255)), max_size=6).map(
            lambda changes: _bent(bundle(message("/mod/a/b", 1.5, "x"), message("/test")), changes)
        ),
    )
)
def test_no_packet_does_more_than_be_refused(packet):
    """Whatever comes is read as messages, each a line or an error, or it is refused."""
    try:
        groups = read(packet)
    except MalformedError:
        return
    for group in groups:
        for part in group.messages:
            try:
                line = line_of(part)
            except UserError:
                continue
            assert line.startswith(("set ", "gate ", "note ", "test")) or part.address == "/cmd"


def _bent(packet, changes):
    data = bytearray(packet)
    for place, byte in changes:
        data[place % len(data)] = byte
    return bytes(data)


def test_a_clock_is_even_although_a_device_takes_frames_in_steps():
    """Two times that are a second apart are a second apart in frames, to a thousandth."""
    clock = PlayedClock(RATE_HZ)
    found = [
        clock.frame_at(100.0, now, int(now * RATE_HZ) // 1024 * 1024)
        for now in np.arange(0.0, 4.0, 0.0123)
    ]
    assert max(found[200:]) - min(found[200:]) < 200
    assert abs(clock.frame_at(101.0, 4.0, 4 * RATE_HZ) - found[-1] - RATE_HZ) < 48


# ---- a live session


def test_the_addresses_of_old_work_and_each_message_is_answered(opened):
    """Every message has one answer, with its number, at the port that it came from."""
    session, controller = opened(PATCHED)
    session.wait_for_sound()
    said = [
        controller.say("/mod/sine/freq", 880),
        controller.say("/gate/adsr", 1),
        controller.say("/mod/filter/cutoff", 1000),
        controller.say("/mod/adsr/attack", 10),
        controller.say("/mod/filter/cutof", 1000),
        controller.say("/cmd", "get filter.cutoff"),
        controller.say("/test"),
        controller.say("/nothing"),
    ]
    assert [answer[:3] for answer in said] == [
        ("/reply", 1, "ok"), ("/reply", 2, "ok"), ("/reply", 3, "ok"), ("/reply", 4, "ok"),
        ("/error", 5, "E_PORT"), ("/reply", 6, "ok"), ("/reply", 7, "ok"), ("/error", 8, "E_NAME"),
    ]  # fmt: skip
    assert said[0][3].startswith("sine.freq = 880hz at ")
    assert "try: cutoff" in said[4][3]
    assert said[5][3].startswith("filter.cutoff = 1000hz")
    assert value(session, "adsr.attack") == 10.0
    assert value(session, "sine.freq") == 880.0


def test_what_comes_by_osc_is_heard_and_the_journal_plays_it_again(opened, tmp_path):
    """The journal has the lines and who sent them, and renders to the samples that were heard."""
    journal = tmp_path / "played.chronus"
    session, controller = opened(
        "load sine; load adsr; patch sine > adsr\nwait 3s\n", "--seconds", 3, "--journal", journal
    )
    session.wait_for_sound()
    assert controller.say("/mod/sine/freq", 1000)[2] == "ok"
    assert controller.say("/gate/adsr", 1)[2] == "ok"
    assert session.end().status == 0
    heard = soundfile.read(session.recorded, dtype="float32")[0]
    assert amplitude(heard[-RATE_HZ:, 0], 1000) > 0.3
    lines = journal.read_text()
    assert "set sine.freq 1000  # " in lines
    assert controller.name in lines
    again = tmp_path / "again.wav"
    assert chronus("render", journal, "-o", again).status == 0
    np.testing.assert_array_equal(soundfile.read(again, dtype="float32")[0], heard)


def test_the_tone_sounds_for_a_second_and_leaves_nothing(opened):
    """`/test` is heard at 440 Hz for exactly a second, and neither patch nor history know of it."""
    session, controller = opened("load vca\nwait 4s\n", "--seconds", 4)
    session.wait_for_sound()
    before = session.ask("list nodes", "history")
    assert controller.say("/test")[2] == "ok"
    after = session.ask("list nodes", "history")
    assert [a["result"] for a in after] == [b["result"] for b in before]
    assert session.end().status == 0
    heard = soundfile.read(session.recorded, dtype="float32")[0][:, 0]
    (start, *_), (*_, end) = onsets(heard, 1e-6), ends(heard, 1e-6)
    assert abs(end - start - RATE_HZ - 240) < 64
    tone = heard[start + 480 : end - 480]
    assert amplitude(tone, 440) == pytest.approx(0.25, abs=0.001)


def test_a_bundle_is_one_transaction(opened):
    """All messages of a bundle take effect at one frame; with a wrong one, none does."""
    session, controller = opened(PATCHED)
    session.wait_for_sound()
    controller.send(bundle(message("/mod/filter/cutoff", 500), message("/gate/adsr", 1)))
    said = controller.answers(2)
    assert [answer[:3] for answer in said] == [("/reply", 1, "ok"), ("/reply", 2, "ok")]
    frames = {answer[3].rpartition("(frame ")[2] for answer in said}
    assert len(frames) == 1
    (before,) = session.ask("history")
    controller.send(
        bundle(message("/mod/filter/cutoff", 600), message("/mod/filter/x", 1), message("/test"))
    )
    said = controller.answers(3)
    assert [answer[:3] for answer in said] == [
        ("/error", 3, "E_STATE"), ("/error", 4, "E_PORT"), ("/error", 5, "E_STATE"),
    ]  # fmt: skip
    assert value(session, "filter.cutoff") == 500.0
    assert session.ask("history")[0]["result"] == before["result"]
    controller.send(bundle(message("/cmd", "} ; quit ; {")))
    assert controller.answer()[:3] == ("/error", 6, "E_SYNTAX")
    assert value(session, "filter.cutoff") == 500.0


def test_a_time_tag_is_the_time_at_which_it_is_heard(opened):
    """Bundles for 0.5 s and 0.9 s from now are heard 0.4 s apart, and a late one says so."""
    song = "load lfo as dc rate=0.01 shape=square; load adsr attack=0 decay=0 sustain=1 release=0\n"
    session, controller = opened(song + "patch dc > adsr > out\nwait 4s\n", "--seconds", 4)
    session.wait_for_sound()
    now = time.time()
    controller.send(bundle(message("/gate/adsr", 1), at=now + 0.5))
    controller.send(bundle(message("/gate/adsr", 0), at=now + 0.9))
    controller.send(bundle(message("/mod/dc/rate", 0.01), at=now - 1.0))
    said = controller.answers(3)
    assert all(answer[0] == "/reply" for answer in said)
    assert "late by" not in said[1][3]
    assert "late by" in said[2][3]
    found = status(session)
    assert found["osc_late"] == 1
    assert session.end().status == 0
    heard = soundfile.read(session.recorded, dtype="float32")[0][:, 0]
    opens, closes = onsets(heard, 0.1)[0], ends(heard, 0.1)[0]
    assert abs(closes - opens - round(0.4 * RATE_HZ)) <= 64 + 0.02 * 1024


def test_a_flood_is_answered_and_harms_nothing(opened):
    """Of thousands of messages at a stroke each is answered once, in order; nobody else waits."""
    session, controller = opened("load vca\nwait 1000s\n")
    session.wait_for_sound()
    other = Controller(controller._to[1])
    count = 600
    for number in range(count):
        controller.send(message("/mod/vca/gain", number / count).dgram)
        if number == count // 2:
            assert other.say("/cmd", "get vca.gain")[2] == "ok"
    said = controller.answers(count)
    assert [answer[1] for answer in said] == list(range(1, count + 1))
    assert all(answer[0] == "/reply" for answer in said)
    assert value(session, "vca.gain") == pytest.approx((count - 1) / count)
    other.close()


def test_what_is_too_much_is_refused_with_the_number(opened):
    """A client that sends on while another line of its own waits is told the limit by E_LIMIT."""
    session, controller = opened("load vca\nwait 1000s\n")
    session.wait_for_sound()
    controller.send(message("/cmd", "wait 3s").dgram)
    refused = 0
    for number in range(1300):
        controller.send(message("/gate/vca", 1).dgram)
        if number > 1100 and number % 20 == 0:
            time.sleep(0.001)
    while (answer := controller.answer())[1] != 1:
        refused += answer[2] == "E_LIMIT"
        assert answer[2] == "E_LIMIT"
        assert "1000" in answer[3]
    assert refused > 0
    assert status(session)["osc_refused"] >= refused


def test_garbage_is_counted_answered_and_changes_nothing(opened):
    """Garbage gets E_SYNTAX where it came from; the patch and the music stay as they were."""
    session, controller = opened(PATCHED)
    session.wait_for_sound()
    before = session.ask("get filter", "list cables", "history")
    rng = np.random.default_rng(7)
    packets = [rng.bytes(int(rng.integers(1, 300))) for _ in range(100)]
    packets += [b"#bundle\0" + rng.bytes(40) for _ in range(50)]
    for packet in packets:
        controller.send(packet)
    said = controller.answers(len(packets))
    assert {answer[2] for answer in said} <= {"E_SYNTAX"}
    assert [a["result"] for a in session.ask("get filter", "list cables", "history")] == [
        b["result"] for b in before
    ]
    assert status(session)["osc_malformed"] == len(packets)
    assert status(session)["underruns"] == 0


def test_a_busy_port_is_one_line_of_news(opened):
    """A second session says that its port is taken, and plays on without OSC."""
    session, controller = opened()
    port = controller._to[1]
    song = session.folder / "short.chronus"
    song.write_text("load kick\ntrigger kick\nwait 1s\n")
    ended = session.call("play", song, "--device", "null", "--osc", port)
    assert ended.status == 0
    news = [line for line in ended.lines if line.startswith("! ")]
    assert len([line for line in news if "OSC" in line]) == 1
    assert f"127.0.0.1:{port}" in " ".join(news)
    assert controller.say("/cmd", "get vca.gain")[2] == "ok"


def test_it_listens_at_this_machine_alone_and_not_at_all_where_it_is_off(opened):
    """The address is the loopback's; `off` opens nothing, and a false one is a wrong call."""
    session, controller = opened()
    port = controller._to[1]
    assert status(session)["osc"] == f"127.0.0.1:{port}"
    quiet = Live(STILL)
    try:
        assert "osc" not in status(quiet)
    finally:
        quiet.close()
    for wrong in ("-1", "5005x", "70000", "host:"):
        ended = chronus("play", session.song, "--device", "null", "--osc", wrong)
        assert ended.status == 2
        assert "osc is a port" in ended.err


def test_quit_by_osc_ends_the_session(opened):
    """`/cmd quit` is answered, and ends a score that waits."""
    session, controller = opened("load vca\nwait 1000s\n")
    assert controller.say("/cmd", "quit")[:3] == ("/reply", 1, "ok")
    assert session.end().status == 0


def test_what_makes_no_sound_opens_no_port():
    """`check` says nothing of OSC, although its port is taken."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = str(taken.getsockname()[1])
        ended = chronus("check", "patches/dub-chord.chronus", CHRONUS_OSC=port, folder=ROOT)
    assert ended.status == 0
    assert "OSC" not in ended.out + ended.err
