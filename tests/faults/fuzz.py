"""Sound files of every format with bytes flipped, cut off, put in or repeated, given to readers.

    python -m tests.faults.fuzz --seed 1 --seconds 300

A reader may read what is left, or raise a FewskyError of one line; anything else is a fault.
"""

import argparse
import bz2
import gzip
import resource
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np

from fewsky.console import FewskyError
from tests.faults.sound import Sound, put, sounds

SLOWEST_S = 20.0  # of one small file
MEMORY = 12 << 30  # bytes of address space: what asks for more on a small file is a fault
PACKERS = {".bz2": (bz2.decompress, bz2.compress), ".gz": (gzip.decompress, gzip.compress),
           ".tgz": (gzip.decompress, gzip.compress)}  # fmt: skip
TOKENS = [b"\0", b"\xff" * 8, b"-1", b"99999999999999999999", b"nan", b"inf", b"../", b"\n", b'"',
          b"\xc3\x28", b"<!DOCTYPE html>", b"1e999", b",", b"'", b"%s{0}", b"\r", b" "]  # fmt: skip


def broken(content: bytes, rng: np.random.Generator) -> bytes:
    """The content after one to eight random changes."""
    data = bytearray(content)
    for _ in range(int(rng.integers(1, 9))):
        if not data:
            break
        at, kind = int(rng.integers(len(data))), rng.integers(8)
        if kind == 0:
            del data[at:]
        elif kind == 1:
            del data[at : at + int(rng.integers(1, 64))]
        elif kind == 2:
            data[at:at] = TOKENS[rng.integers(len(TOKENS))]
        elif kind == 3:
            data[at:at] = data[at : at + int(rng.integers(1, 200))]
        elif kind == 4:
            token = TOKENS[rng.integers(len(TOKENS))]
            data[at : at + len(token)] = token
        elif kind == 5:
            data[at] = int(rng.integers(256))
        else:
            data[at] ^= 1 << int(rng.integers(8))
    return bytes(data)


def cases(sound: Sound, rng: np.random.Generator) -> Iterator[bytes]:
    """Broken contents without end; of a compressed file every other one is broken within."""
    content = sound.files[sound.fuzzed]
    unpack, pack = PACKERS.get(Path(sound.fuzzed).suffix, (None, None))
    while True:
        yield broken(content, rng)
        if unpack is not None:
            yield pack(broken(unpack(content), rng))


def outcome(sound: Sound, folder: Path) -> str:
    """`read`, or `refused`; what else a reader does comes back as the end of a traceback."""
    started = time.monotonic()
    try:
        with warnings.catch_warnings(), redirect_stdout(None):
            warnings.simplefilter("ignore")
            sound.read(folder)
        word = "read"
    except FewskyError as error:
        line = str(error)
        word = "refused" if "\n" not in line and len(line) < 2000 else f"not a line: {line[:300]}"
    except Exception:
        return traceback.format_exc(limit=-4)
    took = time.monotonic() - started
    return word if took < SLOWEST_S else f"took {took:.0f} s"


def fuzz(name: str, seed: int, rounds: int, folder: Path, seconds: float = 1e9) -> dict:
    """Outcomes of a format's broken files, counted, and its faults by what they say."""
    sound = sounds()[name]
    rng = np.random.default_rng([seed, sum(name.encode())])
    counts, faults, end = Counter(), {}, time.monotonic() + seconds
    for number, content in zip(range(rounds), cases(sound, rng), strict=False):
        found = outcome(sound, put(sound, folder, **{sound.fuzzed: content}))
        counts[found if found in ("read", "refused") else "fault"] += 1
        if found not in ("read", "refused") and found not in faults:
            faults[found] = number
            (folder / f"fault-{name}-{seed}-{number}").write_bytes(content)
        if time.monotonic() > end:
            break
    return {"format": name, "seed": seed, **counts, "faults": faults}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--formats", nargs="+")
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    names, bad = options.formats or list(sounds()), 0
    place = Path(tempfile.mkdtemp(prefix="fuzz-"))
    for name in names:
        found = fuzz(name, options.seed, 10**9, place / name, options.seconds / len(names))
        faults = found.pop("faults")
        print(found, flush=True)
        for text, number in faults.items():
            bad += 1
            print(f"--- {name}, case {number}, in {place / name}\n{text}", flush=True)
    print(f"{bad} kinds of faults with seed {options.seed}")
    return min(bad, 1)


if __name__ == "__main__":
    sys.exit(main())
