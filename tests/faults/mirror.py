"""Downloads from a mirror that misbehaves in 30 % of its answers, counted.

python -m tests.faults.mirror --seed 1 --files 40
"""

import argparse
import bz2
import gzip
import hashlib
import json
import os
import tempfile
from collections import Counter
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np

from fewsky.console import FewskyError
from fewsky.raw.download import fetch_all, locate
from fewsky.sky.properties_files import fits_bytes
from tests.faults.mirror_server import FAULTS, MirrorServer

SHARE = 0.3
QUICK = {"rate_per_s": 1000.0, "timeout_s": 0.25, "tries": 6, "pause_s": 0.01}
STALL_S = 0.4
PACKERS = {".fits": bytes, ".fits.bz2": bz2.compress, ".fits.gz": gzip.compress}


def archive(folder: Path, n_files: int, seed: int) -> dict[str, bytes]:
    """Small FITS images, plain and packed, in a folder; their bytes by their names."""
    folder.mkdir(parents=True)
    made = {}
    for number in range(n_files):
        plane = np.random.default_rng([seed, number]).normal(size=(96, 128)).astype(np.float32)
        suffix = list(PACKERS)[number % len(PACKERS)]
        name = f"f{number:03d}{suffix}"
        made[name] = PACKERS[suffix](fits_bytes(plane, {}))
        (folder / name).write_bytes(made[name])
    return made


def run(seed: int, n_files: int, folder: str | Path) -> dict[str, Any]:
    """What became of files that a bad mirror serves; each is asked for until it is there, or once
    more than a refusal that will not pass.

    Keys: share (of faults), requests, faults (served, by kind), files, verified, refused (a line
    each: of the files that never came), refusals (lines on the way, of files that came later),
    resumed_bytes. Raises AssertionError where a file differs from the archive's, where something is
    stored that was not verified, and where a refusal is no line that names file and address.
    """
    folder = Path(folder)
    whole = archive(folder / "archive", n_files, seed)
    store, refused, refusals = folder / "store", {}, []
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"
    with MirrorServer(folder / "archive", share=SHARE, seed=seed, stall_s=STALL_S) as server:
        for name, content in whole.items():
            row = _entry(f"{server.url}/{name}", content)
            for _ in range(2):
                line = _fetched(row, store)
                if line is None:
                    break
                refusals.append(line)
            if line is not None:
                refused[name] = line.replace(server.url, "http://mirror")
                assert not (store / locate(row["url"])).exists(), name
            else:
                assert (store / locate(row["url"])).read_bytes() == content, name
        faults = Counter(fault for _, _, fault in server.requests if fault != "ok")
        requests, resumed = len(server.requests), server.resumed
    assert set(faults) <= set(FAULTS)
    return {
        "share": SHARE, "files": n_files, "verified": n_files - len(refused), "requests": requests,
        "faults": dict(sorted(faults.items())), "refused": sorted(refused.values()),
        "refusals": len(refusals), "resumed_bytes": resumed,
    }  # fmt: skip


def _entry(url: str, content: bytes) -> dict[str, str]:
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    return {"kind": "frame", "field": "", "band": "", "url": url, "published": digest}


def _fetched(row: dict[str, str], store: Path) -> str | None:
    """The line of a download that failed; None where it did not."""
    try:
        with redirect_stdout(None):
            fetch_all([row], store, **QUICK)
    except FewskyError as error:
        line = str(error)
        assert row["url"] in line and Path(row["url"]).name in line and "\n" not in line, line
        assert "found" in line, line
        return line
    return None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--files", type=int, default=40)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(run(options.seed, options.files, folder), indent=1))


if __name__ == "__main__":
    main()
