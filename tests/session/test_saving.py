"""`save` then `open` gives the same patch and the same sound; what a file may do."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chronus.modules.catalog import kinds
from chronus.session.saving import patch_lines
from chronus.session.session import Length
from tests.session.test_patch_files import numberless
from tests.support.score import Stage, render

KINDS = [
    k
    for k in ("saw", "sine", "noise", "kick", "filter", "adsr", "lfo", "delay", "vca", "mix")
    if k in kinds()
]


INSTRUMENTS = {
    "line1": {"/osc": "saw", "/filter": "filter", "/amp": "adsr", "/sway": "lfo", "/keys": "keys"},
    "split": {"/osc": "square", "/env": "adsr"},
    "echo": {"/filter": "filter", "/delay": "delay"},
}
"""Those of `tests/support/data`, with what they are made of."""
MANNERS = (("",), ("", " voices 5", " legato", " mono glide 30ms", " cutoff=900 resonance=0.1"))


def value_of(port):
    """A value of a port as it can be typed."""
    if port.choices:
        return st.sampled_from(port.choices)
    low, high = max(port.low, -100.0), min(port.high, 20_000.0)
    return st.floats(low, high).map(lambda x: f"{x!r}{port.unit}")


STEPS = st.lists(st.sampled_from(["x", "X", "o", ".", "_"]), min_size=1, max_size=12).map("".join)
NOTES = st.lists(
    st.sampled_from(["c2", "eb3~", "f#4", ".", "_", "x", "a3"]), min_size=1, max_size=8
)
OPTIONS = st.lists(
    st.one_of(
        st.sampled_from(["1/8", "1/32", "3/16", "1/12"]).map("step {}".format),
        st.integers(50, 75).map("swing {}%".format),
        st.integers(-5, 5).map("rotate {}".format),
        st.integers(1, 100).map("gate {}%".format),
    ),
    max_size=3,
    unique_by=lambda option: option.split()[0],
).map(" ".join)


@st.composite
def patches(draw):
    """Lines of a session, of which some may be wrong: what they leave is saved."""
    names = []
    lines = []
    for index in range(draw(st.integers(1, 6))):
        kind = draw(st.sampled_from([*KINDS, *INSTRUMENTS]))
        lines.append(f"load {kind} as n{index}{draw(st.sampled_from(MANNERS[kind == 'line1']))}")
        # Of an instrument the nodes within are set and patched, which it may expose or not.
        names += [(f"n{index}{inner}", k) for inner, k in INSTRUMENTS.get(kind, {"": kind}).items()]
    for _ in range(draw(st.integers(0, 14))):
        name, kind = draw(st.sampled_from(names))
        other, target = draw(st.sampled_from(names))
        inputs = [*kinds()[target].inputs, *kinds()["strip"].inputs[1:3]]
        port = draw(st.sampled_from(inputs))
        amount = draw(
            st.sampled_from(
                [
                    "",
                    " by 50%",
                    " by -6db",
                    " by 0.125",
                    " by 3st",
                    " by -1.5oct",
                    " by 20hz",
                    " by 7ct",
                    " by 0.1ms",
                ]
            )
        )
        output = draw(st.sampled_from(["", *(f".{o.name}" for o in kinds()[kind].outputs)]))
        lines.append(
            draw(
                st.sampled_from(
                    [
                        f"patch {name}{output} > {other}.{port.name}{amount}",
                        f"patch {name} > {other}{amount}",
                        f"set {other}.{port.name} {draw(value_of(port))}",
                        f"unpatch {name} > out",
                        f"unpatch {name} > {other}",
                        f"patch {name} > out{amount}",
                        f"sequence {other}: {draw(STEPS)} {draw(OPTIONS)}",
                        f"sequence {other}: {' '.join(draw(NOTES))} {draw(OPTIONS)}",
                        f"sequence {other}.{port.name}: {draw(value_of(port))} . 1",
                        f"unload {name}; load {kind} as {name}",
                        f"unpatch {name} > {other.partition('/')[0]}",
                        f"sequence {other.partition('/')[0]}: {' '.join(draw(NOTES))}",
                        f"set {other.partition('/')[0]}.cutoff {draw(st.integers(50, 5000))}",
                        f"mute {name.partition('/')[0]}",
                        f"mute {name}; solo {other}",
                        "tempo 133.7",
                        "set out.level -9db",
                    ]
                )
            )
        )
    return lines


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(lines=patches())
def test_save_and_open_give_the_same_patch_and_sound(lines):
    """Whatever was patched: opened again it is the same, line for line, sample for sample."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "it.chronus"
        first = Stage()
        for line in lines:
            first.session.run_line(line)
        first.say(f"save {file}")
        second = Stage()
        second.say(f"open {file}")
        assert patch_lines(second.session.patch) == patch_lines(first.session.patch)
        assert numberless(second.session.patch) == numberless(first.session.patch)
        again = Path(folder) / "again.chronus"
        second.say(f"save {again}")
        assert again.read_text() == file.read_text()
        # The numbers of what was unloaded are no part of the sound; the rest must be.
        first.say("wait 150ms")
        second.say("wait 150ms")
        assert np.array_equal(first.frames, second.frames)
        for stage in (first, second):
            for cable in stage.session.patch.cables:
                stage.say(f"describe {cable.source}")


