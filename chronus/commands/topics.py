"""Topics of help that are no command: each with examples that run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from chronus.language.harmony import CHORDS, SCALES


@dataclass(frozen=True, slots=True)
class Topic:
    """A page of help.

    Attributes:
        doc: one line on what it is about.
        before: lines that an example needs before it.
        parts: lines of text, each with examples of what it says.
    """

    doc: str
    before: tuple[str, ...]
    parts: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """The page."""
        found = [self.doc]
        for text, examples in self.parts:
            found += [text, *(f"    {example}" for example in examples)]
        return tuple(found)


PATTERNS: Final = Topic(
    doc="What may stand behind `sequence A:`",
    before=(
        "load kick; load hat; load saw as bass; load filter; load adsr as env",
        "patch bass > filter > env",
    ),
    parts=(
        (
            "A grid: x hit, X accent, o ghost, . rest, _ hold; | and spaces are for the eye.",
            ("sequence kick: X...x... | X...x.o.", "sequence env: x_._ X..."),
        ),
        (
            (
                "Steps: words, each one step. A note such as c2 f#2 eb3, x for the node's own pitch;"
                " c2~ slides into the next step."
            ),
            ("sequence bass: c2 . eb2~ g2 _ x",),
        ),
        (
            "Chords: by notes, or by name; a node with one voice plays the first note. Names: "
            + " ".join(CHORDS),
            ("sequence bass: c3+eb3+g3 . f3:m7 .",),
        ),
        (
            (
                "? plays in half of the cycles, ?30% in 30%; chance comes again alike in each run,"
                " and `seed` changes it."
            ),
            ("sequence hat: xx?xx?30% seed 7",),
        ),
        (
            (
                "*3 strikes three times in the step's time, !3 stands for three steps,"
                " %2 plays only in every second cycle."
            ),
            ("sequence hat: xx*3x!2x%2",),
        ),
        (
            "[a b] shares one step's time, <a b> takes turns, one each cycle; both may hold more.",
            ("sequence hat: [x x] x <x [x x x]> x", "sequence bass: c2 <eb2 [g2 f2]> . c2"),
        ),
        (
            "(3,8) is Euclid: 3 hits spread over 8 steps; (3,8,2) begins 2 steps in.",
            ("sequence kick: x(3,8)", "sequence bass: c2(3,8,2) <eb2 g2>(3,8)"),
        ),
        (
            "{port=value} sets ports for as long as the step lasts; then they go back.",
            ("sequence env: x{attack=20 release=300} . X{pan=-0.5 level=-6db} .",),
        ),
        (
            (
                "Marks stand right behind their step, in any order: c2~, c3:m7*2?50%, [x x]!2, [x x]?."
                " A group plays or rests as one."
            ),
            ("sequence bass: c2~ <c2 eb2>(3,8)?80% [c2 c3]!2 g2*2%2?50%",),
        ),
        (
            (
                "A port is moved by values, with the same marks; smooth glides from one to the next."
                " Every second cycle is [400]%2 here, as 400%2 would be a share."
            ),
            (
                "sequence filter.cutoff: 400 <800 1.2khz> . [600 900]? step 1/4",
                "sequence filter.resonance: 0.1 0.8 step 1/1 smooth",
            ),
        ),
        (
            "Options: step 1/16, swing 60%, rotate 2, gate 80%, transpose -12st, seed 7, now.",
            ("sequence hat: x.xx step 1/8 swing 60% rotate 1 gate 30%",),
        ),
        (
            (
                "scale c minor makes numbers degrees: 1 is c3 (scale c2 minor: c2), 0 and less are below."
                " Notes outside go to the nearest note of the scale, of two to the lower."
            ),
            " Scales: " + " ".join(SCALES),
            ("sequence bass: 1 3 5 . 8 0 1+3+5 e3 scale c minor",),
        ),
        (
            "Patterns of different lengths run against each other; each begins anew by itself.",
            ("sequence kick: x..x..x; sequence hat: x.xx",),
        ),
    ),
)

TOPICS: Final = {"patterns": PATTERNS}
