"""What shapes the sentences of the chapter on Galaxy10: what a run has, and its verdicts."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fewsky.files import load_json, load_table
from fewsky.metrics.nuisance import nuisance_warning
from fewsky.paper import numbers_scores as scores
from fewsky.paper.hypothesis import find
from fewsky.paper.kinds import kind_of, weights_used

ROLES = {
    "main": "task",
    "legacy": "legacy_task",
    "folds": "folds_task",
    "ten": "ten_task",
    "decals": "decals_task",
}
LISTS = ("main", "ten", "decals", "explain", "export")
MAPS = ("imbalance", "scratch", "legacy", "reports", "cv")
# Ranges of Tessa and Terranova, the shear in degrees.
STUDY = {"rotation_deg": 40, "shift_x": 0.2, "shift_y": 0.1, "shear_deg": 0.2, "zoom": 0.2,
         "flip": True}  # fmt: skip
RADIANS = 1.0  # degrees of shear above which 0.2 was read as radians, 11.5 degrees
# The questions that comparisons answer: pairs of parts, the first held against the second.
IMBALANCE = (("down-and-up", "none"), ("weights", "none"), ("partial-and-weights", "none"),
             ("partial-and-weights", "down-and-up"))  # fmt: skip
SCRATCH = (("bigger", "simple"), ("dropout", "bigger"), ("dropout-bn", "dropout"),
           ("dropout-reg", "dropout"), ("dropout-reg-bn", "dropout-bn"),
           ("dropout-bn", "simple"))  # fmt: skip
FOLDS = (("scratch", "vgg"),)
SEARCHED = (("search", "simple"), ("search", "scratch"))
Settings = Mapping[str, Any]


def of_config(settings: Settings) -> dict[str, Any]:
    """What shapes sentences and stands in the configuration; null parts are left out."""
    chapter, survey, items = settings["chapter"], settings["survey"], settings["experiments"]
    answered = {item["task"] for item in items.values()}
    tasks = {role: chapter[key] for role, key in ROLES.items() if chapter[key] in answered}
    maps = {key: held(chapter, key) for key in MAPS}
    lists = {key: list(chapter[key] or ()) for key in LISTS}
    ensemble = chapter["ensemble"]
    return {
        "bands": survey["bands"],
        "all_classes": list(survey["counts"]),
        "classes": {role: settings["tasks"][task]["classes"] for role, task in tasks.items()},
        "tasks": tasks,
        "splits": {role: settings["tasks"][task]["split"] for role, task in tasks.items()},
        **maps,
        **lists,
        "ensemble": ensemble,
        "ensemble_control": chapter["ensemble_control"],
        "members": list(items[ensemble]["ensemble"]["of"]) if ensemble else [],
        "search": chapter["search"],
        "space": _space(items[chapter["search"]]) if chapter["search"] else {},
        "kinds": {name: kind_of(item) for name, item in items.items()},
        "about": {name: item.get("about", "") for name, item in items.items()},
        "tuned": _tuned(items),
        "weighed": weights_used(settings, [*lists["main"], *maps["cv"].values(), *lists["decals"]]),
        "nuisance_columns": _columns(items, tasks["main"]),
        "decals_columns": _columns(items, tasks["decals"]) if "decals" in tasks else [],
        "patient": all(map(_patient, (items[name] for name in _from_nothing(maps)))),
        "moved": _moved({name: items[name] for name in lists["main"]}),
        "turned": [name for name in lists["main"] if _moves(items[name]) == ("d4", "copies")],
        "study_recipe": any(map(_as_in_the_study, items.values())),
        "shear_in_radians": any((_shear(item) or 0) > RADIANS for item in items.values()),
    }


def held(chapter: Settings, key: str) -> dict[str, str]:
    """Experiments of one of the chapter's mappings by their part in it, without nulls."""
    return {part: name for part, name in (chapter[key] or {}).items() if name}


def _space(item: Settings) -> dict[str, Any]:
    """What a search asks for, and over what range: words by setting."""
    found = {}
    for key, told in item["search"]["space"].items():
        choices = told.get("choices")
        if choices:
            found[key] = " or ".join(map(str, choices))
        else:
            found[key] = f"{told['low']:g} to {told['high']:g}"
    return found


def _tuned(items: Settings) -> dict[str, str]:
    """How far the weights that an experiment starts from are trained: features, tuned or all."""
    found = {}
    for name, item in items.items():
        if not item.get("weights") or "recipe" not in item:
            continue
        unfreeze = item["recipe"]["unfreeze"]
        parts = [unfreeze] if isinstance(unfreeze, str) else unfreeze
        blocks = isinstance(parts, int) or any("block" in part for part in parts)
        found[name] = "all" if unfreeze == "all" else "tuned" if blocks else "features"
    return found


def _columns(items: Settings, task: str) -> list[str]:
    """What the nuisance control of a task sees."""
    own = [item for item in items.values() if item["task"] == task]
    controls = [item["opponent"] for item in own if kind_of(item) == "nuisance"]
    return list(controls[0].get("columns") or ()) if controls else []


def _from_nothing(maps: Mapping[str, dict[str, str]]) -> list[str]:
    """The networks of the two tables on training from nothing."""
    return list(dict.fromkeys([*maps["scratch"].values(), *maps["imbalance"].values()]))


