"""Give the results of a run away: one folder and one zip that another person can take over.

    make bundle                          of results/main
    make bundle RESULTS=results/demo ALLOW_SIMULATED=yes

or, with Snakemake's own words of the run after `--`,

    python -m fewsky.commands.bundle -- --profile profiles/slurm --executor local

The bundle is a Workflow Run RO-Crate: results, networks, provenance, checksums, the workflow itself
and what a repository for data asks. `make unbundle` takes it over.
"""

import argparse
import sys
from pathlib import Path

from fewsky.bundle.make import Bundle, bundle
from fewsky.commands.predict import configured
from fewsky.commands.remake import in_words, jobs_left, split
from fewsky.config import resolve
from fewsky.console import FewskyError


def check_current(results: str, words: list[str]) -> None:
    """Raise FewskyError where a run would still make something."""
    found = jobs_left([], words)
    if found:
        raise FewskyError(
            f"{results}: wanted results that are up to date; found jobs still to be run "
            f"({in_words(found)}). Run snakemake first."
        )


def lines(made: Bundle) -> list[str]:
    """What is said when a bundle is made."""
    warning = (
        ["SIMULATED: the bundle says so in its name and description"] if made.simulated else []
    )
    return [
        *warning,
        f"folder  {made.folder}",
        f"bundle  {made.archive} ({made.files} files, {made.bytes / 1e6:.1f} MB unpacked)",
        f"sha256  {made.sha256}",
    ]


def main(arguments: list[str]) -> int:
    """Check and bundle; returns the exit status."""
    own, words = split(arguments)
    parser = argparse.ArgumentParser(prog="python -m fewsky.commands.bundle")
    parser.add_argument("--allow-simulated", action="store_true", help="and say so in the bundle")
    options = parser.parse_args(own)
    try:
        config = configured(words)
        results = config["pathvars"]["results"]
        surveys = resolve(config).surveys
        check_current(results, words)
        print(*lines(bundle(Path(), results, surveys, options.allow_simulated)), sep="\n")
    except FewskyError as error:
        print(f"fewsky: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
