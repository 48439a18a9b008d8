"""How a command that the grammar refuses was perhaps meant.

Each repair is a whole command; it is offered only if it is understood as it stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chronus.language.refusals import Refusal

COMPLETIONS: Final = (
    ("KIND", " kick"),
    ("METER", " 4/4"),
    ("FILE", " song.chronus"),
    ("LABEL", " drop"),
    ("TOPIC", " patching"),
    ("DURATION", " 2 bars"),
    ("on", " on"),
    (":", ": x...x..."),
    ("HIT", " x...x..."),
    ("HOLD", " 400 . 800"),
)
"""What a command that ends too early could go on with, by what could stand there."""
NUMBERS: Final = {"tempo": " 120", "swing": " 58%", "cancel": " all", "rotate": " 2", "bar": " 5"}
"""A number that a word takes."""
UNIT_WORDS: Final = {
    "second": "s", "seconds": "s", "sec": "s", "secs": "s", "millisecond": "ms", "msec": "ms",
    "milliseconds": "ms", "measure": "bars", "measures": "bars", "hertz": "hz", "kilohertz": "khz",
    "decibel": "db", "decibels": "db", "percent": "%", "semitone": "st", "semitones": "st",
    "semi": "st", "semis": "st", "cent": "ct", "cents": "ct", "octave": "oct", "octaves": "oct",
    "bpm": "",
}  # fmt: skip
"""Units as people say them."""
WORDS_MEANT: Final = {
    "in": "over", "within": "over", "during": "over", "called": "as", "named": "as", "name": "as",
    "to": ">", "into": ">", "through": ">", "from": "", "the": "", "please": "",
    "with": "by",
}  # fmt: skip
"""Words that people put where another one stands, or none."""


def repairs(at: Refusal, near: tuple[str, ...]) -> Iterator[str]:
    """Commands that may be meant, the likeliest first; some of them are nonsense.

    Args:
        at: where the command was refused.
        near: words that could stand there and look like what does.
    """
    yield from (" ".join(command.split()) for command in _repairs(at, near))


def _repairs(at: Refusal, near: tuple[str, ...]) -> Iterator[str]:
    head, tail = (part.strip() for part in at.command)
    if near:
        yield f"{head} {near[0]}{tail[len(at.word) :]}"
    if not at.word:
        yield from _completed(at, head)
    yield from _reworded(at, head, tail)
    yield from _joined(at, head, tail)
    if at.word == ",":
        yield f"{head} {tail[1:].strip()}"
    if at.word.startswith('"'):
        yield f'{head} {tail}"'
    if at.word and at.verb in {"save", "open", "run", "record", "import", "export"}:
        verb, _, path = head.partition(" ")
        yield f'{verb} "{path} {tail}"'
    if at.verb in {"at", "every"} or head in {"at", "every"}:
        yield f"{head} next bar {tail}"
        yield f"{head.removesuffix('bar')} next bar {tail}"
    if at.complete and at.word and at.text[at.position - 1 : at.position].isspace():
        yield head


def _completed(at: Refusal, head: str) -> Iterator[str]:
    """A command that ends too early, as it could go on."""
    if "NUMBER" in at.expected:
        yield head + NUMBERS.get(head.rsplit(maxsplit=1)[-1].lower() if head else "", " 1")
    if at.verb == "note" and len(head.split()) > 1 and "NOTE" in at.expected:
        yield f"{head} c2"
    if head.lower().endswith(" step"):
        yield f"{head} 1/16"
    if at.verb == "record":
        yield f"{head} take.wav"
    if head.lower().endswith(" file") or at.verb == "file":
        yield f"{head} patches/samples/break.flac"
        return
    for category, more in COMPLETIONS:
        if category in at.expected:
            yield head + more


def _reworded(at: Refusal, head: str, tail: str) -> Iterator[str]:
    """One word for another: `in 2 bars` for `over 2 bars`, `as` for `called`."""
    last = head.rsplit(maxsplit=1)[-1].lower() if head else ""
    rest = tail[len(at.word) :].strip()
    for word, before, after in (
        (at.word.lower(), head, rest),
        (last, head[: len(head) - len(last)], tail),
    ):
        if word == "for" and at.verb == "wait":
            yield f"{before} {after}"
        if word in WORDS_MEANT:
            yield f"{before} {WORDS_MEANT[word]} {after}"
            yield f"{before} {after}"


def _joined(at: Refusal, head: str, tail: str) -> Iterator[str]:
    """A sign that is missing, or another one in its place."""
    if "." in at.expected:
        yield f"{head}.{tail.lstrip(' .')}"
    if ":" in at.expected:
        yield f"{head}: {tail}"
    if "=" in at.expected:
        yield f"{head}={tail}"
    if ">" in at.expected:
        yield from _cabled(head, tail)
    if "bar" in at.expected:
        yield f"{head} bar {tail}"


def _cabled(head: str, tail: str) -> Iterator[str]:
    verb, _, first = head.partition(" ")
    if tail.startswith(("<", "<-")):
        # `delay < filter`: what is behind the arrow comes first.
        stages = [first, *(part.strip(" -") for part in tail.split("<"))]
        yield f"{verb} {' > '.join(stage for stage in reversed(stages) if stage)}"
    yield f"{head} > {tail}"
    yield f"{head} > {tail.lstrip('-=>| ')}"
    yield f"{verb} {' > '.join((first + ' ' + tail).split())}"
    yield f"{head} > {tail.partition(' ')[2]}"
