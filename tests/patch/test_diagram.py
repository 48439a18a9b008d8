"""The patch as a picture: exact for a known one, on one page for a large one."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest

from chronus.engine.fading import late_cables
from chronus.patch.diagram import Arrow, Box, Diagram, diagram_of, dot_of, text_of
from chronus.patch.graph import graph_of
from chronus.patch.instruments import Exposed, Instrument
from tests.support.score import Stage

PATCHED = """\
load saw as bass; load filter; load adsr as env; load delay; load lfo
load kick; load hat; load kick
patch bass > filter > env > delay; patch lfo > filter.cutoff by 600hz
patch lfo > bass.freq by 20ct; patch delay.out > env.gate; patch env.env > filter.resonance by 50%
patch delay > out; mute hat
"""
PICTURE = """\
[ lfo ]─ freq by 20ct ───>[ bass: saw ]────>[ filter ]────>[ env: adsr ]

...[ env: adsr ]────>[ delay ]──╖
[ kick ]════════════════════════╣
[ hat, muted ]══════════════════╬═>[ out ]
[ kick2 ]═══════════════════════╝

and:
  env.env ──> filter.resonance by 50%   (one block late: it closes a cycle)
  delay ──> env.gate   (one block late: it closes a cycle)
  lfo ──> filter.cutoff by 600hz

══ heard by itself   ── patched by hand"""


def shown(stage):
    return list(stage.say("show graph").results[0].lines)


def test_a_known_patch_is_drawn_so():
    """Chains, what joins, what is heard by itself, muted, modulated, or closes a cycle."""
    stage = Stage()
    stage.say(PATCHED)
    assert "\n".join(shown(stage)) == PICTURE


def large(stage, voices):
    for n in range(voices):
        stage.say(f"load saw as voice{n}; load filter as filter{n}; load adsr as envelope{n}")
        stage.say(f"patch voice{n} > filter{n} > envelope{n}")
    stage.say("load mix; load delay; load lfo; patch mix > delay")
    for n in range(0, voices, 2):
        stage.say(f"patch envelope{n} > mix; patch lfo > filter{n}.cutoff by 600hz")


@pytest.mark.parametrize("voices", [1, 12, 100])
def test_a_large_patch_fits_the_width_of_a_page(voices):
    """Of 40 nodes, and of 300, each is there with its arrows, and no line is wider than 80."""
    stage = Stage()
    large(stage, voices)
    lines = shown(stage)
    assert max(map(len, lines)) <= 80
    text = "\n".join(lines)
    for name in stage.session.patch.nodes:
        assert f"[ {name}: " in text or f"[ {name} ]" in text or f"[ {name}, muted" in text
    diagram = diagram_of(stage.session.patch, {})
    assert len(diagram.arrows) == len(stage.say("list cables").results[0].data["cables"])


@pytest.mark.parametrize("count", [40, 1500])
def test_long_chains_and_long_names_are_cut_not_lost(count):
    """A row of filters goes on over as many lines as it needs, whatever their names."""
    names = [f"a_rather_long_name_of_a_filter_{n}" for n in range(count)]
    boxes = {name: Box(name, "filter") for name in [*names, "out"]}
    arrows = [Arrow(a, "", b, "") for a, b in zip(names, [*names[1:], "out"], strict=True)]
    lines = text_of(Diagram(boxes, tuple(arrows)))
    assert max(map(len, lines)) <= 80
    assert sum("filter ]" in line for line in lines) >= count - 2


def test_what_is_not_heard_is_said():
    """A node without a way to out stands alone and says so; an empty patch is the way out."""
    stage = Stage()
    assert shown(stage)[0] == "[ out ]"
    stage.say("load saw; unpatch saw > out; load lfo")
    assert "[ saw ]   (not heard)" in shown(stage)
    assert "[ lfo ]   (not heard)" in shown(stage)


def test_an_instrument_is_one_box():
    """Inner nodes are not drawn; a cable to one is named by the port that is exposed."""
    stage = Stage()
    stage.say("load saw as acid/osc; load filter as acid/filter; patch acid/osc > acid/filter")
    stage.say(
        "load lfo; patch lfo > acid/filter.cutoff by 600hz; patch lfo > acid/osc.freq by 1oct"
    )
    patch = stage.session.patch
    cutoff = patch.nodes["acid/filter"].port("cutoff")
    instrument = Instrument(
        "acid", "tb303", MappingProxyType({"bite": Exposed("filter", "cutoff", cutoff)}),
        "filter", None,
    )  # fmt: skip
    patch = replace(patch, instruments=MappingProxyType({"acid": instrument}))
    lines = text_of(diagram_of(patch, {}))
    text = "\n".join(lines)
    assert "[ acid: tb303 ]" in text
    assert "acid/" not in text
    assert "bite by 600hz" in text
    assert "osc.freq" in text or "freq by 1oct" in text


def test_files_of_the_graph(tmp_path, monkeypatch):
    """A .dot is always written; a picture without graphviz is an error that says what to do."""
    stage = Stage()
    stage.say(PATCHED)
    path = tmp_path / "graph.dot"
    stage.say(f"show graph to {path}")
    graph = graph_of(stage.session.patch)
    late = dict.fromkeys(late_cables(stage.session.writer, graph), "it closes a cycle")
    assert len(late) == 2
    assert path.read_text() == dot_of(diagram_of(stage.session.patch, late))
    assert '"lfo" -> "filter" [label="cutoff by 600hz"];' in path.read_text()
    assert stage.fails(f"show graph to {tmp_path / 'graph.txt'}").code == "E_FILE"
    opened = tmp_path / "sly.chronus"
    opened.write_text(f"load saw\nshow graph to {tmp_path / 'sly.dot'}\n")
    assert stage.fails(f"open {opened}").code == "E_FILE"
    assert not (tmp_path / "sly.dot").exists()
    monkeypatch.setattr(shutil, "which", lambda _: None)
    error = stage.fails(f"show graph to {tmp_path / 'graph.svg'}")
    assert "apt install graphviz" in error.message
    assert not (tmp_path / "graph.svg").exists()


def test_graphviz_draws_where_it_is(tmp_path, monkeypatch):
    """What `dot` prints is what the file holds."""
    program = tmp_path / "dot"
    program.write_text('#!/bin/sh\necho "$1"; cat "$2"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    stage = Stage()
    stage.say("load saw", f"show graph to {tmp_path / 'graph.svg'}")
    drawn = Path(tmp_path / "graph.svg").read_text()
    assert drawn.startswith("-Tsvg\ndigraph patch {")
