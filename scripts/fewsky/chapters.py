"""The settings of the paper's chapters held against the rest of config.yaml; nothing heavy.

Each check raises FewskyError, one line, where a chapter names what does not exist or belongs to
another task. `plan` is the resolved configuration (config.Plan).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from fewsky.chapters_checks import having as _having
from fewsky.chapters_checks import in_task as _of_task
from fewsky.chapters_checks import known_experiments as _experiments
from fewsky.chapters_checks import named
from fewsky.chapters_checks import of_survey as _of_dataset
from fewsky.chapters_detection import check_detection
from fewsky.chapters_distance import check_distance
from fewsky.chapters_four_classes import check_four_classes
from fewsky.chapters_radial import check_radial
from fewsky.chapters_shift import check_shift
from fewsky.console import FewskyError
from fewsky.generated_check import check_generated_shown
from fewsky.leakage_check import check_leakage
from fewsky.pretexts_shown import check_shown
from fewsky.scale_check import check_scale
from fewsky.schema import known
from fewsky.studied import check_lowdata
from fewsky.tried import check_tried

# Lists and mappings of paper.galaxy10 by the key of the task that their experiments answer.
GALAXY10 = {
    "task": ("imbalance", "scratch", "reports", "ensemble", "ensemble_control", "search", "main"),
    "legacy_task": ("legacy",),
    "folds_task": ("cv",),
    "ten_task": ("ten",),
    "decals_task": ("decals",),
}


def check_chapters(plan: Any) -> None:
    """Check the settings of every chapter that the paper is to hold."""
    for chapter in plan.paper["chapters"]:
        if chapter not in plan.paper:
            raise FewskyError(
                f"config: paper.{chapter}: wanted the settings of that chapter; found none. "
                "Add them, or take the chapter out of paper.chapters."
            )
        settings, where = plan.paper[chapter], f"paper.{chapter}"
        known(f"{where}.survey", settings["survey"], plan.surveys, "survey")
        known(f"{where}.dataset", settings["dataset"], plan.datasets, "dataset")
        CHECKS[chapter](where, settings, plan)
    check_leakage(plan)


def _check_star_galaxy(where: str, chapter: Mapping[str, Any], plan: Any) -> None:
    known(f"{where}.field", chapter["field"], plan.surveys[chapter["survey"]]["fields"], "field")
    for side in ("small", "large"):
        known(f"{where}.{side}", chapter[side], plan.families, "experiment")
    for key in ("curves", "confusion", "main"):
        _experiments(f"{where}.{key}", chapter[key], plan)
    if chapter["radial"]:
        check_radial(f"{where}.radial", chapter["radial"], plan)
    if chapter["tried"]:
        check_tried(f"{where}.tried", chapter["tried"], plan)
    if chapter["distance"]:
        check_distance(f"{where}.distance", chapter["distance"], plan)
    if chapter["generated"]:
        check_generated_shown(f"{where}.generated", chapter["generated"], plan)
    if chapter["four_classes"]:
        check_four_classes(f"{where}.four_classes", chapter, plan)
    if chapter["scale"]:
        check_scale(f"{where}.scale", chapter["scale"], plan)
    if chapter["shift"]:
        check_shift(f"{where}.shift", chapter["shift"], plan)


def _check_planetary_nebulae(where: str, chapter: Mapping[str, Any], plan: Any) -> None:
    for key in ("task", "folds_task", "shift_task"):
        if chapter[key]:
            known(f"{where}.{key}", chapter[key], plan.tasks, "task")
    for key in ("main", "curve", "teachers", "pseudo", "kinds", "hypothesis", "distortion"):
        _experiments(f"{where}.{key}", chapter[key], plan)
    for key, role in (("main", "task"), ("hypothesis", "folds_task"), ("distortion", "shift_task")):
        _of_task(f"{where}.{key}", chapter[key], f"{where}.{role}", chapter[role], plan)


def _check_galaxy10(where: str, chapter: Mapping[str, Any], plan: Any) -> None:
    for role, keys in GALAXY10.items():
        if chapter[role]:
            known(f"{where}.{role}", chapter[role], plan.tasks, "task")
        for key in keys:
            _experiments(f"{where}.{key}", chapter[key], plan)
            _of_task(f"{where}.{key}", chapter[key], f"{where}.{role}", chapter[role], plan)
        if chapter[role]:
            _of_dataset(where, role, chapter, plan)
    for key in ("explain", "export"):
        _experiments(f"{where}.{key}", chapter[key], plan)
        _of_task(f"{where}.{key}", chapter[key], f"{where}.task", chapter["task"], plan)
    for key in ("imbalance", "explain", "export"):
        _having(f"{where}.{key}", chapter[key], "recipe", "a network of its own", plan)
    for key, weights in (("ensemble", "validation"), ("ensemble_control", "equal")):
        _having(f"{where}.{key}", chapter[key], "ensemble", "an ensemble", plan)
        _weighed(f"{where}.{key}", chapter[key], weights, plan)
    _having(f"{where}.search", chapter["search"], "search", "a search for its settings", plan)


def _check_self_supervision(where: str, chapter: Mapping[str, Any], plan: Any) -> None:
    for key in ("pretexts", "targets", "real"):
        _experiments(f"{where}.{key}", chapter[key], plan)
    tasks = list(dict.fromkeys(row["task"] for row in plan.atlas))
    for key in ("lowdata", "starts"):
        for task in chapter[key]:
            known(f"{where}.{key}", task, tasks, "task of the atlas")
    check_lowdata(chapter["lowdata"], plan)
    check_shown(where, chapter, plan)
    _check_real(f"{where}.real", chapter, plan)
    _representations(f"{where}.representations", chapter["representations"], plan)
    if chapter["atlas"] and not tasks:
        raise FewskyError(
            f"config: {where}.atlas: wanted the block atlas with a task or more; found none. Add "
            "it, or write atlas: false here."
        )
    if chapter["nebulae"]:
        _check_nebulae(f"{where}.nebulae", chapter["nebulae"], plan)


def _check_real(where: str, chapter: Mapping[str, Any], plan: Any) -> None:
    """Experiments that the atlas makes belong to tasks that the chapter shows."""
    shown = {*chapter["lowdata"], *chapter["starts"]}
    hidden = [row for row in plan.atlas if not chapter["atlas"] and row["task"] not in shown]
    for row in hidden:
        if row["experiment"] in chapter["real"]:
            raise FewskyError(
                f"config: {where}: wanted experiments of the atlas in tasks that the chapter "
                f"shows; found {row['experiment']} of {row['task']}. Write atlas: true, or add "
                "the task to lowdata or starts."
            )


def _check_nebulae(where: str, block: Mapping[str, Any], plan: Any) -> None:
    """One experiment a start and resolution, and one task a resolution, so that they compare."""
    known(f"{where}.column", block["column"], plan.paper["scoring"]["bins"], "column of bins")
    tasks: dict[int, str] = {}
    for start, names in block["starts"].items():
        _experiments(f"{where}.starts.{start}", names, plan)
        sizes = []
        for name in named(names):
            task = plan.experiments[name]["task"]
            sizes.append(plan.datasets[plan.tasks[task]["dataset"]]["size"])
            if len(set(sizes)) < len(sizes) or tasks.setdefault(sizes[-1], task) != task:
                raise FewskyError(
                    f"config: {where}.starts.{start}: wanted one experiment a resolution, of the "
                    f"task of that resolution; found {name} of {task}, {sizes[-1]} px. Take it "
                    "out, or name another."
                )


CHECKS = {
    "star-galaxy": _check_star_galaxy,
    "planetary-nebulae": _check_planetary_nebulae,
    "galaxy10": _check_galaxy10,
    "detection": check_detection,
    "self-supervision": _check_self_supervision,
}


def _weighed(where: str, name: str | None, weights: str, plan: Any) -> None:
    found = name and plan.experiments[name]["ensemble"]["weights"]
    if found not in (None, weights):
        raise FewskyError(
            f"config: {where}: wanted an ensemble with weights: {weights}; found {name} with "
            f"{found}. Name another."
        )


def _representations(where: str, pairs: Sequence[Mapping[str, str]], plan: Any) -> None:
    """Their tasks have classes, their weights exist or are the word for the images themselves."""
    for pair in pairs:
        known(where, pair["task"], plan.tasks, "task")
        known(where, pair["weights"], [*plan.weights, "pixels"], "weights")
        if not plan.tasks[pair["task"]]["classes"]:
            raise FewskyError(
                f"config: {where}: wanted tasks with classes; found {pair['task']}, which has "
                "targets. Name another."
            )
