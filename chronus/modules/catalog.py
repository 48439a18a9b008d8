"""All module kinds by name, collected from the files of this room."""

from __future__ import annotations

import importlib
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
    found = [
        value
        for file in sorted(entry.name for entry in pkgutil.iter_modules(room.__path__))
        if file != "catalog"
        for value in vars(importlib.import_module(f"{room.__name__}.{file}")).values()
        if isinstance(value, Kind)
    ]
    order = list(Family)
    found.sort(key=lambda kind: order.index(kind.family))
    assert len({kind.name for kind in found}) == len(found), "two kinds of one name"
    return MappingProxyType({kind.name: kind for kind in found})
