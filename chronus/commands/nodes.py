"""Nodes come and go."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

from chronus.commands.accounts import recording_data
from chronus.commands.declaration import Command
from chronus.commands.free_names import check_free, check_no_part
from chronus.commands.making import check_manner, known
from chronus.commands.sounds import recording_of
from chronus.commands.values import checked_value
from chronus.errors import Code, UserError, nearest
from chronus.language.renaming import renamed
from chronus.language.statements import Load, Name, PortRef, Rename, Setting, Unload
from chronus.modules.catalog import find_new, kinds
from chronus.patch.graph import key_of
from chronus.patch.hearing import heard
from chronus.patch.instruments import (
    inner_nodes,
    instrument_of,
    new_names,
    with_instrument,
    without_instrument,
)
from chronus.patch.model import OUT, Node
from chronus.patch.seeds import leaves_to_chance
from chronus.session import instrument_files
from chronus.session.console import Console
from chronus.session.draft import Result
from chronus.session.naming import exposed_input
from chronus.session.saving import load_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from chronus.dsp.declaration import Input, Kind
    from chronus.patch.instruments import Definition
    from chronus.patch.model import Patch
    from chronus.session.draft import Draft


def kind_of(name: Name) -> Kind:
    """The kind of a name.

    Raises:
        UserError: E_NAME, users cannot load one of that name; E_FILE, it is a module of the
            user's own that is wrong.
    """
    try:
        find_new(name.text)
    except UserError as error:
        raise error.at(name.span) from error
    offered = [kind.name for kind in kinds().values() if not kind.hidden and kind.name != OUT]
    if name.text in offered:
        return kinds()[name.text]
    if name.text == OUT:
        raise UserError(
            Code.STATE, "out is always there: there is one way to the sound card", name.span
        )
    near = nearest(name.text, [*offered, *instrument_files.files()])
    near = tuple(dict.fromkeys([*_described_by(name.text, _docs(offered)), *near]))[:3]
    message = (
        f"there is no module kind or instrument '{name.text}'; `list kinds` and `list instruments`"
        " show all, and `--modules DIR` on the command line gives modules of your own"
    )
    raise UserError(Code.NAME, message, name.span, near)


def _docs(names: Iterable[str]) -> dict[str, str]:
    """What is said in a line of some kinds, and of all instruments with files."""
    files = instrument_files.files().items()
    texts = {name: path.read_text(encoding="utf-8", errors="replace") for name, path in files}
    return {name: kinds()[name].doc for name in names} | {
        name: instrument_files.doc_in(text) for name, text in texts.items()
    }


def _described_by(text: str, docs: Mapping[str, str]) -> list[str]:
    """What is known by another name, which its line of help says; the best first."""
    words = re.findall(r"\w+", text.lower())
    found = []
    for name, doc in docs.items():
        said = re.findall(r"\w+", doc.lower())
        if words and all(word in said for word in words):
            found.append((said.index(words[0]), name))
    return [name for _, name in sorted(found)]


def seed_said(statement: Load, made_of: Sequence[Kind]) -> int | None:
    """The seed that a `load` gives to what is made of some kinds; None where it gives none.

    Raises:
        UserError: E_STATE, there is nothing that it would be for.
    """
    seed = statement.seed
    if seed is None:
        return None
    if not any(map(leaves_to_chance, made_of)):
        message = f"{statement.kind.text} leaves nothing to chance: leave the seed out"
        raise UserError(Code.STATE, message, seed.span)
    return int(seed.exact)


def _load(draft: Draft, statement: Load) -> None:
    name = statement.kind.text
    definition = None
    if draft.exposes is None:
        definition = known(draft, name, statement.kind.span)
    elif name not in kinds() and instrument_files.find(name) is not None:
        message = f"{name} is an instrument, and instruments are made of kinds"
        raise UserError(Code.STATE, message, statement.kind.span)
    if definition is not None:
        _load_instrument(draft, statement, definition)
    else:
        _load_node(draft, statement)


def _load_node(draft: Draft, statement: Load) -> None:
    kind = kind_of(statement.kind)
    wanted, manner = statement.name, statement.manner
    sown = seed_said(statement, (kind,))
    if manner.span is not None:
        message = f"{kind.name} is a kind of module: voices, mono, legato and glide are for"
        message += " instruments, which `list instruments` shows"
        raise UserError(Code.STATE, message, manner.span)
    recording = None if statement.file is None else recording_of(draft, kind, statement.file)
    if wanted is not None and wanted.text in draft.patch.nodes:
        there = draft.patch.nodes[wanted.text]
        is_so = statement.file is None or there.recording == recording
        is_so = is_so and sown in {None, there.sown}
        if there.kind == kind.name and not statement.settings and is_so:
            text = f"{there.name}: {kind.name}"
            already = {"node": there.name, "kind": kind.name}
            draft.say(Result(text, data=already, already=True))
            return
    if wanted is not None:
        check_free(draft, wanted)
    name = draft.patch.free_name(kind.name) if wanted is None else wanted.text
    node = Node(name, kind.name, draft.patch.count, recording=recording, seed=sown)
    patch = draft.patch.with_node(node.called(name))
    for setting in statement.settings:
        trial = type(draft)(draft.session, patch, draft.transport, draft.frame)
        port = trial.input_of(patch.nodes[name], setting.port)
        patch = patch.with_value(name, port.name, _value(draft, port, setting))
    data: dict[str, object] = {"node": name, "kind": kind.name}
    what = ""
    if recording is not None:
        # Who replays what was said may be elsewhere, and the file another one.
        draft.in_full = draft.in_full if draft.builds else load_line(patch.nodes[name])
        what, data["recording"] = f", {recording}", recording_data(recording)
    elif kind.recording:
        what = f", without a file: `file {name} FILE` gives it one"
    draft.rewire(patch)
    where = " > out" if name in heard(patch) else ""
    draft.say(Result(f"{name}: {kind.name}{where}{what}", data=data))


def _value(draft: Draft, port: Input, setting: Setting) -> float:
    """The value of a port of what is loaded."""
    return checked_value(port, setting.value, draft.pace, builds=draft.builds)


def _load_instrument(draft: Draft, statement: Load, definition: Definition) -> None:
    if statement.file is not None:
        message = f"{definition.name} is an instrument, and plays no file"
        raise UserError(Code.STATE, message, statement.file.span)
    wanted, manner = statement.name, statement.manner
    check_manner(manner, definition.player, statement.kind)
    sown = seed_said(statement, [node.declaration for node in definition.nodes])
    voices = definition.voices if manner.voices is None else int(manner.voices.value)
    legato = definition.legato if manner.legato is None else manner.legato
    data: dict[str, object] = {"kind": definition.name, "voices": voices, "legato": legato}
    there = draft.patch.instruments.get(wanted.text) if wanted else None
    if there is not None and not statement.settings and manner.glide is None:
        how = (definition, voices, legato, there.sown if sown is None else sown)
        if (there.definition, there.voices, there.legato, there.sown) == how:
            text = f"{there.name}: {there.kind}"
            draft.say(Result(text, data={"node": there.name, **data}, already=True))
            return
    if wanted is not None:
        check_free(draft, wanted)
    name = draft.patch.free_name(definition.name) if wanted is None else wanted.text
    check_no_part(draft, wanted or Name(name, statement.kind.span))
    made = (draft.patch, definition, name, voices)
    patch = with_instrument(*made, legato=legato, seed=sown)
    if manner.glide is not None:
        glide = Name("glide", manner.glide.span)
        patch = _with_setting(draft, patch, name, Setting(glide, manner.glide))
    for setting in statement.settings:
        patch = _with_setting(draft, patch, name, setting)
    draft.made_from = (definition.text,)
    draft.rewire(patch)
    where = " > out" if patch.instruments[name].heard in heard(patch) else ""
    many = f", {voices} voices" if voices > 1 else ""
    draft.say(Result(f"{name}: {definition.name}{where}{many}", data={"node": name, **data}))


def _with_setting(draft: Draft, patch: Patch, name: str, setting: Setting) -> Patch:
    """A patch with a port of a new instrument set.

    Raises:
        UserError: E_PORT, E_VALUE or E_RANGE.
    """
    ref = PortRef(Name(name, setting.port.span), setting.port)
    instrument = patch.instruments[name]
    node, port, declared = exposed_input(patch, instrument, ref, builds=draft.builds)
    return patch.with_value(node.name, port, _value(draft, declared, setting))


def _check_whole(draft: Draft, name: Name, verb: str) -> None:
    """Make sure that a name is not that of a part of an instrument.

    Raises:
        UserError: E_STATE.
    """
    owner = instrument_of(draft.patch, name.text)
    if owner is not None and name.text in draft.patch.nodes:
        message = f"{name.text} is a part of the instrument {owner.name}, and stays as it is called"
        if verb == "unload":
            message = f"{name.text} is a part of the instrument {owner.name}, and goes with it"
        raise UserError(Code.STATE, message, name.span, (f"{verb} {owner.name}",))


def _unload(draft: Draft, statement: Unload) -> None:
    for name in statement.names:
        node = draft.node(name)
        if node.name == OUT:
            raise UserError(Code.STATE, "out is always there", name.span)
        _check_whole(draft, name, "unload")
        instrument = draft.patch.instruments.get(name.text)
        nodes = (node,) if instrument is None else inner_nodes(draft.patch, instrument)
        gone = {node.name for node in nodes}
        for target in [t for t in draft.patch.sequences if t.split(".")[0] in gone]:
            player = draft.patch.player(target)
            draft.touch(partial(Console.stop_playing, player=player, now=True))
        if statement.rings:
            draft.instants[-1].ringing.update(map(key_of, nodes))
        if instrument is None:
            draft.rewire(draft.patch.without_node(node.name))
        else:
            draft.rewire(without_instrument(draft.patch, instrument))
    gone_names = [name.text for name in statement.names]
    how = "unloaded, ringing on" if statement.rings else "unloaded"
    data = {"nodes": gone_names, "tail": statement.rings}
    draft.say(Result(f"{', '.join(gone_names)} {how}", data=data))


def _rename(draft: Draft, statement: Rename) -> None:
    node, before, name = draft.node(statement.node), statement.node.text, statement.name
    if node.name == OUT:
        raise UserError(Code.STATE, "out is always called out", statement.node.span)
    _check_whole(draft, statement.node, "rename")
    already = name.text == before
    if not already:
        check_free(draft, name)
        instrument = draft.patch.instruments.get(before)
        names = {before: name.text}
        if instrument is not None:
            check_no_part(draft, name)
            names = new_names(draft.patch, instrument, name.text)
        patch = draft.patch.renamed(names)
        scenes = {
            scene: tuple(renamed(command, before, name.text) for command in commands)
            for scene, commands in patch.scenes.items()
        }
        draft.rewire(replace(patch, scenes=MappingProxyType(scenes)))
    data = {"node": name.text, "before": before}
    draft.say(Result(f"{before} is {name.text} now", data=data, already=already))


COMMANDS = (
    Command(
        verb="load",
        form="load KIND|INSTRUMENT [as NAME] [file FILE [mark M]] [PORT=VALUE ...]"
        " [voices N] [mono] [legato] [glide TIME] [seed N]",
        doc="Make a node of a module kind, or an instrument; what makes sound is heard at once",
        examples=(
            "load kick",
            "load saw as lead freq=55hz",
            "load filter cutoff=800hz resonance=0.4",
            "load tb303 as acid cutoff=800",
            "load sampler as amen file patches/samples/break.flac slices=16",
        ),
        handles={Load: _load},
        more=(
            "A second `load kick` is named kick2. What makes sound and is patched to nothing else",
            "is heard by itself: `patch` moves it, `unpatch NAME > out` silences it for good.",
            "voices, mono, legato and glide are for instruments, in place of what their files say.",
            "sampler, grains and convolve play a WAV or FLAC file: `load sampler file x.wav`.",
            "A relative path begins at the file that the line stands in, or where one works. With",
            "`mark`, as `save` writes it, a file whose content has changed is refused.",
            "Noise and chance begin with a seed that is made of the name, or with that of `seed`:",
            "`save` writes it where a node has come to be called otherwise, or is a copy.",
        ),
    ),
    Command(
        verb="unload",
        form="unload NAME ... [tail]",
        doc="Take nodes away, with their cables and sequences; they fade in 5 ms, or ring out",
        examples=(
            "load kick; load hat; unload kick hat",
            "load saw; load delay; patch saw > delay",
            "unload delay tail",
        ),
        handles={Unload: _unload},
        more=(
            "With `tail` only what goes in fades: a node rings on until it is below -90 dB for",
            "half a second, or for 30 seconds at most. Its name is free at once.",
        ),
    ),
    Command(
        verb="rename",
        form="rename A B",
        doc="Call A B: the same node in all else, with its cables, sequences and in scenes",
        examples=("load saw; load filter; patch saw > filter", "rename saw bass"),
        handles={Rename: _rename},
    ),
)
