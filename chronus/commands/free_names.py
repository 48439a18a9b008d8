"""What new nodes and instruments may be called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chronus.errors import Code, UserError

if TYPE_CHECKING:
    from chronus.errors import Span
    from chronus.language.statements import Name
    from chronus.session.draft import Draft


def check_name(draft: Draft, name: str, span: Span) -> None:
    """Make sure that a node can be called so.

    Raises:
        UserError: E_NAME.
    """
    if "." in name or name in ("on", "off"):
        raise UserError(Code.NAME, f"'{name}' cannot be a node's name", span)
    if draft.exposes is not None and "/" in name:
        message = f"'{name}': what is in an instrument has no / in its name"
        raise UserError(Code.NAME, message, span)
    owner = name.rpartition("/")[0]
    if owner in draft.patch.instruments:
        message = f"'{name}' would be a part of the instrument {owner}, which is as its file says"
        raise UserError(Code.NAME, message, span)


def check_free(draft: Draft, name: Name) -> None:
    """Make sure that a new node may have a name.

    Raises:
        UserError: E_NAME.
    """
    check_name(draft, name.text, name.span)
    patch = draft.patch
    there = patch.instruments.get(name.text) or patch.nodes.get(name.text)
    if there is not None:
        message = f"there is a node '{name.text}' already ({there.kind})"
        raise UserError(Code.NAME, message, name.span, (patch.free_name(name.text),))


def check_no_part(draft: Draft, name: Name) -> None:
    """Make sure that no node would be taken for a part of a new instrument.

    Raises:
        UserError: E_NAME.
    """
    inside = next((node for node in draft.patch.nodes if node.startswith(f"{name.text}/")), None)
    if inside is not None:
        message = f"there is a node '{inside}', which would be a part of {name.text}"
        raise UserError(Code.NAME, message, name.span)
