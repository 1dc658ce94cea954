"""Run every benchmark of this folder, print a table, write results/bench.json."""

import importlib
import pkgutil
from pathlib import Path

import benchmarks
from fewsky.files import save_json

OUT = Path("results/bench.json")


def main() -> None:
    """Collect the rows of each bench_*.py; a ratio above 1 says that ours is faster."""
    rows = []
    for module in pkgutil.iter_modules(benchmarks.__path__):
        if module.name.startswith("bench_"):
            rows += importlib.import_module(f"benchmarks.{module.name}").rows()
    print(f"{'name':36} {'unit':12} {'ours':>12} {'peer':>12} {'ratio':>8}  peer")
    for row in rows:
        print(
            "{name:36} {unit:12} {ours:12.4g} {peer:12.4g} {ratio:8.2f}  {peer_name}".format(**row)
        )
    save_json(rows, OUT)
    print(f"wrote {OUT}")


if __name__ == "__main__":
    main()
