"""Numbers of the chapter on planetary nebulae, one function a kind of result file."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from fewsky.files import load_json, load_table
from fewsky.paper.numbers import Numbers, interval, keyed, number
from fewsky.paper.numbers_scores import of_metrics

WANTED = ["object_id", "label", "kind", "field", "diameter_arcsec"]


def of_survey(survey: Mapping[str, Any], dataset: Mapping[str, Any]) -> Numbers:
    """What the configuration says of pixels, bands and cuts; a folder has no angular size."""
    scale = dataset.get("scale", {})
    known = {
        "bands": (len(survey["bands"]), "d"),
        "size": (dataset["size"], "d"),
        "pixel_arcsec": (survey.get("pixel_arcsec"), "g"),
        "field_arcsec": (survey.get("field_arcsec"), "g"),
        "per_class": (survey.get("per_class"), ",d"),
        "low": (scale.get("low"), "g"),
        "high": (scale.get("high"), "g"),
    }
    values = {key: pair for key, pair in known.items() if pair[0] is not None}
    return keyed(values, "config.yaml", "pn.survey")


def load_objects(catalogs: Iterable[str | Path], classes: Sequence[str]) -> pd.DataFrame:
    """Objects of the classes in all shards, with what the text tells of them."""
    table = pd.concat([load_table(path) for path in catalogs], ignore_index=True)
    table = table.reindex(columns=WANTED)
    return table[table["label"].isin(classes)].fillna({"kind": "", "field": ""})


def of_objects(objects: pd.DataFrame, classes: Sequence[str], source: str | Path) -> Numbers:
    """How many objects of each class, kind and plate survey, and their median diameter."""
    values: dict[str, tuple[Any, str]] = {"all": (len(objects), ",d")}
    for name in classes:
        own = objects[objects["label"] == name]
        values[name] = (len(own), ",d")
        values[f"{name}.diameter"] = (own["diameter_arcsec"].median(), ".0f")
    for name, own in objects[objects["field"] != ""].groupby("field"):
        values[f"field {name}"] = (len(own), ",d")
        share = (own["label"] == classes[-1]).mean()
        values[f"field {name}.share"] = (share, ".0%")
    for name, n in kinds_of(objects).items():
        values[f"kind {name}"] = (n, ",d")
    return keyed(values, source, "pn.objects")


def kinds_of(objects: pd.DataFrame) -> dict[str, int]:
    """Numbers of objects by kind, the commonest first; unknown kinds are left out."""
    counts = objects.loc[objects["kind"] != "", "kind"].value_counts()
    return {name: int(counts[name]) for name in sorted(counts.index, key=lambda k: (-counts[k], k))}


def of_stages(cards: Mapping[str, str | Path], items: Mapping[str, Any], names) -> Numbers:
    """Steps of experiments and of all stages that they go on from: pn.total.EXPERIMENT.steps."""
    numbers: Numbers = {}
    for name in names:
        stage, steps = name, 0
        while stage:
            runs = load_json(cards[stage])["runs"]
            steps += max(runs, key=lambda run: run["budget"]).get("steps") or 0
            stage = (items[stage].get("start") or {}).get("from")
        numbers |= keyed({"steps": (steps, ",d")}, cards[name], f"pn.total.{name}")
    return numbers


def of_scores(path: str | Path, names: Iterable[str]) -> Numbers:
    """Scores of a task: on its test part, over its folds, and on objects with hidden labels."""
    names = list(names)
    return {
        **of_metrics(path, names, "test", ("pn.score", "pn.truth")),
        **of_metrics(path, names, "folds", ("pn.folds", "pn.folds_truth")),
        **of_metrics(path, names, "unlabelled", ("pn.hidden", "pn.hidden_truth")),
    }


def of_curve(path: str | Path, names: Iterable[str]) -> Numbers:
    """MCC on the test part by number of labels: pn.curve.EXPERIMENT.BUDGET."""
    table = load_table(path)
    rows = table[
        table["experiment"].isin(list(names))
        & (table["draw"] == -1)
        & (table["fold"] == -1)
        & (table["part"] == "test")
        & (table["subset"] == "all")
        & (table["reference"] == "catalogue")
        & (table["metric"] == "mcc")
    ]
    numbers: Numbers = {}
    for row in rows.itertuples():
        numbers |= interval(f"pn.curve.{row.experiment}.{int(row.budget)}", row, ".3f", path)
    return numbers


def of_pseudo(path: str | Path, teachers: Iterable[str]) -> Numbers:
    """Accuracy and share of pseudo-labels by threshold: pn.pseudo.TEACHER.THRESHOLD."""
    table = load_table(path)
    rows = table[(table["draw"] == -1) & (table["fold"] == -1)]
    rows = rows[rows["experiment"].isin(list(teachers))]
    rows = rows[rows["budget"] == rows.groupby("experiment")["budget"].transform("max")]
    numbers: Numbers = {}
    for row in rows.rename(columns={"accuracy": "value"}).itertuples():
        stem = f"pn.pseudo.{row.experiment}.{row.threshold:g}"
        numbers |= interval(stem, row, ".3f", path)
        numbers[f"{stem}.share"] = number(float(row.share), ".0%", path)
    return numbers


def of_distortion(path: str | Path, name: str, parts: Mapping[str, Sequence[str]]) -> Numbers:
    """Median relative change of the features, inside and outside the survey trained on.

    Objects that were trained on are left out; of an object the mean over draws counts.
    """
    table = load_table(path)
    table = table[(table["budget"] == table["budget"].max()) & (table["part"] != "train")]
    values: dict[str, tuple[Any, str]] = {}
    for place, fields in parts.items():
        own = table[table["field"].isin(fields)].groupby("object_id")["relative"].mean()
        if len(own):
            values[place] = (float(own.median()), ".0%")
            values[f"{place}.n"] = (len(own), ",d")
    return keyed(values, path, f"pn.distortion.{name}")
