"""Where the tests keep what the program keeps: nothing of the user's is read or written.

The kernels are the one exception: they take long to compile, and depend on nothing but the code.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from chronus.settings import cache_dir

DATA = Path(__file__).parent / "support" / "data"
KEPT = {"CHRONUS_CACHE_DIR", "CHRONUS_VERBOSE"}


@pytest.fixture(autouse=True, scope="session")
def _own_folders(tmp_path_factory):
    """Folders of a user who has just been born, and no setting in the environment."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHRONUS_CACHE_DIR", str(cache_dir().resolve()))
        runtime = os.environ.get("XDG_RUNTIME_DIR")
        if runtime and "PULSE_RUNTIME_PATH" not in os.environ:
            # The virtual sound card of `make test` is found there.
            patch.setenv("PULSE_RUNTIME_PATH", f"{runtime}/pulse")
        for variable in [v for v in os.environ if v.startswith("CHRONUS_") and v not in KEPT]:
            patch.delenv(variable)
        patch.setenv("CHRONUS_OSC", "off")  # programs of several tests run at once
        # Nothing is compiled in the background but where a test is about that.
        patch.setenv("CHRONUS_FUSE", "0")
        patch.setenv("CHRONUS_BATCH", "0")
        for variable in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR", "XDG_DATA_HOME"):
            folder = tmp_path_factory.mktemp(variable.lower())
            folder.chmod(0o700)
            patch.setenv(variable, str(folder))
        # This user has some instruments.
        shutil.copytree(DATA, os.environ["XDG_DATA_HOME"], dirs_exist_ok=True)
        yield
