"""What is said about lines that are not understood."""

# ruff: noqa: RUF001 - look-alikes are what is tested

from __future__ import annotations

import pytest

from chronus.errors import UserError
from chronus.language.characters import LONGEST_LINE
from chronus.language.parser import VERBS, parse_line

WRONG: list[tuple[str, str, int, str | None]] = [
    # a command that does not exist
    ("laod saw", "E_SYNTAX", 1, "load"),
    ("load saw; ptach a > b", "E_SYNTAX", 11, "patch"),
    ("connect a > b", "E_SYNTAX", 1, "patch"),
    ("zzzzzz", "E_SYNTAX", 1, None),
    ("loadsaw", "E_SYNTAX", 1, "load"),
    ("42", "E_SYNTAX", 1, None),
    ("capture 3", "E_SYNTAX", 9, None),
    ("bass.cutoff = 3", "E_SYNTAX", 1, "set bass.cutoff = 3"),
    ("kick: x.x.", "E_SYNTAX", 1, "sequence kick: x.x."),
    ("osc > out", "E_SYNTAX", 1, "patch osc > out"),
    # too little
    ("load", "E_SYNTAX", 5, "load kick"),
    ("load saw as # nothing", "E_SYNTAX", 12, None),
    ("load;start", "E_SYNTAX", 5, "load kick"),
    ("patch a >", "E_SYNTAX", 10, None),
    ("patch a > b by", "E_SYNTAX", 15, None),
    ("set a.b", "E_SYNTAX", 8, None),
    ("set a.", "E_SYNTAX", 7, None),
    ("note a", "E_SYNTAX", 7, "note a c2"),
    ("sequence a:", "E_SYNTAX", 12, "sequence a: x...x..."),
    ("sequence a: x step", "E_SYNTAX", 19, "sequence a: x step 1/16"),
    ("sequence a: | |", "E_SYNTAX", 13, None),
    ("wait", "E_SYNTAX", 5, "wait 2 bars"),
    ("record", "E_SYNTAX", 7, "record take.wav"),
    ("open", "E_SYNTAX", 5, "open song.chronus"),
    # too much
    ("start now", "E_SYNTAX", 7, "start"),
    ("open my song", "E_SYNTAX", 9, 'open "my song"'),
    ("get a b", "E_SYNTAX", 7, "get a.b"),
    ("gate a on off", "E_SYNTAX", 11, "gate a on"),
    # a sign forgotten or mistaken
    ("set bass cutoff 800", "E_SYNTAX", 10, "set bass.cutoff 800"),
    ("set a. b 3", "E_SYNTAX", 6, "set a.b 3"),
    ("load kick punch 0.7", "E_SYNTAX", 17, "load kick punch=0.7"),
    ("patch a b", "E_SYNTAX", 9, "patch a > b"),
    ("patch a -> b", "E_SYNTAX", 9, "patch a > b"),
    ("sequence kick x.x.", "E_SYNTAX", 15, "sequence kick: x.x."),
    ('open "my song', "E_SYNTAX", 6, 'open "my song"'),
    ('open ""', "E_SYNTAX", 6, None),
    # a word mistaken
    ("list knds", "E_SYNTAX", 6, "kinds"),
    ("wait until 17", "E_SYNTAX", 12, "wait until bar 17"),
    ("note a c4, e4", "E_SYNTAX", 10, "note a c4 e4"),
    ("gate a onn", "E_SYNTAX", 8, "on"),
    ("gate a 1", "E_SYNTAX", 8, "on"),
    ("wait untl bar 2", "E_SYNTAX", 6, "until"),
    ("sequence a: x.x. swng 60%", "E_SYNTAX", 18, "swing"),
    ("load 303", "E_SYNTAX", 6, None),
    ("load saw as my.saw", "E_SYNTAX", 15, None),
    ("unload bass-", "E_SYNTAX", 12, None),
    # values
    ("set a.b 800hx", "E_VALUE", 9, "800hz"),
    ("set a.b 2 barz", "E_VALUE", 11, "2 bars"),
    ("wait 2 bras", "E_VALUE", 8, "2 bars"),
    ("wait 2", "E_VALUE", 6, "2 bars"),
    ("wait 440hz", "E_VALUE", 6, None),
    ("wait 1/0", "E_VALUE", 6, "1/8"),
    ("wait -1s", "E_RANGE", 6, None),
    ("wait until bar 0", "E_RANGE", 16, "1"),
    ("wait until bar 2s", "E_VALUE", 16, None),
    ("tempo 120bpm", "E_VALUE", 7, "120"),
    ("tempo 2bars", "E_VALUE", 7, None),
    ("note a c", "E_VALUE", 8, "c4"),
    ("note a h4", "E_VALUE", 8, "b4"),
    ("note a c12", "E_VALUE", 8, "c4"),
    ("note a 2s", "E_VALUE", 8, None),
    ("note a c4 at 2s", "E_VALUE", 14, None),
    ("note a c4 for 1s for 2s", "E_SYNTAX", 22, None),
    ("set a.b + +3", "E_SYNTAX", 11, "+3"),
    ("set a.b * c4", "E_VALUE", 11, None),
    ("set a.b .5.5", "E_SYNTAX", 9, None),
    ("set a.b 1e13", "E_RANGE", 9, None),
    ("set a.b 1e999999999", "E_RANGE", 9, None),
    ("set a.b 1e-999999999", "E_RANGE", 9, None),
    ("set a.b 2e9khz", "E_RANGE", 9, None),
    ("set a.b " + "9" * 5000, "E_RANGE", 9, None),
    ("set a.b 3 over", "E_SYNTAX", 15, "set a.b 3 over 2 bars"),
    ("set a.b 3 over 8", "E_VALUE", 16, "8 bars"),
    ("set a.b 3 over 0", "E_RANGE", 16, None),
    ("set a.b 3 over 0s", "E_RANGE", 16, None),
    ("set a.b 3 over -1s", "E_RANGE", 16, None),
    ("set a.b 3 over 2 bras", "E_VALUE", 18, "2 bars"),
    ("set a.b 3 over 2hz", "E_VALUE", 16, None),
    ("set a.b 3 over c.d", "E_SYNTAX", 16, None),
    ("set a.b over 2s", "E_SYNTAX", 9, None),
    ("set a.b 3 ovr 2s", "E_SYNTAX", 11, "over"),
    ("set a.b 3 over 2s c.d 4", "E_SYNTAX", 19, "set a.b 3 c.d 4 over 2s"),
    ("tempo 140 over", "E_SYNTAX", 15, "tempo 140 over 2 bars"),
    ("tempo 140 over 8", "E_VALUE", 16, "8 bars"),
    ("tempo 140 over 0 bars", "E_RANGE", 16, None),
    ("tempo over 2s", "E_SYNTAX", 7, None),
    ("tempo 140 ovr 2 bars", "E_SYNTAX", 11, "over"),
    ("meter", "E_SYNTAX", 6, "meter 4/4"),
    ("meter 7", "E_VALUE", 7, "7/4"),
    ("meter 7/7", "E_RANGE", 7, "7/8"),
    ("meter 0/4", "E_RANGE", 7, "1/4"),
    ("meter 65/4", "E_RANGE", 7, "64/4"),
    ("meter 4/64", "E_RANGE", 7, "4/32"),
    ("meter -3/4", "E_VALUE", 7, "4/4"),
    ("meter 3.5/4", "E_VALUE", 7, "4/4"),
    ("meter waltz", "E_SYNTAX", 7, None),
    ("swing 58", "E_RANGE", 7, "58%"),
    ("swing 100%", "E_RANGE", 7, None),
    ("swing 2s", "E_VALUE", 7, None),
    ("load saw freq=1 freq=2", "E_SYNTAX", 17, None),
    # patterns
    ("sequence b: c2 .. d2", "E_SYNTAX", 16, ". ."),
    ("sequence b: c2 d", "E_VALUE", 16, "d4"),
    ("sequence a: x.y.", "E_SYNTAX", 15, None),
    ("sequence a: .~", "E_SYNTAX", 14, None),
    ("sequence a: x?30", "E_SYNTAX", 14, "?30%"),
    ("sequence a: x?101%", "E_RANGE", 14, None),
    ("sequence a: x ?", "E_SYNTAX", 15, "x?"),
    ("sequence a: ?x", "E_SYNTAX", 13, "x?"),
    ("sequence a: x??", "E_SYNTAX", 15, None),
    ("sequence a: x?20%30", "E_SYNTAX", 13, "x?20% 30"),
    ("sequence a: x*", "E_SYNTAX", 14, "*2"),
    ("sequence a: x*0", "E_RANGE", 14, "*1"),
    ("sequence a: x*33", "E_RANGE", 14, "*32"),
    ("sequence a: x!257", "E_RANGE", 14, "!256"),
    ("sequence a: x%1001", "E_RANGE", 14, "%1000"),
    ("sequence a: .?", "E_SYNTAX", 14, None),
    ("sequence a: _(3,8)", "E_SYNTAX", 14, None),
    ("sequence a: x(9,8)", "E_RANGE", 14, "(8,8)"),
    ("sequence a: x(3,65)", "E_RANGE", 14, None),
    ("sequence a: x(3)", "E_SYNTAX", 14, "(3,8)"),
    ("sequence a: x(3,8", "E_SYNTAX", 14, None),
    ("sequence a: x (3,8)", "E_SYNTAX", 15, "x(3,8)"),
    ("sequence a: c2{cutoff}", "E_SYNTAX", 22, None),
    ("sequence a: c2{}", "E_SYNTAX", 15, None),
    ("sequence a: c2{a=1 a=2}", "E_SYNTAX", 20, None),
    ("sequence a: c2 {a=1}", "E_SYNTAX", 16, "x{cutoff=800}"),
    ("sequence a: [c2 c3", "E_SYNTAX", 13, None),
    ("sequence a: c2 c3]", "E_SYNTAX", 18, None),
    ("sequence a: <c2 c3]", "E_SYNTAX", 19, None),
    ("sequence a: [ ]", "E_SYNTAX", 13, "."),
    ("sequence a: x<>", "E_SYNTAX", 14, "."),
    ("sequence a: [x | x]", "E_SYNTAX", 16, None),
    ("sequence a: [c2 c3]c4", "E_SYNTAX", 13, "[c2 c3] c4"),
    ("sequence a: c3:", "E_NAME", 15, ":maj"),
    ("sequence a: c3:m77", "E_NAME", 15, ":m7"),
    ("sequence a: c3+eb3:m", "E_SYNTAX", 13, None),
    ("sequence a: c3+", "E_SYNTAX", 16, None),
    ("sequence a: x:m7", "E_SYNTAX", 14, "c3:m7"),
    ("sequence a: c3+c4+d4+e4+f4+g4+a4+b4+c5+d5+e5+f5+g5+a5+b5+c6+d6", "E_LIMIT", 13, None),
    ("sequence a: 1 3 5", "E_VALUE", 13, "scale c minor"),
    ("sequence a: 1 129 scale c minor", "E_RANGE", 15, None),
    ("sequence a: 1 scale c minour", "E_NAME", 23, "minor"),
    ("sequence a: 1 scale h minor", "E_SYNTAX", 21, None),
    ("sequence a: 1 scale c12 minor", "E_VALUE", 21, None),
    ("sequence a: 1 scale minor", "E_SYNTAX", 21, None),
    ("sequence a: x seed 1.5", "E_VALUE", 20, None),
    ("load noise seed 1.5", "E_VALUE", 17, None),
    ("load noise seed 4294967296", "E_RANGE", 17, None),
    ("load noise seed 1 seed 2", "E_SYNTAX", 24, None),
    ("sequence a: x seed -1", "E_RANGE", 20, None),
    ("sequence a: x smooth", "E_SYNTAX", 15, None),
    ("sequence a: x^2", "E_SYNTAX", 14, None),
    ("sequence a: [x!256]!256", "E_LIMIT", 13, None),
    ("sequence a: [[[[[[[[[[[[[x]]]]]]]]]]]]]", "E_LIMIT", 25, None),
    ("sequence a: [[[[x?]? x]? x]? x]?", "E_LIMIT", 13, None),
    ("sequence a.b: 400%2", "E_SYNTAX", 15, "[400]%2"),
    ("sequence a.b: 400~", "E_SYNTAX", 18, None),
    ("sequence a.b: 400{c=1}", "E_SYNTAX", 18, None),
    ("sequence a.b: 400 scale c minor", "E_SYNTAX", 25, None),
    ("sequence a.b: x.x.", "E_SYNTAX", 15, None),
    ("sequence a.b: 400.. 3", "E_SYNTAX", 15, None),
    ("sequence a: x step 0", "E_RANGE", 20, None),
    ("sequence a: x step -1/8", "E_RANGE", 20, None),
    ("sequence a: x step 16", "E_VALUE", 20, "1/16"),
    ("sequence a: x step 1/8 step 1/4", "E_SYNTAX", 29, None),
    ("sequence a: x now now", "E_SYNTAX", 19, None),
    ("sequence a: x swing 100%", "E_RANGE", 21, None),
    ("sequence a: x gate 2", "E_RANGE", 20, None),
    ("sequence a: x gate 2s", "E_VALUE", 20, None),
    ("sequence a: x rotate 1.5", "E_VALUE", 22, None),
    ("sequence a: x transpose 500", "E_RANGE", 25, None),
    # characters
    ("sequence a: x.х.", "E_SYNTAX", 15, "sequence a: x.x."),
    ("sequence a: x…", "E_SYNTAX", 14, "sequence a: x..."),
    ("set a.b １２", "E_SYNTAX", 9, "set a.b 12"),
    ("set a.b −6db", "E_SYNTAX", 9, "set a.b -6db"),
    ("load\xa0saw", "E_SYNTAX", 5, "load saw"),
    ("open “my song”", "E_SYNTAX", 6, 'open "my song"'),
    ("load säw", "E_SYNTAX", 7, None),
    ("liſt", "E_SYNTAX", 3, "list"),
    ("note a f♯2", "E_SYNTAX", 9, "note a f#2"),
    ("load\x00saw", "E_SYNTAX", 5, None),
    ("load saw # \x1b[31m", "E_SYNTAX", 12, None),
    ("load \ud800", "E_SYNTAX", 6, None),
    ("load saw\nload kick", "E_SYNTAX", 9, None),
    ("#" * (LONGEST_LINE + 1), "E_LIMIT", LONGEST_LINE + 1, None),
]


