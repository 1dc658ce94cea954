"""Numbers and facts of the section on scale: fields, patch sizes, and what careless splits cost."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fewsky.field_budgets import probes_of
from fewsky.files import load_table
from fewsky.metrics.stats import verdict
from fewsky.paper.careless import SPLITS, in_order
from fewsky.paper.numbers import Numbers, interval, keyed, number
from fewsky.paper.tables import UNKNOWN

MAKERS = {
    "growth": "rule score_growth, where paper.star-galaxy.scale.fields names experiments",
    "price": "rules make_priced and score_price, where paper.star-galaxy.scale.price is given",
}
DRAWS_ASKED = 20  # of random against grouped (docs: how a number is earned)
FOUND = {"better": "rises", "worse": "falls"}


def collect(
    settings: Mapping[str, Any], files: Mapping[str, Any]
) -> tuple[Numbers, dict[str, Any] | None]:
    """Numbers and facts of the section; none of both where it is left out.

    `files["scale"]` has the paths `growth`, `price` and `leaks`; one that is None stands for a part
    of the section that this run has not.
    """
    block, items = settings["chapter"].get("scale"), settings["experiments"]
    if not block:
        return {}, None
    files = files["scale"]
    numbers, facts = {}, {"metric": block["metric"], "fields": [], "sizes": [], "price": None}
    if block["fields"]:
        numbers |= of_growth(files["growth"])
        told = growth_told(files["growth"])
        facts["fields"] = [{**one, "steps": equal_steps(items[one["name"]])} for one in told]
    if block["sizes"]:
        facts["sizes"] = [sized(name, items) for name in block["sizes"]]
        numbers |= of_sizes(facts["sizes"], settings)
    if block["price"]:
        numbers |= of_price(files["price"], files["leaks"], block["metric"])
        numbers |= keyed({"draws_asked": (DRAWS_ASKED, "d")}, "report", "price")
        facts["price"] = price_told(files["price"], block)
        facts["price"]["about"] = {name: items[name]["about"] for name in probes_of(block["price"])}
    return numbers, facts


def of_growth(path: str | Path) -> Numbers:
    """growth.EXPERIMENT.first and .last (scores), .per_doubling, .last_step; growth.fields.*."""
    table = load_table(path)
    scores = table[table["quantity"] == "score"].sort_values("fields")
    numbers: Numbers = {}
    for name, own in scores.groupby("experiment"):
        for end, row in (("first", own.iloc[0]), ("last", own.iloc[-1])):
            numbers |= interval(f"growth.{name}.{end}", row, ".3f", path)
    for row in table[table["quantity"] != "score"].itertuples():
        room = f"growth.{row.experiment}.{row.quantity}"
        numbers |= interval(room, row, "+.3f", path)
        numbers[f"{room}.detectable"] = number(float(row.detectable), ".3f", path)
    ends = {
        f"{column}.{end}": (int(scores[column].iloc[k]), ",d")
        for column in ("fields", "labels")
        for end, k in (("first", 0), ("last", -1))
    }
    ends |= {key: (int(scores[key].iloc[0]), ",d") for key in ("draws", "n")}
    return numbers | keyed(ends, path, "growth")


def growth_told(path: str | Path) -> list[dict[str, str]]:
    """By experiment whether the score rises with fields: over all of them, and at the last step."""
    table = load_table(path)
    names = dict.fromkeys(table["experiment"])
    changes = table[table["quantity"] != "score"].set_index(["experiment", "quantity"])
    told = []
    for name in names:
        found = {"name": name}
        for quantity in ("per_doubling", "last_step"):
            if (name, quantity) in changes.index:
                row = changes.loc[(name, quantity)]
                row = {**row.to_dict(), "difference": row["value"]}
                word = verdict(row, row["p"])
                found[quantity] = FOUND.get(word, word)
        told.append(found)
    return told


def equal_steps(item: Mapping[str, Any]) -> bool:
    """Whether a network takes as many optimiser steps on few fields as on many."""
    recipe = item.get("recipe", {})
    return recipe.get("max_steps") is not None and recipe["max_steps"] == recipe.get("min_steps")


def sized(name: str, items: Mapping[str, Any]) -> dict[str, Any]:
    """An experiment of the sizes: its name and the side of its patch in pixels."""
    return {"name": name, "px": items[name]["model"]["crop"]}


def of_sizes(sizes: list[dict[str, Any]], settings: Mapping[str, Any]) -> Numbers:
    """size.EXPERIMENT.px and .arcsec, the side of its patch."""
    pixel = settings["survey"]["pixel_arcsec"]
    return {
        key: value
        for one in sizes
        for key, value in keyed(
            {"px": (one["px"], "d"), "arcsec": (one["px"] * pixel, ".1f")},
            "config.yaml",
            f"size.{one['name']}",
        ).items()
    }


def of_price(price: str | Path, leaks: str | Path, metric: str) -> Numbers:
    """price.EXPERIMENT.SPLIT, the difference in the metric on own test parts, and .shared on those
    of both; price.SPLIT.copied, .seen and .border, shares of the test part.
    """
    table, numbers = load_table(price), {}
    rows = table[table["metric"] == metric]
    for row in rows.itertuples():
        room = f"price.{row.experiment}.{row.protocol}" + ".shared" * (row.tested == "shared")
        told = row._replace(value=row.difference)
        numbers |= interval(room, told, "+.3f", price)
        least = number(float(row.minimum_detectable), ".3f", price)
        numbers[f"{room}.detectable"] = least
        numbers[f"price.{row.experiment}.draws"] = number(int(row.n_replicates), "d", price)
        numbers[f"price.{row.experiment}.careful"] = number(float(row.careful), ".3f", price)
    shares = {"copied": "test_copied", "seen": "test_shared", "border": "test_border"}
    for split, own in load_table(leaks).groupby("protocol"):
        values: dict[str, tuple[Any, str]] = {
            key: (own[column].mean(), ".1%") for key, column in shares.items()
        }
        values |= {key: (own[f"n_{key}"].mean(), ",.0f") for key in ("train", "test")}
        numbers |= keyed(values, leaks, f"price.{split}")
    return numbers


def price_told(path: str | Path, block: Mapping[str, Any]) -> dict[str, Any]:
    """Which mistakes this run can tell, what was found of each, and whether draws are few."""
    table = load_table(path)
    rows = table[table["metric"] == block["metric"]]
    probes = list(probes_of(block["price"]))
    splits = in_order(rows["protocol"])
    verdicts = rows.set_index(["experiment", "protocol", "tested"])["verdict"].to_dict()
    draws = rows.groupby("experiment")["n_replicates"].max()
    return {
        "probes": probes,
        "splits": splits,
        "missing": [name for name in SPLITS if name not in ("careful", *splits)],
        "by": block["price"]["by"],
        "verdicts": [
            {"probe": name, "split": split, "found": verdicts.get((name, split, "own"), UNKNOWN),
             "shared": verdicts.get((name, split, "shared"), "")}
            for split in splits
            for name in probes
        ],
        "few": bool((draws < DRAWS_ASKED).any()),
    }  # fmt: skip
