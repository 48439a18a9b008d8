"""Patterns in a session: seeds, files, undo, what is said of them, and what errors leave alone."""

from __future__ import annotations

from chronus.session.saving import patch_lines
from tests.support.score import GATED, Stage, render
from tests.support.sound import amplitude


def saved(stage):
    return patch_lines(stage.session.patch)


def test_a_seed_stays_with_its_sequence(tmp_path):
    """Chance goes on alike under another name, and after save and open; undo gives it back."""
    stage = Stage()
    stage.say("load kick; sequence kick: x?x?x?x?")
    assert "sequence kick: x?x?x?x?" in saved(stage)
    seed = stage.session.patch.sequences["kick"].options.seed
    stage.say("rename kick tick")
    assert stage.session.patch.sequences["tick"].options.seed == seed
    assert f"sequence tick: x?x?x?x? seed {seed}" in saved(stage)
    path = tmp_path / "it.chronus"
    stage.say(f"save {path}", "unload tick", f"open {path}")
    assert stage.session.patch.sequences["tick"].options.seed == seed
    stage.say("unsequence tick", "undo")
    assert stage.session.patch.sequences["tick"].options.seed == seed


def test_a_file_gives_the_very_sequences_back():
    """All marks and options are written so that they read back to what was there."""
    stage = Stage()
    stage.say(
        "load kick; load saw as bass; load filter; patch bass > filter; load adsr as env",
        "sequence kick: X.x? o*3 x%2?30% x(3,8,2)",
        "sequence bass: <c2 [d2 e2]!2>~ _ c3:m7*2 1 scale c2 dorian transpose -1st rotate 1",
        "patch filter > env; sequence env: x{attack=1/8 pan=-0.5} . X{velocity=0.2}",
        "sequence filter.cutoff: [400]%2 <450 500>? smooth",
        "sequence filter.resonance: 0.1 <0.2 0.3>!2 step 1/8 seed 9 swing 60%",
    )
    lines = saved(stage)
    again = Stage()
    again.say(*lines)
    assert saved(again) == lines
    assert again.session.patch.sequences == stage.session.patch.sequences


def test_musical_time_in_a_lock_goes_with_the_tempo():
    """`{attack=1/8}` stays an eighth at another tempo; a frequency is that of the moment."""
    stage = Stage()
    stage.say("load adsr as env; sequence env: x{attack=1/8} .")
    stage.say("load saw; load filter; patch saw > filter; sequence saw.freq: 1/64")
    stage.say("tempo 60")
    assert "sequence env: x{attack=1/8} ." in saved(stage)
    assert "sequence saw.freq: 32hz" in saved(stage)


def test_an_error_leaves_what_plays():
    """A pattern that is wrong changes nothing, and says where and what would do."""
    stage = Stage()
    stage.say("load kick; sequence kick: x...")
    before = stage.session.patch
    for line, code, column in (
        ("sequence kick: x{punsh=3}", "E_PORT", 18),
        ("sequence kick: x{punch=999999}", "E_RANGE", 24),
        ("sequence kick: x{gate=on}", "E_PORT", 18),
        ("sequence kick: c3:mi7", "E_NAME", 18),
        ("sequence kick: c3+c12", "E_VALUE", 19),
        ("sequence kick: c9:13", "E_RANGE", 16),
    ):
        error = stage.fails(line)
        assert (error.code.value, error.span.column) == (code, column), error
    assert stage.session.patch is before


def test_describe_draws_what_is_played():
    """A row for each bar, until the pattern comes again; the same for programs."""
    stage = Stage()
    stage.say("load kick; sequence kick: X... x*2.<x .>. x___ .x.. | x...")
    lines = stage.say("describe kick").results[0].lines
    assert "sequence kick: X... x*2.<x .>. x___ .x.. | x..." in lines
    assert "  20 steps, 2 cycles" in lines
    assert len([line for line in lines if " | " in line and "sequence" not in line]) == 3
    stage.say("sequence kick: X...x.o.x___.x..")
    result = stage.say("describe kick").results[0]
    assert "  1 | X... x.o. x___ .x.. |" in result.lines
    (data,) = result.data["sequences"]
    assert (data["steps"], data["beats"], data["cycles"]) == (16, 4.0, 1)
    stage.say("sequence kick.decay: 100 <200 300> step 1/4")
    lines = stage.say("describe kick.decay").results[0].lines
    assert "  1 | 100 200 100 300 |" in lines
    rows = stage.say("list sequences").results[0].lines
    assert [row.split("  ")[0] for row in rows] == ["kick:", "kick.decay:"]
    assert rows[1].endswith("2 steps, 2 cycles")


def test_a_lock_of_a_strip_follows_it():
    """A pattern goes on where a port that it locks is not there, and locks it when that is back."""
    lines = [
        *GATED.split("; "),
        "sequence env: x{level=-20db} gate 100%",
        "load vca",
        "wait 1 bar",
        "patch env > vca; unpatch env > out",
        "wait 1 bar",
        "unpatch env > vca; patch env > out",
    ]
    left = render(lines, bars=3).left
    assert max(abs(left[10_000:90_000])) < 0.1
    assert max(abs(left[110_000:180_000])) > 0.7
    assert max(abs(left[210_000:280_000])) < 0.1


def test_a_pattern_that_is_patched_elsewhere_before_it_plays_is_not_lost():
    """What it locks lies elsewhere then, and another pattern begins in between: both are heard."""
    stage = Stage()
    stage.say("tempo 240", "load sine; load filter; load triangle as other", "wait 1 bar")
    stage.say("sequence sine: c4{level=-6db}", "patch sine > filter", "sequence other: a5")
    stage.say("set filter.cutoff 15khz other.level -6db", "wait 3 bars")
    heard = stage.frames[-24_000:, 0]
    assert amplitude(heard, 261.6256) > 0.2
    assert amplitude(heard, 880.0) > 0.2
