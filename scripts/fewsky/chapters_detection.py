"""The settings of the paper's chapter on detection held against the rest of config.yaml."""

from collections.abc import Mapping
from typing import Any

from fewsky.bands import bands_in
from fewsky.chapters_checks import having, in_task, known_experiments, of_survey
from fewsky.console import FewskyError
from fewsky.schema import known

# Settings by the key of the task that their experiments answer.
ROLES = {"task": ("main", "shown", "export"), "folds_task": ("cv",)}


def check_detection(where: str, chapter: Mapping[str, Any], plan: Any) -> None:
    """Check the settings of the chapter on detection."""
    for role, keys in ROLES.items():
        if chapter[role]:
            known(f"{where}.{role}", chapter[role], plan.tasks, "task")
            of_survey(where, role, chapter, plan)
            if "boxes" not in plan.tasks[chapter[role]]:
                raise FewskyError(
                    f"config: {where}.{role}: wanted a task with boxes; found {chapter[role]}, "
                    "which has none. Name another."
                )
        for key in keys:
            known_experiments(f"{where}.{key}", chapter[key], plan)
            in_task(f"{where}.{key}", chapter[key], f"{where}.{role}", chapter[role], plan)
    having(f"{where}.export", chapter["export"], "recipe", "a network of its own", plan)
    if chapter["named"]:
        _check_named(f"{where}.named", chapter, plan)
    if chapter["frames"]:
        _check_frames(f"{where}.frames", chapter, plan)


def _check_named(where: str, chapter: Mapping[str, Any], plan: Any) -> None:
    """A network of the task finds, and a network of classes on the same three colours names."""
    named_by = chapter["named"]
    for key in ("detector", "classifier"):
        known(f"{where}.{key}", named_by[key], plan.experiments, "experiment")
        having(f"{where}.{key}", named_by[key], "model", "a network", plan)
    task = chapter["task"]
    in_task(f"{where}.detector", named_by["detector"], "paper.detection.task", task, plan)
    other = plan.tasks[plan.experiments[named_by["classifier"]]["task"]]
    if not other["classes"]:
        raise FewskyError(
            f"config: {where}.classifier: wanted an experiment of a task with classes; found "
            f"{named_by['classifier']}, whose task has none. Name another."
        )
    datasets = (plan.datasets[name] for name in (chapter["dataset"], other["dataset"]))
    seen, held = (bands_in(one, plan.surveys[one["survey"]]) for one in datasets)
    if sorted(seen) != sorted(held) or len(seen) != 3:
        raise FewskyError(
            f"config: {where}.classifier: wanted one trained on three colours, those of the "
            f"images, {', '.join(seen)}; found {', '.join(held)}. Name another."
        )


def _check_frames(where: str, chapter: Mapping[str, Any], plan: Any) -> None:
    """Frames are those of a survey of fields, seen in three of its bands."""
    frames = chapter["frames"]
    known(f"{where}.survey", frames["survey"], plan.surveys, "survey")
    survey = plan.surveys[frames["survey"]]
    for field in frames["fields"]:
        known(f"{where}.fields", field, survey.get("fields") or (), "field")
    for band in frames["composite"]["bands"]:
        known(f"{where}.composite.bands", band, survey["bands"], "band")
    known_experiments(f"{where}.detectors", frames["detectors"], plan)
    task = chapter["task"]
    in_task(f"{where}.detectors", frames["detectors"], "paper.detection.task", task, plan)
    for name in frames["detectors"]:
        family = plan.experiments[name].get("opponent", {}).get("family")
        if family not in (None, "segments"):
            raise FewskyError(
                f"config: {where}.detectors: wanted networks, or the opponent segments; found "
                f"{name}, a {family}, which knows no frame. Take it out."
            )
