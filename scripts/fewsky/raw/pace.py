"""Politeness to an archive: one rate of requests a host, shared by all jobs that use a store."""

import time
from pathlib import Path

from filelock import FileLock

LONGEST_S = 3600.0  # a stamp further ahead than this comes from a wrong clock


def take_turn(folder: str | Path, host: str, rate_per_s: float) -> float:
    """Wait until this host may be asked again; returns the seconds waited.

    Jobs draw numbered slots from one stamp in `folder`, so together they keep to the rate.
    """
    wait = _advance(folder, host, 1.0 / rate_per_s)
    time.sleep(wait)
    return wait


def hold_off(folder: str | Path, host: str, seconds: float) -> None:
    """Let no job ask this host for some seconds, as its Retry-After demands."""
    _advance(folder, host, seconds)


def _advance(folder: str | Path, host: str, seconds: float) -> float:
    """Seconds until the next free slot, which is then taken for `seconds`."""
    name = host.replace(":", "_")
    Path(folder).mkdir(parents=True, exist_ok=True)
    stamp = Path(folder) / f"{name}.txt"
    with FileLock(Path(folder) / f"{name}.lock"):
        now = time.time()
        slot = max(now, _stamped(stamp))
        if slot - now > LONGEST_S:
            slot = now
        stamp.write_text(repr(slot + seconds))
    return slot - now


def _stamped(stamp: Path) -> float:
    try:
        return float(stamp.read_text())
    except (FileNotFoundError, ValueError):
        return 0.0
