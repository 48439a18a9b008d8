"""What help shows works."""

from __future__ import annotations

import numpy as np
import pytest

from chronus.commands.registry import commands
from chronus.modules.catalog import kinds
from chronus.session import instrument_files
from chronus.session.session import Length
from tests.support.score import Stage, render

OFFERED = [
    kind.name
    for kind in kinds().values()
    if not kind.hidden and kind.name != "out" and instrument_files.find(kind.name) is None
]
"""Kinds that users load by their own names: no instrument is shipped under these."""


@pytest.mark.parametrize("verb", list(commands()))
def test_examples_of_a_command_run(verb, tmp_path, monkeypatch):
    """A command's examples work one after the other in a new session."""
    monkeypatch.chdir(tmp_path)
    stage = Stage()
    examples = commands()[verb].examples
    assert examples
    assert any(verb in example for example in examples)
    for example in examples:
        stage.say(example)
    stage.session.length = Length(seconds=0.5)
    stage.session.finish()


@pytest.mark.parametrize("verb", list(commands()))
def test_help_shows_form_and_examples(verb):
    """`help COMMAND` shows how it is written, what it does, and its examples."""
    command = commands()[verb]
    text = "\n".join(Stage().say(f"help {verb}").results[0].lines)
    assert command.form in text
    assert command.doc in text
    assert all(example in text for example in command.examples)


def test_help_lists_every_command():
    """`help commands` shows the form of every command, and JSON has all of each."""
    result = Stage().say("help commands").results[0]
    text = "\n".join(result.lines)
    assert [c["command"] for c in result.data["commands"]] == list(commands())
    assert all(command.form in text for command in commands().values())


@pytest.mark.parametrize("name", OFFERED)
def test_the_example_of_a_kind_is_heard(name):
    """A kind's example runs, and is heard: finite, not silent, below full scale."""
    played = render(kinds()[name].example, bars=1)
    assert np.isfinite(played.frames).all()
    assert 1e-3 < np.max(np.abs(played.frames)) < 1.0


@pytest.mark.parametrize("name", OFFERED)
def test_a_kind_is_listed_and_described(name):
    """`list kinds` names it, `describe` shows each port with its range, its source and example."""
    stage = Stage()
    assert any(line.startswith(f"{name} ") for line in stage.say("list kinds").results[0].lines)
    result = stage.say(f"describe {name}").results[0]
    text = "\n".join(result.lines)
    for port in (*kinds()[name].inputs, *kinds()[name].outputs):
        assert port.doc in text
        described = stage.say(f"describe {name}.{port.name}").results[0]
        assert described.data["example"] in "\n".join(described.lines)
    assert kinds()[name].source in text
    assert kinds()[name].example in text
    assert [p["name"] for p in result.data["inputs"]] == [p.name for p in kinds()[name].inputs]


@pytest.mark.parametrize("name", OFFERED)
def test_the_example_of_a_port_runs(name):
    """What `describe NODE.PORT` shows as an example works on that very node, and changes it."""
    stage = Stage()
    stage.say(f"load {name} as it; load lfo as other; patch it > out")
    for port in (*kinds()[name].inputs, *kinds()[name].outputs):
        stage.say(stage.say(f"describe it.{port.name}").results[0].data["example"])
    for port in kinds()[name].inputs:
        if port.name not in ("in", "gate"):
            assert stage.get(f"it.{port.name}") != pytest.approx(port.default)


def test_a_port_alone_is_described_by_its_kinds():
    """`describe PORT` names the kinds and nodes that have it, each with range and default."""
    stage = Stage()
    stage.say("load filter as squelch")
    result = stage.say("describe cutoff").results[0]
    assert "filter" in result.data["kinds"]
    assert "squelch" in result.data["nodes"]
    assert any("1000hz (20hz to 20000hz, exponential)" in line for line in result.lines)


def test_search_finds_by_all_words():
    """`search` finds what has all words, of any sort, the nearest first."""
    stage = Stage()
    found = stage.say("search echo").results[0].data["found"]
    assert {"kind", "port", "song"} <= {row["what"] for row in found}
    assert ("kind", "delay") in [(row["what"], row["name"]) for row in found]
    first = stage.say("search cutoff").results[0].data["found"][0]
    assert first["name"].endswith(".cutoff")
    both = stage.say("search echo between").results[0].data["found"]
    assert both[0]["name"] == "delay.time"
    assert "delay.mix" not in [row["name"] for row in both]
    assert stage.say("search patching").results[0].data["found"][0]["what"] == "topic"
    assert stage.say("search xyzzy").results[0].data["found"] == []


@pytest.mark.parametrize("name", OFFERED)
def test_every_port_takes_its_ends_and_says_them(name):
    """Each port of a node can be set to its lowest, highest and default value; `get` says them."""
    stage = Stage()
    stage.say(f"load {name} as it; load lfo as other; patch it > out")
    for port in kinds()[name].inputs:
        for value in (port.low, port.high, port.default):
            if not np.isfinite(value):
                continue
            word = port.choices[round(value)] if port.choices else f"{value:.10f}{port.unit}"
            stage.say(f"set it.{port.name} {word}")
            assert stage.get(f"it.{port.name}") == pytest.approx(value)
        if np.isfinite(port.high) and not port.choices:
            error = stage.fails(f"set it.{port.name} {port.high + 1:.6f}{port.unit}")
            assert error.code == "E_RANGE"
            assert stage.get(f"it.{port.name}") == pytest.approx(port.default)
