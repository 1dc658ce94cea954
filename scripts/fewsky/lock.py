"""A lock that tells a dead owner from a live one, on one machine and over NFS."""

import errno
import json
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from fewsky.console import FewskyError, say

HEARTBEAT_S = 20
STALE_S = 180
POLL_S = 1.0


@contextmanager
def held(
    path: str | Path, wait_seconds: float, stale_seconds: float = STALE_S
) -> Iterator[Callable[[], bool]]:
    """Hold the lock `path` for the duration of a block; yields a function that is True while held.

    A lock is a small file that names its owner's machine, process and start time; a thread renews
    its time stamp. An owner on this machine is dead when its process is gone, one elsewhere when
    its time stamp is older than `stale_seconds` by the file server's own clock. A dead owner's
    lock stays, and its successor creates `path.after-TOKEN` with the dead owner's token in the
    name: the file system lets exactly one successor do that, where renaming the lock could take
    it from a third who came in between. The holder is the end of that chain.

    Raises FewskyError if the owner is alive and still holds it after `wait_seconds`.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    mine = {"token": uuid.uuid4().hex, **_identity()}
    file = _acquire(path, mine, time.monotonic() + wait_seconds, stale_seconds)
    stop = threading.Event()
    threading.Thread(target=_beat, args=(file, stop), daemon=True).start()

    def still_mine() -> bool:
        return _ends_with(_chain(path), mine)

    try:
        yield still_mine
    finally:
        stop.set()
        chain = _chain(path)
        for link, _ in chain if _ends_with(chain, mine) else ():
            link.unlink(missing_ok=True)


def _acquire(path: Path, mine: dict, deadline: float, stale_seconds: float) -> Path:
    said = False
    while True:
        chain = _chain(path)
        if chain and _alive(*chain[-1], stale_seconds):
            said = said or _tell(chain[-1][1])
            _pause(path, chain[-1][1], deadline)
            continue
        target = _after(path, chain[-1][1]) if chain else path
        if _create(target, mine):
            if _ends_with(_chain(path), mine):
                return target
            target.unlink(missing_ok=True)


def _tell(owner: dict) -> bool:
    say(f"waiting for process {owner.get('pid')} on {owner.get('host')}, at work on the same draw")
    return True


def _pause(path: Path, owner: dict, deadline: float) -> None:
    left = deadline - time.monotonic()
    if left <= 0:
        raise FewskyError(
            f"{path.name}: wanted to train; found process {owner.get('pid')} on "
            f"{owner.get('host')} at work on the same draw. Wait for it or stop it, then run again."
        )
    time.sleep(min(POLL_S, left))


def _ends_with(chain: list[tuple[Path, dict]], mine: dict) -> bool:
    return bool(chain) and chain[-1][1].get("token") == mine["token"]


def _chain(path: Path) -> list[tuple[Path, dict]]:
    """The lock file and its successors, each with what it says of its owner."""
    found: list[tuple[Path, dict]] = []
    link = path
    while True:
        try:
            owner = json.loads(link.read_text() or "{}")
        except FileNotFoundError:
            return found
        except ValueError:
            owner = {}
        found.append((link, owner))
        link = _after(path, owner)


def _after(path: Path, owner: dict) -> Path:
    return path.with_name(f"{path.name}.after-{owner.get('token', 'unknown')}")


def _create(target: Path, mine: dict) -> bool:
    """Create a lock file with its content in one step; False if it exists.

    A hard link is atomic on NFS too; where the answer to it was lost, the count of links tells.
    File systems without hard links get an exclusive creation.
    """
    draft = target.with_name(f"{target.name}.{mine['token']}")
    draft.write_text(json.dumps(mine))
    try:
        os.link(draft, target)
    except FileExistsError:
        return draft.stat().st_nlink == 2
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.ENOSYS):
            raise
        return _create_exclusively(target, mine)
    finally:
        draft.unlink(missing_ok=True)
    return True


def _create_exclusively(target: Path, mine: dict) -> bool:
    try:
        with open(target, "x") as stream:
            stream.write(json.dumps(mine))
    except FileExistsError:
        return False
    return True


def _alive(file: Path, owner: dict, stale_seconds: float) -> bool:
    here = _identity()
    if owner.get("started") and all(owner.get(key) == here[key] for key in ("host", "space")):
        return _started(owner["pid"]) == owner["started"]
    try:
        return _server_time(file.parent) - file.stat().st_mtime < stale_seconds
    except FileNotFoundError:
        return True


def _identity() -> dict:
    """This process: machine, process space (containers share names), number and start time."""
    space = ""
    with suppress(OSError):
        space = os.readlink("/proc/self/ns/pid")
    pid = os.getpid()
    return {"host": socket.gethostname(), "space": space, "pid": pid, "started": _started(pid)}


def _started(pid: int | None) -> str | None:
    """Start time of a process in clock ticks since boot, None where there is no such process."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else f"{_boot()}:{fields[19]}"


def _boot() -> str:
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return ""


def _server_time(folder: Path) -> float:
    """The file server's clock: the time stamp of a file just written there."""
    probe = folder / f".clock-{uuid.uuid4().hex}"
    probe.touch()
    try:
        return probe.stat().st_mtime
    finally:
        probe.unlink()


def _beat(file: Path, stop: threading.Event) -> None:
    while not stop.wait(HEARTBEAT_S):
        with suppress(OSError):
            os.utime(file)
