"""Numbers of the chapter on Galaxy10, one function a kind of result file."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from fewsky.files import load_json, load_table
from fewsky.paper.galaxy10 import by_fold, fold_tests, member_weights
from fewsky.paper.numbers import Numbers, keyed
from fewsky.paper.numbers_scores import of_metrics
from fewsky.paper.trials import load_trials

OF_FOLDS = ("accuracy", "macro_precision", "macro_recall", "macro_f1")
COMPARED_IN_FOLDS = "accuracy"
OF_FORMS = {"difference": ".2g", "agreement": ".1%", "accuracy": ".3f"}
OF_TESTS = {"folds": "d", "mean": "+.3f", "wilcoxon": ".4f", "least": ".4f", "corrected": ".2g"}


def of_survey(room: str, survey: Mapping[str, Any], dataset: Mapping[str, Any]) -> Numbers:
    """What the configuration says of images and classes."""
    values = {
        "size": (dataset["size"], "d"),
        "classes": (len(survey["counts"]), "d"),
        "images": (sum(survey["counts"].values()), ",d"),
    }
    if survey.get("field_arcsec"):
        values["field_arcsec"] = (survey["field_arcsec"], "g")
    return keyed(values, "config.yaml", room)


def count_labels(catalogs: Iterable[str | Path]) -> pd.Series:
    """Number of objects of each class in all shards, by name of the class."""
    labels = [load_table(path, columns=["label"])["label"] for path in catalogs]
    return pd.concat(labels).value_counts()


def of_objects(room: str, counts: pd.Series, classes: Sequence[str], source: Any) -> Numbers:
    """How many images of each class, and how uneven those of the task are."""
    values: dict[str, tuple[Any, str]] = {"all": (counts.sum(), ",d")}
    for name, n in counts.items():
        values[name] = (n, ",d")
        values[f"{name}.share"] = (n / counts.sum(), ".1%")
    own = counts.reindex(classes, fill_value=0)
    values["used"] = (own.sum(), ",d")
    values["uneven"] = (own.max() / max(own.min(), 1), ".0f")
    return keyed(values, source, room)


def of_scores(path: str | Path) -> Numbers:
    """Scores of a task on its test part, or over its folds, and how many draws they rest on."""
    return {
        **of_metrics(path, (), "test", ("g10.score", "g10.truth")),
        **of_metrics(path, (), "folds", ("g10.folds", "g10.folds_truth")),
    }


def of_balance(cards: Mapping[str, str | Path], names: Iterable[str]) -> Numbers:
    """What an epoch of the first draw shows, against the labels: g10.balance.EXPERIMENT.WHAT.

    `repeated` are views beyond the first of an object, `left_out` objects that an epoch leaves out,
    `uneven` is the commonest class over the rarest.
    """
    numbers: Numbers = {}
    for name in names:
        runs = load_json(cards[name]).get("runs", [])
        last = max(runs, key=lambda run: run["budget"], default={})
        if "trained_on" not in last:
            continue
        labels, views = (pd.Series(last[key]) for key in ("labels_seen", "trained_on"))
        labels = pd.Series(labels["train"]) if "train" in labels else labels
        values = {
            "labels": (labels.sum(), ",d"),
            "views": (views.sum(), ",d"),
            "repeated": ((views - labels).clip(lower=0).sum(), ",d"),
            "left_out": ((labels - views).clip(lower=0).sum(), ",d"),
            "uneven": (views.max() / max(views.min(), 1), ".0f"),
        }
        numbers |= keyed(values, cards[name], f"g10.balance.{name}")
    return numbers


def of_folds(path: str | Path, roles: Mapping[str, str]) -> Numbers:
    """Mean and spread over the folds of the first draw, and the tests that S1 made of them.

    `roles` names two experiments, scratch and vgg. Keys are g10.cv.ROLE.MEASURE, with `.spread` for
    the standard deviation over folds, and g10.cv.WHAT for what compares the two in accuracy.
    """
    table = load_table(path)
    values: dict[str, tuple[Any, str]] = {}
    for role, name in roles.items():
        for metric in OF_FOLDS:
            found = by_fold(table, name, metric)["value"]
            values[f"{role}.{metric}"] = (found.mean(), ".3f")
            values[f"{role}.{metric}.spread"] = (found.std(ddof=1), ".3f")
    if {"scratch", "vgg"} <= set(roles):
        sides = [by_fold(table, roles[role], COMPARED_IN_FOLDS) for role in ("scratch", "vgg")]
        told = fold_tests(*sides) or {}
        values |= {key: (told[key], form) for key, form in OF_TESTS.items() if key in told}
    return keyed(values, path, "g10.cv")


def of_ensemble(path: str | Path) -> Numbers:
    """Mean, least and most weight of each member over draws, and how many objects found them."""
    table, numbers = member_weights([path]), {}
    for name, rows in table.groupby("member"):
        weight = rows["weight"]
        ends = {"": weight.mean(), ".least": weight.min(), ".most": weight.max()}
        values = {f"{name}{end}": (value, ".2f") for end, value in ends.items()}
        numbers |= keyed(values, path, "g10.weight")
    found = {"objects": (table["objects"].mean(), ",.0f")}
    return numbers | keyed(found, path, "g10.found_on")


def of_search(path: str | Path, best: str | Path, search: Mapping[str, Any]) -> Numbers:
    """What was tried, what was found, and how far the trials differ: g10.search.WHAT.

    `best` is the best.json beside the trials, `search` the experiment's settings.
    """
    trials, done = load_table(path), load_trials(path, best)
    chosen = done[done["chosen"]].iloc[0]
    values: dict[str, tuple[Any, str]] = {
        "trials": (len(trials), "d"),
        "complete": (len(done), "d"),
        "startup": (search["startup"], "d"),
        "workers": (search["workers"], "d"),
        "labels": (load_json(best)["tuned_with"], ",d"),
        "lowest": (done["value"].min(), ".3f"),
        "highest": (done["value"].max(), ".3f"),
    }
    for key in ("parameters", "flops"):
        values[key] = (chosen[key], ",d")
        values[f"{key}.smallest"] = (done[key].min(), ",d")
        values[f"{key}.largest"] = (done[key].max(), ",d")
    return keyed(values, path, "g10.search")


def of_sanity(path: str | Path, name: str) -> Numbers:
    """How alike maps are when weights are random: g10.sanity.EXPERIMENT.WHAT.

    Medians over test objects of the rank correlation and of the structural similarity with the map
    of the trained network: with all layers set anew, and with the output layer only (`.first`).
    """
    table = load_table(path)
    changed = table[table["randomised"] > 0]
    told = changed.dropna(subset=["ssim"])  # without the objects whose map is empty
    values: dict[str, tuple[Any, str]] = {"n": (told["object_id"].nunique(), "d")}
    for end, step in (("", changed["randomised"].max()), (".first", changed["randomised"].min())):
        own = changed[changed["randomised"] == step]
        for key in ("spearman", "ssim"):
            values[f"{key}{end}"] = (own[key].median(), ".2f")
    return keyed(values, path, f"g10.sanity.{name}")


def of_export(path: str | Path, name: str) -> Numbers:
    """Sizes of the exported files and how far their answers are off: g10.export.EXPERIMENT.WHAT."""
    told = load_json(path)
    values: dict[str, tuple[Any, str]] = {
        "n": (told["n"], ",d"),
        "parameters": (told["parameters"], ",d"),
        "flops": (told["flops"], ",d"),
    }
    for key, form in OF_FORMS.items():
        values |= {f"{key}.{kind}": (value, form) for kind, value in told[key].items()}
    off = told["difference"].items()
    values |= {f"millionths.{kind}": (1e6 * value, ".2g") for kind, value in off}
    values |= {f"kb.{kind}": (n / 1000, ",.0f") for kind, n in told["bytes"].items()}
    return keyed(values, path, f"g10.export.{name}")
