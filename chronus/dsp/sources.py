"""Modules read anew from their sources; what the program has imported of them stays as it is."""

from __future__ import annotations

import importlib
import sys
import traceback
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import SourceFileLoader
from importlib.util import decode_source, find_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, Never

from chronus.dsp.declaration import LINES
from chronus.errors import Code, UserError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType


def source_error(path: str, line: int, error: BaseException) -> UserError:
    """The user's mistake in a source, with its file, line and reason."""
    reason = str(error.msg) if isinstance(error, SyntaxError) else str(error)
    if not isinstance(error, (AssertionError, SyntaxError)) or not reason:
        reason = f"{type(error).__name__}: {reason}".removesuffix(": ")
    return UserError(Code.FILE, f"{path} line {line}: {' '.join(reason.split())}")


Text = tuple[str, bytes]
"""Path and content of a module's file."""


def import_anew(texts: Mapping[str, Text]) -> list[ModuleType]:
    """Import modules once more, from texts and from no bytecode.

    Those that import each other get the new ones; nobody else sees them but who called.

    Args:
        texts: by the modules' names.

    Raises:
        UserError: E_FILE, one of them cannot be imported, with the line and the reason.
    """
    with _set_aside(list(texts)):
        finder = _Texts(texts)
        sys.meta_path.insert(0, finder)
        try:
            return [importlib.import_module(name) for name in texts]
        except (Exception, SystemExit) as error:
            raise source_error(*_place_of(error, finder), error) from error
        finally:
            sys.meta_path.remove(finder)


def is_text_of(module: ModuleType, text: Text) -> bool:
    """Whether a module was read from a text; only those with ticks or helpers know."""
    lines = [line.rstrip("\n") for line in vars(module).get(LINES, ())]
    return lines == decode_source(text[1]).splitlines()


def text_of(name: str) -> Text:
    """The text of a module's file as it is now.

    Raises:
        UserError: E_FILE, it cannot be read.
    """
    importlib.invalidate_caches()
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise UserError(Code.FILE, f"there is no module {name}")
    return text_in(spec.origin)


def text_in(path: str) -> Text:
    """The text of a file as it is now.

    Raises:
        UserError: E_FILE, it cannot be read, or is no text.
    """
    try:
        text = Path(path).read_bytes()
        decode_source(text)
    except OSError as error:
        raise UserError(Code.FILE, f"cannot read {path}: {error.strerror}") from error
    except (UnicodeDecodeError, SyntaxError) as error:
        raise source_error(path, 1, error) from error
    return path, text


def _place_of(error: BaseException, finder: _Texts) -> tuple[str, int]:
    """File and line of a mistake: the last line of a source that had to do with it."""
    if isinstance(error, SyntaxError) and error.filename in finder.paths:
        return str(error.filename), error.lineno or 1
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename in finder.paths]
    return (own[-1].filename, own[-1].lineno or 1) if own else (finder.last, 1)


@contextmanager
def _set_aside(names: Sequence[str]) -> Iterator[None]:
    """Let modules not be imported yet, for as long as the block lasts."""
    before = {name: sys.modules.pop(name) for name in names if name in sys.modules}
    try:
        yield
    finally:
        for name in names:
            sys.modules.pop(name, None)
            package, _, own = name.rpartition(".")
            if name in before:
                sys.modules[name] = before[name]
                if package:
                    setattr(sys.modules[package], own, before[name])


class _Texts(MetaPathFinder):
    """Finds some modules, and loads them from texts.

    Args:
        texts: path and text of each by its name.
    """

    def __init__(self, texts: Mapping[str, Text]) -> None:
        self._texts = texts
        self.paths = {path for path, _ in texts.values()}
        self.last = ""

    def find_spec(
        self, fullname: str, _path: object = None, _target: object = None
    ) -> ModuleSpec | None:
        """How to load one of the modules; None for any other."""
        if fullname not in self._texts:
            return None
        self.last, text = self._texts[fullname]
        return spec_from_file_location(
            fullname, self.last, loader=_Loader(fullname, self.last, text)
        )


class _Loader(SourceFileLoader):
    """Loads a module from a text, whatever its file and its bytecode hold by now."""

    def __init__(self, fullname: str, path: str, text: bytes) -> None:
        super().__init__(fullname, path)
        self._text = text

    def get_data(self, _path: str) -> bytes:
        """The text."""
        return self._text

    def path_stats(self, path: str) -> Never:
        """Nothing, so that no bytecode is looked for or written."""
        raise OSError(path)

    def exec_module(self, module: ModuleType) -> None:
        """Let the module know its text, and run it."""
        module.__dict__[LINES] = decode_source(self._text).splitlines(keepends=True)
        super().exec_module(module)