def test_saved_a_hundred_times_over_it_is_the_same(tmp_path):
    """Shares in percent are written as they were typed, and do not creep from save to save."""
    stage = Stage()
    stage.say("load kick; sequence kick: x.x. swing 55% gate 7%", f"save {tmp_path / 'a.chronus'}")
    first = (tmp_path / "a.chronus").read_text()
    assert "swing 55% gate 7%" in first
    for _ in range(100):
        stage.say(f"open {tmp_path / 'a.chronus'}", f"save {tmp_path / 'a.chronus'}", "wait 20ms")
    assert (tmp_path / "a.chronus").read_text() == first


def test_a_saved_file_is_command_lines(tmp_path):
    """What `save` writes can be run, checked and read; its parts are the commands that made it."""
    stage = Stage()
    stage.say(
        "tempo 99; load saw as bass freq=55; load filter; patch bass > filter",
        "sequence bass: c2 . eb2~ g2 step 1/8 swing 60%",
        f"save {tmp_path / 'a.chronus'}",
    )
    text = (tmp_path / "a.chronus").read_text()
    assert "tempo 99" in text
    assert "sequence bass: c2 . eb2~ g2" in text
    ran = Stage()
    ran.say(f"run {tmp_path / 'a.chronus'}")
    assert patch_lines(ran.session.patch) == patch_lines(stage.session.patch)


def test_a_sequence_that_came_with_now_is_saved(tmp_path):
    """`now` is when it came, and no part of the patch."""
    stage = Stage()
    stage.say("load kick; sequence kick: x... now", f"save {tmp_path / 'a.chronus'}")
    assert " now" not in (tmp_path / "a.chronus").read_text()


def test_open_replaces_all(tmp_path):
    """After `open` there is what the file holds, and nothing of what was before but the tempo."""
    (tmp_path / "b.chronus").write_text("load sine as only\n# a comment\n\nset only.freq 300\n")
    stage = Stage()
    stage.say(
        "tempo 150; load saw; load kick; sequence kick: x; set out.level -20db",
        "wait 1 bar",
        f"open {tmp_path / 'b.chronus'}",
        "wait 1 bar",
    )
    names = [row[0] for row in stage.say("list nodes").results[0].data["nodes"]]
    assert names == ["out", "only"]
    assert stage.get("out.level") == 0.0
    assert stage.say("list sequences").results[0].text == "0 sequences"
    alone = render(["tempo 150", "wait 1 bar", "load sine as only freq=300"], bars=2).frames
    assert np.array_equal(stage.frames[-38_400:], alone[-38_400:])


def test_the_same_patch_opened_again_and_again(tmp_path):
    """Opening a patch a hundred times finds room, and sounds."""
    stage = Stage()
    stage.say(
        "load saw; load delay; patch saw > delay; load adsr; sequence adsr: x.",
        f"save {tmp_path / 'a.chronus'}",
    )
    for _ in range(100):
        stage.say(f"open {tmp_path / 'a.chronus'}", "wait 20ms")
    assert np.max(np.abs(stage.frames[-960:])) > 0.1


FORBIDDEN = [
    "wait 1 bar",
    "save x.chronus",
    "run x.chronus",
    "open x.chronus",
    "record x.wav",
    "quit",
    "stop",
    "record stop",
]


@pytest.mark.parametrize("line", FORBIDDEN)
def test_a_patch_file_only_builds(line, tmp_path, monkeypatch):
    """A line of an opened file that writes, runs or moves time is an error that names its line."""
    monkeypatch.chdir(tmp_path)
    Path("x.chronus").write_text("load saw\n")
    Path("bad.chronus").write_text(f"load kick\n{line}\n")
    stage = Stage()
    stage.say("load saw")
    error = stage.fails("open bad.chronus")
    assert error.code == "E_FILE"
    assert "line 2" in " ".join([error.message, *error.details])
    assert [row[0] for row in stage.say("list").results[0].data["nodes"]] == ["out", "saw"]


