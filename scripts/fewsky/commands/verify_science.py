"""Check the science gates of config.yaml against the metrics of the real data, where present."""

import sys
from pathlib import Path

from fewsky.config import resolve
from fewsky.console import FewskyError
from fewsky.files import load_table
from fewsky.provenance import simulated
from fewsky.schema import load_config


def check_gate(gate: dict, results: Path) -> tuple[str, str]:
    """A gate's verdict (passes, fails, not present) and one line that says why."""
    named = f"{gate['experiment']} {gate['metric']} ({gate['subset']}) of {gate['task']}"
    path = results / "metrics" / f"{gate['task']}.csv"
    if not path.is_file():
        return "not present", f"{named}: {path} has not been made"
    if simulated(path):
        return "not present", f"{named}: {path} is simulated, and no gate takes that"
    table = load_table(path)
    rows = table[
        (table.experiment == gate["experiment"])
        & (table.metric == gate["metric"])
        & (table.subset == gate["subset"])
        & (table.part == "test")
        & (table.reference == "catalogue")
        & (table.draw == -1)
    ]
    if rows.empty:
        return "not present", f"{named}: {path} has no such row"
    row = rows.loc[rows.budget.idxmax()]
    verdict = "passes" if row.value >= gate["at_least"] else "fails"
    found = f"{row.value:.3f} [{row.lower:.3f}, {row.upper:.3f}]"
    return verdict, f"{named}: wanted at least {gate['at_least']:g} ({gate['why']}); found {found}"


def main(arguments: list[str]) -> int:
    """Print a line a gate; exit status 1 if one fails."""
    path, results = arguments
    try:
        plan = resolve(load_config(Path(path)))
        verdicts = [check_gate(gate, Path(results)) for gate in plan.gates]
    except FewskyError as error:
        print(f"fewsky: {error}", file=sys.stderr)
        return 1
    for verdict, line in verdicts:
        print(f"{verdict:12} {line}")
    counts = {word: sum(v == word for v, _ in verdicts) for word in ("passes", "fails")}
    print(f"{counts['passes']} passed, {counts['fails']} failed, of {len(verdicts)} gates")
    return int(counts["fails"] > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
