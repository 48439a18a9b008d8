"""Scenes and songs: what they hold, when they play; that they are saved, undone and replayed."""

from __future__ import annotations

import numpy as np
import pytest

from chronus.doors import journals
from chronus.doors.completion import completions
from chronus.language.arranging import LONGEST_SCENE
from chronus.patch.model import is_same
from chronus.session.session import Length
from tests.support.score import GATED, Stage, render

BAR = 96_000
KIT = "tempo 174; load kick; load hat; sequence kick: x...x...; sequence hat: x.x."
INTRO = "scene intro { mute hat; set kick.decay 90ms over 1 bar }"
DROP = "scene drop {\n  unmute hat  # all in\n  sequence hat: xxxx\n\n  set kick.decay 300ms\n}"
BREAK = "scene break { sequence kick: x.......; mute hat }"
SCENES = [KIT, INTRO, DROP, BREAK]


def test_a_scene_is_its_lines_at_the_next_bar():
    """What is heard is what the same lines in a block at the next bar give, to the sample."""
    lines = "mute hat; sequence kick: x.x.; set kick.freq 70hz over 1 bar"
    scene = render(
        [KIT, f"scene a {{ {lines} }}", "wait 1.3 bars", "scene a", "wait 2 bars"], bars=4
    )
    block = render([KIT, "wait 1.3 bars", f"at next bar {{ {lines} }}", "wait 2 bars"], bars=4)
    np.testing.assert_array_equal(scene.frames, block.frames)
    assert scene.replies[-2].results[0].data["when"] == "bar 3"


def test_on_a_bar_line_a_scene_is_done_there():
    """After a wait for a bar it does not wait for another one; `now` waits for none."""
    stage = Stage()
    stage.say(GATED, "scene a { gate env on }", "scene b { gate env off }")
    stage.say("tempo 173", "wait until bar 3", "scene a", "wait 1/8", "scene b now", "wait 1 bar")
    bar = 4 * 60 * 48_000 / 173
    found = np.flatnonzero(np.diff(stage.frames[:, 0] > 0.0, prepend=False))
    begins, ends = int(2 * bar) // 64 * 64, int(2.125 * bar) // 64 * 64
    assert found.tolist() == [begins, ends]


@pytest.mark.parametrize("tempo", [120, 174, 133.3])
def test_a_song_is_its_scenes_at_their_bars(tempo):
    """Each part begins at its bar, to the sample, as if its lines had been typed there."""
    song = render([*SCENES, f"tempo {tempo}", "song: intro 2, drop 3, break 1, drop 1, end"])
    typed = render(
        [
            *(KIT, f"tempo {tempo}", "{ mute hat; set kick.decay 90ms over 1 bar }"),
            *("wait until bar 3", "{ unmute hat; sequence hat: xxxx; set kick.decay 300ms }"),
            *("wait until bar 6", "{ sequence kick: x.......; mute hat }"),
            *("wait until bar 7", "{ unmute hat; sequence hat: xxxx; set kick.decay 300ms }"),
            *("wait until bar 8", "stop"),
        ]
    )
    np.testing.assert_array_equal(song.frames, typed.frames)
    assert len(song.frames) >= round(7 * 4 * 60 * 48_000 / tempo)
    assert not song.news


def test_without_an_end_the_last_scene_plays_on():
    """A score waits for the song's last bar; with a length it plays on in its last scene."""
    assert len(render([*SCENES, "song: intro 1, drop 1"]).frames) >= round(2 * BAR * 120 / 174)
    played = render([*SCENES, "song: intro 1, drop 1"], bars=4)
    lone = render([KIT, "wait until bar 2", "sequence hat: xxxx; set kick.decay 300ms"], bars=4)
    bar = round(BAR * 120 / 174)
    np.testing.assert_array_equal(played.frames[3 * bar :], lone.frames[3 * bar :])


def test_a_loop_begins_again():
    """Its first part follows its last, and a score does not wait for what never ends."""
    played = render([*SCENES, "song: intro 1, drop 1, loop", "wait 5 bars", "song", "wait 1/4"])
    assert played.replies[-2].results[0].text == "song: drop, bar 1 of 1 (part 2 of 2)"
    assert played.session.history.done[-1].text == "scene drop"
    assert len(render([*SCENES, "song: intro 1, drop 1, loop"]).frames) < BAR


