"""The folders and fixed figures of the program; nothing here is read twice or changed later."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

BLOCK: Final = 64
"""Frames that the engine computes at a time."""

DEFAULT_RATE_HZ: Final = 48_000


def _base(variable: str, fallback: str) -> Path:
    given = os.environ.get(variable, "")
    return Path(given) if os.path.isabs(given) else Path.home() / fallback  # noqa: PTH117


def fuses() -> bool:
    """Whether groups of voices get kernels of their own; not with `CHRONUS_FUSE=0`."""
    return os.environ.get("CHRONUS_FUSE", "") != "0"


def batches() -> bool:
    """Whether like nodes are computed at once; not with `CHRONUS_BATCH=0`."""
    return os.environ.get("CHRONUS_BATCH", "") != "0"


def cache_dir() -> Path:
    """Where compiled kernels and the parser's tables are kept: `CHRONUS_CACHE_DIR` or XDG's."""
    given = os.environ.get("CHRONUS_CACHE_DIR", "")
    return Path(given) if given else _base("XDG_CACHE_HOME", ".cache") / "chronus"


def state_dir() -> Path:
    """Where the prompt's history is kept."""
    return _base("XDG_STATE_HOME", ".local/state") / "chronus"


def data_dir() -> Path:
    """What the user keeps for every session, such as instruments."""
    return _base("XDG_DATA_HOME", ".local/share") / "chronus"


def config_file() -> Path:
    """The user's settings, in TOML."""
    return _base("XDG_CONFIG_HOME", ".config") / "chronus" / "config.toml"
