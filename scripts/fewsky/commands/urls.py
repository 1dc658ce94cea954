"""Print the URL of every archive file that a configuration is known to need, one a line.

Images that a catalogue names are known once the run has listed its objects. Answers of a form are
printed by their names: no archive has them there, `make fetch` brings them.
"""

import sys
from pathlib import Path

from fewsky.config import resolve
from fewsky.console import FewskyError
from fewsky.experiments import merge
from fewsky.raw.download import known_urls
from fewsky.schema import load_config


def main(paths: list[str]) -> int:
    """Print the URLs of the configuration in the given files, later ones laid over earlier ones."""
    config: dict = {}
    try:
        for path in paths:
            config = merge(config, load_config(Path(path)))
        results = (config.get("pathvars") or {}).get("results")
        print(*known_urls(resolve(config).surveys, results), sep="\n")
    except FewskyError as error:
        print(f"fewsky: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["config.yaml"]))
