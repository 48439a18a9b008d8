"""The parser as a whole: any text at all, the next words, the grammar's tables on disk."""

# ruff: noqa: RUF001 - look-alikes are part of what is tested

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from chronus.data import data_path
from chronus.errors import Code, UserError
from chronus.language.characters import LONGEST_LINE
from chronus.language.grammar import grammar
from chronus.language.parser import VERBS, expected_after, parse_line

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LINES = (
    "load saw_module as lead freq=440 level=-6db shape=tri",
    "patch a, b.x > c > d.port by -12 db; unpatch a > b",
    "set bass.cutoff *1.5 lead.freq +7st a.b - 3 c.d = 50% e.f to on",
    "note lead c4 60 440hz for 2 bars at 0.5",
    "sequence kick: x.x.X.o. | x... step 1/16 swing 60% rotate 2 now",
    "sequence bass: c2 . eb2~ _ g2 gate 80% transpose -12st",
    "sequence f.cutoff: 400 . 800hz _ 2 khz saw step 1/8",
    "set a.b 3 c.d +7st over 1.5 beats; tempo 140 over 8 bars; meter 7/8; swing 58%",
    "wait 1.5s; wait until bar 17; wait until beat 3",
    'save "my song.chronus"; open a/b.chronus; record take.wav; record stop',
    "list kinds; describe a.b; status; help set; get a.b # done",
    "reset a b; reload",
    "gate k on; trigger k; unsequence k; tempo 93.5; start; stop; quit",
)
PIECES = (
    *"xXo._|~?*{}[]<>()!%+:;#.,='\" -/\\",
    *("\t", "…", "х", "１", "\xa0", "“", "ſ", "\x00", "\ud800", "1e999", "9" * 50, "1/0"),
    *("c4", "h2", "step", "over", "-6db", "2 barz", "a.b", *VERBS),
)


def refused(text: str) -> UserError | None:
    try:
        parse_line(text)
    except UserError as error:
        return error
    return None


def only_user_errors(text: str) -> None:
    error = refused(text)
    if error is None:
        return
    assert error.span is not None
    assert 1 <= error.span.column < error.span.end
    assert error.span.column <= len(text) + 1
    assert error.code in {Code.SYNTAX, Code.VALUE, Code.RANGE, Code.LIMIT}
    assert error.message
    str(error.suggestions).encode()


@settings(max_examples=300, deadline=None)
@given(some.text(some.characters(exclude_categories=()), max_size=200))
def test_any_text_is_understood_or_a_user_error(text: str) -> None:
    """Whatever the text, the answer is commands or one UserError that points into the line."""
    only_user_errors(text)


@settings(max_examples=300, deadline=None)
@given(some.lists(some.sampled_from(PIECES), max_size=25), some.sampled_from(["", " "]))
def test_any_words_are_understood_or_a_user_error(words: list[str], between: str) -> None:
    """Words of the language in any order end in commands or in one UserError."""
    only_user_errors(between.join(words))
    expected_after(between.join(words))


@settings(max_examples=300, deadline=None)
@given(
    some.sampled_from(LINES), some.integers(0, 80), some.integers(0, 6), some.sampled_from(PIECES)
)
def test_a_damaged_line_is_understood_or_a_user_error(
    line: str, at: int, cut: int, piece: str
) -> None:
    """A good line with something cut out and put in ends in commands or in one UserError."""
    only_user_errors(line[:at] + piece + line[at + cut :])
    expected_after(line[:at] + piece)


@pytest.mark.parametrize(
    "text",
    [
        "sequence a: " + "x." * 9000,
        "sequence a: " + "x." * 9000 + "?",
        "set a.b " + "1" * 19000 + "_",
        "set a.b 2" + " " * 19000 + "barz",
        "z" * 19000,
        "load " + "a-" * 9000,
        ";" * 19000 + "load",
        "load saw " + "a=1 " * 4000,
        "patch " + "a," * 9000,
        'open "' + "a " * 9000,
        "note a " + "c4 " * 6000 + "x",
        "#" * 19000,
        "help " + "a" * 19000,
    ],
    ids=lambda text: text[:16],
)
def test_long_lines(text: str) -> None:
    """A line of nearly the greatest length is answered, and its message stays short."""
    assert len(text) <= LONGEST_LINE
    error = refused(text)
    if error is not None:
        assert len(error.message) < 300
        assert all(len(suggestion) < 500 for suggestion in error.suggestions)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("load ", {"KIND"}),
        ("load saw ", {"as", "file", "PORT", "voices", "mono", "legato", "glide", "seed", ";"}),
        ("load saw as ", {"NAME"}),
        ("load saw freq=", {"VALUE", "NOTE", "WORD"}),
        ("patch ", {"NODE"}),
        ("patch a", {".", ",", ">"}),
        ("patch a ", {",", ">"}),
        ("patch a > b ", {",", ">", "by", ";"}),
        ("set a.", {"PORT"}),
        ("set a.b ", {"=", "to", "OPERATOR", "VALUE", "NOTE", "WORD"}),
        ("set a.b 3 ", {"NODE", "over", ";"}),
        ("set a.b 3 over ", {"DURATION"}),
        ("note a ", {"NOTE", "VALUE"}),
        ("note a c4 ", {"NOTE", "VALUE", "for", "at", ";"}),
        ("note a c4 for ", {"DURATION"}),
        ("gate a ", {"on", "off"}),
        ("wait ", {"DURATION", "until"}),
        ("wait until ", {"bar", "beat", "frame"}),
        ("tempo ", {"NUMBER"}),
        ("tempo 90 ", {"over", ";"}),
        ("meter ", {"METER"}),
        ("record ", {"FILE", "stop"}),
        ("describe ", {"NODE", "KIND"}),
        ("help ", {"TOPIC", ";"}),
        ("sequence a: x step ", {"DURATION"}),
        ("load saw; gate a ", {"on", "off"}),
        ("laod ", set()),
        ("patch a b ", set()),
    ],
)
def test_what_may_come_next(text: str, expected: set[str]) -> None:
    """Behind the beginning of a line the grammar knows which words and kinds of words may come."""
    assert expected_after(text) == expected


