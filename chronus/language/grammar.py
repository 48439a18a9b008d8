"""The parser's tables: built from `grammar/chronus.lark` once a machine, then read from a cache."""

from __future__ import annotations

import functools
import re
import stat
import sys
from typing import TYPE_CHECKING, Final

from lark import Lark

from chronus.data import data_path
from chronus.settings import cache_dir

if TYPE_CHECKING:
    from pathlib import Path

_FILE: Final = f"grammar-{sys.version_info[0]}.{sys.version_info[1]}.tables"


def _cache_file() -> Path | None:
    """Where the tables may be kept; None where no folder can be made that is safe to load from."""
    folder = cache_dir()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        mode = folder.stat().st_mode
    except OSError:
        return None  # a read-only home costs some milliseconds at each start, nothing else
    # The tables are a pickle, and a pickle that anybody may write is anybody's program.
    return None if mode & stat.S_IWOTH else folder / _FILE


@functools.cache
def grammar() -> Lark:
    """The parser of a line, ready to use.

    A cache file that is missing, old or damaged is made anew by lark, which compares a digest of
    the grammar, its options and the versions.

    Raises:
        FileNotFoundError: the grammar did not come with the program.
    """
    cache = _cache_file()
    return Lark(
        data_path("grammar", "chronus.lark").read_text(encoding="utf-8"),
        parser="lalr",
        # Without it a long s would be an `s`, and Arabic digits numbers.
        g_regex_flags=re.ASCII,
        propagate_positions=True,
        cache=str(cache) if cache else False,
    )
