"""Instruments in a session: loaded, played, set, patched, renamed, copied and saved as one thing.

They are those of `tests/support/data`, and the two small ones that come with the program.
"""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from chronus.doors.completion import completions
from chronus.session.journal import entry_lines
from chronus.session.saving import patch_lines
from tests.support.score import Stage, render
from tests.support.sound import cents, hardest_jolt, pitch, rms_db
from tests.support.sounding import sounding

SESSION = """
load bass_module
set bass.freq 55
set bass.distortion 0.7
load tb303_module
load filter
load delay
patch tb303 > filter > delay
sequence bass: x.x.x.x.x.x.x.x.
sequence tb303: ..x...x.x.x.....x
"""


def heard(lines, seconds=1.0):
    """The left channel of a score."""
    return render(lines, seconds).left


def test_a_session_with_instruments_is_heard(tmp_path):
    """Bass and acid line are heard, each by itself too; muted, renamed, undone and opened again."""
    stage = Stage()
    stage.say(SESSION, "wait 1 bar")
    assert rms_db(stage.frames[:, 0]) > -30
    for other in ("bass", "delay"):
        assert rms_db(heard([SESSION, f"mute {other}"], 2.0)) > -40
    assert rms_db(heard([SESSION, "mute bass delay"], 2.0)) < -100
    assert abs(cents(pitch(heard([SESSION, "mute delay"], 0.1)[1000:4000]), 55)) < 1300
    before = stage.session.patch
    stage.say("set tb303/filter.resonance 0.9")
    assert stage.get("tb303.resonance") == pytest.approx(0.9)
    stage.say("undo")
    assert stage.get("tb303/filter.resonance") == pytest.approx(0.8)
    stage.say("rename tb303 acid", "copy acid as other", "mute other", f"save {tmp_path / 'a'}")
    other = Stage()
    other.say(f"open {tmp_path / 'a'}")
    assert patch_lines(other.session.patch) == patch_lines(stage.session.patch)
    assert other.session.patch.instruments == stage.session.patch.instruments
    stage.say("undo 3")
    assert patch_lines(stage.session.patch) == patch_lines(before)


def test_names_of_instruments():
    """A second one has a number, behind a line where the name ends in one; twice is no error."""
    stage = Stage()
    assert stage.say("load line1_module").results[0].data["node"] == "line1"
    assert stage.say("load line1").results[0].data["node"] == "line1_2"
    assert stage.say("load split").results[0].data["node"] == "split"
    assert stage.say("load split").results[0].data["node"] == "split2"
    stage.say("load line1 as acid cutoff=800 voices 3")
    assert stage.say("load line1 as acid voices 3").results[0].already
    for line in ("load line1 as acid", "load line1 as acid cutoff=3khz", "load saw as acid"):
        error = stage.fails(line)
        assert (error.code, error.suggestions) == ("E_NAME", ("acid2",)), line
    assert stage.fails("load filter as acid/osc").code == "E_NAME"
    assert stage.fails("load saw as acid/other").code == "E_NAME"
    stage.say("load saw as b/c")
    assert stage.fails("load line1 as b").code == "E_NAME"
    assert stage.fails("rename acid b").code == "E_NAME"


def test_how_it_is_played_is_said_when_it_is_loaded():
    """voices, mono, legato and glide of `load` win over those of the file."""
    stage = Stage()
    stage.say(
        "load line1 as a", "load line1 as b voices 6 legato glide 60ms", "load line1 as c mono"
    )
    made = stage.session.patch.instruments
    assert [(i.voices, i.legato) for i in made.values()] == [(1, False), (6, True), (1, False)]
    assert [stage.get(f"{name}.glide") for name in "abc"] == pytest.approx([20, 60, 20])
    assert {i.player for i in made.values()} == {"keys"}
    for line, code in (
        ("load saw voices 2", "E_STATE"),
        ("load split voices 2", "E_STATE"),
        ("load split legato", "E_STATE"),
        ("load line1 voices 65", "E_RANGE"),
        ("load line1 voices 0", "E_RANGE"),
        ("load line1 voices 2.5", "E_VALUE"),
        ("load line1 glide 2 bars", "E_VALUE"),
        ("load line1 mono voices 2", "E_SYNTAX"),
        ("load line1 glide 6s", "E_RANGE"),
        ("load line1 cutof=3", "E_PORT"),
        ("load line1 cutoff=3hz", "E_RANGE"),
    ):
        assert stage.fails(line).code == code, line
    assert len(stage.session.patch.instruments) == 3


