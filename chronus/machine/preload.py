"""What the forkserver loads once, so that every worker is born with it: the step and kernels.

Only what lies in the cache is loaded here; nothing is compiled.
"""

from __future__ import annotations

import atexit
import gc
import os
import shutil
import signal
import sys
from pathlib import Path
from typing import Final

import chronus.machine.audio
import chronus.machine.worker  # noqa: F401 - both for the processes that are born of this one
from chronus.dsp.compile import load_kernel
from chronus.machine.build import compiled, missing
from chronus.machine.waiting import load_loops

FOLDER_VARIABLE: Final = "CHRONUS_FORKSERVER_FOLDER"
"""Names the folder of the forkserver's socket, which it removes when the shell was killed."""


def load_what_is_compiled() -> None:
    """Load the step and all kernels of the shipped kinds that the cache holds."""
    if not missing(()):
        load_loops()
        for kernel in compiled().values():
            load_kernel(kernel)


def _end(folder: Path) -> None:
    """End a forkserver whose shell was killed: a shell that ends by itself ends it by a signal."""
    if folder.name.startswith("pymp-"):
        shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


def _as_forkserver(folder: str) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    atexit.register(_end, Path(folder))
    try:
        load_what_is_compiled()
    except OSError as error:  # a worker meets it again, and reports it to the shell
        print(f"chronus: {error}", file=sys.stderr)  # noqa: T201 - no log reaches this process
    gc.collect()
    gc.freeze()


if FOLDER_VARIABLE in os.environ:
    _as_forkserver(os.environ.pop(FOLDER_VARIABLE))
