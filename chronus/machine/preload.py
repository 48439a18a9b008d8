"""What the forkserver loads once, so that every worker is born with it: numba, step and kernels.

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
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from chronus.engine.offline import Stepper

FOLDER_VARIABLE: Final = "CHRONUS_FORKSERVER_FOLDER"
"""Names the folder of the forkserver's socket, which it removes when the shell was killed."""

_loaded: list[Stepper] = []


def stepper() -> Stepper:
    """The step, which is loaded once in a process."""
    if not _loaded:
        from chronus.engine.offline import Stepper  # noqa: PLC0415 - loads numba, when it is needed

        _loaded.append(Stepper())
    return _loaded[0]


def load_waiting() -> None:
    """Load the loops of workers and standbys; `stepper` has its step by then."""
    from chronus.machine import waiting  # noqa: PLC0415 - as above

    waiting.load(stepper())


def load_what_is_compiled() -> None:
    """Load the step and all kernels of the shipped kinds that the cache holds."""
    from chronus.dsp.compile import load_kernel  # noqa: PLC0415 - as above
    from chronus.machine.build import compiled, missing  # noqa: PLC0415

    if not missing(()):
        stepper().load_step()
        load_waiting()
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
