"""Broken inputs of every format, made from sound ones, and the line that each must end in.

    python -m tests.faults.corpus --seed 1

`CASES` are made by a seed: it says which byte, which row or which bit is hit.
"""

import argparse
import tempfile
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np

from fewsky.console import FewskyError
from tests.faults import broken_archives, broken_fits, broken_pictures, broken_tables, broken_text
from tests.faults.broken import Case
from tests.faults.sound import put, sounds

CASES: dict[str, Case] = {
    f"{case.of}: {case.name}": case
    for module in (broken_fits, broken_tables, broken_pictures, broken_archives, broken_text)
    for case in module.CASES
}


def refusal(name: str, seed: int, folder: Path) -> str:
    """The line with which a reader refuses a broken input that is made in a folder.

    Raises AssertionError where it takes the input, fails otherwise, says nothing of what was
    expected, or leaves a file behind.
    """
    case = CASES[name]
    sound = sounds()[case.of]
    rng = np.random.default_rng([seed, sum(name.encode())])
    made = case.make(sound.files[sound.fuzzed], rng)
    changed = made if isinstance(made, dict) else {sound.fuzzed: made}
    put(sound, folder, **changed)
    before = sorted(folder.rglob("*"))
    try:
        with redirect_stdout(None):
            (case.read or sound.read)(folder)
    except FewskyError as error:
        line = str(error)
    else:
        raise AssertionError(f"{name}: was read")
    lacking = [word for word in ("wanted", *case.words) if word not in line]
    assert not lacking, f"{name}: no '{lacking[0]}' in: {line}"
    assert "\n" not in line and len(line) < 1000, line
    assert sorted(folder.rglob("*")) == before, f"{name}: left files behind"
    return line


def run(seed: int, folder: str | Path) -> list[dict[str, str]]:
    """Name, format and line of every broken input, all of which are refused."""
    found = []
    for number, name in enumerate(CASES):
        line = refusal(name, seed, Path(folder) / f"{number:03d}")
        found.append({"name": name, "format": sounds()[CASES[name].of].format, "line": line})
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for row in run(options.seed, folder):
            print(f"{row['name']:40} {row['line'].replace(folder, '')}")


if __name__ == "__main__":
    main()
