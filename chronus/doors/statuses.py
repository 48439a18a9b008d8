"""How a call ends, and how it speaks: exit statuses, and lines to stdout and stderr.

Calls that only send lines to a live session import no more than this: they answer at once.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from chronus.doors import replies
from chronus.errors import Code

if TYPE_CHECKING:
    from chronus.errors import UserError

DONE: Final = 0
SOME_FAILED: Final = 1
WRONG_CALL: Final = 2
NO_AUDIO: Final = 3
INTERRUPTED: Final = 130


def write_out(text: str) -> None:
    """Replies go to stdout, at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def write_err(text: str) -> None:
    """What is no reply goes to stderr."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def failed_call(error: UserError) -> int:
    """The status of a call that could not begin, and why."""
    write_err(replies.error_line(error))
    return NO_AUDIO if error.code is Code.DEVICE else WRONG_CALL
