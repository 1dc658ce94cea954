"""From config.yaml to what each job is told: checked, filled in, resolved; nothing heavy."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fewsky.addresses import check_secrets
from fewsky.atlas import expand_atlas
from fewsky.bands_check import check_bands
from fewsky.chapters import check_chapters
from fewsky.chapters_four_classes import check_scenes
from fewsky.console import FewskyError
from fewsky.experiments import complete, expand
from fewsky.extra_check import check_extra
from fewsky.field_budgets import check_field_budgets, check_order
from fewsky.generated_check import check_generated
from fewsky.lineage import resolve_starts
from fewsky.losses import check_start
from fewsky.networks import module_of
from fewsky.predicted import add_predictions
from fewsky.pretexts import check_pretexts, drop_unset
from fewsky.schema import check, fill, known, listed, load_schema
from fewsky.spaces import resolve_search
from fewsky.surveys import reader
from fewsky.targets_check import check_experiments, name_classes
from fewsky.task_groups import name_groups


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
    atlas: list[dict[str, str]] = field(default_factory=list)
    predict: dict[str, dict] = field(default_factory=dict)

    def of_task(self, task: str) -> list[str]:
        """Names of the experiments that answer a task."""
        return [name for name, item in self.experiments.items() if item["task"] == task]


def resolve(config: Mapping[str, Any]) -> Plan:
    """Check a configuration and resolve it into the settings of every job.

    Raises FewskyError, one line, on unknown keys, wrong types, references to things that do not
    exist, and circles among experiments.
    """
    schema = load_schema()
    check_secrets(dict(config))
    config = _without_null(copy.deepcopy(dict(config)))
    check(config, schema, schema)
    # Experiments are filled in last, or a default would hide what a recipe or a parent says.
    recipes, written = config.pop("recipes", {}), config.pop("experiments")
    atlas = config.pop("atlas", None)
    config = drop_unset(fill(config, schema, schema))
    name_classes(config["tasks"])
    name_groups(config["tasks"])
    added, rows = expand_atlas(atlas, written, config, recipes, schema)
    experiments, families = expand({**written, **added})
    experiments = {
        name: complete(name, item, recipes, schema) for name, item in experiments.items()
    }
    resolve_starts(experiments, config["weights"])
    predictions = add_predictions(config, experiments)
    blocks = ("surveys", "datasets", "tasks", "paper", "gates", "sky", "weights")
    plan = Plan(
        **{key: config[key] for key in blocks},
        experiments=experiments,
        families=families,
        atlas=rows,
        predict=predictions,
        technical={key: config.get(key) for key in ("raw_store", "mirror", "download", "compute")},
    )
    _cross_check(plan)
    for name, item in experiments.items():
        if "search" in item:
            resolve_search(name, item, plan.tasks[item["task"]], schema)
    for block in (
        "surveys",
        "datasets",
        "tasks",
        "experiments",
        "paper",
        "sky",
        "weights",
        "predict",
    ):
        setattr(plan, block, canonical(getattr(plan, block)))
    plan.shards = {name: _shards(survey) for name, survey in plan.surveys.items()}
    return plan


def _without_null(config: dict) -> dict:
    """The configuration without what an overlay took out by giving its name no settings (null)."""
    named = ("surveys", "datasets", "tasks", "weights", "recipes", "experiments", "predict")
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
        known(f"datasets.{name}.survey", dataset["survey"], plan.surveys, "survey")
        _check_dataset(name, dataset, plan.surveys[dataset["survey"]])
    check_scenes(plan)
    for name, survey in plan.surveys.items():
        _check_survey(name, survey)
    for name, task in plan.tasks.items():
        known(f"tasks.{name}.dataset", task["dataset"], plan.datasets, "dataset")
        _check_split(name, task, plan)
    for name, item in plan.experiments.items():
        known(f"experiments.{name}.task", item["task"], plan.tasks, "task")
        if "model" in item:
            module_of(item["model"]["name"])
        _check_draws(f"experiments.{name}.draws", item, plan.tasks[item["task"]])
        check_field_budgets(name, item, plan.tasks[item["task"]])
        if "from" in item.get("start", {}):
            other = plan.experiments[item["start"]["from"]]
            check_start(
                f"experiments.{name}", item, other, len(plan.tasks[item["task"]]["classes"])
            )
        if "pseudo" in item and not plan.tasks[item["task"]]["split"]["unlabelled_fraction"]:
            raise FewskyError(
                f"config: experiments.{name}.pseudo: wanted unlabelled objects in the task "
                f"{item['task']}; found unlabelled_fraction 0. Raise it, or take pseudo out."
            )
    check_bands(plan)
    check_extra(plan)
    check_pretexts(plan)
    _check_paper(plan)
    check_experiments(plan)
    check_generated(plan)
    for k, gate in enumerate(plan.gates):
        known(f"gates.{k}.task", gate["task"], plan.tasks, "task")
        known(f"gates.{k}.experiment", gate["experiment"], plan.experiments, "experiment")


def _check_draws(where: str, item: dict, task: dict) -> None:
    draws, made = item["draws"], task["split"]["draws"]
    if draws is None:
        return
    if "recipe" not in item:
        raise FewskyError(
            f"config: {where}: wanted a network with a recipe, since others are one job for all "
            "draws; found none. Leave it out."
        )
    if draws > made:
        raise FewskyError(
            f"config: {where}: wanted at most {made}, the draws of the task {item['task']}; found "
            f"{draws}. Lower it, or raise those."
        )


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
    _check_counts(f"config: tasks.{name}.split.counts", task)
    check_order(f"tasks.{name}.split", split)
    if split["by"] != "field":
        return
    survey = plan.surveys[plan.datasets[task["dataset"]]["survey"]]
    # The catalogue column `field` of an image survey is known once its catalogue is read.
    fields = survey.get("fields") or [*split["train"], *split["val"], *split["test"]]
    seen: dict[str, str] = {}
    for part in ("train", "val", "test"):
        for item in split[part]:
            known(f"tasks.{name}.split.{part}", item, fields, "field of the survey")
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


def _check_counts(where: str, task: dict) -> None:
    split = task["split"]
    counts = {part: wanted for part, wanted in split["counts"].items() if wanted}
    if not counts:
        return
    if (split["by"], split["audit"]) != ("random", "report") or split["guard_arcsec"]:
        raise FewskyError(
            f"{where}: wanted by: random, audit: report and no guard_arcsec with exact counts; "
            f"found by: {split['by']}, audit: {split['audit']}. Say so, or use the fractions."
        )
    labels = task["classes"] or ["object"]  # that of every object of a task with targets
    for part in ("test", "val") if "val" in counts else ("test",):
        if set(counts.get(part, {})) != set(labels):
            raise FewskyError(
                f"{where}.{part}: wanted a count for each of {listed(labels)}; found "
                f"{listed(counts.get(part, {}))}. Name the task's classes, no others."
            )


def _check_paper(plan: Plan) -> None:
    for k, pair in enumerate(plan.paper["comparisons"]):
        for side in ("a", "b"):
            known(f"paper.comparisons.{k}.{side}", pair[side], plan.experiments, "experiment")
        if plan.experiments[pair["a"]]["task"] != plan.experiments[pair["b"]]["task"]:
            raise FewskyError(
                f"config: paper.comparisons.{k}: wanted two experiments of one task; found tasks "
                f"{plan.experiments[pair['a']]['task']} and {plan.experiments[pair['b']]['task']}. "
                "Compare within a task."
            )
    check_chapters(plan)