def test_its_ports_are_ports():
    """What it exposes is set, got, glided, sequenced and patched with its own range and default."""
    stage = Stage()
    stage.say("load line1 as acid; load lfo; load delay")
    assert stage.get("acid.cutoff") == pytest.approx(400)
    assert stage.get("acid.resonance") == pytest.approx(0.4), "the default of the file's expose"
    assert stage.get("acid.volume") == pytest.approx(-3)
    assert (
        stage.say("set acid.cutoff *2 acid.mode band").results[0].data["values"]
        == {
            "acid.cutoff": pytest.approx(800),
            "acid.mode": 1.0,
        }
        or stage.get("acid.mode") > 0
    )
    stage.say("set acid.cutoff *100")
    assert stage.get("acid.cutoff") == pytest.approx(4000), "clipped to the range of expose"
    error = stage.fails("set acid.cutoff 5khz")
    assert (error.code, error.suggestions) == ("E_RANGE", ("4000hz",))
    stage.say("set acid/filter.cutoff 5khz")
    assert stage.get("acid.cutoff") == pytest.approx(5000), "the node within goes further"
    stage.say("set acid.cutoff 400hz over 100ms", "wait 50ms")
    assert 400 < stage.get("acid.cutoff") < 4990
    stage.say("wait 100ms", "sequence acid.cutoff: 200 900 step 1/16", "at +1ms set acid.sway 5hz")
    stage.say("wait 1 beat")
    assert stage.get("acid.sway") == pytest.approx(5)
    assert stage.say("list sequences").results[0].data["sequences"] == [
        ["acid.cutoff", "200 900", "2 steps"]
    ]
    stage.say("unsequence acid.cutoff")
    stage.say("patch lfo > acid.cutoff by 800hz; patch acid > delay")
    cables = stage.say("list cables").results[0].data["cables"]
    assert cables[:2] == [
        ["acid.out", ">", "delay.in", ""],
        ["lfo.out", ">", "acid.cutoff", "by 800hz"],
    ]
    stage.say("unpatch lfo > acid.cutoff", "unpatch acid > delay")
    assert [row[0] for row in stage.say("list cables").results[0].data["cables"]] == [
        "acid.out",
        "delay.out",
    ]
    assert stage.fails("unpatch lfo > acid").code == "E_CABLE"


@pytest.mark.parametrize("name", ["line1", "split"])
def test_notes_go_to_it(name):
    """note, gate, trigger and both forms of sequence play it, with a player or without one."""
    load = f"load {name} as it"
    quiet = rms_db(heard(load, 0.2))
    assert quiet < -100
    played = heard([load, "note it a3 for 500ms"], 0.5)
    assert abs(cents(pitch(played[9600:19200]), 220)) < 2
    assert rms_db(heard([load, "gate it on"], 0.2)) > -30
    assert rms_db(heard([load, "trigger it"], 0.1)) > -40
    assert rms_db(heard([load, "sequence it: x..."], 0.2)) > -40
    notes = heard([load, "tempo 60", "sequence it: a3 e4 step 1/4 gate 90%"], 2.0)
    assert abs(cents(pitch(notes[9600:28800]), 220)) < 2
    assert abs(cents(pitch(notes[57600:76800]), 329.628)) < 2
    stage = Stage()
    stage.say(load, "sequence it: x.x.")
    assert stage.say("list sequences").results[0].data["sequences"] == [["it", "x.x.", "4 steps"]]
    assert stage.fails("note it c3 e3").code == "E_VALUE"
    stage.say("unsequence it")


def test_what_cannot_be_played_says_so():
    """An effect has no gate and no pitch; the error names its ports."""
    stage = Stage()
    stage.say("load echo")
    for line in ("note echo c3", "sequence echo: x.x.", "gate echo on", "trigger echo"):
        error = stage.fails(line)
        assert error.code == "E_PORT", line
        assert "cutoff" in error.message


