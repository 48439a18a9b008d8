"""The command line: which call it is, with which options, and its exit status."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

SOME_FAILED = 1
INTERRUPTED = 130
DESCRIPTION = "A headless modular synthesizer that is played by typing."
EPILOG = """\
Without a call: the prompt, or with a pipe or file on stdin the lines as a score.
Exit status: 0 all lines did what they say, 1 some line failed, 2 the call is wrong,
3 audio could not be started, 130 interrupted.
"""


def parser() -> argparse.ArgumentParser:
    """The command line's grammar."""
    top = argparse.ArgumentParser(
        prog="chronus",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    _live_options(top)
    top.add_argument("--server", action="store_true", help="no prompt: others attach")
    calls = top.add_subparsers(dest="call", metavar="CALL")
    play = calls.add_parser("play", help="play command files live", allow_abbrev=False)
    play.add_argument("files", nargs="+", metavar="FILE")
    _live_options(play)
    _length(play)
    play.add_argument("--then-prompt", action="store_true", help="stay at the prompt afterwards")
    render = calls.add_parser(
        "render", help="play a command file into a sound file", allow_abbrev=False
    )
    render.add_argument("files", nargs=1, metavar="FILE")
    render.add_argument("-o", dest="output", required=True, metavar="OUT.wav", help=".wav or .flac")
    _length(render)
    _modules(render)
    render.add_argument("--rate", type=int, metavar="HZ", help="frames a second (48000)")
    render.add_argument("--bits", type=int, choices=(16, 24, 32), default=32, help="32 is float")
    render.add_argument("--stems", metavar="DIR", help="a file for each node that is heard as well")
    _answers(render)
    resume = calls.add_parser(
        "resume", help="go on with a session that ended without warning", allow_abbrev=False
    )
    resume.add_argument("file", nargs="?", metavar="JOURNAL", help="by default the last one")
    _live_options(resume)
    check = calls.add_parser("check", help="check command files, play nothing", allow_abbrev=False)
    check.add_argument("files", nargs="+", metavar="FILE")
    _modules(check)
    new = calls.add_parser("new", help="write a start for a module", allow_abbrev=False)
    new.add_argument("what", choices=("module",), metavar="module")
    new.add_argument("name", metavar="NAME")
    new.add_argument("--to", metavar="DIR", help="by default the folder of your own modules")
    send = calls.add_parser("send", help="run lines in a live session", allow_abbrev=False)
    send.add_argument("lines", nargs="*", metavar="LINE", help="without one, the lines of stdin")
    send.add_argument("--session", metavar="NAME", help="which; by default main, or the only one")
    send.add_argument("--json", action="store_true", help="one object a reply")
    attach = calls.add_parser("attach", help="a prompt in a live session", allow_abbrev=False)
    attach.add_argument("name", nargs="?", metavar="NAME", help="which; by default main")
    _answers(attach)
    sessions = calls.add_parser("sessions", help="list the live sessions")
    sessions.add_argument("--json", action="store_true", help="one object a session")
    calls.add_parser("devices", help="list the sound cards")
    calls.add_parser("doctor", help="what is wrong on this machine, and what mends it")
    helps = calls.add_parser("help", help="what `help` says at the prompt")
    helps.add_argument("topic", nargs="?")
    _modules(helps)
    return top


def _length(call: argparse.ArgumentParser) -> None:
    group = call.add_mutually_exclusive_group()
    group.add_argument("--seconds", type=_length_value, metavar="S", help="exactly so long")
    group.add_argument("--bars", type=_length_value, metavar="N", help="exactly so many bars")


def _length_value(text: str) -> float:
    value = float(text)
    if not 0.0 < value <= 86_400.0:
        raise argparse.ArgumentTypeError(f"a length is above 0 and at most 86400, not {text}")
    return value


def _modules(call: argparse.ArgumentParser) -> None:
    call.add_argument("--modules", metavar="DIR", help="a folder with modules of your own")


def _answers(call: argparse.ArgumentParser) -> None:
    call.add_argument("--json", action="store_const", const=True, help="one object a reply")
    call.add_argument(
        "--plain", action="store_const", const=True, help="no colour, no cursor movement"
    )
    call.add_argument("--strict", action="store_const", const=True, help="end at the first error")


def _live_options(call: argparse.ArgumentParser) -> None:
    call.add_argument("--device", metavar="NAME", help="sound card by name or number, or null")
    call.add_argument("--rate", type=int, metavar="HZ", help="frames a second (48000)")
    call.add_argument("--block", type=int, metavar="N", help="frames that the card takes at a time")
    call.add_argument("--ahead", type=int, metavar="N", help="blocks of 64 frames on the tape")
    call.add_argument("--lanes", type=int, metavar="N", help="processes that share the patch, 1-3")
    call.add_argument("--record", metavar="FILE", help="record all that is played")
    call.add_argument(
        "--journal", metavar="FILE", help="write down all that takes effect, as a score"
    )
    call.add_argument(
        "--no-toolbar", dest="toolbar", action="store_const", const=False, help="F2 shows it again"
    )
    call.add_argument("--name", metavar="NAME", help="of the session, for `chronus send` (main)")
    call.add_argument("--osc", metavar="WHERE", help="port, HOST:PORT or off (127.0.0.1:5005)")
    _modules(call)
    _answers(call)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a call; its exit status."""
    given = parser().parse_args(arguments)
    try:
        return _run(given)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Who reads the replies has gone: there is nobody to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return SOME_FAILED


def _run(given: argparse.Namespace) -> int:
    # Imported here, so that `chronus --help` and a wrong call answer at once.
    from chronus.doors.statuses import failed_call  # noqa: PLC0415
    from chronus.errors import UserError  # noqa: PLC0415

    try:
        return _called(given)
    except UserError as error:
        return failed_call(error)


def _called(given: argparse.Namespace) -> int:
    if given.call in {"send", "sessions"}:
        from chronus.doors import send  # noqa: PLC0415

        if given.call == "sessions":
            return send.show_sessions(as_json=given.json)
        return send.send(given.session, given.lines, as_json=given.json)
    if given.call == "attach":
        from chronus.doors.attach import attach  # noqa: PLC0415

        return attach(given.name, plain=bool(given.plain), as_json=bool(given.json))
    from chronus.doors import checking, looking, own_modules  # noqa: PLC0415
    from chronus.doors.options import modules_folder  # noqa: PLC0415

    if given.call not in {"devices", "doctor"}:
        own_modules.find_modules(modules_folder(vars(given)))
    if given.call == "new":
        return own_modules.new_module(given.name, given.to)
    looks = {
        "check": lambda: checking.check(given.files),
        "help": lambda: looking.show_help(given.topic),
        "devices": looking.show_devices,
        "doctor": looking.show_doctor,
    }
    return looks[given.call]() if given.call in looks else _play(given)


def _play(given: argparse.Namespace) -> int:
    """The calls that make sound."""
    from chronus.doors import calls  # noqa: PLC0415
    from chronus.doors.options import gather  # noqa: PLC0415
    from chronus.doors.own_modules import kinds_to_begin_with  # noqa: PLC0415
    from chronus.session.session import Length  # noqa: PLC0415
    from chronus.settings import DEFAULT_RATE_HZ  # noqa: PLC0415

    options = gather(vars(given))
    if given.call == "render":
        rate_hz = options.rate if given.rate or options.rate != DEFAULT_RATE_HZ else None
        how = calls.Rendering(
            given.output, rate_hz, given.bits, Length(given.seconds, given.bars), given.stems
        )
        return calls.render(given.files[0], how, options)
    if given.call == "resume":
        from chronus.doors.prompt import prompt  # noqa: PLC0415
        from chronus.doors.resume import past_session  # noqa: PLC0415

        past = past_session(given.file)
        return prompt(replace(options, rate=past.rate_hz), [], past)
    if given.call is None and given.server:
        return calls.serve(options, kinds_to_begin_with())
    lines = calls.files_lines(given.files) if given.call == "play" else []
    if sys.stdin.isatty() and (given.call is None or given.then_prompt):
        from chronus.doors.prompt import prompt  # noqa: PLC0415

        return prompt(options, lines)
    if given.call == "play":
        length = Length(given.seconds, given.bars)
        what = f"play {' '.join(given.files)}"
        folders = tuple(str(Path(path).parent) for path in given.files)
        return calls.play(lines, calls.kinds_in(lines), options, length, what, folders)
    return calls.play(calls.piped_lines(), [], options, Length(), calls.PIPE)


if __name__ == "__main__":
    sys.exit(main())
