"""Print the URL of every archive file that a configuration is known to need, one a line."""

import sys

import yaml

from fewsky.config import resolve
from fewsky.console import FewskyError
from fewsky.surveys import reader


def urls(plan) -> list[str]:
    """URLs of all surveys, sorted, each once."""
    found = {
        entry["url"]
        for name, survey in plan.surveys.items()
        for shard in plan.shards[name].values()
        for entry in reader(survey["reader"]).files(shard)
    }
    return sorted(found)


def main(paths: list[str]) -> int:
    """Print the URLs of the configuration in the given files, later ones laid over earlier ones."""
    from fewsky.experiments import merge

    try:
        config: dict = {}
        for path in paths:
            with open(path, encoding="utf-8") as stream:
                config = merge(config, yaml.safe_load(stream))
        print(*urls(resolve(config)), sep="\n")
    except FewskyError as error:
        print(f"fewsky: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["config.yaml"]))
