"""Help on patterns."""

from __future__ import annotations

import textwrap

from chronus.commands.topic import Topic
from chronus.language.harmony import CHORDS
from chronus.scales import SCALES


def _named(page: str) -> str:
    """The page with the names of all chords and scales."""
    for word, names in (("CHORD-NAMES", CHORDS), ("SCALE-NAMES", SCALES)):
        page = page.replace(word, textwrap.fill(" ".join(names), 78))
    return page


TOPIC = Topic(
    name="patterns",
    doc="all that may stand behind `sequence A:`",
    page=_named(
        """
> load kick; load hat; load saw as bass; load filter; load adsr as env
> patch bass > filter > env

A grid: x hit, X accent, o ghost, . rest, _ hold; | and spaces are for the
eye.

> sequence kick: X...x... | X...x.o.
> sequence env: x_._ X...

Steps: words, each one step. A note such as c2 f#2 eb3, x for the node's own
pitch, and . and _ as in a grid; c2~ slides into the next step.

> sequence kick: c2 . eb2~ g2 _ x

Chords by their notes, or by name; a node with one voice plays the first note.
CHORD-NAMES

> sequence bass: c3+eb3+g3 . f3:m7 .

? plays in half of the cycles, ?30% in 30%. Chance comes again alike in each
run; `seed` changes it.

> sequence hat: xx?xx?30% seed 7

*3 strikes three times in the step's time, !3 stands for three steps, %2 plays
only in every second cycle.

> sequence hat: xx*3x!2x%2

[a b] shares one step's time; <a b> takes turns, one each cycle. Both may hold
others. A hold goes on with the note before it, into a group, too.

> sequence hat: [x x] x <x [x x x]> x
> sequence bass: c2 <eb2 [_ f2]> . c2

(3,8) is Euclid: 3 hits spread over 8 steps; (3,8,2) begins 2 steps in.

> sequence kick: x(3,8)
> sequence bass: c2(3,8,2) <eb2 g2>(3,8)

A lock {port=value} sets ports for as long as the step lasts; then they go back.

> sequence env: x{attack=20 release=300} . X{pan=-0.5 level=-6db} .

Marks stand right behind their step, in any order: c3:m7*2?50%, [x x]!2. They
are of the whole step, so that a group plays or rests as one; of Euclid, of
each hit.

> sequence bass: c2~ <c2 eb2>(3,8)?80% [c2 c3]? g2*2%2?50%

A port is moved by values, with the same marks; `smooth` glides from each to
the next. Every second cycle is [400]%2 here, as 400%2 would be a share.

> sequence filter.cutoff: 400 <800 1.2khz> . [600 900]? step 1/4
> sequence filter.resonance: 0.1 0.8 step 1/1 smooth

Options: step 1/16, swing 60%, rotate 2, gate 80%, transpose -12st, seed 7,
and now, which does not wait for the bar line.

> sequence hat: x.xx step 1/8 swing 60% rotate 1 gate 30%

`scale c minor` makes numbers degrees: 1 is c3 (with `scale c2 minor`: c2), 0
and less lie below. Notes outside go to the nearest one of the scale, of two
to the lower; `transpose` moves all after that.
SCALE-NAMES

> sequence bass: 1 3 5 . 8 0 1+3+5 e3 scale c minor

Patterns of different lengths run against each other; each begins anew by
itself.

> sequence kick: x..x..x; sequence hat: x.xx
"""
    ),
)