def test_every_error_of_a_file_is_told(tmp_path):
    """An opened file with three wrong lines is refused whole, with all three."""
    (tmp_path / "bad.chronus").write_text("load sow\nload kick\nset kick.dekay 3\ntempo 9999\n")
    stage = Stage()
    error = stage.fails(f"open {tmp_path / 'bad.chronus'}")
    assert [d.split(" column")[0] for d in error.details] == ["line 1", "line 3", "line 4"]
    assert stage.say("status").results[0].data["nodes"] == 1


def test_files_that_run_each_other_end(tmp_path, monkeypatch):
    """A file that runs itself is an error, not a hang."""
    monkeypatch.chdir(tmp_path)
    Path("loop.chronus").write_text("load kick\nrun loop.chronus\n")
    assert Stage().fails("run loop.chronus").code in ("E_FILE", "E_LIMIT")


def test_run_takes_time(tmp_path, monkeypatch):
    """A file that is run may wait: it plays as its lines would."""
    monkeypatch.chdir(tmp_path)
    Path("a.chronus").write_text("load sine\r\nwait 100ms\r\nset sine.level -20db\r\nwait 100ms")
    ran = render("run a.chronus", 0.3).frames
    typed = render(["load sine", "wait 100ms", "set sine.level -20db", "wait 100ms"], 0.3).frames
    assert np.array_equal(ran, typed)


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"load saw\n\xff\xfe", "UTF-8"),
        (b"load \x00saw\n", ""),
        (b"x" * 10_000_001, ""),
        (b"# \x0cload nonsense\nload saw\x00\n", ""),
    ],
)
def test_files_that_are_no_text(content, word, tmp_path):
    """Bytes that are no text, and files beyond all use, are errors."""
    (tmp_path / "a.chronus").write_bytes(content)
    error = Stage().fails(f"open {tmp_path / 'a.chronus'}")
    assert error.code in ("E_FILE", "E_LIMIT")
    assert word in error.message


def test_lines_end_only_at_line_ends(tmp_path):
    """Form feeds and Unicode separators begin no line: an error names the right one."""
    (tmp_path / "a.chronus").write_text("# a\x0cload saw\n# b\u2028load saw\nload sow\n")
    stage = Stage()
    error = stage.fails(f"open {tmp_path / 'a.chronus'}")
    assert error.details[-1].startswith("line 3 column 6")
    assert "saw" not in error.details[0]


def test_a_byte_order_mark_is_no_error(tmp_path):
    """Files of some editors begin with one."""
    (tmp_path / "a.chronus").write_bytes(b"\xef\xbb\xbfload saw\r\n")
    Stage().say(f"open {tmp_path / 'a.chronus'}")


def test_record_writes_what_is_played(tmp_path, monkeypatch):
    """`record` writes the frames from its moment to `record stop`, as float32, also in FLAC."""
    import soundfile  # noqa: PLC0415

    monkeypatch.chdir(tmp_path)
    stage = Stage()
    stage.say(
        "load saw",
        "wait 0.5s",
        "record a.wav",
        "wait 250ms",
        "record stop",
        "wait 0.1s",
        "record b.flac",
        "wait 100ms",
    )
    stage.session.length = Length(seconds=1.0)
    stage.session.finish()
    stage.backend.close()
    frames, rate = soundfile.read("a.wav", dtype="float32")
    assert rate == 48_000
    assert np.array_equal(frames, stage.frames[24_000:36_000])
    frames, _ = soundfile.read("b.flac", dtype="float32")
    assert np.max(np.abs(frames[:4800] - stage.frames[40_800:45_600])) < 1e-6


def test_saving_over_a_file_keeps_its_mode_of_all_or_nothing(tmp_path, monkeypatch):
    """`save` leaves no other file behind, over an old one and where it cannot."""
    monkeypatch.chdir(tmp_path)
    stage = Stage()
    stage.say("load saw", "save a.chronus", "load kick", "save a.chronus")
    assert [p.name for p in tmp_path.iterdir()] == ["a.chronus"]
    Path("folder").mkdir()
    assert stage.fails("save folder").code == "E_FILE"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.chronus", "folder"]
