"""Looking at what is patched and at what is heard."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from chronus.commands.counting import counted
from chronus.commands.declaration import Command
from chronus.commands.files import writable, write_whole
from chronus.commands.lateness import why_late
from chronus.errors import Code, UserError
from chronus.language.views import Show, ShowGraph, Watch
from chronus.patch.diagram import diagram_of, dot_of, text_of
from chronus.session import pictures
from chronus.session.draft import Result
from chronus.session.passing import letting_others
from chronus.session.reply import state_error
from chronus.session.scopes import (
    levels,
    meter_lines,
    scope_lines,
    scope_span,
    spectrum_lines,
    spectrum_of,
)
from chronus.session.tape import last_frames, node_levels

if TYPE_CHECKING:
    from chronus.errors import Span
    from chronus.patch.diagram import Diagram
    from chronus.session.draft import Draft
    from chronus.session.session import Session

MASTER: Final = "out"
METER_S: Final = 0.1
"""So long a meter looks at what is heard."""
LOOK_S: Final = 0.001
SCOPE_S: Final = 0.02
SPECTRUM_FRAMES: Final = 16_384
ENDINGS: Final = (".svg", ".png", ".dot")
PICTURES: Final = (".png", ".svg")
PATIENCE_S: Final = 60.0
HOW_TO_INSTALL: Final = "sudo apt install graphviz"


# ---- the graph


def _show_graph(draft: Draft, statement: ShowGraph) -> None:
    diagram = diagram_of(draft.patch, why_late(draft))
    data = _graph_data(diagram)
    count = ", ".join((counted(len(diagram.boxes), "box"), counted(len(diagram.arrows), "cable")))
    if statement.path is None:
        draft.say(Result(count, tuple(text_of(diagram)), data))
        return
    path, shown = writable(statement.path, statement.span), statement.path
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        message = f"cannot draw {statement.path}: the name must end in {', '.join(ENDINGS)}"
        raise UserError(Code.FILE, message, statement.span, (f"{path.stem or 'graph'}.svg",))
    text = dot_of(diagram)
    made = text.encode() if ending == ".dot" else _drawn(text, ending[1:], statement.span)
    draft.open_first(lambda _: write_whole(path, made, shown, statement.span))
    draft.say(Result(f"{statement.path}: {count}", data={**data, "file": statement.path}))


def _graph_data(diagram: Diagram) -> dict[str, Any]:
    layers = diagram.layers()
    return {
        "nodes": [
            {"name": b.name, "kind": b.kind, "layer": layers[b.name], "muted": bool(b.quiet)}
            for b in diagram.boxes.values()
        ],
        "cables": [
            {
                "from": f"{a.source}.{a.output}" if a.output else a.source,
                "to": f"{a.target}.{a.input}" if a.input else a.target,
                "amount": a.amount,
                "by_itself": a.is_own,
                "late": bool(a.late),
            }
            for a in diagram.arrows
        ],
    }


def _drawn(text: str, form: str, span: Span) -> bytes:
    """What graphviz makes of a graph.

    Raises:
        UserError: E_FILE, it is not installed, or cannot draw it.
    """
    program = shutil.which("dot")
    if program is None:
        message = f"graphviz draws .{form} files, and is not installed: {HOW_TO_INSTALL}"
        raise UserError(Code.FILE, message, span, ("show graph to graph.dot",))
    with tempfile.TemporaryDirectory(prefix="chronus-") as folder:
        source = Path(folder) / "graph.dot"
        source.write_text(text, encoding="utf-8")
        call = [program, f"-T{form}", str(source)]
        try:
            # No shell, and nothing of the user's in the call: names stand quoted in the file.
            ended = subprocess.run(call, capture_output=True, timeout=PATIENCE_S, check=True)  # noqa: S603
        except (OSError, subprocess.SubprocessError) as error:
            raise UserError(Code.FILE, f"graphviz cannot draw this: {error}", span) from error
    return ended.stdout


# ---- meters, scope, spectrum


def meters(session: Session) -> dict[str, dict[str, Any]]:
    """Peak and RMS of what is heard, in all and of each node, over the last moment."""
    blocks: dict[str, list[Any]] = {name: [b] for name, b in node_levels(session).items()}
    if session.backend.is_live and session.is_released:
        end = time.monotonic() + METER_S
        done = session.timing.done_blocks
        while time.monotonic() < end:
            time.sleep(LOOK_S)
            if session.timing.done_blocks != done:
                done = session.timing.done_blocks
                for name, block in node_levels(session).items():
                    blocks.setdefault(name, []).append(block)
    _, master = last_frames(session, round(METER_S * session.rate_hz))
    found = {name: levels(np.concatenate(parts)) for name, parts in blocks.items()}
    return {**found, MASTER: levels(master)}


def _show(draft: Draft, statement: Show) -> None:
    show = {"meters": _meters, "scope": _scope, "spectrum": _spectrum}[statement.what]
    if statement.path is not None:
        _show_picture(draft, statement, statement.path)
        return

    def finish(session: Session) -> Result:
        with letting_others(session):
            return show(session)

    draft.say(finish)


def _show_picture(draft: Draft, statement: Show, shown: str) -> None:
    path = writable(shown, statement.span)
    form = path.suffix.lower()
    if form not in PICTURES:
        message = f"cannot draw {shown}: the name must end in {' or '.join(PICTURES)}"
        raise UserError(Code.FILE, message, statement.span, (f"{statement.what}.png",))
    pictures.check_there(statement.span)
    draw = {"scope": pictures.wave, "spectrum": pictures.spectrum}[statement.what]

    def finish(session: Session) -> Result:
        count = SPECTRUM_FRAMES if statement.what == "spectrum" else 5 * _scope_frames(session)
        with letting_others(session):
            first, frames = last_frames(session, count)
            made = draw(frames, session.rate_hz, form[1:])
            write_whole(path, made, shown, statement.span)
        ms = 1000.0 * len(frames) / session.rate_hz
        data = {"file": shown, "frame": first, "ms": ms}
        return Result(f"{shown}: {statement.what} of {ms:.0f} ms", data=data)

    draft.say(finish)


def _scope_frames(session: Session) -> int:
    return round(SCOPE_S * session.rate_hz)


def _meters(session: Session) -> Result:
    found = meters(session)
    return Result("meters", meter_lines(found), {"meters": found})


def _scope(session: Session) -> Result:
    count = _scope_frames(session)
    first, frames = last_frames(session, 3 * count)
    part = scope_span(frames, count)
    data = {"frame": first, "ms": 1000.0 * len(part) / session.rate_hz, **levels(part)}
    return Result(f"scope, {data['ms']:.0f} ms", scope_lines(part), data)


def _spectrum(session: Session) -> Result:
    _, frames = last_frames(session, SPECTRUM_FRAMES)
    hz, found = spectrum_of(frames, session.rate_hz)
    loudest = max(range(len(found)), key=lambda index: found[index])
    data = {"hz": hz, "db": found, "loudest_hz": hz[loudest]}
    text = f"spectrum, loudest around {hz[loudest]:.0f} hz ({found[loudest]:.1f} db)"
    return Result(text, spectrum_lines(hz, found), data)


def _watch(draft: Draft, _statement: Watch) -> None:
    screen = draft.session.screen
    if screen is None or draft.who != screen.who:
        raise state_error("watch needs a prompt on a terminal", "show meters")

    def finish(session: Session) -> Result:
        with letting_others(session):
            screen.watch(lambda: meter_lines(meters(session)))
        return Result("watched")

    draft.say(finish)


COMMANDS = (
    Command(
        verb="show",
        form="show graph [to FILE], show meters, or show scope|spectrum [to FILE]",
        doc="Show what is patched into what, how loud each node is, the wave, or its spectrum",
        examples=(
            "load saw; load filter; load lfo; patch saw > filter",
            "patch lfo > filter.cutoff by 1oct",
            "show graph",
            "show graph to patch.dot",
            "wait 1/4",
            "show meters",
            "show scope",
            "show spectrum",
            "show spectrum to sound.png",
        ),
        handles={ShowGraph: _show_graph, Show: _show},
        more=(
            "What is heard by itself goes along double lines. The FILE of a graph ends in .dot, or",
            "where graphviz is installed in .svg or .png; that of a wave or spectrum in .png or",
            '.svg, where matplotlib is: pip install "music-chronus[pictures]".',
        ),
    ),
    Command(
        verb="watch",
        form="watch meters",
        doc="Show the meters ten times a second until a key is pressed, at a prompt on a terminal",
        examples=("help watch",),
        handles={Watch: _watch},
    ),
)