def test_an_effect_takes_what_is_patched_into_it():
    """What exposes `in` stands in a row of cables, and what goes in comes out."""
    played = render(["load saw; load echo; load vca; patch saw > echo > vca"], 0.5)
    assert rms_db(played.left) > -30
    assert played.session.run_line("list cables").results[0].data["cables"][:2] == [
        ["saw.out", ">", "echo.in", ""],
        ["echo.out", ">", "vca.in", ""],
    ]
    error = Stage().session.run_line("load line1; load saw; patch saw > line1").error
    assert error.code == "E_PORT"


def test_a_port_that_is_not_there():
    """The error lists what it exposes, and where the inner ones are."""
    stage = Stage()
    stage.say("load line1 as acid")
    error = stage.fails("set acid.cutof 3")
    assert error.code == "E_PORT"
    assert error.suggestions[0] == "cutoff"
    assert all(word in error.message for word in ("cutoff", "freq", "`describe acid`"))
    assert stage.fails("set acid.attack 3").suggestions == ("acid/amp.attack",)
    assert stage.fails("set acid/amp.atack 3").suggestions[0] == "attack"
    assert stage.fails("set acid/ampp.attack 3").suggestions[0] == "acid/amp"
    assert stage.fails("patch acid.env > acid.cutoff").suggestions[0] == "acid/amp.env"
    assert stage.fails("set acid.out 3").code == "E_PORT"
    assert stage.fails("get acidd").suggestions == ("acid",)


def test_the_whole_is_muted_soloed_and_unloaded():
    """mute, solo, level, pan and unload act on all of it; a part of it stays."""
    drone = ["load line1 as acid; gate acid on; load line1 as b; gate b on"]
    loud = rms_db(heard([*drone, "wait 100ms", "mute b"], 0.5)[9600:])
    assert rms_db(heard([*drone, "mute acid b"], 0.5)) < -100
    assert abs(rms_db(heard([*drone, "solo acid"], 0.5)[9600:]) - loud) < 1
    assert rms_db(heard([*drone, "mute b", "set acid.level -23db"], 0.5)[9600:]) < loud - 15
    assert rms_db(heard([*drone, "unpatch acid > out", "mute b"], 0.5)) < -100
    stage = Stage()
    stage.say(*drone, "sequence acid: x.x.", "sequence acid.cutoff: 200 400")
    for line in ("unload acid/osc", "rename acid/osc x"):
        error = stage.fails(line)
        assert error.code == "E_STATE"
        assert "acid" in error.message
    stage.say("unload acid b")
    assert list(stage.session.patch.nodes) == ["out"]
    assert not stage.session.patch.instruments
    assert not stage.session.patch.sequences
    stage.say("undo", "wait 20ms", "unload acid tail", "load line1 as acid")


def test_a_renamed_one_sounds_on():
    """Another name changes not one sample, and its sequences and cables go with it."""
    lines = ["load line1 as acid; load delay; patch acid > delay; sequence acid: c3 c4~ e3 ."]
    still = render([*lines, "wait 250ms", "wait 250ms"], 1.0).frames
    named = render([*lines, "wait 250ms", "rename acid b", "wait 250ms"], 1.0)
    assert np.array_equal(still, named.frames)
    assert "b/osc" in named.session.patch.nodes
    assert named.session.run_line("get b.cutoff").ok
    assert list(named.session.patch.instruments) == ["b"]


def test_a_copy_goes_on_from_where_it_is():
    """A copy of all of it has the values and the state of it: both together are twice as loud."""
    drone = "{ load saw; load filter; patch saw > filter; expose cutoff = filter.cutoff }"
    lines = [f"instrument drone {drone}", "load drone as a cutoff=300 level=-12db", "wait 200ms"]
    one = render(lines, 0.5).left[14400:]
    both = render([*lines, "copy a as b"], 0.5)
    assert np.max(np.abs(both.left[14400:] - 2 * one)) < 2e-3
    patch = both.session.patch
    assert patch.nodes["b/filter"].values == patch.nodes["a/filter"].values
    assert [cable.ends[::2] for cable in patch.cables] == [
        ("a/saw", "a/filter"),
        ("b/saw", "b/filter"),
    ]
    assert patch.instruments["b"].ports == patch.instruments["a"].ports