@pytest.mark.parametrize(
    ("line", "code", "column", "first"), WRONG, ids=[ascii(line[:40]) for line, *_ in WRONG]
)
def test_a_wrong_line(line: str, code: str, column: int, first: str | None) -> None:
    """Each mistake has its code, its column, and as first suggestion what was likely meant."""
    with pytest.raises(UserError) as caught:
        parse_line(line, line=5)
    error = caught.value
    assert error.span is not None
    assert (error.code.value, error.span.column) == (code, column), error.message
    assert (error.suggestions or (None,))[0] == first, error.suggestions
    assert error.span.line == 5
    assert error.span.end > error.span.column


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("wait", "expected a duration such as 2 bars, 1.5s or 1/8"),
        ("load", "expected a kind of module such as saw or kick"),
        ("set bass cutoff 3", "expected a dot and a port such as .cutoff"),
        ("patch a b", "expected `>`, found 'b'"),
        ("sequence a: x ?", "'?' (chance) belongs right behind a step, as in x?"),
        ("sequence a: x.х.", "cyrillic small letter ha, U+0445"),
        ("load saw saw", "expected `=`"),
        ("save a b", "expected nothing more here, found 'b'"),
        ("zzz", "expected a command such as load, patch or set"),
    ],
)
def test_the_reason_is_in_words_of_music(line: str, part: str) -> None:
    """A message says what is expected and what was found, in words that a musician knows."""
    with pytest.raises(UserError) as caught:
        parse_line(line)
    assert part in caught.value.message


@pytest.mark.parametrize(
    ("line", "code", "column", "first"), WRONG, ids=lambda part: ascii(part)[:40]
)
def test_no_message_speaks_of_the_grammar(
    line: str, code: str, column: int, first: str | None
) -> None:
    """No error shows a name from the grammar's insides, or a wall of text."""
    del code, column, first
    with pytest.raises(UserError) as caught:
        parse_line(line)
    message = caught.value.message
    names = ("WORD", "VALUE", "NODE", "QUANTITY", "DURATION", "BARLINE", "_SEMICOLON", "$END")
    assert not any(name in message for name in names)
    assert len(message) < 240
    assert not message.endswith(".")


@pytest.mark.parametrize("verb", VERBS)
def test_a_letter_swapped_still_finds_the_command(verb: str) -> None:
    """A command word with its first two letters swapped is suggested as it should be."""
    with pytest.raises(UserError) as caught:
        parse_line(verb[1] + verb[0] + verb[2:])
    assert verb in caught.value.suggestions
