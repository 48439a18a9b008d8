"""What a session tells of what was done."""

from __future__ import annotations

from tests.support.score import GATED, Stage


def told(stage):
    """What is told from now on."""
    done = []
    stage.session.telling.on_done(done.append)
    return done


def test_each_instant_is_told_with_its_frame_and_the_commands_that_did_something():
    """A command's own text, who said it, when, and the patches before and after."""
    stage = Stage()
    done = told(stage)
    reply = stage.session.run_line(
        "load  kick ; get kick; set kick.freq 70; wait 1 bar; trigger kick; status", who="me"
    )
    assert reply.ok
    stage.say("list")
    first, second = done
    assert (first.frame, second.frame) == (0, 96_000)
    assert first.texts == ("load  kick", "set kick.freq 70")
    assert second.texts == ("trigger kick",)
    assert (first.who, second.who) == ("me", "me")
    assert "kick" not in first.before.nodes
    assert first.after is second.before
    assert second.after is stage.session.patch


def test_of_a_file_that_is_run_its_own_commands_are_told(tmp_path):
    """`run` is its lines, `open` is one command that holds them, and an error is nothing."""
    song = tmp_path / "song.chronus"
    song.write_text("load kick\nwait 1 beat\nset kick.freq 70; list\n")
    stage = Stage()
    stage.say(GATED)
    done = told(stage)
    stage.say(f'run "{song}"')
    assert [(d.frame, d.texts) for d in done] == [
        (0, ("load kick",)),
        (24_000, ("set kick.freq 70",)),
    ]
    done.clear()
    patch = tmp_path / "patch.chronus"
    stage.say(f'save "{patch}"', f'open "{patch}"')
    stage.fails("load hat; load sow")
    ((said,),) = [d.texts for d in done]
    lines = [line for line in patch.read_text().splitlines() if not line.startswith("#")]
    assert said == f"open {{ {'; '.join(lines)} }}"
