"""From config.yaml to what each job is told: checked, filled in, resolved; nothing heavy."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fewsky.console import FewskyError
from fewsky.experiments import complete, expand
from fewsky.lineage import resolve_starts
from fewsky.networks import module_of
from fewsky.schema import check, fill, listed, load_schema, nearest
from fewsky.surveys import reader


@dataclass
class Plan:
    """A resolved configuration: every block by name, every default filled in, keys sorted."""

    surveys: dict[str, dict]
    datasets: dict[str, dict]
    tasks: dict[str, dict]
    experiments: dict[str, dict]
    paper: dict[str, Any]
    gates: list[dict]
    sky: dict[str, Any] | None
    weights: dict[str, dict] = field(default_factory=dict)
    shards: dict[str, dict[str, dict]] = field(default_factory=dict)
    technical: dict[str, Any] = field(default_factory=dict)
    families: dict[str, list[str]] = field(default_factory=dict)

    def of_task(self, task: str) -> list[str]:
        """Names of the experiments that answer a task."""
        return [name for name, item in self.experiments.items() if item["task"] == task]


def resolve(config: Mapping[str, Any]) -> Plan:
    """Check a configuration and resolve it into the settings of every job.

    Raises FewskyError, one line, on unknown keys, wrong types, references to things that do not
    exist, and circles among experiments.
    """
    schema = load_schema()
    config = _without_null(copy.deepcopy(dict(config)))
    check(config, schema, schema)
    # Experiments are filled in last, or a default would hide what a recipe or a parent says.
    recipes, written = config.pop("recipes", {}), config.pop("experiments")
    config = fill(config, schema, schema)
    experiments, families = expand(written)
    experiments = {
        name: complete(name, item, recipes, schema) for name, item in experiments.items()
    }
    resolve_starts(experiments, config["weights"])
    blocks = ("surveys", "datasets", "tasks", "paper", "gates", "sky", "weights")
    plan = Plan(
        **{key: config[key] for key in blocks},
        experiments=experiments,
        families=families,
        technical={key: config.get(key) for key in ("raw_store", "mirror", "download", "compute")},
    )
    _cross_check(plan)
    for block in ("surveys", "datasets", "tasks", "experiments", "paper", "sky", "weights"):
        setattr(plan, block, canonical(getattr(plan, block)))
    plan.shards = {name: _shards(survey) for name, survey in plan.surveys.items()}
    return plan


def _without_null(config: dict) -> dict:
    """The configuration without what an overlay took out by giving its name no settings (null)."""
    named = ("surveys", "datasets", "tasks", "weights", "recipes", "experiments")
    for block in named:
        if isinstance(config.get(block), Mapping):
            config[block] = {k: item for k, item in config[block].items() if item is not None}
    return config


def _shards(survey: dict) -> dict[str, dict]:
    made = reader(survey["reader"]).shards(survey)
    return canonical({name: {**item, "reader": survey["reader"]} for name, item in made.items()})


def canonical(value: Any) -> Any:
    """The value with every mapping's keys sorted, since Snakemake compares params as text."""
    if isinstance(value, Mapping):
        return {key: canonical(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [canonical(item) for item in value]
    return value


def _cross_check(plan: Plan) -> None:
    for name, dataset in plan.datasets.items():
        _known(f"datasets.{name}.survey", dataset["survey"], plan.surveys, "survey")
        _check_dataset(name, dataset, plan.surveys[dataset["survey"]])
    for name, survey in plan.surveys.items():
        _check_survey(name, survey)
    for name, task in plan.tasks.items():
        _known(f"tasks.{name}.dataset", task["dataset"], plan.datasets, "dataset")
        _check_split(name, task, plan)
    for name, item in plan.experiments.items():
        _known(f"experiments.{name}.task", item["task"], plan.tasks, "task")
        if "model" in item:
            module_of(item["model"]["name"])
        if "pseudo" in item and not plan.tasks[item["task"]]["split"]["unlabelled_fraction"]:
            raise FewskyError(
                f"config: experiments.{name}.pseudo: wanted unlabelled objects in the task "
                f"{item['task']}; found unlabelled_fraction 0. Raise it, or take pseudo out."
            )
    _check_paper(plan)
    for k, gate in enumerate(plan.gates):
        _known(f"gates.{k}.task", gate["task"], plan.tasks, "task")
        _known(f"gates.{k}.experiment", gate["experiment"], plan.experiments, "experiment")


def _check_dataset(name: str, dataset: dict, survey: dict) -> None:
    if reader(survey["reader"]).KIND == "fields" and dataset["size"] % 2 == 0:
        raise FewskyError(
            f"config: datasets.{name}.size: wanted an odd number; found {dataset['size']}. Write "
            "an odd one, so that a patch has a central pixel."
        )
    scale = dataset["scale"]
    most = 100 if scale["by"] == "image" else float("inf")
    if not scale["low"] < scale["high"] <= most or (scale["by"] == "image" and scale["low"] < 0):
        raise FewskyError(
            f"config: datasets.{name}.scale: wanted low below high, percentiles of 0 to 100 by "
            f"image; found {scale['low']:g} and {scale['high']:g}. Mend them."
        )


def _check_survey(name: str, survey: dict) -> None:
    if survey["reference_band"] not in survey["bands"]:
        raise FewskyError(
            f"config: surveys.{name}.reference_band: wanted one of {listed(survey['bands'])}; "
            f"found '{survey['reference_band']}'. Choose one of the bands."
        )


def _check_split(name: str, task: dict, plan: Plan) -> None:
    split = task["split"]
    if split["by"] == "random" and split["audit"] == "enforce":
        raise FewskyError(
            f"config: tasks.{name}.split: wanted audit: report with a random split, which shares "
            "near copies by design; found audit: enforce. Split by field, sky or hash, or say so."
        )
    if split["by"] != "field":
        return
    survey = plan.surveys[plan.datasets[task["dataset"]]["survey"]]
    # The catalogue column `field` of an image survey is known once its catalogue is read.
    fields = survey.get("fields") or [*split["train"], *split["val"], *split["test"]]
    seen: dict[str, str] = {}
    for part in ("train", "val", "test"):
        for item in split[part]:
            _known(f"tasks.{name}.split.{part}", item, fields, "field of the survey")
            if item in seen:
                raise FewskyError(
                    f"config: tasks.{name}.split: wanted each field in one part; found {item} in "
                    f"{seen[item]} and {part}. Take it out of one."
                )
            seen[item] = part
    for part in ("train", "test"):
        if not split[part]:
            raise FewskyError(
                f"config: tasks.{name}.split.{part}: wanted a field or more; found none. Name one."
            )


def _check_paper(plan: Plan) -> None:
    for k, pair in enumerate(plan.paper["comparisons"]):
        for side in ("a", "b"):
            _known(f"paper.comparisons.{k}.{side}", pair[side], plan.experiments, "experiment")
        if plan.experiments[pair["a"]]["task"] != plan.experiments[pair["b"]]["task"]:
            raise FewskyError(
                f"config: paper.comparisons.{k}: wanted two experiments of one task; found tasks "
                f"{plan.experiments[pair['a']]['task']} and {plan.experiments[pair['b']]['task']}. "
                "Compare within a task."
            )
    for chapter in plan.paper["chapters"]:
        if chapter not in plan.paper:
            raise FewskyError(
                f"config: paper.{chapter}: wanted the settings of that chapter; found none. "
                "Add them, or take the chapter out of paper.chapters."
            )
    _check_star_galaxy(plan)
    _check_planetary_nebulae(plan)


def _check_star_galaxy(plan: Plan) -> None:
    chapter = plan.paper.get("star-galaxy")
    if chapter is None or "star-galaxy" not in plan.paper["chapters"]:
        return
    where = "paper.star-galaxy"
    _known(f"{where}.survey", chapter["survey"], plan.surveys, "survey")
    _known(f"{where}.dataset", chapter["dataset"], plan.datasets, "dataset")
    _known(f"{where}.field", chapter["field"], plan.surveys[chapter["survey"]]["fields"], "field")
    for side in ("small", "large"):
        _known(f"{where}.{side}", chapter[side], plan.families, "experiment")
    for key in ("curves", "confusion", "main"):
        for item in chapter[key]:
            _known(f"{where}.{key}", item, plan.experiments, "experiment")


def _check_planetary_nebulae(plan: Plan) -> None:
    chapter = plan.paper.get("planetary-nebulae")
    if chapter is None or "planetary-nebulae" not in plan.paper["chapters"]:
        return
    where = "paper.planetary-nebulae"
    _known(f"{where}.survey", chapter["survey"], plan.surveys, "survey")
    _known(f"{where}.dataset", chapter["dataset"], plan.datasets, "dataset")
    tasks = {key: chapter[key] for key in ("task", "folds_task", "shift_task") if chapter[key]}
    for key, task in tasks.items():
        _known(f"{where}.{key}", task, plan.tasks, "task")
    lists = ("main", "curve", "teachers", "pseudo", "kinds", "distortion")
    named = {key: chapter[key] for key in lists}
    named["hypothesis"] = list(filter(None, (chapter["hypothesis"] or {}).values()))
    for key, names in named.items():
        for item in names:
            _known(f"{where}.{key}", item, plan.experiments, "experiment")
    for key, role in (("main", "task"), ("hypothesis", "folds_task"), ("distortion", "shift_task")):
        for item in named[key]:
            if plan.experiments[item]["task"] != chapter[role]:
                raise FewskyError(
                    f"config: {where}.{key}: wanted experiments of {where}.{role}, "
                    f"{chapter[role]}; found {item} of {plan.experiments[item]['task']}. Name "
                    "others."
                )


def _known(where: str, name: str, among: Any, kind: str) -> None:
    if name not in among:
        raise FewskyError(
            f"config: {where}: wanted a {kind} of this file; found '{name}'. {nearest(name, among)}"
        )