def test_what_a_song_says_of_itself():
    """`song`, `describe song`, `status` and `list pending` say where it is."""
    stage = Stage()
    stage.say(*SCENES, "wait 1/2", "song: intro 2, drop 4, end")
    assert "begins with intro" in stage.say("song").results[0].text
    stage.say("wait until bar 4")
    shown = stage.say("song").results[0]
    assert shown.text == "song: drop, bar 1 of 4 (part 2 of 2)"
    assert shown.lines == ("  1  intro 2", "> 2  drop 4", "then the transport stops")
    assert shown.data["bars_left"] == 4
    assert stage.say("describe song").results[0].text == shown.text
    assert stage.say("status").results[0].data["song"] == "drop, bar 1 of 4 (part 2 of 2)"
    assert stage.say("list pending").results[0].data["pending"][0]["when"] == "bar 8"
    stage.say("wait 5 bars")
    assert stage.say("song").results[0].data["playing"] is False
    assert stage.say("status").results[0].data["playing"] is False


def test_a_song_is_left_and_gone_on_with():
    """`song stop` leaves all as it plays; `song from N` begins there, at the next bar or now."""
    stage = Stage()
    stage.say(*SCENES, "song: intro 1, drop 1, break 1", "wait 1.5 bars", "song stop")
    assert stage.say("song stop").results[0].already
    stage.say("wait 2 bars")
    assert stage.session.history.done[-1].text == "scene drop"
    stage.say("song from 3", "wait 1 bar")
    assert stage.session.history.done[-1].text == "scene break"
    stage.say("song from 2 now", "wait 1 bar")
    assert stage.session.history.done[-1].text == "scene break"
    assert stage.fails("song from 4").suggestions == ("3",)
    stage.say("song start; cancel all", "wait 2 bars")
    assert stage.say("song").results[0].data["playing"] is False


def test_a_scene_that_fails_in_a_song_is_told_and_the_song_goes_on():
    """What cannot be done when its time comes is left out whole; the next part comes."""
    played = render(
        [*SCENES, "song: intro 1, break 1, drop 1, end", "wait 1/4", "unload hat"], bars=3
    )
    assert len(played.news) == 2
    assert "scene break, command 2, mute hat" in played.news[0]
    assert "there is no node 'hat'" in played.news[0]
    assert played.session.patch.sequences["kick"].text == "x...x..."
    assert not played.session.agenda.items


@pytest.mark.parametrize(
    ("line", "code", "place", "suggestion"),
    [
        ("scene a {\n  mute kick\n  set kick.nothing 3\n}", "E_PORT", (3, 12), None),
        ("scene a { set kick.freq 99khz }", "E_RANGE", (1, 25), None),
        ("scene a { load kik }", "E_NAME", (1, 16), "kick"),
        ("scene a { mute kick; muute hat }", "E_SYNTAX", (1, 22), "mute"),
        ("scene a { wait 1 bar }", "E_STATE", (1, 11), None),
        ("scene a { mute kick; record x.wav }", "E_STATE", (1, 22), None),
        ("scene a { save x }", "E_STATE", (1, 11), None),
        ("scene a { song: intro 8 }", "E_STATE", (1, 11), None),
        ("scene a { scene intro }", "E_STATE", (1, 11), None),
        ("scene a { every bar trigger kick }", "E_STATE", (1, 11), None),
        ("scene a { }", "E_STATE", (1, 7), "unscene a"),
        ("scene loop { mute kick }", "E_NAME", (1, 7), None),
        ("scene drop junk", "E_SYNTAX", (1, 12), None),
        ("scene intr", "E_NAME", (1, 7), "intro"),
        ("unscene dorp", "E_NAME", (1, 9), "drop"),
        ("song: intro 8, dropp 8", "E_NAME", (1, 16), "drop"),
        ("song: intro 0", "E_RANGE", (1, 13), None),
        ("song: intro 1.5", "E_VALUE", (1, 13), None),
        ("song: intro 2s", "E_VALUE", (1, 13), None),
        ("song: intro", "E_SYNTAX", (1, 12), None),
        ("song start", "E_STATE", None, None),
    ],
)
def test_mistakes_have_a_place(line, code, place, suggestion):
    """An error names the line and column, and nothing has changed."""
    stage = Stage()
    stage.say(*SCENES)
    before, lines = stage.session.patch, stage.session.lines
    error = stage.fails(line)
    assert error.code == code
    assert (error.span and (error.span.line - lines, error.span.column)) == place
    assert suggestion is None or suggestion in error.suggestions
    assert stage.session.patch is before
    assert not stage.session.agenda.items


def test_a_scene_too_long_is_refused():
    """The number is in the error."""
    error = Stage().fails("scene a {\n" + "mute kick\n" * 1200 + "}")
    assert error.code == "E_LIMIT"
    assert str(LONGEST_SCENE) in error.message


