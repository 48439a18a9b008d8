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


@contextlib.contextmanager
def null_sink() -> Iterator[dict[str, str]]:
    """Run the server for as long as the block lasts; the environment that leads to it.

    Raises:
        RuntimeError: the server did not come up.
    """
    with tempfile.TemporaryDirectory(prefix="chronus-sink-") as name:
        folder = Path(name)
        (folder / "run").mkdir(mode=0o700)
        names = {"rate": RATE_HZ, "socket": folder / "pulse.sock"}
        (folder / "server.pa").write_text(SERVER.format(**names))
        (folder / "asound.conf").write_text(ALSA.format(**names))
        own = {
            "HOME": name,
            "XDG_RUNTIME_DIR": str(folder / "run"),
            "XDG_CONFIG_HOME": name,
            "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent",
        }
        found = {
            "NULL_AUDIO_KIND": "pulse",
            "NULL_AUDIO_DEVICE": "pulse",
            "PULSE_SERVER": f"unix:{names['socket']}",
            "ALSA_CONFIG_PATH": str(folder / "asound.conf"),
        }
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(
                ["pulseaudio", "-n", "-F", str(folder / "server.pa"), "--daemonize=no",
                 "--exit-idle-time=-1", "--use-pid-file=no", "--disable-shm=yes",
                 "--high-priority=0", "--realtime=0", "--log-target=stderr"],
                env=os.environ | own,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )  # fmt: skip
        try:
            _wait_until_up(server, os.environ | own | found, folder / "log")
            yield found
        finally:
            server.terminate()
            try:
                server.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


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