def test_undo_and_snapshots_bring_it_back():
    """What was unloaded, renamed or set comes back as it was, in the sounding engine as well."""
    stage = Stage()
    stage.say(
        "load line1 as acid; load delay; patch acid > delay; sequence acid: c3 e3", "wait 1 bar"
    )
    before, patch = sounding(stage), stage.session.patch
    stage.say("snapshot then", "set acid.cutoff 3khz", "rename acid b", "unload b", "wait 1 bar")
    stage.say("undo 3", "wait 1 bar", "wait 50ms")
    assert stage.session.patch.instruments == patch.instruments
    assert dict(stage.session.patch.nodes) == dict(patch.nodes)
    stage.say("unload acid", "wait 1 bar")
    for line in stage.say("diff then").results[0].lines:
        stage.say(line)
    assert patch_lines(stage.session.patch) != []
    stage.say("undo", "recall then", "wait 1 bar", "wait 100ms")
    stage.session.console.take(stage.session.patch, is_rewired=True)
    stage.say("wait 20ms")
    assert sounding(stage)["targets"] == before["targets"]


def test_loading_and_unloading_makes_no_click():
    """While others play, one comes and goes, and nothing is louder than its own attack."""
    stage = Stage()
    stage.say("load sine freq=100hz", "wait 200ms", "load line1; gate line1 on", "wait 300ms")
    stage.say("unload line1", "wait 200ms")
    assert hardest_jolt(stage.frames, 9000) < 0.2


def test_it_is_described_and_listed():
    """`describe` tells ports with what they drive, the nodes within, and the file."""
    stage = Stage()
    stage.say("load line1 as acid; load saw")
    nodes = stage.say("list nodes").results[0].data["nodes"]
    assert nodes == [["out", "out", ""], ["acid", "line1", "heard"], ["saw", "saw", "heard"]]
    reply = stage.say("describe acid").results[0]
    text = "\n".join(reply.lines)
    assert "Where the filter closes (acid/filter.cutoff)" in text
    assert "100hz to 4000hz" in text
    assert "acid/sway" in text
    assert "line1.chronus" in text
    assert reply.data["nodes"]["acid/keys"] == "keys"
    assert [port["name"] for port in reply.data["inputs"]][:3] == ["cutoff", "resonance", "sway"]
    port = stage.say("describe acid.cutoff").results[0]
    assert port.data["drives"] == "acid/filter.cutoff"
    assert (port.data["low"], port.data["high"], port.data["default"]) == (100, 4000, 400)
    made = stage.say("describe line1").results[0]
    assert made.data["voices"] == 1
    assert made.data["instrument"] == "line1"
    assert stage.say("describe line1.cutoff").results[0].data["default"] == 400
    assert stage.fails("describe line1.foo").code == "E_PORT"
    assert stage.fails("describe line").suggestions[0] == "line1"
    rows = stage.say("list instruments").results[0].data["instruments"]
    assert ["echo", "A filtered echo", "in, cutoff, time"] in rows
    assert "load" in "\n".join(stage.say("help instruments").results[0].lines)
    assert "split" in stage.say("help split").results[0].lines[0]
    assert stage.say("status").results[0].data["nodes"] == 3


def test_its_names_are_completed():
    """Instruments, their ports, and their nodes are offered where they may stand."""
    patch = Stage().session.patch
    assert [word for word, _ in completions("load line", patch)] == ["line1"]
    assert "cutoff=" in [word for word, _ in completions("load line1 cut", patch)]
    stage = Stage()
    stage.say("load line1 as acid; load delay")
    patch = stage.session.patch
    assert next(word for word, _ in completions("set ac", patch)) == "acid"
    assert "acid/filter" in [word for word, _ in completions("set acid/f", patch)]
    assert [word for word, _ in completions("set acid.cu", patch)] == ["cutoff"]
    assert [word for word, _ in completions("set acid/filter.cu", patch)] == ["cutoff"]
    assert [word for word, _ in completions("patch acid.o", patch)] == ["out"]
    assert ("400hz", "now; 100hz to 4000hz") in completions("set acid.cutoff ", patch)
    assert "instruments" in [word for word, _ in completions("help instr", patch)]


