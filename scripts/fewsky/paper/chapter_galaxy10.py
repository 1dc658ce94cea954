"""The chapter on Galaxy10: which result files its text quotes, and what shapes it."""

from collections.abc import Mapping
from typing import Any

from fewsky.paper import facts_galaxy10 as facts_of
from fewsky.paper import numbers_galaxy10 as read
from fewsky.paper import numbers_runs as runs
from fewsky.paper.numbers import constants, published
from fewsky.paper.numbers_galaxy10_study import of_study

MAKERS = {
    "g10.study": "scripts/fewsky/paper/numbers_galaxy10_study.py",
    "g10.survey": "config.yaml, blocks surveys and datasets",
    "g10.objects": "rule cut_images, from the catalogues of the images",
    "g10.survey2": "config.yaml, the survey and the dataset of paper.galaxy10.decals_task",
    "g10.objects2": "rule cut_images, from the catalogues of the dataset of decals_task",
    "g10.split": "rule make_split, from the audit of the task",
    "g10.model": "rule train, from the card of the first draw",
    "g10.score": "rule score, from the metrics table of the task",
    "g10.truth": "rule score, where the truth is known",
    "g10.folds": "rule score, over the folds of the task",
    "g10.folds_truth": "rule score, over the folds of the task, where the truth is known",
    "g10.balance": "rule train, from what the card of the first draw says of an epoch",
    "g10.cv": "rule score, from the folds of the first draw",
    "g10.weight": "rule combine_predictions, from the card of the ensemble",
    "g10.found_on": "rule combine_predictions, from the card of the ensemble",
    "g10.search": "rule search_settings, from its trials",
    "g10.export": "rule export_model",
    "g10.sanity": "rule explain, from its comparison with randomised weights",
}
Settings = Mapping[str, Any]


def collect(settings: Settings, files: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers, facts and makers of the chapter.

    `files` holds lists of paths `catalogs`, and `second` for the dataset of decals_task; paths by
    task `audits`, `metrics`, `comparisons`; by experiment `cards`, `searches`, `found`,
    `exports` and `explained`; and the single paths `published` and `constants`.
    """
    facts = facts_of.of_config(settings)
    tasks, cards = facts["tasks"], files["cards"]
    numbers = {
        **of_study({**published(files["published"]), **constants(files["constants"])}),
        **_of_images(settings, files, facts),
        **runs.of_cards("g10.model", cards),
        **read.of_balance(cards, facts["imbalance"].values()),
    }
    for role, task in tasks.items():
        task_told = settings["tasks"][task]
        numbers |= runs.of_split(f"g10.split.{role}", files["audits"][task], task_told)
        numbers |= read.of_scores(files["metrics"][task])
    if "folds" in tasks and facts["cv"]:
        numbers |= read.of_folds(files["metrics"][tasks["folds"]], facts["cv"])
    if facts["ensemble"]:
        numbers |= read.of_ensemble(cards[facts["ensemble"]])
    if facts["search"]:
        paths = [files[room][facts["search"]] for room in ("searches", "found")]
        numbers |= read.of_search(*paths, settings["experiments"][facts["search"]]["search"])
    for name in facts["export"]:
        numbers |= read.of_export(files["exports"][name], name)
    for name in facts["explain"]:
        numbers |= read.of_sanity(files["explained"][name], name)
    facts |= facts_of.of_files(settings, files, tasks, numbers)
    return {"numbers": numbers, "facts": facts, "makers": MAKERS}


def _of_images(settings: Settings, files: Mapping[str, Any], facts: Settings) -> dict[str, Any]:
    """Numbers of the images of the chapter's dataset, and of the second one where there is one."""
    told = [("", "main", settings["survey"], settings["dataset"], files["catalogs"])]
    if second := settings["second"]:
        told.append(("2", "decals", second["survey"], second["dataset"], files["second"]))
    numbers = {}
    for mark, role, survey, dataset, paths in told:
        counts = read.count_labels(paths)
        numbers |= read.of_survey(f"g10.survey{mark}", survey, dataset)
        classes = facts["classes"].get(role, list(survey["counts"]))
        numbers |= read.of_objects(f"g10.objects{mark}", counts, classes, paths[0])
    return numbers
