"""The section on scale: figures and table drawn from small results, and its text set in type."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from paper_run import FIGURES, REPORT, TABLES, comparisons, make_paper, make_shown, metrics

from fewsky.files import save_json, save_table
from fewsky.paper.careless import SPLITS
from fewsky.paper.collect import collect
from fewsky.paper.typeset import read_content, set_paper
from tests.unit.small_results import run_script

SIZES = ["size-15", "size-25", "size-49"]
PROBES = {"large-none": "a network", "forest": "a forest"}
MINE = (["fig_sdss_scale", "fig_sdss_dedup"], ["tab_sdss_dedup"])


def growth(names=("forest", "large-none"), fields=(1, 3, 7)):
    """Scores that rise for the first, and cannot be told to for the second."""
    rows = []
    for k, name in enumerate(names):
        scores = [{"quantity": "score", "fields": n, "labels": 40 + 90 * n, "value": 0.6 + 0.02 * n,
                   "lower": 0.5, "upper": 0.9} for n in fields]  # fmt: skip
        changes = [{"quantity": quantity, "fields": fields[-1], "labels": 670, "value": 0.03,
                    "lower": 0.01 - 0.05 * k, "upper": 0.06, "p": 0.001 + 0.4 * k,
                    "detectable": 0.02} for quantity in ("per_doubling", "last_step")]  # fmt: skip
        rows += [{"experiment": name, **row} for row in scores + changes * (len(fields) > 1)]
    return pd.DataFrame(rows).assign(metric="mcc", draws=3, n=330)


def priced(splits=tuple(SPLITS)[1:]):
    words = ["overstates", "cannot be told", "understates"]
    rows = []
    for k, (name, split, tested) in enumerate(product(PROBES, splits, ("own", "shared"))):
        if tested == "shared" and split.startswith("random"):
            continue
        d = 0.02 * np.sin(k)
        row = {"experiment": name, "protocol": split, "tested": tested, "value": 0.8 + d,
               "careful": 0.8, "difference": d, "lower": d - 0.01, "upper": d + 0.01, "p": 0.2,
               "minimum_detectable": 0.02, "verdict": words[k % 3], "n_replicates": 5,
               "n": 200}  # fmt: skip
        rows += [{**row, "metric": metric} for metric in ("mcc", "accuracy")]
    return pd.DataFrame(rows)


def leaks(splits=tuple(SPLITS)):
    shares = {"test_copied": 0.1, "test_shared": 0.3, "test_border": 0.0, "train_border": 0.0}
    rows = [{"protocol": split, "draw": k, "n_train": 500, "n_test": 200, **shares}
            for split in splits for k in range(5)]  # fmt: skip
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scale")
    save_table(growth(), folder / "growth.csv")
    save_table(priced(), folder / "price.csv")
    save_table(leaks(), folder / "leaks.csv")
    save_table(metrics(SIZES, truth=True), folder / "sizes.csv")
    save_json({"outputs": {}, "simulated": True}, folder / "provenance.json")
    return folder


def told_of(script):
    sizes = {name: {"px": 15 + 10 * k, "arcsec": 5.9 + 4 * k} for k, name in enumerate(SIZES)}
    return {
        "plot_sdss_scale": {"metric": "mcc", "fields": PROBES, "sizes": sizes},
        "plot_sdss_dedup": {"metric": "mcc", "probes": PROBES},
        "tabulate_sdss_dedup": {"probes": list(PROBES), "metrics": ["mcc", "accuracy"]},
    }[script]


def made(tables, script, **changes):
    files = {"growth": ["growth"], "sizes": ["sizes"], "price": "price", "leaks": "leaks"}
    inputs = {
        key: [f"{tables}/{name}.csv" for name in names]
        if isinstance(names, list)
        else f"{tables}/{names}.csv"
        for key, names in files.items()
    }
    return run_script(tables, script, inputs, {**told_of(script), **changes})


@pytest.mark.parametrize("fields", [PROBES, {}])
@pytest.mark.parametrize("sizes", [True, False])
def test_the_curves_are_drawn_with_either_panel(tables, fields, sizes):
    if fields or sizes:
        changes = {"fields": fields} | ({} if sizes else {"sizes": {}})
        assert made(tables, "plot_sdss_scale", **changes).pdf


def test_the_costs_are_drawn_and_tabulated(tables):
    assert made(tables, "plot_sdss_dedup").pdf
    table = pd.read_csv(made(tables, "tabulate_sdss_dedup").csv, dtype=str, keep_default_na=False)
    assert len(table) == len(PROBES) * len(SPLITS)
    careful = table[table["Split"] == "careful"]
    assert (careful["Audit"] == "enforced").all() and (table["Audit"] != "enforced").sum() == 10
    assert (careful["MCC"] == "0.800").all() and (table["Data"] == "SIMULATED").all()


def paper(folder, *, fields, sizes, splits, by="field"):
    told, files = make_paper(folder, by=by)
    own = told["star-galaxy"]
    network = {"about": "a network", "recipe": {"stretch": "raw", "augment": "none"}}
    for k, name in enumerate(SIZES):
        model = {"name": "compact", "crop": 15 + 10 * k}
        own["experiments"][name] = {**network, "task": "star-galaxy-large", "model": model}
    price = {"by": by, "probes": dict.fromkeys(PROBES, 5)} if splits else None
    own["chapter"]["scale"] = {
        "metric": "mcc", "fields": ["forest", "large-none"] if fields else [],
        "sizes": SIZES if sizes else [], "price": price,
    }  # fmt: skip
    task = "star-galaxy-large"
    names = [name for name, item in own["experiments"].items() if item["task"] == task]
    save_table(metrics(names, True), files["metrics"][task])
    both = pd.concat([comparisons(names), comparisons(SIZES)])
    save_table(both, files["comparisons"][task])
    save_table(growth(), folder / "growth.csv")
    save_table(priced([s for s in splits if s != "careful"]), folder / "price.csv")
    save_table(leaks(splits), folder / "leaks.csv")
    paths = {name: folder / f"{name}.csv" for name in ("growth", "price", "leaks")}
    found = collect(told, {**files, "scale": paths})
    found["facts"]["simulated"] = True
    save_json(found, folder / "numbers.json")
    names = ([*FIGURES, *MINE[0]], [*TABLES, *MINE[1]])
    shown = make_shown(folder, True, *names)
    every = [*names[0], *names[1]]
    title = {"title": "A title", "chapters": ["star-galaxy"],
             "scripts": dict.fromkeys(every, "scripts/x.py"),
             "blocks": dict.fromkeys(every, "paper.star-galaxy")}  # fmt: skip
    content = read_content(folder / "numbers.json", *shown, folder / "captions", title)
    return {**content, "versions": {"numpy": "2.4.6"}}


@pytest.mark.parametrize(
    "case",
    [
        {"fields": True, "sizes": True, "splits": list(SPLITS)},
        {"fields": False, "sizes": True, "splits": ["careful", "random"], "by": "sky"},
        {"fields": True, "sizes": False, "splits": []},
    ],
    ids=["all", "one field", "fields alone"],
)
def test_the_text_holds_with_and_without_its_parts(case, tmp_path):
    content = paper(tmp_path, **case)
    set_paper(REPORT, content, tmp_path / "paper.pdf")
    assert (tmp_path / "paper.pdf").stat().st_size > 10_000
    facts = content["facts"]["star-galaxy"]["scale"]
    if case["fields"]:
        assert [one["per_doubling"] for one in facts["fields"]] == ["rises", "cannot be told"]
        assert content["numbers"]["growth.fields.last"]["text"] == "7"
    if case["splits"]:
        assert len(facts["price"]["missing"]) == len(SPLITS) - len(case["splits"])
        assert facts["price"]["few"]
