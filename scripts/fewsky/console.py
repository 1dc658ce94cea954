"""What a person reads while a job runs: its log, its progress, and one clear line when it stops."""

import signal
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TextIO


class FewskyError(Exception):
    """A fault a person can mend, said in one line: expected, found, what to do."""

    def __str__(self) -> str:
        return " ".join(super().__str__().split())


def say(message: str) -> None:
    """Print one line of progress and flush it, so that a log can be followed."""
    print(message, flush=True)


@contextmanager
def running(log: str | Path) -> Iterator[None]:
    """Send a script's output to its log; turn a FewskyError into one last line and exit status 1.

    A full disk or a missing permission is named the same way, since its cause lies outside the
    program. Any other exception keeps its traceback, in the log. SIGTERM, with which Slurm and
    `make resume` end a job, unwinds the script first, so that its locks are given back.
    """
    from fewsky.environments import check_own_modules

    with _opened(log) as stream, redirect_stdout(stream), redirect_stderr(stream):
        try:
            check_own_modules()
            with unwound_by(signal.SIGTERM):
                yield
        except (FewskyError, OSError) as error:
            line = str(error) if isinstance(error, FewskyError) else _named(error)
            print(f"fewsky: {line}", flush=True)
            sys.exit(1)
        except Exception as error:
            traceback.print_exc()
            line = f"unexpected {type(error).__name__}: {error}. The traceback is in {log}."
            print(f"fewsky: {' '.join(line.split())}", flush=True)
            sys.exit(1)


def _opened(log: str | Path) -> TextIO:
    try:
        Path(log).parent.mkdir(parents=True, exist_ok=True)
        return open(log, "w", buffering=1)
    except OSError as error:
        print(f"fewsky: {_named(error)}", file=sys.stderr, flush=True)
        sys.exit(1)


@contextmanager
def unwound_by(number: signal.Signals) -> Iterator[None]:
    """Turn a signal into SystemExit, so that `finally` blocks run; only the main thread can."""

    def leave(*_):
        signal.signal(number, signal.SIG_IGN)
        say(f"ended from outside by {number.name}")
        sys.exit(128 + number)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(number, leave)
    try:
        yield
    finally:
        if signal.getsignal(number) is leave:  # once it came, a second one changes nothing
            signal.signal(number, before)


def _named(error: OSError) -> str:
    where = error.filename or "a file"
    reason = error.strerror or str(error)
    return f"{where}: wanted to read or write it; found: {reason}. Mend that and run again."


def last_line(log: str | Path) -> str | None:
    """Our one line at the end of a job's log, or None where there is none."""
    try:
        lines = Path(log).read_text(errors="replace").splitlines()
    except OSError:
        return None
    return next((line for line in reversed(lines) if line.startswith("fewsky: ")), None)
