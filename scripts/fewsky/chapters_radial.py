"""The settings of paper.star-galaxy.radial held against the rest of config.yaml; nothing heavy."""

from collections.abc import Mapping
from typing import Any

from fewsky.chapters_checks import having, known_experiments
from fewsky.console import FewskyError


def check_radial(where: str, block: Mapping[str, Any] | None, plan: Any) -> None:
    """Check which networks are asked what they go by, and the rings; nothing where null."""
    if not block:
        return
    radii = block["radii_px"]
    if radii != sorted(radii):
        raise FewskyError(
            f"config: {where}.radii_px: wanted radii that grow; found {radii}. Put them in order."
        )
    known_experiments(f"{where}.experiments", block["experiments"], plan)
    having(f"{where}.experiments", block["experiments"], "recipe", "a network of its own", plan)
    for name in block["experiments"]:
        _check_experiment(f"{where}.experiments", name, plan)


def _check_experiment(where: str, name: str, plan: Any) -> None:
    """Patches of a survey of fields in its own bands, and one test part of classes."""
    item = plan.experiments[name]
    task = plan.tasks[item["task"]]
    dataset = plan.datasets[task["dataset"]]
    survey = plan.surveys[dataset["survey"]]
    bands = item["model"].get("bands") or survey["bands"]
    wrong = {
        "whose task has classes": not task.get("classes"),
        "tested on one part, without folds": bool(task["split"]["folds"]),
        "on patches of frames": "fields" not in survey,
        "on the survey's own bands, since the noise of colour pictures is not known": bool(
            dataset.get("composite")
        ),
        f"that sees the reference band {survey['reference_band']}": survey["reference_band"]
        not in bands,
    }
    for wanted, lacking in wrong.items():
        if lacking:
            raise FewskyError(
                f"config: {where}: wanted experiments {wanted}; found {name}. Take it out."
            )