def test_what_is_not_there_yet_is_said_and_no_mistake():
    """A scene may be about nodes to come; playing it before they have come is an error."""
    stage = Stage()
    reply = stage.say("scene a { set lead.freq 220hz; load saw as bass; set bass.freq 55hz }")
    (doubt,) = reply.results[0].lines
    assert doubt.startswith("now: set lead.freq 220hz: there is no node 'lead'")
    error = stage.fails("scene a")
    assert error.code == "E_NAME"
    assert "scene a, command 1, set lead.freq 220hz" in error.message
    assert "bass" not in stage.session.patch.nodes
    stage.say("load saw as lead; scene a")
    assert stage.get("bass.freq") == 55.0


def test_a_scene_of_a_song_cannot_go():
    """`unscene` says why, and `unsong` lets it."""
    stage = Stage()
    stage.say(*SCENES, "song ready: intro 8, drop 8")
    assert stage.fails("unscene drop").suggestions == ("unsong",)
    stage.say("unsong; unscene drop")
    assert list(stage.session.patch.scenes) == ["intro", "break"]


def test_a_song_that_is_ready_waits():
    """It is kept, and begins when it is said."""
    stage = Stage()
    stage.say(*SCENES, "song ready: intro 1, drop 1", "wait 2 bars")
    assert len(stage.session.history.done) == 5
    assert stage.say("song ready: intro 1, drop 1").results[0].already
    stage.say("song start", "wait 1 bar")
    assert stage.session.history.done[-1].text == "scene drop"


def test_scenes_are_undone():
    """A scene's effect is one change, and so is storing it; a song that is undone is left."""
    stage = Stage()
    stage.say(*SCENES, "wait 1/4")
    before = stage.session.patch
    stage.say("scene break now", "undo")
    assert is_same(stage.session.patch, before)
    stage.say("scene break { mute kick }", "undo")
    assert is_same(stage.session.patch, before)
    stage.say("song: intro 1, drop 1")
    assert stage.session.agenda.items
    stage.say("undo")
    assert stage.session.patch.song is None
    assert not stage.session.agenda.items
    stage.say("undo 4; redo 4")
    assert is_same(stage.session.patch, before)


def test_snapshots_and_diff_know_scenes():
    """The lines that `diff` shows lead there, and so does `recall`."""
    stage = Stage()
    stage.say(*SCENES, "snapshot some", "song ready: intro 4, drop 4, loop", "snapshot all")
    stage.say("scene intro { mute kick }; unsong; unscene drop", "wait 10ms")
    stage.say(*stage.say("diff all").results[0].lines)
    assert stage.say("diff all").results[0].lines == ()
    stage.say(*stage.say("diff some").results[0].lines)
    assert stage.session.patch.song is None
    assert stage.say("diff some").results[0].lines == ()
    stage.say("recall all")
    assert str(stage.session.patch.song) == "intro 4, drop 4, loop"


def test_saved_and_opened(tmp_path, monkeypatch):
    """A patch file keeps scenes and song; opened it does not begin, and run it plays."""
    monkeypatch.chdir(tmp_path)
    stage = Stage()
    stage.say(*SCENES, "song ready: intro 1, drop 1, break 1, end", "save one.chronus")
    text = (tmp_path / "one.chronus").read_text()
    assert "scene drop {\n  unmute hat\n  sequence hat: xxxx\n" in text
    assert "song: intro 1, drop 1, break 1, end\n" in text
    other = Stage()
    other.say("open one.chronus", "save two.chronus")
    assert (tmp_path / "two.chronus").read_text() == text
    assert not other.session.agenda.items
    other.say("song start")
    other.session.finish()
    played = render(text.splitlines())
    np.testing.assert_array_equal(other.frames[: len(played.frames)], played.frames)
    assert len(played.frames) > 3 * BAR * 120 / 174


@pytest.mark.parametrize("line", ["scene a { run x }", "scene a { mute", "song: nobody 8"])
def test_a_wrong_file_is_not_opened(line, tmp_path, monkeypatch):
    """What no scene may hold is an error of the file, with its line."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.chronus").write_text(f"load kick\n{line}\n")
    error = Stage().fails("open bad.chronus")
    assert error.code == "E_FILE"
    assert "line 2" in error.message


def journal_of(stage, lines, tmp_path, monkeypatch):
    """The lines of the journal that is kept while a stage plays lines."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    kept = journals.Journals(None, "main", stage.session.rate_hz, lambda _: None)
    kept.follow(stage.session)
    stage.say(*lines)
    kept.end(stage.session.frame)
    (path,) = journals.kept_journals()
    return path.read_text().splitlines()


