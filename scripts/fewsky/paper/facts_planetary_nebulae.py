"""What shapes the sentences of the chapter on planetary nebulae: what a run has, and verdicts."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from fewsky.files import load_json, load_table
from fewsky.metrics.nuisance import nuisance_warning
from fewsky.paper import hypothesis
from fewsky.paper import numbers_scores as scores
from fewsky.paper.kinds import kind_of
from fewsky.paper.numbers_planetary_nebulae import kinds_of

ROLES = {"main": "task", "folds": "folds_task", "shift": "shift_task"}
MOST_KINDS = 5
RAMP = {"begin": "t1", "full": "t2", "weight": "alpha", "unit": "unit"}
Settings = Mapping[str, Any]


def of_config(settings: Settings, classes: list[str]) -> dict[str, Any]:
    """What shapes sentences and stands in the configuration."""
    chapter, survey, items = settings["chapter"], settings["survey"], settings["experiments"]
    split = settings["tasks"][chapter["task"]]["split"]
    named = [*chapter["main"], *chapter["pseudo"], *chapter["distortion"]]
    parts = [name for name in (chapter["hypothesis"] or {}).values() if name]
    learning = [name for name in [*named, *parts] if _pseudo(items[name])]
    students = {name: items[name]["pseudo"] for name in dict.fromkeys(learning)}
    return {
        "reader": survey["reader"],
        "note": survey.get("note", ""),
        "bands": survey["bands"],
        "scale": settings["dataset"].get("scale", {}).get("by", ""),
        "classes": classes,
        "status": survey.get("status", {}),
        "balance": split.get("balance", "natural"),
        "about": {name: items[name]["about"] for name in items},
        "stages": {name: stage_of(items[name]) for name in dict.fromkeys(named)},
        "students": students,
        "ramps": _ramps(students.values()),
        "forms": forms_of(items, chapter),
        "variants": _variants(told for name, told in students.items() if name not in parts),
        "fold_labels": _fold_labels(items, chapter),
        "prevalences": settings["scoring"]["prevalences"],
        **{key: chapter[key] for key in ("main", "curve", "teachers", "pseudo", "kinds")},
        "distortion": chapter["distortion"],
    }


def stage_of(item: Settings) -> str:
    """What an experiment is: probe, fine-tune, lp-ft, student, scratch, or a kind of opponent."""
    if item.get("opponent"):
        return kind_of(item)
    if item.get("probe"):
        return "probe"
    if _pseudo(item):
        return "student"
    start = item.get("start") or {}
    if start.get("from"):
        return "lp-ft"
    return "fine-tune" if start.get("weights") else "scratch"


def _pseudo(item: Settings) -> Any:
    return item.get("pseudo")


def forms_of(items: Settings, chapter: Settings) -> dict[str, str]:
    """Kind of pseudo-labels of the experiments `both` and `pl` of the hypothesis, by name."""
    parts = chapter["hypothesis"] or {}
    names = [parts.get(part) for part in ("both", "pl")]
    return {
        name: items[name]["pseudo"]["labels"] for name in names if name and _pseudo(items[name])
    }


def _variants(students: Iterable[Settings]) -> list[str]:
    """What students outside the hypothesis try: hard and soft labels, threshold, top_share."""
    told = list(students)
    kinds = [kind for kind in ("hard", "soft") if any(one["labels"] == kind for one in told)]
    return kinds + [key for key in ("threshold", "top_share") if any(one.get(key) for one in told)]


def _fold_labels(items: Settings, chapter: Settings) -> str:
    """How many labels a run over folds sees: a number, "all", or "" where there is no such run."""
    name = (chapter["hypothesis"] or {}).get("both")
    if not name:
        return ""
    budgets = items[name].get("budgets") or ["all"]
    return "all" if "all" in budgets else str(max(budgets))


def _ramps(students: Iterable[Settings]) -> list[dict[str, Any]]:
    """The schedules of students, each once: when weights begin, are full, and how large."""
    found = []
    for told in students:
        ramp = {key: told.get(name) for key, name in RAMP.items()}
        if None not in ramp.values() and ramp not in found:
            found.append(ramp)
    return found


def fields_of(settings: Settings, task: str | None) -> dict[str, list[str]]:
    """Fields of the survey trained on and of the one tested on, where there is a change."""
    if task is None:
        return {}
    split = settings["tasks"][task]["split"]
    return {"inside": list(split["train"]), "outside": list(split["test"])}


def kinds_seen(objects: Any, classes: list[str]) -> dict[str, list[str]]:
    """The commonest kinds of each class, and whether there are more."""
    found = {}
    for name in classes:
        kinds = list(kinds_of(objects[objects["label"] == name]))
        found[name] = {"shown": kinds[:MOST_KINDS], "more": len(kinds) > MOST_KINDS}
    return found


def of_files(settings, files, tasks: Mapping[str, str], numbers) -> dict[str, Any]:
    """What shapes sentences and stands in result files."""
    chapter, items = settings["chapter"], settings["experiments"]
    compared = {
        role: scores.comparisons(files["comparisons"][task], settings["comparisons"])
        for role, task in tasks.items()
    }
    parts = {part: name for part, name in (chapter["hypothesis"] or {}).items() if name}
    return {
        "auditable": load_json(files["audits"][tasks["main"]])["sky"] == "auditable",
        "tasks": tasks,
        "hypothesis": hypothesis.told(parts, compared.get("folds", [])),
        "warnings": _warnings(items, files["metrics"], tasks),
        "budgets": {name: _budgets(numbers, name) for name in chapter["curve"]},
        "thresholds": {name: _thresholds(numbers, name) for name in chapter["teachers"]},
        "truth": any(key.startswith("pn.truth.") for key in numbers),
        "hidden": [n for n in chapter["main"] if f"pn.hidden.{n}.mcc" in numbers],
        "subsets": _subsets(files["metrics"], chapter["kinds"]),
        "compared": compared["main"],
    }


def _warnings(items: Settings, metrics: Mapping[str, Path], tasks: Mapping[str, str]) -> list[str]:
    """Sentences of warning of the nuisance controls, one a task at most."""
    found = []
    for task in tasks.values():
        own = [n for n, item in items.items() if item["task"] == task]
        controls = [n for n in own if kind_of(items[n]) == "nuisance"]
        table = load_table(metrics[task])
        found += [nuisance_warning(table, name) for name in controls[:1]]
    return [words for words in found if words]


def _budgets(numbers: Mapping[str, Any], name: str) -> list[str]:
    stem = f"pn.curve.{name}."
    ends = {key.removeprefix(stem).split(".")[0] for key in numbers if key.startswith(stem)}
    return sorted(ends, key=int)


def _thresholds(numbers: Mapping[str, Any], name: str) -> list[str]:
    """Thresholds at which a teacher's pseudo-labels were judged and some were kept."""
    stem = f"pn.pseudo.{name}."
    keys = [key for key in numbers if key.startswith(stem) and key.endswith(".share")]
    ends = [key.removeprefix(stem).removesuffix(".share") for key in keys]
    known = [end for end in ends if numbers[f"{stem}{end}"]["value"] is not None]
    return sorted(known, key=float)


def _subsets(metrics: Mapping[str, Path], names: list[str]) -> dict[str, list[str]]:
    """Kinds and fields that were scored for some experiments, in the order of the table."""
    found: dict[str, list[str]] = {"kind": [], "field": []}
    for path in metrics.values():
        table = load_table(path)
        for subset in dict.fromkeys(table.loc[table["experiment"].isin(names), "subset"]):
            column, _, value = subset.partition(" ")
            if column in found and value not in found[column]:
                found[column].append(value)
    return found
