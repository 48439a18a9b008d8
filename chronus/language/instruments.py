"""What lines about instruments mean: how one is played, what it is called, what it shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from chronus.errors import Span
    from chronus.language.statements import Body, Name, PortRef, Quantity


@dataclass(frozen=True, slots=True)
class Manner:
    """How an instrument is played; None for what is not said.

    Attributes:
        voices: how many notes sound at once; `mono` is 1.
        legato: whether a note that comes while another is held begins no new attack.
        glide: time from one pitch to the next.
        span: of the first of the words, None where there are none.
    """

    voices: Quantity | None = None
    legato: bool | None = None
    glide: Quantity | None = None
    span: Span | None = None


UNSAID: Final = Manner()
"""Nothing is said of how it is played."""


@dataclass(frozen=True, slots=True)
class Instrument:
    """`instrument NAME "one line"`: the first command of a file, or of a block of its own.

    Attributes:
        name: of the instrument.
        doc: one line, "" for none.
        manner: how it is played, as long as `load` says nothing else.
        body: what it is made of; None where the rest of the file says that.
    """

    name: Name
    doc: str
    manner: Manner
    body: Body | None = None


@dataclass(frozen=True, slots=True)
class Expose:
    """`expose PORT = node.port`: a port of an instrument; None for what its own port says.

    Attributes:
        port: what it is called.
        target: what it is.
        low: lowest value, and `high` the highest.
        default: what it is set to at first.
        doc: one line.
    """

    port: Name
    target: PortRef
    low: Quantity | None = None
    high: Quantity | None = None
    default: Quantity | None = None
    doc: str | None = None