def test_any_command_may_begin_a_line() -> None:
    """At the start, and behind a semicolon, exactly the command words may come."""
    assert expected_after("") == {*VERBS, ";", "{"}
    assert expected_after("start; ") == {*VERBS, ";", "{"}


def test_options_come_behind_a_pattern() -> None:
    """Behind a pattern either it goes on or an option begins."""
    options = {"step", "swing", "rotate", "gate", "transpose", "scale", "seed", "smooth", "now"}
    assert expected_after("sequence a: x. ") >= options | {"HIT", "NOTE"}
    assert expected_after("sequence a: x. now ") == options | {";"}


@pytest.fixture
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "made" / "here"
    monkeypatch.setenv("CHRONUS_CACHE_DIR", str(folder))
    grammar.cache_clear()
    yield folder
    grammar.cache_clear()


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, bytes]]:
    """A file of tables, and what is in it while it is whole; it tells its own place from others."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("tables")
        folder.chmod(0o700)
        patch.setenv("CHRONUS_CACHE_DIR", str(folder))
        grammar.cache_clear()
        assert parse_line("load saw")
        (kept,) = folder.iterdir()
    yield kept, kept.read_bytes()
    grammar.cache_clear()


def test_the_tables_are_kept(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tables are built once, kept in a private folder, and read from it by the next start."""
    assert parse_line("load saw")
    (kept,) = fresh.iterdir()
    assert fresh.stat().st_mode & 0o777 == 0o700
    first = kept.stat().st_mtime_ns, kept.read_bytes()
    grammar.cache_clear()
    monkeypatch.setattr("lark.lark.load_grammar", None)  # building them would now fail
    assert parse_line("load saw")
    assert (kept.stat().st_mtime_ns, kept.read_bytes()) == first


@pytest.mark.parametrize("damage", [b"", b"\x00" * 100, b"no tables\n" * 9])
@pytest.mark.parametrize("kept_bytes", [0, 65, 400])
def test_damaged_tables_are_built_anew(
    tables: tuple[Path, bytes], monkeypatch: pytest.MonkeyPatch, kept_bytes: int, damage: bytes
) -> None:
    """A cache file that was cut short or written over is replaced, and the line is understood."""
    kept, whole = tables
    monkeypatch.setenv("CHRONUS_CACHE_DIR", str(kept.parent))
    kept.write_bytes(whole[:kept_bytes] + damage)
    grammar.cache_clear()
    assert parse_line("load saw; sequence a: x.x. step 1/8")
    built = kept.read_bytes()
    assert built[:64] == whole[:64]
    assert abs(len(built) - len(whole)) < len(whole) / 100  # equal strings may be one


def test_without_a_cache_folder(fresh: Path) -> None:
    """Where no cache folder can be made the language works all the same."""
    fresh.parent.write_bytes(b"a file where a folder should be")
    assert parse_line("load saw")


def test_a_cache_that_all_may_write_is_not_read(fresh: Path) -> None:
    """A folder in which anybody can put a file is never loaded from, and nothing is put there."""
    fresh.mkdir(parents=True)
    fresh.chmod(0o777)
    assert parse_line("load saw")
    assert list(fresh.iterdir()) == []


def test_data_is_found_or_named() -> None:
    """A file of the program is found by its name; one that is not there is named in the error."""
    assert data_path("grammar", "chronus.lark").is_file()
    with pytest.raises(FileNotFoundError, match=r"grammar/none\.lark comes with Music Chronus"):
        data_path("grammar", "none.lark")
