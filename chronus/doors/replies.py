"""Replies as they are printed: output lines and one closing line, or one JSON object."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chronus.errors import UserError
    from chronus.session.session import Reply


def as_text(reply: Reply) -> str:
    """Output lines, then exactly one closing line."""
    if reply.error is not None:
        return "\n".join([*map(flat, reply.error.details), flat(error_line(reply.error))])
    lines = [line for result in reply.results for line in result.lines]
    said = "; ".join(result.text for result in reply.results)
    where = f"at {reply.bar} (frame {reply.frame})"
    if reply.results and all(result.is_placed for result in reply.results):
        where = ""  # they say it
    closing = f"ok {said} {where}".rstrip() if said else "ok"
    if reply.results and all(result.already for result in reply.results):
        closing += " (already)"
    return "\n".join([*lines, flat(closing)])


def error_line(error: UserError) -> str:
    """The closing line of what could not be done: code, reason, place, way out."""
    return f"error {error}"


def flat(text: str) -> str:
    """One line that a terminal prints as it stands: what moves a cursor is written out."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def as_json(reply: Reply) -> str:
    """One object."""
    head: dict[str, Any] = {"n": reply.number, "ok": reply.ok, "line": reply.line}
    if reply.error is not None:
        error = reply.error
        head["error"] = {
            "code": str(error.code),
            "message": error.message,
            "line": error.span.line if error.span else None,
            "column": error.span.column if error.span else None,
            "suggestions": list(error.suggestions),
        }
        if error.details:
            head["error"]["details"] = list(error.details)
        return json.dumps(head, allow_nan=False)
    head["at"] = {"frame": reply.frame, "bar": reply.bar}
    results = [result.data for result in reply.results]
    head["result"] = _finite({"results": results} if len(results) > 1 else _only(results))
    head["text"] = "; ".join(result.text for result in reply.results)
    if results and all(result.already for result in reply.results):
        head["already"] = True
    return json.dumps(head, allow_nan=False)


def _only(results: list[dict[str, Any]]) -> dict[str, Any]:
    """The one result there is, or nothing."""
    return results[0] if results else {}


def _finite(value: Any) -> Any:
    """JSON knows no infinity: such a number becomes null."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def news(text: str, *, as_object: bool) -> str:
    """A line that no line asked for."""
    return json.dumps({"event": text}) if as_object else f"! {flat(text)}"
