"""Topics of help that are no command: each with examples that run."""

from __future__ import annotations

import textwrap
from typing import Final, NamedTuple

from chronus.language.harmony import CHORDS, SCALES


class Part(NamedTuple):
    """A few sentences, and lines that show what they say."""

    text: tuple[str, ...]
    examples: tuple[str, ...]


class Topic(NamedTuple):
    """A page of help.

    Attributes:
        doc: one line on what it is about.
        before: lines that an example needs before it.
        parts: what it says.
    """

    doc: str
    before: tuple[str, ...]
    parts: tuple[Part, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """The page."""
        found = [self.doc]
        for part in self.parts:
            found += [*part.text, *(f"    {example}" for example in part.examples)]
        return tuple(found)


def _names(names: dict[str, tuple[int, ...]]) -> tuple[str, ...]:
    return tuple(textwrap.wrap(" ".join(names), 90))


PATTERNS: Final = Topic(
    doc="What may stand behind `sequence A:`",
    before=(
        "load kick; load hat; load saw as bass; load filter; load adsr as env",
        "patch bass > filter > env",
    ),
    parts=(
        Part(
            ("A grid: x hit, X accent, o ghost, . rest, _ hold; | and spaces are for the eye.",),
            ("sequence kick: X...x... | X...x.o.", "sequence env: x_._ X..."),
        ),
        Part(
            (
                "Steps: words, each one step. A note such as c2 f#2 eb3, x for the node's own",
                "pitch, and . and _ as in a grid; c2~ slides into the next step.",
            ),
            ("sequence kick: c2 . eb2~ g2 _ x",),
        ),
        Part(
            (
                "Chords by their notes, or by name; a node with one voice plays the first note.",
                *_names(CHORDS),
            ),
            ("sequence bass: c3+eb3+g3 . f3:m7 .",),
        ),
        Part(
            (
                "? plays in half of the cycles, ?30% in 30%. Chance comes again alike in each run;",
                "`seed` changes it.",
            ),
            ("sequence hat: xx?xx?30% seed 7",),
        ),
        Part(
            (
                "*3 strikes three times in the step's time, !3 stands for three steps,",
                "%2 plays only in every second cycle.",
            ),
            ("sequence hat: xx*3x!2x%2",),
        ),
        Part(
            (
                "[a b] shares one step's time; <a b> takes turns, one each cycle. Both may hold",
                "others. A hold goes on with the note before it, into a group, too.",
            ),
            ("sequence hat: [x x] x <x [x x x]> x", "sequence bass: c2 <eb2 [_ f2]> . c2"),
        ),
        Part(
            ("(3,8) is Euclid: 3 hits spread over 8 steps; (3,8,2) begins 2 steps in.",),
            ("sequence kick: x(3,8)", "sequence bass: c2(3,8,2) <eb2 g2>(3,8)"),
        ),
        Part(
            ("{port=value} sets ports for as long as the step lasts; then they go back.",),
            ("sequence env: x{attack=20 release=300} . X{pan=-0.5 level=-6db} .",),
        ),
        Part(
            (
                "Marks stand right behind their step, in any order: c3:m7*2?50%, [x x]!2. They are",
                "of the whole step, so that a group plays or rests as one; of Euclid, of each hit.",
            ),
            ("sequence bass: c2~ <c2 eb2>(3,8)?80% [c2 c3]? g2*2%2?50%",),
        ),
        Part(
            (
                "A port is moved by values, with the same marks; `smooth` glides from each to the",
                "next. Every second cycle is [400]%2 here, as 400%2 would be a share.",
            ),
            (
                "sequence filter.cutoff: 400 <800 1.2khz> . [600 900]? step 1/4",
                "sequence filter.resonance: 0.1 0.8 step 1/1 smooth",
            ),
        ),
        Part(
            (
                "Options: step 1/16, swing 60%, rotate 2, gate 80%, transpose -12st, seed 7, and",
                "now, which does not wait for the bar line.",
            ),
            ("sequence hat: x.xx step 1/8 swing 60% rotate 1 gate 30%",),
        ),
        Part(
            (
                "`scale c minor` makes numbers degrees: 1 is c3 (with `scale c2 minor`: c2), 0 and",
                "less lie below. Notes outside go to the nearest one of the scale, of two to the",
                "lower; `transpose` moves all after that.",
                *_names(SCALES),
            ),
            ("sequence bass: 1 3 5 . 8 0 1+3+5 e3 scale c minor",),
        ),
        Part(
            ("Patterns of different lengths run against each other; each begins anew by itself.",),
            ("sequence kick: x..x..x; sequence hat: x.xx",),
        ),
    ),
)

INSTRUMENTS: Final = Topic(
    doc="An instrument is a patch that is loaded, played and patched as one thing.",
    before=("load lfo; load delay",),
    parts=(
        Part(
            ("`list instruments` shows all, `describe tb303` one: its ports, voices and file.",),
            ("load tb303 as acid cutoff=800", "sequence acid: c2 . c2 eb2~", "note acid c3"),
        ),
        Part(
            ("Its ports are ports as those of any node, and its nodes within can be reached.",),
            (
                "set acid.cutoff *2 over 4 bars",
                "patch lfo > acid.cutoff by 800hz; patch acid > delay",
                "set acid/filter.resonance 0.9",
            ),
        ),
        Part(
            ("The whole of it is muted, copied, renamed and unloaded.",),
            ("mute acid", "copy acid as b", "rename acid lead", "unload b"),
        ),
        Part(
            (
                "`voices 6`, `mono`, `legato`, `glide 60ms` behind `load` win over its own; `save`",
                "writes `load tb303 as acid` and what differs from its file. A file of your own is",
                "NAME.chronus in ~/.local/share/chronus/instruments, or in the current folder: see",
                "`help instrument` and `help expose`; `chronus check` finds what is wrong in it.",
            ),
            (),
        ),
    ),
)

MIXER: Final = Topic(
    doc="Levels, pans, sends, buses: every node that is heard has a channel of its own",
    before=(),
    parts=(
        Part(
            (
                "Channel: A.level in dB (-60 is silence) and A.pan from -1, left, to 1, right, of",
                "equal power: a side alone is 3 dB above each side of the middle. `out.level` is the",
                "master. Send: a cable into an effect, `by` so much of the sound, before the",
                "channel's level. What still goes to `out` as well needs that cable by hand: patch A",
                "> out. Bus: a `mix`; what is patched into it is heard through it, and its level goes",
                "for all. Mute and solo: of a channel, a bus, an effect, or a node behind a bus. What",
                "is soloed is heard through its buses and effects, alone. A muted node sends nothing",
                "to anybody. All of it fades within 5 ms, glides with `over`, is moved by cables and",
                "sequences, and belongs to the patch: saved, undone, part of scenes and snapshots.",
            ),
            (
                "load kick; load hat; load saw as bass; load delay as echo; load mix as drums",
                "set bass.level -9db bass.pan -0.2",
                "patch kick, hat > drums; set drums.level -3db",
                "patch bass > echo by -12db; patch bass > out; set echo.mix 1",
                "solo kick",
                "unsolo kick; mute hat",
                "set drums.level -20db over 2 bars",
                "set out.level -1db",
            ),
        ),
    ),
)

TOPICS: Final = {"patterns": PATTERNS, "instruments": INSTRUMENTS, "mixer": MIXER}
