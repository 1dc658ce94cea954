"""A script that is ended from outside gives back what it holds."""

import signal
import subprocess
import sys
import threading
import time

import pytest

from fewsky.console import last_line, running
from tests.conftest import ROOT

WORK = """
import sys, time
from fewsky.console import running
from fewsky.lock import held

with running(sys.argv[1]), held(sys.argv[2], 0):
    print("at work")
    time.sleep(60)
"""


def wait_for_work(log):
    deadline = time.monotonic() + 30
    while not log.exists() or "at work" not in log.read_text():
        assert time.monotonic() < deadline, "the script did not start"
        time.sleep(0.02)


@pytest.mark.parametrize("times", [1, 3])
def test_sigterm_gives_the_lock_back(tmp_path, times):
    log, lock = tmp_path / "log", tmp_path / "a.lock"
    command = [sys.executable, "-c", WORK, log, lock]
    child = subprocess.Popen(command, env={"PYTHONPATH": str(ROOT / "scripts")})
    wait_for_work(log)
    assert lock.exists()
    for _ in range(times):
        child.send_signal(signal.SIGTERM)
    assert child.wait(30) == 128 + signal.SIGTERM
    assert list(tmp_path.iterdir()) == [log]
    assert log.read_text() == "at work\nended from outside by SIGTERM\n"
    assert last_line(log) is None, "Slurm's reason would not be told"


def test_what_followed_a_sigterm_before_does_so_again(tmp_path):
    before = signal.getsignal(signal.SIGTERM)
    with running(tmp_path / "log"):
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_thread_has_no_signals(tmp_path):
    done = []

    def work():
        with running(tmp_path / "log"):
            done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [True]
