"""`make bench-peers` measures what it says it does."""

from __future__ import annotations

import numpy as np
import pytest

from tests.bench.peers import __main__ as bench
from tests.bench.peers import csound, ours, scsynth
from tests.bench.peers.spec import CASES
from tests.support.score import Stage


@pytest.mark.parametrize("case", list(CASES))
def test_each_case_is_so_many_voices_of_this_engine(case):
    """Every line is carried out, and what a case needs so many of is there so often."""
    stage = Stage()
    for line in ours.score(CASES[case]):
        stage.say(line)
    voices = sum(made.voices for made in stage.session.patch.instruments.values())
    kinds = [node.kind for node in stage.session.patch.nodes.values()]
    if CASES[case].work == "drums":
        assert {"kick", "noise", "strike", "filter", "saw", "limiter"} <= set(kinds)
        assert len(stage.session.patch.sequences) == 5
    else:
        assert voices == (CASES[case].voices if CASES[case].voices > 1 else 0)
        assert {"fm": "fm", "ladder": "ladder"}.get(CASES[case].work, "filter") in kinds


def test_a_drum_is_heard_on_its_steps():
    """The kick sounds at steps 0 and 10 of the bar, at 174 bpm."""
    stage = Stage()
    for line in ours.score(CASES["B"]):
        stage.say(line)
    stage.say("unload wires band rattle skin thump air top tick bass filter")
    stage.say("wait 1 bar")
    left = np.abs(stage.sink.frames[:, 0])
    step = 48_000 * 60 / 174 / 4
    loud = [left[round(n * step) : round((n + 1) * step)].max() for n in range(15)]
    assert loud[0] > 0.2
    assert loud[10] > 2 * loud[9]


def test_others_are_asked_for_as_many(tmp_path):
    """The files of the other engines hold a node, or an event, for each voice and each hit."""
    csound.command("A16", 2, None, tmp_path)
    assert (tmp_path / "A16-2.csd").read_text().count("\ni1 0 2 ") == 16
    scsynth.command("A16", 2, None, tmp_path)
    assert (tmp_path / "A16-2.osc").read_bytes().count(b"/s_new") == 16
    csound.command("B", 2, None, tmp_path)
    lines = (tmp_path / "B-2.csd").read_text().splitlines()
    assert [sum(line.startswith(f"i{n} ") for line in lines) for n in (1, 2, 3)] == [3, 3, 12]


def test_ratios_are_those_of_each_round():
    """A machine that is slower in one round disturbs no ratio; who is not there has none."""
    found = {"A1": {bench.OURS: [1.0, 3.0, 1.0], bench.SCSYNTH: [2.0, 6.0, 2.5]}}
    row = bench.table(found).splitlines()[-1]
    assert row.startswith("| A1 | ")
    assert row.endswith("| 0.50 (0.40-0.50) |  |  |  |")


def test_who_is_not_installed_is_left_out_by_name(tmp_path, monkeypatch, capsys):
    """Without any other engine this one is measured alone."""
    monkeypatch.setenv("PATH", str(tmp_path))
    found = bench.built(tmp_path, [bench.OURS, *bench.OTHERS])
    assert list(found) == [bench.OURS, bench.APART]
    said = capsys.readouterr().err
    assert "left out: scsynth, as scsynth and sclang are not installed" in said
    assert "left out: csound, as csound is not installed" in said
    assert "left out: C floor, as gcc is not installed" in said
