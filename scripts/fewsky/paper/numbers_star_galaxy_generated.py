"""Numbers and facts of generated patches: what training gains by them, whether they are told."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fewsky.files import load_table
from fewsky.generated.population import REFERENCE_MAG
from fewsky.paper.numbers import Numbers, interval, keyed, number

MAKERS = {
    "generated": "config.yaml, the experiment's block generated",
    "gain": "rule compare_generated",
    "told": "rule tell_generated",
}


def collect(
    settings: Mapping[str, Any], files: Mapping[str, Any]
) -> tuple[Numbers, dict[str, Any] | None]:
    """Numbers, and the facts that shape the section; none of both where it is left out.

    `settings` are those of the chapter's numbers; `files["generated"]` holds the paths
    `gains` and `told`.
    """
    block = settings["chapter"].get("generated")
    if not block:
        return {}, None
    items = {name: settings["experiments"][name] for name in block["with"]}
    paths = files["generated"]
    gains, told = load_table(paths["gains"]), load_table(paths["told"])
    numbers = of_settings(block, settings["experiments"][block["control"]], items)
    numbers |= of_gains(gains, paths["gains"]) | of_told(told, paths["told"])
    budgets = sorted(map(int, gains["budget"].unique()))
    task = settings["experiments"][block["control"]]["task"]
    verdicts = [str(word) for word in gains["verdict"]]
    facts = {
        "control": block["control"],
        "with": list(block["with"]),
        "kinds": {name: item["generated"]["from"] for name, item in items.items()},
        "psf": {name: item["generated"]["sky"]["psf"] for name, item in items.items()},
        "metrics": list(block["metrics"]),
        "budgets": [str(budget) for budget in budgets],
        "classes": list(settings["tasks"][task]["classes"]),
        "judges": list(dict.fromkeys(told["judge"])),
        "verdicts": {word: verdicts.count(word) for word in sorted(set(verdicts))},
        "comparisons": len(verdicts),
    }
    return numbers, facts


def of_settings(block: Mapping[str, Any], control: Mapping[str, Any], items) -> Numbers:
    """What the configuration says of the generators and of the training."""
    numbers = keyed(
        {
            "budget": (block["budget"], ",d"),
            "steps": (control["recipe"]["max_steps"], ",d"),
        },
        "config.yaml",
        "generated",
    )
    for name, item in items.items():
        made = item["generated"]
        sky = made["sky"]
        numbers |= keyed(
            {
                "factor": (made["factor"], "g"),
                "basis": (made["mixture"]["basis"], "d"),
                "components": (max(made["mixture"]["components"]), "d"),
                "smooth_mag": (sky["smooth_mag"], "g"),
                "size": (sky["size"]["median_arcsec"], "g"),
                "size_mag": (REFERENCE_MAG, "g"),
                "sersic_low": (sky["sersic"][0], "g"),
                "sersic_high": (sky["sersic"][1], "g"),
                "neighbours": (sky["neighbours"], "g"),
            },
            "config.yaml",
            f"generated.{name}",
        )
    return numbers


def of_gains(table, path: str | Path) -> Numbers:
    """Differences to the control: gain.EXPERIMENT.METRIC.BUDGET with both limits."""
    numbers: Numbers = {}
    for row in table.rename(columns={"difference": "value"}).itertuples():
        stem = f"gain.{row.a}.{row.metric}.{int(row.budget)}"
        numbers |= interval(stem, row, "+.3f", path)
        least = number(float(row.minimum_detectable), ".3f", path)
        numbers |= {f"{stem}.detectable": least}
    return numbers


def of_told(table, path: str | Path) -> Numbers:
    """Areas under the ROC curve: told.GENERATOR.CLASS.JUDGE with both limits."""
    numbers: Numbers = {}
    for row in table.itertuples():
        numbers |= interval(f"told.{row.generator}.{row.label}.{row.judge}", row, ".2f", path)
    return numbers
