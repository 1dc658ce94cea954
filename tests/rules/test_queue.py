"""Snakemake's queue: no timers pile up, and a limit that was asked for stays."""

import subprocess
import sys
from types import SimpleNamespace

import pytest

from fewsky.queue import spare
from tests.conftest import TINY, copy_repository, environment

COUNTED = """
import sys, threading
made = []
class Timer(threading.Timer):
    def __init__(self, *args, **kwargs):
        made.append(sys._getframe(1).f_code.co_name)
        super().__init__(*args, **kwargs)
threading.Timer = Timer
from snakemake.cli import main
try:
    main(sys.argv[1:])
finally:
    print("looks again:", made.count("_schedule_reevalutation"))
"""


@pytest.mark.parametrize(
    ("words", "again"), [((), False), (("--max-jobs-per-timespan", "1/1s"), True)]
)
def test_a_run_starts_no_timers_but_where_a_limit_was_asked_for(tmp_path, words, again):
    folder = copy_repository(tmp_path / "fewsky")
    command = [sys.executable, "-c", COUNTED, "--profile", "profiles/demo", "--configfile", *TINY]
    target = "results/tiny/raw/sky/sdss-8162-6.tsv"
    done = subprocess.run(
        [*command, "--cores", "2", *words, "--", target], cwd=folder, capture_output=True,
        text=True, env=environment(),
    )  # fmt: skip
    assert (folder / target).exists(), done.stderr[-2000:]
    count = int(done.stdout.rpartition("looks again: ")[2])
    assert (count > 0) == again


def test_what_has_no_limit_is_left_alone():
    scheduler = SimpleNamespace(job_rate_limiter=None)
    spare(scheduler)
    assert scheduler.job_rate_limiter is None
