"""The chapter on planetary nebulae: which result files its text quotes, and what shapes it."""

from collections.abc import Mapping
from typing import Any

from fewsky.paper import facts_planetary_nebulae as facts_of
from fewsky.paper import numbers_planetary_nebulae as read
from fewsky.paper import numbers_runs as runs
from fewsky.paper.kinds import weights_used

MAKERS = {
    "pn.survey": "config.yaml, blocks surveys and datasets",
    "pn.objects": "rule cut_images, from the catalogues of the images",
    "pn.split": "rule make_split, from the audit of the task",
    "pn.model": "rules train and fit_probes, from the cards",
    "pn.total": "rules train and fit_probes, from the cards of an experiment and those before it",
    "pn.recipe": "config.yaml, the experiment",
    "pn.score": "rule score, from the metrics table of the task",
    "pn.truth": "rule score, where the truth is known",
    "pn.folds": "rule score, over the folds of the task",
    "pn.hidden": "rule score, on objects whose labels are hidden",
    "pn.curve": "rule score, by number of labels",
    "pn.pseudo": "rule score_pseudo",
    "pn.distortion": "rule measure_distortion, from the features before and after",
}
Settings = Mapping[str, Any]


def collect(settings: Settings, files: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers, facts and makers of the chapter.

    `files` holds lists of paths `catalogs`; paths by task `audits`, `metrics`, `comparisons` and
    `pseudo`; paths by experiment `cards` and `distortions`.
    """
    chapter, items = settings["chapter"], settings["experiments"]
    classes = settings["tasks"][chapter["task"]]["classes"]
    objects = read.load_objects(files["catalogs"], classes)
    numbers = {
        **read.of_survey(settings["survey"], settings["dataset"]),
        **read.of_objects(objects, classes, files["catalogs"][0]),
        **runs.of_cards("pn.model", files["cards"]),
        **read.of_stages(files["cards"], items, facts_of.forms_of(items, chapter)),
        **_of_recipes(items),
    }
    tasks = {role: chapter[key] for role, key in facts_of.ROLES.items() if chapter[key]}
    for role, task in tasks.items():
        numbers |= runs.of_split(f"pn.split.{role}", files["audits"][task], settings["tasks"][task])
    for path in files["metrics"].values():
        numbers |= read.of_scores(path, chapter["kinds"])
        numbers |= read.of_curve(path, chapter["curve"])
    for path in files["pseudo"].values():
        numbers |= read.of_pseudo(path, chapter["teachers"])
    fields = facts_of.fields_of(settings, tasks.get("shift"))
    for name, path in files["distortions"].items():
        numbers |= read.of_distortion(path, name, fields)
    facts = {
        **facts_of.of_config(settings, classes),
        **facts_of.of_files(settings, files, tasks, numbers),
        "kinds_seen": facts_of.kinds_seen(objects, classes),
        "fields_seen": sorted(set(objects["field"]) - {""}),
        "fields": fields,
        "weighed": weights_used(settings, chapter["main"]),
    }
    return {"numbers": numbers, "facts": facts, "makers": MAKERS}


def _of_recipes(experiments: Settings) -> dict[str, Any]:
    """Numbers in the pseudo-label settings and the recipe of each experiment."""
    numbers = {}
    for name, item in experiments.items():
        told = {**(item.get("recipe") or {}), **(item.get("pseudo") or {})}
        plain = {
            key: (value, "g")
            for key, value in told.items()
            if isinstance(value, int | float) and not isinstance(value, bool)
        }
        numbers |= read.keyed(plain, "config.yaml", f"pn.recipe.{name}")
    return numbers
