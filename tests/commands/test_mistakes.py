"""Wrong lines: the code, the place, a way out, and that nothing has changed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chronus.doors.replies import as_json, as_text
from chronus.session.saving import patch_lines
from tests.support.score import Stage

START = (
    "load saw; load filter; load lfo; load kick; load adsr; load vca",
    "patch saw > filter; set filter.cutoff 900; sequence kick: x...",
)

WRONG = [
    # line, code, column, first suggestion (None: any or none)
    ("load sow", "E_NAME", 6, "saw"),
    ("load pulse", "E_NAME", 6, "square"),
    ("load saw freq=60hz as low", "E_SYNTAX", 20, "load saw as low freq=60hz"),
    ("load svf", "E_NAME", 6, "filter"),
    ("load gate", "E_NAME", 6, "noisegate"),
    ("load sample-and-hold", "E_NAME", 6, "hold"),
    ("load saw as kick", "E_NAME", 13, "kick2"),
    ("load saw as filter", "E_NAME", 13, "filter2"),
    ("load out", "E_STATE", 6, None),
    ("load strip", "E_NAME", 6, None),
    ("load saw frek=3", "E_PORT", 10, "freq"),
    ("load saw freq=99khz", "E_RANGE", 15, "20000hz"),
    ("load filter cutoff=3db", "E_VALUE", 20, None),
    ("unload filtr", "E_NAME", 8, "filter"),
    ("unload saw nothing", "E_NAME", 12, None),
    ("unload out", "E_STATE", 8, None),
    ("set filtr.cutoff 3", "E_NAME", 5, "filter"),
    ("set filter.cutof 300", "E_PORT", 12, "cutoff"),
    ("set filter.cutoff 300000", "E_RANGE", 19, "20000hz"),
    ("set filter.cutoff 1", "E_RANGE", 19, "20hz"),
    ("set filter.cutoff 3db", "E_VALUE", 19, None),
    ("set filter.cutoff 3hx", "E_VALUE", 19, "3hz"),
    ("set filter.mode lowe", "E_VALUE", 17, "low"),
    ("set filter.low 3", "E_PORT", 12, None),
    ("set lfo.level -6db", "E_STATE", 9, "patch lfo > out"),
    ("set filter.cutoff 500 filter.resonanc 0.3", "E_PORT", 30, "resonance"),
    ("set filter.mode band over 2s", "E_VALUE", 27, "set filter.mode band"),
    ("set adsr.gate on over 1s", "E_VALUE", 23, "set adsr.gate on"),
    ("set filter.cutoff 3khz over 2", "E_VALUE", 29, "2 bars"),
    ("set filter.cutoff 3khz over 0s", "E_RANGE", 29, None),
    ("set filter.cutoff 3khz over 100000s", "E_RANGE", 29, None),
    ("set filter.cutoff 900khz over 2s", "E_RANGE", 19, "20000hz"),
    ("set filter.cutoff 3khz filter.mode band over 2s", "E_VALUE", 46, None),
    ("get filter.cutof", "E_PORT", 12, "cutoff"),
    ("get nobody", "E_NAME", 5, None),
    ("patch filtr > kick", "E_NAME", 7, "filter"),
    ("patch saw > filter.cutof", "E_PORT", 20, "cutoff"),
    ("patch saw > filter.band", "E_CABLE", 20, "filter.in"),
    ("patch filter.cutoff > vca", "E_CABLE", 14, "filter.out"),
    ("patch out > vca", "E_CABLE", 7, None),
    ("patch saw > lfo", "E_PORT", 13, "lfo.rate"),
    ("patch lfo > filter.cutoff by 3db3", None, None, None),
    ("patch lfo > filter.resonance by 2st", "E_VALUE", 33, "50%"),
    ("patch lfo > filter.cutoff by 1e9", "E_RANGE", 30, None),
    ("unpatch kick > filter", "E_CABLE", 16, None),
    ("unpatch saw > vca", "E_CABLE", 15, "unpatch saw > filter.in"),
    ("note lfo c4", "E_PORT", 6, None),
    ("note adsr c4", "E_PORT", 6, "trigger adsr"),
    ("note kick c99", "E_VALUE", 11, "c4"),
    ("note kick 30khz", "E_RANGE", 11, None),
    ("note kick c2 e2", "E_VALUE", 14, None),
    ("note kick c2 at 3", "E_RANGE", 17, None),
    ("note kick c2 for 3", "E_VALUE", 18, "3 bars"),
    ("gate saw on", "E_PORT", 6, None),
    ("trigger filter", "E_PORT", 9, None),
    ("sequence kik: x...", "E_NAME", 10, "kick"),
    ("sequence filter: x...", "E_PORT", 10, None),
    ("sequence adsr: c2 . . .", "E_PORT", 16, None),
    ("sequence saw: x...", "E_PORT", 15, None),
    ("sequence filter.cutoff: 100 nonsense", "E_VALUE", 29, None),
    ("sequence filter.cutoff: 100 90khz", "E_RANGE", 29, None),
    ("unsequence saw", "E_NAME", 12, None),
    ("tempo 4000", "E_RANGE", 7, "999"),
    ("tempo 120hz", "E_VALUE", 7, None),
    ("tempo -140 over 2 bars", "E_RANGE", 7, "10"),
    ("tempo 140 over 90 hours", "E_SYNTAX", 19, None),
    ("tempo 140 over 100000s", "E_RANGE", 16, None),
    ("meter 7/9", "E_RANGE", 7, "7/8"),
    ("meter 4", "E_VALUE", 7, "4/4"),
    ("swing 58", "E_RANGE", 7, "58%"),
    ("wait", "E_SYNTAX", None, None),
    ("wait -1s", "E_RANGE", None, None),
    ("wait 3", "E_VALUE", 6, "3 bars"),
    ("wait 900 bars 3", "E_SYNTAX", None, None),
    ("wait 100000s", "E_RANGE", 6, None),
    ("describe filtr", "E_NAME", 10, "filter"),
    ("describe filter.cutof", "E_PORT", 17, "cutoff"),
    ("help seqence", "E_NAME", 6, "sequence"),
    ("open nowhere/at/all.chronus", "E_FILE", 6, None),
    ("run nowhere.chronus", "E_FILE", 5, None),
    ("save nowhere/at/all.chronus", "E_FILE", 6, None),
    ("save .", "E_FILE", 6, None),
    ("save ~nobody_at_all/x.chronus", "E_FILE", 6, None),
    ("open ~nobody_at_all/x.chronus", "E_FILE", 6, None),
    (f"save {'a' * 300}/b", "E_FILE", 6, None),
    (f"open {'a' * 300}", "E_FILE", 6, None),
    ("record take.mp3", "E_FILE", 8, "take.wav"),
    ("record nowhere/take.wav", "E_FILE", 8, None),
    ("record stop", "E_STATE", None, "record take.wav"),
    ("lod saw", "E_SYNTAX", 1, "load"),
    ("ptach saw > filter", "E_SYNTAX", 1, "patch"),
    ("set", "E_SYNTAX", None, None),
    ("set filter.cutoff", "E_SYNTAX", None, None),
    ("patch saw >", "E_SYNTAX", None, None),
    ("patch saw", "E_SYNTAX", None, None),
    ("(((", "E_SYNTAX", 1, None),
    ("load saw as a b", "E_SYNTAX", None, None),
]


@pytest.fixture(scope="module")
def stage():
    stage = Stage()
    stage.say(*START)
    return stage


def state_of(stage):
    """All that a user can ask for, in one text."""
    status = stage.say("status").results[0].data
    texts = [patch_lines(stage.session.patch), status["frame"], status["tempo"], status["nodes"]]
    asked = ("list", "list cables", "list sequences", "get filter", "get saw", "describe kick")
    return [*texts, *(stage.say(line).results[0].lines for line in asked)]


@pytest.mark.parametrize(("line", "code", "column", "suggestion"), WRONG)
def test_a_wrong_line(stage, line, code, column, suggestion, tmp_path, monkeypatch):
    """The error has its code, the column of what is wrong, and the nearest valid thing first."""
    monkeypatch.chdir(tmp_path)
    before = state_of(stage)
    error = stage.fails(line)
    assert code is None or error.code == code, f"{error.code}: {error.message}"
    assert error.message
    if column is not None:
        assert error.span is not None, error.message
        assert error.span.column == column, error.message
    if suggestion is not None:
        assert error.suggestions[:1] == (suggestion,), error.message
    assert state_of(stage) == before
    assert not list(tmp_path.iterdir()), "an error leaves no file"


@pytest.mark.parametrize("wrong", [w for w, *_ in WRONG if w != "record stop"])
def test_a_wrong_part_undoes_its_line(stage, wrong, tmp_path, monkeypatch):
    """Where one part of a line is wrong, nothing of the line is done, nor said."""
    monkeypatch.chdir(tmp_path)
    before = state_of(stage)
    line = (
        "set saw.freq 200; load noise as fresh; patch lfo > saw.freq by 1st; unload vca; tempo 99; "
        "sequence adsr: xx; save here.chronus; record here.wav; wait 1 bar; "
    )
    reply = stage.session.run_line(line + wrong)
    assert not reply.ok
    assert not reply.results
    assert state_of(stage) == before
    assert not list(tmp_path.iterdir())


def test_errors_are_not_heard():
    """A score with wrong lines between the right ones sounds like the right ones alone."""
    right, both = Stage(), Stage()
    right.say(*START, "wait 200ms", "set filter.cutoff 300", "wait 200ms")
    both.say(*START)
    for line, *_ in WRONG:
        if not line.startswith(("save", "record")):
            both.session.run_line(f"set filter.cutoff 5khz; load saw as more; {line}")
    both.say("wait 200ms")
    for line, *_ in WRONG[:20]:
        both.session.run_line(f"set filter.cutoff 5khz; {line}")
    both.say("set filter.cutoff 300", "wait 200ms")
    assert np.array_equal(right.frames, both.frames)


SAME_LINE = [
    "load sine; set sine.level -6db; load vca as v; patch sine > v",
    "load sine as s; set s.freq 300; unload s",
    "load sine as s; get s; unload s",
    "load sine as s; get s.level; unload s; load kick as s",
    "load adsr as e; sequence e: x...; unload e",
    "load adsr as e; sequence e: x...; unsequence e; sequence e: xx; unload e",
    "load adsr as e; gate e on; trigger e; unload e",
    "load sine as s; note s c4; unload s; load sine as s; note s c5",
    "load sine as s; sequence s.level: -6 -12; load vca as v; patch s > v",
    "load sine as s; sequence s: c4 c5; describe s; unload s",
    "load sine as s; load lfo as l; patch l > s.pan; load vca as v; patch s > v; describe l",
    "load sine as s; patch s > out; unpatch s > out; unpatch s; unload s",
]


@pytest.mark.parametrize("line", SAME_LINE)
def test_what_comes_and_goes_in_one_line(line):
    """A line may undo what it does itself; it works as its parts would one by one."""
    together, apart = Stage(), Stage()
    together.say("load kick as there", "wait 10ms", line, "wait 100ms")
    apart.say("load kick as there", "wait 10ms", *line.split(";"), "wait 100ms")
    assert patch_lines(together.session.patch) == patch_lines(apart.session.patch)


FRAGMENTS = st.sampled_from(
    [
        "load",
        "saw",
        "kick",
        "as",
        "patch",
        ">",
        ",",
        "by",
        "set",
        "filter.cutoff",
        "800hz",
        "+7st",
        "*",
        "sequence",
        ":",
        "x.x.",
        "c2",
        "eb3~",
        "step",
        "1/16",
        "swing",
        "60%",
        "note",
        "for",
        "at",
        "0.5",
        "wait",
        "1",
        "bar",
        "until",
        "tempo",
        "174",
        "get",
        "list",
        "nodes",
        "describe",
        "unpatch",
        "unload",
        "out",
        "level",
        ".",
        ";",
        "#",
        "now",
        "gate",
        "on",
        "off",
        "trigger",
        "stop",
        "start",
        "help",
        "status",
        "\u00e9",
        "\0",
        "\x1b[2J",
        "\u202e",
        "9" * 50,
        "-",
        "=",
        "{",
        "}",
        "'",
        '"',
        "1e400",
        "nan",
        "inf",
        "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
    ]
)
LINES = st.one_of(
    st.text(max_size=60),
    st.lists(FRAGMENTS, max_size=12).map(" ".join),
    st.lists(FRAGMENTS, max_size=12).map("".join),
).filter(lambda text: "\n" not in text)
SAFE = ("save", "record", "run", "open")


@pytest.fixture(scope="module")
def playground():
    stage = Stage()
    stage.say(*START)
    return stage


@settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(line=LINES)
def test_any_text_gets_one_closing_line(playground, line):
    """Whatever is typed, there is one closing line, and one object of JSON."""
    if any(word in line.lower() for word in SAFE):
        return
    before = patch_lines(playground.session.patch)
    reply = playground.session.run_line(line)
    text = as_text(reply).split("\n")
    assert [t for t in text if t.split(" ")[0] in ("ok", "error")][-1] == text[-1]
    assert "\n" not in as_json(reply)
    assert all(part.isprintable() for part in text)
    if reply.error is not None:
        assert reply.error.code != "E_INTERNAL"
        assert patch_lines(playground.session.patch) == before
