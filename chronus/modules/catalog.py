"""All module kinds by name, collected from the files of this room.

`CHRONUS_TEST_KINDS` is for the test-suite alone: it names a module whose kinds are added, in every
process of the program.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

import chronus.modules as room
from chronus.dsp.declaration import Family, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping


@cache
def kinds() -> Mapping[str, Kind]:
    """Every kind by its name, in the order of help: by family, then file and place in it."""
    files = sorted(entry.name for entry in pkgutil.iter_modules(room.__path__))
    names = [f"{room.__name__}.{file}" for file in files if file != "catalog"]
    names += filter(None, [os.environ.get("CHRONUS_TEST_KINDS")])
    found = [
        value
        for name in names
        for value in vars(importlib.import_module(name)).values()
        if isinstance(value, Kind)
    ]
    order = list(Family)
    found.sort(key=lambda kind: order.index(kind.family))
    assert len({kind.name for kind in found}) == len(found), "two kinds of one name"
    return MappingProxyType({kind.name: kind for kind in found})
