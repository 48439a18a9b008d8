"""What could stand at a place of a line, in a musician's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chronus.language.strays import SIGNS

if TYPE_CHECKING:
    from chronus.language.refusals import Refusal

SHOWN: Final = 40
"""So much of a word is shown at most."""
OPTIONS: Final = frozenset(
    ("step", "swing", "rotate", "gate", "transpose", "scale", "seed", "smooth", "now")
)
PHRASES: Final[tuple[tuple[frozenset[str], str], ...]] = tuple(
    (frozenset(categories.split()), phrase)
    for categories, phrase in (
        ("HIT REST HOLD NOTE", "steps such as x.x. or c2 . eb2"),
        ("VALUE NOTE WORD REST HOLD", "values such as 400 . 800hz"),
        ("OPERATOR VALUE NOTE WORD", "a value such as 800hz, -6db, c4, on, *1.5 or +7st"),
        ("VALUE NOTE WORD", "a value such as 800hz, -6db, 1/8, c4 or on"),
        ("NOTE VALUE", "a note such as c4, 440hz or 60 (a MIDI number)"),
        ("NOTE", "a note such as eb3"),
        ("VALUE", "an amount such as 0.5, 800hz or -12db"),
        ("RANGE", "a range such as 100hz..8khz"),
        ("QUOTED", "a line in quotes"),
        ("DURATION", "a duration such as 2 bars, 1.5s or 1/8"),
        ("METER", "a meter such as 4/4 or 7/8"),
        ("NUMBER", "a number"),
        ("NODE KIND", "the name of a node or a kind"),
        ("NODE", "the name of a node such as bass"),
        ("KIND", "a kind of module such as saw or kick"),
        ("MODULE", "the name of a module such as filter"),
        ("NAME", "a name such as bass"),
        ("PORT", "the name of a port such as cutoff"),
        ("FILE", "the name of a file"),
        ("TONIC", "a tonic such as c, f# or eb2"),
        ("SCALE", "the name of a scale such as minor"),
        ("LABEL", "the name of a snapshot such as drop"),
        ("DIGEST", "the mark of a content, as a journal names it"),
        ("SCENE", "the name of a scene such as drop"),
        ("TEXT", "commands in braces"),
        ("ENDING", "`end` or `loop`"),
        ("TOPIC", "a topic"),
        (".", "a dot and a port such as .cutoff"),
    )
)
"""What may come next, in a musician's words; the first that fits wins and spends its categories."""


def phrase(at: Refusal) -> str:
    """What could stand where a line goes on wrongly; empty for nothing."""
    left = set(at.expected) - {";", "|", ",", "BARLINE", "DEGREE"} - SIGNS
    if {"load", "patch"} <= left:
        return "a command such as load, patch or set, or a block in braces"
    if {"HIT", "REST"} <= left or {"VALUE", "REST"} <= left:
        left.discard(">")  # of a turn
    # What is likelier to be missing than a port, and what may be there but need not.
    if at.complete or left & {">", ":"}:
        left.discard(".")
    if "VALUE" in left:
        left -= {"=", "to"}
    parts: list[str] = []
    for categories, words in PHRASES:
        if categories <= left:
            parts.append(words)
            left -= categories
    if left >= OPTIONS:
        parts.append(f"an option ({listed(OPTIONS)})")
        left -= OPTIONS
    parts += sorted(f"`{word}`" for word in left if not word.isupper())
    last_or = ", or " if any("," in part for part in parts[:-1]) else " or "
    return last_or.join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))


def listed(words: frozenset[str]) -> str:
    """Some words in alphabetical order."""
    return ", ".join(sorted(words))


def shown(word: str) -> str:
    """A word in quotes, or its beginning."""
    return repr(word if len(word) <= SHOWN else word[:SHOWN] + "...")
