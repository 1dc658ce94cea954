"""What trained experiments are applied to: the block `predict` of config.yaml; nothing heavy.

A prediction brings a survey and a dataset of its own, so that downloads, alignment and cuts run as
they do for training, and no job that a training rests on is told of it.
"""

from collections.abc import Mapping
from typing import Any

from fewsky.console import FewskyError
from fewsky.extra_check import REDSHIFTS
from fewsky.extra_columns import column_of
from fewsky.schema import fill, known, listed, load_schema
from fewsky.surveys import reader

PREFIX = "predict-"
ARCHIVED = ("photoobj",)  # catalogues that tell which detections are clean
# What positions alone do not tell: columns of the survey's own catalogue. Redshifts are asked for
# by the names that a photoObj gives its objects.
OF_CATALOGUE = ("extinction_", "modelflux_", "modelmag_", "neighbour_mag_", "petror50_",
                "petror90_", "psfflux_", "psfmag_")  # fmt: skip
# Of the survey that the experiment learned from, what its images of one's own are read by.
SHARED = ("bands", "field_arcsec", "pixel_arcsec", "reference_band")


def add_predictions(config: dict[str, Any], experiments: Mapping[str, dict]) -> dict[str, dict]:
    """The predictions by name, each with its `dataset`, `task` and the survey it resembles, `like`.

    `config` is checked and filled in; it is given the survey and the dataset `predict-NAME` of
    every prediction: those of its experiment's task, but with other fields or images, without
    labels, and with incomplete patches kept and flagged. Raises FewskyError, one line.
    """
    found = {}
    for name, block in (config["predict"] or {}).items():
        where = f"predict.{name}"
        task = _task_of(where, block["experiment"], experiments, config["tasks"])
        dataset = config["datasets"][config["tasks"][task]["dataset"]]
        like = dataset["survey"]
        own = PREFIX + name
        if own in config["surveys"] or own in config["datasets"]:
            raise FewskyError(
                f"config: {where}: wanted no survey or dataset named {own}; found one. Rename it."
            )
        if block["fields"] is not None:
            _check_columns(where, block, experiments[block["experiment"]])
        config["surveys"][own] = _survey(where, block, dataset, config["surveys"][like], like)
        config["datasets"][own] = _dataset(block, dataset, own)
        found[name] = {**block, "dataset": own, "like": like, "task": task}
    return found


def _task_of(where: str, name: str, experiments: Mapping[str, dict], tasks: dict) -> str:
    known(f"{where}.experiment", name, experiments, "experiment")
    item = experiments[name]
    known(f"experiments.{name}.task", item["task"], tasks, "task")
    task = tasks[item["task"]]
    found = next((f"a task with {key}" for key in ("targets", "boxes") if key in task), None)
    if "recipe" not in item and "probe" not in item:
        found = next((f"{word} {key}" for word, key in (("an", "opponent"), ("an", "ensemble"))
                      if key in item), "none")  # fmt: skip
    if found:
        usable = [
            one
            for one, other in experiments.items()
            if other["task"] == item["task"] and ("recipe" in other or "probe" in other)
        ]
        instead = f", for example {usable[0]}" if usable and "task" not in found else ""
        raise FewskyError(
            f"config: {where}.experiment: wanted a network or a linear probe that tells classes; "
            f"found {name}, {found}. Name another{instead}."
        )
    return item["task"]


def read_of_catalogue(experiment: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Columns that a network reads and images do not tell: redshifts, and others of a catalogue."""
    model = experiment.get("model", {})
    read = [column_of(name) for name in (*model.get("extra", []), model.get("drawn_by") or "")]
    redshifts = [name for name in read if name in REDSHIFTS]
    return redshifts, [name for name in read if name.startswith(OF_CATALOGUE)]


def _check_columns(where: str, block: dict, experiment: dict) -> None:
    """Raise FewskyError for a network that reads what the catalogue of the new fields has not."""
    asked, other = read_of_catalogue(experiment)
    told = block["catalogue"]
    lacking = (asked if told != "photoobj" else []) + (
        other if told == "found" or told.endswith(".csv") else []
    )
    if lacking:
        raise FewskyError(
            f"config: {where}: wanted a catalogue with {lacking[0]}, which {block['experiment']} "
            f"reads; found catalogue {told}, which has none. Take photoobj, or an experiment that "
            "reads the image and what is measured on it alone."
        )


def _survey(where: str, block: dict, dataset: dict, survey: dict, like: str) -> dict:
    """The survey of a prediction: other fields of the same one, or a folder of images."""
    if (block["fields"] is None) == (block["folder"] is None):
        found = "neither" if block["fields"] is None else "both"
        raise FewskyError(f"config: {where}: wanted fields or a folder; found {found}. Name one.")
    of_fields = reader(survey["reader"]).KIND == "fields"
    if (block["fields"] is not None) != of_fields:
        wanted = f"fields of {like}" if of_fields else "a folder of images"
        raise FewskyError(
            f"config: {where}: wanted {wanted}, which {block['experiment']} has learned from in "
            f"the bands {listed(survey['bands'])}; found {'a folder' if of_fields else 'fields'}. "
            "Name those, or another experiment."
        )
    if of_fields:
        return {**survey, "catalogue": {"default": block["catalogue"]}, "fields": block["fields"]}
    if len(survey["bands"]) not in (1, 3) or dataset.get("composite"):
        raise FewskyError(
            f"config: {where}.folder: wanted images in the bands that {block['experiment']} has "
            f"learned from, {listed(survey['bands'])}; found a folder, whose images are grey or of "
            "three colours. Name another experiment."
        )
    schema = load_schema()
    told = {key: survey[key] for key in SHARED if survey.get(key) is not None}
    told |= {"folder": block["folder"], "reader": "folder"}
    return fill(told, schema["$defs"]["survey"], schema)


def _dataset(block: dict, dataset: dict, own: str) -> dict:
    clean = dataset["objects"]["clean"] and block["catalogue"] in ARCHIVED
    objects = {**dataset["objects"], "clean": clean, "labelled": False}
    return {**dataset, "edge": "flag", "objects": objects, "survey": own}