def test_the_journal_of_a_song_plays_it_again(tmp_path, monkeypatch):
    """Rendered, it gives the same samples; scenes are stored in it, too."""
    stage = Stage()
    lines = [*SCENES, "wait 1/4", "song: intro 1, drop 2, break 1", "wait 3 bars"]
    lines += ["scene break { mute kick }", "set hat.level -6db", "undo", "wait 1.5 bars"]
    journal = journal_of(stage, [*lines, "scene intro now", "wait 1 bar"], tmp_path, monkeypatch)
    again = Stage()
    again.say(*[line for line in journal if not line.startswith("quit")])
    frames = min(len(stage.frames), len(again.frames))
    assert frames > 4 * BAR * 120 / 174
    np.testing.assert_array_equal(stage.frames[:frames], again.frames[:frames])
    assert again.session.patch.scenes == stage.session.patch.scenes
    assert again.session.patch.song == stage.session.patch.song


def test_a_journal_that_opens_a_file_holds_its_scenes(tmp_path, monkeypatch):
    """`open` stands in it with all that the file held, on one line."""
    monkeypatch.chdir(tmp_path)
    Stage().say(*SCENES, "song ready: intro 1, drop 1", "save my.chronus")
    stage = Stage()
    journal = journal_of(stage, ["open my.chronus", "wait 1 bar"], tmp_path, monkeypatch)
    (tmp_path / "my.chronus").unlink()
    again = Stage()
    again.say(*[line for line in journal if not line.startswith("quit")])
    assert again.session.patch.scenes == stage.session.patch.scenes
    assert str(again.session.patch.song) == "intro 1, drop 1"


def test_tempo_moves_a_song():
    """Parts are counted in bars of the transport, whatever scenes do to tempo and meter."""
    played = render(
        [
            *(GATED, "scene slow { tempo 60; gate env on }"),
            *("scene odd { tempo 240; meter 3/4; gate env off }", "scene last { gate env on }"),
            "song: slow 1, odd 2, last 1, end",
        ]
    )
    found = np.flatnonzero(np.diff(played.left > 0.0, prepend=False))
    bars = np.cumsum([0, 4 * 48_000, 2 * 3 * 12_000, 3 * 12_000])
    assert found.tolist() == (bars // 64 * 64).tolist()


def test_a_length_cuts_a_song():
    """With a length it is that long, in the middle of a part."""
    played = render([*SCENES, "song: intro 4, drop 4, loop"], seconds=2.5)
    assert len(played.frames) == 120_000
    stage = Stage()
    stage.session.length = Length(bars=2)
    stage.say(*SCENES, "song: intro 1, drop 4")
    stage.session.finish()
    assert stage.session.history.done[-1].text == "scene drop"


def test_scenes_are_offered_as_they_are_typed():
    """Completion knows their names wherever one may stand, with what they hold."""
    stage = Stage()
    stage.say(*SCENES)
    for text in ("scene dr", "unscene dr", "song: dr", "song: intro 8, dr"):
        found = completions(text, stage.session.patch)
        assert found == [("drop", "unmute hat; sequence hat: xxxx; set kick.decay 300ms")], text
    assert ("scenes", "") in completions("list sc", stage.session.patch)


def test_a_scene_does_some_of_it_later():
    """What stands behind `at` in a scene comes at its time, whenever the scene was played."""
    stage = Stage()
    stage.say(GATED, "scene a { gate env on; at +2 beats gate env off }", "wait until bar 2")
    stage.say("scene a", "wait 1 bar", "every 2 bars scene a", "wait 2 bars")
    found = np.flatnonzero(np.diff(stage.frames[:, 0] > 0.0, prepend=False))
    assert found.tolist() == [BAR, BAR + BAR // 2, 2 * BAR, 2 * BAR + BAR // 2]


def test_a_node_is_renamed_in_scenes_too():
    """`rename` changes the name where a scene names the node, and nothing that looks like it."""
    stage = Stage()
    stage.say("load kick as a; load saw as b; load filter; patch b > filter; load tb303 as acid")
    stage.say(
        "scene drop { mute a; set filter.cutoff 2khz filter.pan -1; sequence b: a3 b2;"
        " at next bar trigger a; set acid/filter.cutoff 300hz acid.level -6db }"
    )
    stage.say("rename a thud; rename acid line")
    commands = stage.session.patch.scenes["drop"]
    assert commands[0] == "mute thud"
    assert commands[1] == "set filter.cutoff 2khz filter.pan -1"
    assert commands[2] == "sequence b: a3 b2"
    assert commands[3] == "at next bar trigger thud"
    assert commands[4] == "set line/filter.cutoff 300hz line.level -6db"
    stage.say("scene drop now", "undo 2")
    assert stage.session.patch.scenes["drop"][0] == "mute a"
