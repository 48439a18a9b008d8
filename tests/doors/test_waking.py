"""SIGTERM wakes the first thread once, and nothing interrupts a session that is being closed."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest
import soundfile

from chronus.doors.waking import Terminated, Waking
from tests.doors.outside import Live

SETTLED_S = 0.05


def woken(waking: Waking) -> None:
    """Wake this thread from another one."""
    other = threading.Thread(target=waking.wake)
    other.start()
    other.join()
    time.sleep(SETTLED_S)


def test_it_is_woken_once():
    """What comes after the first signal interrupts nothing any more."""
    waking = Waking()
    with waking.heard():
        with pytest.raises(Terminated):
            woken(waking)
        woken(waking)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(SETTLED_S)


def test_who_leaves_is_not_woken():
    """Neither by another thread nor by a signal from outside; what was before is so again."""
    before = signal.getsignal(signal.SIGTERM)
    waking = Waking()
    with waking.heard():
        waking.leave()
        woken(waking)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(SETTLED_S)
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_session_that_ends_is_not_cut_off():
    """Told to end again and again while it says goodbye: quit's own status, and a whole file."""
    session = Live("load saw\nwait 1000s\n")
    try:
        session.wait_for_sound()
        assert session.ask("quit")[0]["ok"]
        while session.path.exists():
            session.processes[0].send_signal(signal.SIGTERM)
            time.sleep(0.001)
        ended = session.end()
        assert (ended.status, ended.err) == (0, "")
        assert soundfile.info(session.recorded).frames > 0
        assert list(session.runtime.iterdir()) == []
    finally:
        session.close()
