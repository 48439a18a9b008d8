"""The README is true: its tables and its tour are what the program says."""

from __future__ import annotations

from tests.support import readme
from tests.support.score import Stage
from tests.support.sound import rms_db


def test_the_generated_parts_are_what_the_program_says_today():
    """Every reply of the tour and every row of the tables is what the program gives now."""
    page = readme.PAGE.read_text()
    assert readme.generated(page) == page, "run `make docs`"


def test_the_tour_covers_an_error_and_much_success():
    """The tour shows real replies: most lines work, and one shows what an error looks like."""
    tour = readme.part(readme.PAGE.read_text(), "tour")
    closing = [line for line in tour.splitlines() if line.startswith(("ok ", "error "))]
    typed = [line for line in tour.splitlines() if line.startswith("> ")]
    assert len(closing) == len(typed) >= 15
    assert sum(line.startswith("error E_PORT") for line in closing) == 1


def test_the_instruments_of_the_page_play(tmp_path, monkeypatch):
    """The lines on instruments work as they stand there, and so does the file that it shows."""
    monkeypatch.chdir(tmp_path)
    section = readme.PAGE.read_text().split("## Instruments\n")[1].split("\n## ")[0]
    lines, file = section.split("```\n")[1:4:2]
    (tmp_path / "buzz.chronus").write_text(file)
    stage = Stage()
    stage.say(lines, "load buzz cutoff=2khz", "mute delay", "note buzz c3", "wait 200ms")
    assert rms_db(stage.frames[:, 0]) > -40
