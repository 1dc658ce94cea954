"""Print the URL of every archive file that a configuration is known to need, one a line."""

import sys

import yaml

from fewsky.config import resolve
from fewsky.console import FewskyError
from fewsky.experiments import merge
from fewsky.raw.download import known_urls


def main(paths: list[str]) -> int:
    """Print the URLs of the configuration in the given files, later ones laid over earlier ones."""
    config: dict = {}
    for path in paths:
        with open(path, encoding="utf-8") as stream:
            config = merge(config, yaml.safe_load(stream))
    try:
        print(*known_urls(resolve(config).surveys), sep="\n")
    except FewskyError as error:
        print(f"fewsky: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["config.yaml"]))
