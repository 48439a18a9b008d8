"""What is wrong in a kind is told with file, line and statement as its author has written it."""

from __future__ import annotations

import sys

import pytest

from chronus.dsp.kernels import kernel_module
from chronus.dsp.origins import said
from chronus.dsp.recipe import CodeError, recipe_of
from chronus.dsp.rewriting import SourceError
from chronus.dsp.sources import import_anew
from chronus.errors import UserError
from chronus.machine.build import build
from chronus.modules.catalog import look_in

TEXT = """from chronus.dsp.approx import earlier, steady
from chronus.dsp.declaration import Family, Input, Output, State, audio, helper, module

GAIN = 0.5


@helper
def shaped(x):
    \"\"\"A curve.\"\"\"
    if x > GAIN:
        {shaped}
    return x


@module(
    doc="A slope.",
    family=Family.OSCILLATOR,
    inputs=(Input("freq", "Pitch", 110.0, 0.01, 20_000.0, "hz"),),
    outputs=(Output("out", "The slope"),),
    state=(State("phase"),),
    source="Any textbook",
    example="load slope",
)
def slope(phase, freq, dt):
    late = phase
    x = phase
    {tick}
    phase = phase + freq * dt
    return phase, GAIN * shaped(phase) - {end} * x
"""
PLAIN = {"shaped": "x = 2.0 * x + GAIN", "tick": "x = 0.5 * phase", "end": "late * 1e-3"}
IN_TICK = 27


def wrong(folder, **changed):
    """Place and reason of what is wrong in the file `slope.py`."""
    path = folder / "slope.py"
    path.write_text(TEXT.format(**PLAIN | changed))
    (module,) = import_anew({"slope_of_this_test": (str(path), path.read_bytes())})
    sys.modules["slope_of_this_test"] = module
    try:
        kernel_module(recipe_of(module.slope), "kernel", wide=False)
    except CodeError as error:
        place, line, reason = said(module.slope, error)
    except SourceError as error:
        place, line, reason = error.origin.path, error.origin.line, str(error)
    finally:
        del sys.modules["slope_of_this_test"]
    assert place == str(path)
    return line, reason


def test_what_is_right_is_told_of_nothing(tmp_path):
    """The file of these tests can be played."""
    with pytest.raises(UnboundLocalError):
        wrong(tmp_path)


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("x = phase + 0.10 * freq.y", "freq.y is not offered, in `{}`"),
        ("x = 'a' + GAIN * phase", "'a' is not offered, in `{}`"),
        ("x = [GAIN * phase - 1e-3]", "[GAIN * phase - 1e-3] is not offered, in `{}`"),
        (
            "x = phase - later * GAIN\n    later = x",
            "later is not known, in `x = phase - later * GAIN`",
        ),
        ("x = shaped(phase - 2 * freq, GAIN)", "shaped takes 1 arguments, not 2, in `{}`"),
        ("x = steady(1.0 + GAIN * freq.y)", "freq.y is not offered, in `{}`"),
        ("phase += 0.1 * freq.y", "freq.y is not offered, in `{}`"),
        ("x: float = 2.0 * freq.y + GAIN", "freq.y is not offered, in `{}`"),
        ("pass", "pass is not offered"),
        ("x = late = 2.0 * phase", "one name at a time is given a value, in `{}`"),
        ("x = 1.0 + GAIN * (0.1 * freq) ** 2.0", "'**' is not offered, in `{}`"),
        ("x = 0.0 < phase < GAIN", "one comparison at a time is offered: join them by `and`"),
        ("x = max(phase, key=GAIN)", "max takes no arguments by name, in `{}`"),
        ("x = sqrt(phase, GAIN)", "sqrt takes 1 arguments, not 2, in `{}`"),
        ("x = 1e400 * phase", "a number is more than a float32 can be, in `{}`"),
        ("x = nothing + GAIN * phase", "nothing is not a number, in `{}`"),
        ("import os", "'import' is not offered, in `{}`"),
        ("while True:\n        phase = GAIN", "'while' is offered in a @helper alone"),
    ],
)
def test_a_statement_of_a_tick_is_quoted(tmp_path, statement, reason):
    """With numbers, names and products as they stand there, and the line that it begins in."""
    line, found = wrong(tmp_path, tick=statement)
    assert line == IN_TICK
    assert reason.format(statement) in found


def test_what_stands_elsewhere_is_found_there(tmp_path):
    """A helper's statement in the helper, the end at the end; several lines are quoted as one."""
    helped = "x = 2.0 * x + GAIN * x.y"
    assert wrong(tmp_path, shaped=helped) == (11, f"x.y is not offered, in `{helped}`")
    assert wrong(tmp_path, end="phase.y * 1.0") == (29, "phase.y is not offered")
    lines = "x = (\n        phase  # so far\n        + 0.5 * freq.y\n    )"
    one = "x = phase + 0.5 * freq.y"
    assert wrong(tmp_path, tick=lines) == (27, f"freq.y is not offered, in `{one}`")


def test_who_compiles_a_file_of_the_users_own_hears_it(tmp_path):
    """The process that compiles tells the reason, the shell finds the place."""
    statement = "x = phase - 0.50 * freq.y"
    (tmp_path / "slope.py").write_text(TEXT.format(**PLAIN | {"tick": statement}))
    look_in([tmp_path])
    try:
        with pytest.raises(UserError) as caught:
            build(["slope"])
    finally:
        look_in([])
    said_of = f"{tmp_path / 'slope.py'} line {IN_TICK}: slope: freq.y is not offered, in"
    assert caught.value.message == f"{said_of} `{statement}`"