def test_a_saved_instrument_is_one_line(tmp_path):
    """`save` writes the load with what differs, and lines for what differs within."""
    stage = Stage()
    stage.say("load line1 as acid cutoff=800 voices 4 legato")
    stage.say("set acid/amp.attack 7 acid/filter.cutoff 5khz acid.level -6db acid.sway 2hz")
    stage.say("unpatch acid/sway > acid/filter.cutoff; patch acid/sway > acid/osc.freq by 3hz")
    stage.say(
        "load delay; patch acid > delay; patch delay > acid.resonance by 0.1; unpatch delay > out"
    )
    stage.say("sequence acid: c3 x . e3; set acid.freq 200", f"save {tmp_path / 'a'}")
    lines = (tmp_path / "a").read_text().splitlines()[4:]
    assert lines == [
        "load line1 as acid sway=2hz voices 4 legato",
        "load delay as delay",
        "set acid/filter.cutoff 5000hz",
        "set acid/amp.attack 7ms",
        "patch acid.out > delay.in",
        "patch acid/sway.out > acid/osc.freq by 3hz",
        "patch delay.out > acid.resonance by 0.1",
        "unpatch acid/sway.out > acid.cutoff",
        "unpatch delay > out",
        "set acid.volume -6db",
        "sequence acid: c3 x . e3",
        "set acid.freq 200hz",
    ]
    other = Stage()
    other.say(f"open {tmp_path / 'a'}")
    assert patch_lines(other.session.patch) == patch_lines(stage.session.patch)
    assert other.session.patch.instruments == stage.session.patch.instruments
    stage.say("gate acid on", "wait 200ms")
    other.say("gate acid on", "wait 200ms")
    assert np.array_equal(stage.frames, other.frames)


def journal_of(stage):
    """The journal of a stage from its beginning on, as its lines."""
    lines = []
    stage.session.telling.on_done(
        lambda done: lines.extend(entry_lines(done, datetime.now(UTC), goes_on=done.frame == 0))
    )
    return lines


def test_a_journal_stands_for_itself(tmp_path, monkeypatch):
    """What is replayed sounds as it did, though the instrument's file is another now, or gone."""
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "buzz.chronus"
    file.write_text('instrument buzz "A buzz"\nload saw\nload vca gain=0.5\npatch saw > vca\n')
    stage = Stage()
    journal = journal_of(stage)
    stage.say("load buzz as a", "wait 100ms", "save it.chronus", "open it.chronus", "wait 50ms")
    stage.say(
        "at +20ms load buzz as b", "wait 50ms", "{ copy a as c; set c/saw.freq 300 }", "wait 100ms"
    )
    stage.say("instrument own { load square }", "load own", "wait 100ms")
    file.write_text("instrument buzz\nload noise\n")
    again = Stage()
    again.say(*journal, "wait until frame 19200")
    assert np.array_equal(stage.frames[:19200], again.frames[:19200])
    assert any(line.startswith('instrument buzz "A buzz" { load saw;') for line in journal)
    file.unlink()
    again = Stage()
    again.say(*journal, "wait until frame 19200")
    assert np.array_equal(stage.frames[:19200], again.frames[:19200])


def test_a_save_stands_for_itself_where_the_file_has_changed(tmp_path, monkeypatch):
    """What no file says any more is written in full, so that `open` gives the same patch."""
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "buzz.chronus"
    file.write_text("instrument buzz\nload saw freq=50hz\nexpose pitch = saw.freq\n")
    stage = Stage()
    stage.say(
        "load buzz as a", "instrument own { load square; expose w = square.width }", "load own"
    )
    file.write_text("instrument buzz\nload square\nexpose width = square.width\n")
    stage.say("load buzz as b", "save it.chronus")
    other = Stage()
    other.say("open it.chronus")
    assert other.session.patch.instruments == stage.session.patch.instruments
    assert patch_lines(other.session.patch) == patch_lines(stage.session.patch)
    text = (tmp_path / "it.chronus").read_text()
    assert text.count("instrument buzz {") == 2
    assert not other.session.definitions, "what a patch file makes is made for it alone"
