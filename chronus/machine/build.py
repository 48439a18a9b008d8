"""Compiling the step and the kernels into the cache, once a machine, in processes of their own."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Final, TextIO, TypeAlias

from chronus.dsp import objects
from chronus.dsp.compile import kernels_dir, load_kernel, write_atomically, write_kernel
from chronus.dsp.origins import said
from chronus.dsp.recipe import CodeError
from chronus.dsp.sources import source_error
from chronus.engine.entries import ENTRIES
from chronus.engine.freshness import kernels_fingerprint
from chronus.errors import Code, UserError
from chronus.machine.waiting import is_still, stand_by, step_while_wanted
from chronus.modules.catalog import catalog, form_of, wide
from chronus.settings import cache_dir

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from chronus.dsp.declaration import Kind
    from chronus.modules.catalog import Catalog

STEP: Final = "engine"
"""What the step is called among the names of kinds."""
PROCESSES: Final = 2
BACKGROUND_NICE: Final = 19
_PR_SET_PDEATHSIG: Final = 1
_STEP_ENTRIES: Final = (*ENTRIES, is_still, stand_by, step_while_wanted)
_compiled_at: list[float] = []


def compiled() -> dict[str, str]:
    """The kernel of each kind that is compiled, by the kind's name; loads no compiler.

    With them those wide ones that an instrument has needed some time: see `catalog.wide`.
    """
    there = objects.there()
    return {name: kernel for name, kernel in _kernel_names().items() if kernel in there}


def _kernel_names() -> dict[str, str]:
    """The names of all kernels of the catalog, which are those of its sources' digests.

    Digests of the shipped kinds are kept on disk: to take them costs more than the shell's start.
    """
    names = forms_of(catalog())
    if not catalog().is_first:
        return {name: catalog().kernel(name) for name in names}
    path = cache_dir() / "kernels" / f"names-{kernels_fingerprint(catalog().files)}.json"
    try:
        kept = json.loads(path.read_text())
    except (OSError, ValueError):
        kept = None
    if isinstance(kept, dict) and set(kept) == set(names):
        return kept
    taken = {name: catalog().kernel(name) for name in names}
    with contextlib.suppress(OSError):  # who cannot write it takes them again next time
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomically(path, json.dumps(taken))
    return taken


def forms_of(kinds_of: Catalog) -> list[str]:
    """The names of all kernels that a catalog can have."""
    return [*kinds_of.kinds, *map(wide, kinds_of.kinds)]


def missing(wanted: Collection[str]) -> list[str]:
    """What has to be compiled before these kinds can play, the step first; loads no compiler."""
    absent = [] if is_step_compiled() else [STEP]
    there = compiled()
    return absent + [name for name in wanted if name not in there]


Form: TypeAlias = "tuple[Kind, bool]"
"""A kind, and whether its wide kernel is meant."""
Progress: TypeAlias = "Callable[[int, int, str], None]"
"""Told how many are done, how many there are, and the name of one that is being compiled."""


def build(names: Collection[str], progress: Progress | None = None) -> None:
    """Compile what is missing of some kinds, and the step; returns when all of it is in the cache.

    Args:
        names: kinds, or `wide` of them.
        progress: told how it goes on.

    Raises:
        UserError: E_FILE, the cache folder cannot be written, or a kind does not compile.
    """
    _build(_kernels(missing(names), catalog()), progress)


def _kernels(names: Collection[str], of: Catalog) -> list[Form]:
    """The kinds that kernels are of, and whether they are wide."""
    return [(of.kinds[form_of(n)[0]], form_of(n)[1]) for n in names if n != STEP]


def build_for(new: Catalog, names: Collection[str], progress: Progress | None = None) -> None:
    """Compile what is missing of kinds, or `wide` of them, of a catalog to come, and the step.

    Raises:
        UserError: as `build`.
    """
    _build(_kernels([n for n in names if not objects.is_there(new.kernel(n))], new), progress)


def _build(wanted: Collection[Form], progress: Progress | None) -> None:
    is_done = is_step_compiled()
    if wanted or not is_done:
        jobs = _jobs(wanted, with_step=not is_done)
        _Builders(min(PROCESSES, len(jobs)), nice=0).run(jobs, progress or _say_nothing)
        _compiled_at.append(time.monotonic())


def _jobs(wanted: Collection[Form], *, with_step: bool) -> dict[str, Kind | None]:
    """What is to be compiled, by what the compiler is told: kernels, whose sources are written.

    Raises:
        UserError: E_FILE, the cache folder cannot be written.
    """
    _check_folder()
    jobs: dict[str, Kind | None] = {STEP: None} if with_step else {}
    return jobs | {write_kernel(kind, wide=is_wide): kind for kind, is_wide in wanted}


def compiled_at() -> float:
    """When this process had something compiled last, by the monotonic clock; 0 for never."""
    return _compiled_at[-1] if _compiled_at else 0.0


class BackgroundBuild:
    """Compiling at the lowest priority while the music plays.

    Args:
        names: kinds.
    """

    def __init__(self, names: Collection[str]) -> None:
        self.error: UserError | None = None
        self._builders: _Builders | None = None
        absent = missing(names)
        if absent:
            self._builders = _Builders(1, nice=BACKGROUND_NICE)
            self._thread = threading.Thread(
                target=self._run, args=(self._builders, absent), name="chronus-build", daemon=True
            )
            self._thread.start()

    def _run(self, builders: _Builders, absent: list[str]) -> None:
        try:
            wanted = _kernels(absent, catalog())
            builders.run(_jobs(wanted, with_step=STEP in absent), _say_nothing)
        except UserError as error:
            self.error = error

    def close(self) -> None:
        """End it, finished or not."""
        if self._builders is not None:
            self._builders.stop()
            self._thread.join()
            self._builders = None


class NamedBuild:
    """Compiling kernels whose recipes are written, at the lowest priority.

    Args:
        names: of kernels.
    """

    def __init__(self, names: Collection[str]) -> None:
        self._names = names
        self._builders = _Builders(1, nice=BACKGROUND_NICE)

    def run(self) -> None:
        """Compile them; returns when all is done, or `stop` was called.

        Raises:
            UserError: E_INTERNAL.
        """
        self._builders.run(dict.fromkeys(self._names), _say_nothing)

    def stop(self) -> None:
        """End it from another thread."""
        self._builders.stop()


def build_in_background(names: Collection[str]) -> BackgroundBuild:
    """Compile what is missing of some kinds while the music plays; `close` ends it."""
    return BackgroundBuild(names)


def is_step_compiled() -> bool:
    """Whether all that workers call besides kernels is compiled."""
    return all(entry.is_compiled for entry in _STEP_ENTRIES)


def _say_nothing(_done: int, _count: int, _name: str) -> None:
    return


class _Builders:
    """Processes that compile one name after another, each as soon as it is free."""

    def __init__(self, processes: int, *, nice: int) -> None:
        self._jobs: Mapping[str, Kind | None] = {}
        self._waiting: list[str] = []
        self._count = processes
        self._nice = nice
        self._running: list[subprocess.Popen[str]] = []
        self._stopped = False

    def run(self, jobs: Mapping[str, Kind | None], progress: Progress) -> None:
        """Compile all of it.

        Raises:
            UserError: E_FILE, a kind does not compile; E_INTERNAL.
        """
        self._jobs = jobs
        self._waiting = list(jobs)[::-1]
        done: set[str] = set()
        with selectors.DefaultSelector() as selector:
            try:
                for _ in range(self._count):
                    process = self._started()
                    selector.register(_pipe(process.stdout), selectors.EVENT_READ, process)
                while selector.get_map():
                    for key, _ in selector.select():
                        job = self._answer(key.data)
                        if job is None:
                            selector.unregister(key.fileobj)
                        elif job:
                            done.add(job)
                            progress(len(done), len(jobs), self._under_way(done, job))
            finally:
                self._end()

    def _under_way(self, done: Collection[str], last: str) -> str:
        """What is being compiled, at the end what all wait for; or what was done last."""
        begun = [job for job in self._jobs if job not in done and job not in self._waiting]
        kind = self._jobs[[last, *begun][-1]]
        return kind.name if kind else f"{STEP}, the longest"

    def stop(self) -> None:
        """End it from another thread."""
        self._stopped = True
        for process in self._running:
            process.kill()

    def _started(self) -> subprocess.Popen[str]:
        environment = os.environ | {
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)
        }
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-m", "chronus.machine.build", str(self._nice)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            text=True,
            bufsize=1,
            start_new_session=True,  # Ctrl-C is the shell's to decide about
        )
        self._running.append(process)
        if self._stopped:
            process.kill()
        self._give_job(process)
        return process

    def _give_job(self, process: subprocess.Popen[str]) -> None:
        with contextlib.suppress(BrokenPipeError):  # seen as the end of its answers
            if self._waiting:
                _pipe(process.stdin).write(self._waiting.pop() + "\n")
            else:
                _pipe(process.stdin).close()

    def _answer(self, process: subprocess.Popen[str]) -> str | None:
        """Read an answer: the job that is done, or None where the process has ended."""
        line = _pipe(process.stdout).readline()
        if not line:
            if process.wait() != 0 and not self._stopped:
                raise UserError(Code.INTERNAL, "the compiler ended without an answer")
            return None
        job, _, reason = line.rstrip("\n").partition(" ")
        kind = self._jobs[job]
        if reason:
            raise _wrong(job, kind, CodeError(*json.loads(reason)))
        self._give_job(process)
        return job

    def _end(self) -> None:
        for process in self._running:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                with contextlib.suppress(BrokenPipeError):
                    _pipe(pipe).close()
        self._running.clear()


def _wrong(job: str, kind: Kind | None, error: CodeError) -> UserError:
    """That a job does not compile: a kind's author finds it by file and line."""
    if kind is None:
        return UserError(Code.INTERNAL, f"the {job} does not compile: {error}")
    path, line, reason = said(kind, error)
    return source_error(path, line, AssertionError(f"{kind.name}: {reason}"))


