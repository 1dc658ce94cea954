"""Take over a bundle that `make bundle` made, in a clone without results.

    make unbundle BUNDLE=fewsky-main.zip

Every file is checked against the manifest first; then the results lie where the run that made them
had them, and Snakemake knows what they were made from. `make remake` draws and writes anew what a
change touches; a plain run would also bring back what a bundle leaves out, frames and cutouts.
"""

import argparse
import sys
from pathlib import Path

from fewsky.bundle.accept import unbundle
from fewsky.console import FewskyError


def main(arguments: list[str]) -> int:
    """Check and take over; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m fewsky.commands.unbundle")
    parser.add_argument("bundle", type=Path, help="the zip, or the folder it was made of")
    path = parser.parse_args(arguments).bundle
    try:
        told = unbundle(path, Path())
    except FewskyError as error:
        print(f"fewsky: {path.name}: {error}", file=sys.stderr)
        return 1
    if told["simulated"]:
        print("SIMULATED: these results come from a simulated sky")
    print(f"results {told['results']} ({told['files']} files, each as listed)")
    if told["differing"]:
        n = len(told["differing"])
        print(f"sources {n} differ from those of the bundle, the first {told['differing'][0]}:")
        print("        make remake makes again what rests on them")
    print(f"next    make remake RESULTS={told['results']}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
