"""What shapes the sentences of the chapter on detection: what a run has, and its verdicts."""

from collections.abc import Mapping
from typing import Any

from fewsky.files import load_json
from fewsky.paper import numbers_scores as scores
from fewsky.paper.detection import PROPOSER, defines, load_scores, reference_of
from fewsky.paper.hypothesis import find
from fewsky.paper.kinds import kind_of, weights_used

ROLES = {"main": "task", "folds": "folds_task"}
CENTRAL = "central-box"
COMPARED = "map_50"
OFF = "off_centre_"  # before a measure that was compared on off-centre windows
Settings = Mapping[str, Any]


def of_config(settings: Settings) -> dict[str, Any]:
    """What shapes sentences and stands in the configuration; null parts are left out."""
    chapter, items = settings["chapter"], settings["experiments"]
    answered = {item["task"] for item in items.values()}
    tasks = {role: chapter[key] for role, key in ROLES.items() if chapter[key] in answered}
    boxes = settings["tasks"][chapter["task"]]["boxes"]
    cv = list(chapter["cv"] or ()) if "folds" in tasks else []
    return {
        "tasks": tasks,
        "splits": {role: settings["tasks"][task]["split"] for role, task in tasks.items()},
        "classes": boxes["classes"],
        "boxes_from": boxes["from"],
        "off_centre": bool(boxes["off_centre"]),
        "main": list(chapter["main"]),
        "cv": cv,
        "shown": chapter["shown"],
        "export": list(chapter["export"] or ()),
        "named": chapter["named"],
        "frames": chapter["frames"],
        "classifier": settings.get("classifier") or {},
        "kinds": {name: kind_of(item) for name, item in items.items()},
        "families": {name: _family(item) for name, item in items.items() if "opponent" in item},
        "models": {name: _network(item) for name, item in items.items() if "model" in item},
        "about": {name: item.get("about", "") for name, item in items.items()},
        "started": [name for name in chapter["main"] if items[name].get("weights")],
        "moved": any(_moves(item) for item in items.values()),
        "survey": chapter["survey"],
        "weighed": weights_used(settings, [*chapter["main"], *cv]),
    }


def _family(item: Settings) -> str:
    return item["opponent"]["family"]


def _network(item: Settings) -> str:
    """The name of a network, for example ssdlite."""
    return item["model"]["name"]


def _moves(item: Settings) -> bool:
    """Whether a training turns, mirrors, shifts or zooms its images."""
    return item.get("recipe", {}).get("augment", "none") != "none"


def of_files(settings: Settings, files: Settings, facts: Settings, numbers) -> dict[str, Any]:
    """What shapes sentences and stands in result files."""
    tasks = facts["tasks"]
    compared = {
        role: scores.comparisons(files["comparisons"][task], settings["comparisons"])
        for role, task in tasks.items()
    }
    audits = {role: load_json(files["audits"][task]) for role, task in tasks.items()}
    reference = reference_of(load_scores([files["metrics"][tasks["main"]]]))
    ranked = [name for name in facts["main"] if not defines(facts["families"].get(name), reference)]
    findings = _findings({**facts, "main": ranked}, compared)
    asked = {frozenset((row["a"], row["b"])) for rows in findings.values() for row in rows}
    named = [row for rows in compared.values() for row in rows if row["named"]]
    return {
        "reference": reference,
        "ranked": ranked,
        "auditable": {role: audit["sky"] == "auditable" for role, audit in audits.items()},
        "findings": findings,
        "few": sorted({key.split(".")[2] for key in numbers if key.startswith("det.few.")}),
        "named_classes": _named_classes(numbers),
        "compared": [row for row in named if frozenset((row["a"], row["b"])) not in asked],
    }


def _findings(facts: Settings, compared: Mapping[str, list[dict]]) -> dict[str, list]:
    """The comparisons behind each question of the text, the network first."""
    main, families, models = facts["main"], facts["families"], facts["models"]
    networks = [name for name in main if name in models]
    central = [name for name in main if families.get(name) == CENTRAL]
    segments = [name for name in main if families.get(name) == PROPOSER]
    others = [name for name in networks if models[name] != models[networks[0]]]
    rows, folds = compared["main"], compared.get("folds", [])
    return {
        "central": _pairs(networks, central, rows, COMPARED),
        "central_off": _pairs(networks, central, rows, OFF + COMPARED),
        "segments": _pairs(networks, segments, rows, COMPARED),
        "networks": _pairs(networks[:1], others, rows, COMPARED),
        "starts": [
            row
            for name in facts["started"]
            for row in _pairs([name], _unstarted(name, networks, facts), rows, COMPARED)
        ],
        "folds": _pairs(facts["cv"][:1], facts["cv"][1:], folds, COMPARED),
    }


def _unstarted(name: str, networks: list[str], facts: Settings) -> list[str]:
    """The same networks that start from nothing."""
    same = [one for one in networks if facts["models"][one] == facts["models"][name]]
    return [one for one in same if one not in facts["started"]]


def _pairs(first: list[str], second: list[str], rows: list[dict], metric: str) -> list[dict]:
    """The comparisons of each of the first with each of the second in one measure."""
    rows = [row for row in rows if row["metric"] == metric]
    pairs = [{"a": a, "b": b} for a in first for b in second]
    return [row for parts in pairs if (row := find(parts, ("a", "b"), rows))]


def _named_classes(numbers) -> list[str]:
    """Classes of galaxies by the share of them that is found and rightly named, the best first."""
    start, end = "det.named.", ".found_right"
    found = {
        key.removeprefix(start).removesuffix(end): item["value"]
        for key, item in numbers.items()
        if key.startswith(start) and key.endswith(end) and key.count(".") > 2
    }
    known = {name: value for name, value in found.items() if value is not None}
    return sorted(known, key=lambda name: (-known[name], name))
