"""A PulseAudio server of its own with a sink that is no sound card, for tests and for `make test`.

    python -m tests.audio.null_sink COMMAND ARGUMENT…

runs a command that finds that server as its only sound system; what it plays, the sink's monitor
hears unchanged. Needs pulseaudio, pulseaudio-utils and libasound2-plugins; no rights, no daemon of
the system, and nothing of the user's settings.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

RATE_HZ: Final = 48_000
MONITOR: Final = "chronus.monitor"
NEEDED: Final = ("pulseaudio", "pactl", "parec")
PATIENCE_S: Final = 10.0

# Without `norewinds` an idle sink renders silence far ahead, which a new stream then waits behind.
SERVER: Final = """\
load-module module-null-sink sink_name=chronus format=float32le rate={rate} channels=2 norewinds=1
load-module module-native-protocol-unix auth-anonymous=1 socket={socket}
set-default-sink chronus
set-default-source chronus.monitor
"""
ALSA: Final = """\
</usr/share/alsa/alsa.conf>
pcm.!default {{ type pulse server "unix:{socket}" hint.description "null sink" }}
ctl.!default {{ type pulse server "unix:{socket}" }}
"""


def is_possible() -> bool:
    """Whether all that it needs is installed."""
    return all(shutil.which(program) for program in NEEDED)


class Server:
    """A server in a folder of its own, which may die and come again.

    Args:
        folder: empty, and for this user alone.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        (folder / "run").mkdir(mode=0o700)
        names = {"rate": RATE_HZ, "socket": folder / "pulse.sock"}
        (folder / "server.pa").write_text(SERVER.format(**names))
        (folder / "asound.conf").write_text(ALSA.format(**names))
        self.environment = {
            "NULL_AUDIO_KIND": "pulse",
            "NULL_AUDIO_DEVICE": "pulse",
            "PULSE_SERVER": f"unix:{names['socket']}",
            "ALSA_CONFIG_PATH": str(folder / "asound.conf"),
        }

    def start(self) -> None:
        """Start it.

        Raises:
            RuntimeError: it did not come up.
        """
        (self._folder / "pulse.sock").unlink(missing_ok=True)
        own = {
            "HOME": str(self._folder),
            "XDG_RUNTIME_DIR": str(self._folder / "run"),
            "XDG_CONFIG_HOME": str(self._folder),
            "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent",
        }
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                ["pulseaudio", "-n", "-F", str(self._folder / "server.pa"), "--daemonize=no",
                 "--exit-idle-time=-1", "--use-pid-file=no", "--disable-shm=yes",
                 "--high-priority=0", "--realtime=0", "--log-target=stderr"],
                env=os.environ | own,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )  # fmt: skip
        environment = os.environ | own | self.environment
        _wait_until_up(self._process, environment, self._folder / "log")

    def kill(self) -> None:
        """End it as a crash would."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stumble(self, seconds: float) -> None:
        """Let it stand still for a moment, as on a machine that is too busy."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        self._process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """End it as it likes to be ended."""
        assert self._process is not None
        self._process.terminate()
        try:
            self._process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.kill()


@contextlib.contextmanager
def null_sink() -> Iterator[dict[str, str]]:
    """Run the server for as long as the block lasts; the environment that leads to it.

    Raises:
        RuntimeError: the server did not come up.
    """
    with tempfile.TemporaryDirectory(prefix="chronus-sink-") as name:
        server = Server(Path(name))
        try:
            server.start()
            yield server.environment
        finally:
            server.stop()


def _wait_until_up(server: subprocess.Popen[bytes], environment: dict[str, str], log: Path) -> None:
    limit = time.monotonic() + PATIENCE_S
    while time.monotonic() < limit and server.poll() is None:
        asked = subprocess.run(["pactl", "info"], env=environment, capture_output=True, check=False)
        if asked.returncode == 0:
            return
        time.sleep(0.1)
    raise RuntimeError(f"pulseaudio did not come up:\n{log.read_text()}")


def main() -> int:
    """Run a command with the sink; its exit status."""
    if not is_possible():
        print(f"not installed: one of {', '.join(NEEDED)}", file=sys.stderr)
        return 2
    with null_sink() as found:
        return subprocess.run(sys.argv[1:], env=os.environ | found, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
