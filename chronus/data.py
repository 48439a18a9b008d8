"""Where the files lie that are not Python: in the installed package, else in the repository."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).resolve().parent


def data_path(*parts: str) -> Path:
    """The path of a file or folder that comes with the program.

    Args:
        parts: folders and name, as in the repository: `data_path("grammar", "chronus.lark")`.

    Raises:
        FileNotFoundError: it lies neither in the installed package nor in the repository.
    """
    places = (_PACKAGE / "_data", _PACKAGE.parent)
    for place in places:
        path = place.joinpath(*parts)
        if path.exists():
            return path
    looked = " nor in ".join(str(place) for place in places)
    message = f"{'/'.join(parts)} comes with Music Chronus, but is neither in {looked}"
    raise FileNotFoundError(message)