def _pipe(stream: object) -> TextIO:
    assert stream is not None
    return stream  # type: ignore[return-value]


def _check_folder() -> None:
    """See that the cache can be written before a compiler is started.

    Raises:
        UserError: E_FILE.
    """
    try:
        folder = kernels_dir()
    except OSError as error:
        raise UserError(
            Code.FILE, f"cannot make the cache folder {cache_dir()}: {error}"
        ) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise UserError(
            Code.FILE,
            f"cannot write {folder}, where compiled kernels are kept;"
            " CHRONUS_CACHE_DIR may name another folder",
        )


# ---- the process that compiles


def _reason(error: Exception) -> str:
    """What is wrong and where, on one line."""
    if isinstance(error, CodeError):
        return json.dumps([error.reason, error.place])
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return json.dumps([f"{type(error).__name__}: {(lines or ['no reason'])[0]}"])


def main() -> None:
    """Compile each job that comes on stdin, and answer with it, or with it and a reason."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    os.nice(int(sys.argv[1]))

    for line in sys.stdin:
        name = line.strip()
        answer = name
        try:
            if name == STEP:
                for entry in _STEP_ENTRIES:
                    entry.compile()
            else:
                load_kernel(name)
        except Exception as error:  # noqa: BLE001 - it is handed on to the shell, which raises it
            answer = f"{name} {_reason(error)}"
        print(answer, flush=True)  # noqa: T201 - the answer


if __name__ == "__main__":
    main()