def _patient(item: Settings) -> bool:
    """Whether a training ends by its accuracy, with the rate halved on a plateau of the loss."""
    recipe = item["recipe"]
    by = recipe["patience"] is not None and recipe["monitor"] == "val_accuracy"
    return by and recipe["schedule"] == "plateau"


def _moved(items: Settings) -> list[dict[str, Any]]:
    """Experiments that move every image anew at each sight, and what else they do."""
    return [
        {
            "name": name,
            "cosine": item["recipe"]["schedule"] == "cosine",
            "symmetric": item["recipe"]["test_views"] == 8,
        }
        for name, item in items.items()
        if _moves(item) == ("affine", "all")
    ]


def _as_in_the_study(item: Settings) -> bool:
    """Whether copies alone are moved, within the ranges of the study."""
    return _moves(item) == ("affine", "copies") and item["recipe"]["affine"] == STUDY


def _moves(item: Settings) -> tuple[str | None, str | None]:
    recipe = item.get("recipe") or {}
    return recipe.get("augment"), recipe.get("augment_of")


def _shear(item: Settings) -> float | None:
    recipe = item.get("recipe") or {}
    return recipe["affine"]["shear_deg"] if recipe.get("augment") == "affine" else None


def of_files(settings: Settings, files: Mapping[str, Any], tasks: Mapping[str, str], numbers):
    """What shapes sentences and stands in result files."""
    items = settings["experiments"]
    compared = {
        role: scores.comparisons(files["comparisons"][task], settings["comparisons"])
        for role, task in tasks.items()
    }
    audits = {role: load_json(files["audits"][task]) for role, task in tasks.items()}
    findings = _findings(settings, numbers, compared)
    asked_for = {frozenset((row["a"], row["b"])) for rows in findings.values() for row in rows}
    named = [row for rows in compared.values() for row in rows if row["named"]]
    return {
        "auditable": {role: audit["sky"] == "auditable" for role, audit in audits.items()},
        "warnings": _warnings(items, files["metrics"], tasks),
        "truth": any(key.startswith("g10.truth.") for key in numbers),
        "findings": findings,
        "rebalanced": _rebalanced(settings["chapter"], numbers),
        "named": [row for row in named if frozenset((row["a"], row["b"])) not in asked_for],
    }


def _rebalanced(chapter: Settings, numbers) -> list[str]:
    """Experiments on unequal classes whose epochs repeat objects or leave some out."""

    def changes(name: str) -> bool:
        keys = [f"g10.balance.{name}.{what}" for what in ("repeated", "left_out")]
        return any(numbers[key]["value"] for key in keys if key in numbers)

    return list(filter(changes, held(chapter, "imbalance").values()))


def _findings(settings: Settings, numbers, compared: Mapping[str, list[dict]]) -> dict[str, list]:
    """The comparisons behind each question of the text."""
    chapter, items, main = settings["chapter"], settings["experiments"], compared["main"]
    parts = {key: held(chapter, key) for key in MAPS}
    return {
        "imbalance": asked(IMBALANCE, parts["imbalance"], main),
        "scratch": asked(SCRATCH, parts["scratch"], main),
        "folds": asked(FOLDS, parts["cv"], compared.get("folds", [])),
        "search": asked(SEARCHED, parts["reports"], main),
        "ensemble": _of_ensemble(chapter, items, main),
        "best": _best_pair(settings, numbers, main),
    }


def asked(
    pairs: Sequence[tuple[str, str]], parts: Mapping[str, str], rows: Sequence[dict]
) -> list[dict[str, Any]]:
    """The comparisons that answer some questions, each turned so that `a` is the first part."""
    return [row for pair in pairs if (row := find(parts, pair, rows))]


def _of_ensemble(chapter: Settings, items: Settings, rows: Sequence[dict]) -> list[dict[str, Any]]:
    """The ensemble against each of its members, and against equal weights."""
    if not chapter["ensemble"]:
        return []
    others = [*items[chapter["ensemble"]]["ensemble"]["of"], chapter["ensemble_control"]]
    parts = {"ensemble": chapter["ensemble"], **{name: name for name in others if name}}
    return asked([("ensemble", name) for name in others if name], parts, rows)


def _best_pair(settings: Settings, numbers, rows: Sequence[dict]) -> list[dict[str, Any]]:
    """The network of the main table with the highest MCC against the best opponent."""
    items, best = settings["experiments"], {}
    for kind in ("network", "opponent"):
        key = {
            name: numbers[f"g10.score.{name}.mcc"]["value"]
            for name in settings["chapter"]["main"]
            if kind_of(items[name]) == kind and f"g10.score.{name}.mcc" in numbers
        }
        known = {name: value for name, value in key.items() if value is not None}
        if known:
            best[kind] = max(known, key=known.get)
    return asked([("network", "opponent")], best, rows)


def _warnings(items: Settings, metrics: Mapping[str, Path], tasks: Mapping[str, str]) -> list[str]:
    """Sentences of warning of the nuisance controls, one a task at most."""
    found = []
    for task in tasks.values():
        controls = [
            name
            for name, item in items.items()
            if item["task"] == task and kind_of(item) == "nuisance"
        ]
        table = load_table(metrics[task])
        found += [nuisance_warning(table, name) for name in controls[:1]]
    return [words for words in found if words]
