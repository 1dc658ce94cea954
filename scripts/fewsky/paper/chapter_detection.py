"""The chapter on detection: which result files its text quotes, and what shapes it."""

from collections.abc import Mapping
from typing import Any

from fewsky.paper import facts_detection as facts_of
from fewsky.paper import numbers_detection as read
from fewsky.paper import numbers_runs as runs
from fewsky.paper.numbers import published

MAKERS = {
    "det.study": "scripts/fewsky/paper/numbers_detection.py, from report/published.csv",
    "det.objects": "rule cut_images, from the catalogues of the images",
    "det.boxes": "rule find_boxes",
    "det.split": "rule make_split, from the audit of the task",
    "det.model": "rule train, from the card of the first draw",
    "det.sample": "rule score_boxes, from the boxes of the tested images",
    "det.score": "rule score_boxes, from the metrics table of the task",
    "det.off": "rule score_boxes, on off-centre windows of the tested images",
    "det.folds": "rule score_boxes, over the folds of the task",
    "det.few": "rule score_boxes, at the fewest and the most labelled images",
    "det.bin": "rule score_boxes, in bins of size and brightness",
    "det.edge": "rule score_boxes, from the names of its bins",
    "det.cv": "rule score_boxes, from the folds of the first draw",
    "det.named": "rule score_named",
    "det.frame": "rule score_frame",
    "det.export": "rule export_detector",
}
Settings = Mapping[str, Any]


def collect(settings: Settings, files: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers, facts and makers of the chapter.

    `files` holds the list of paths `catalogs`; by task the lists of paths `boxes`, and the paths
    `audits`, `metrics`, `comparisons` and `named`; by experiment the paths `cards` and `exports`;
    the list of paths `frames`, one a field; and the path `published`. Optional are `named`,
    `exports` and `frames`. Settings are those of every chapter and `classifier`, the classes and
    the survey of what names detections, or None.
    """
    facts = facts_of.of_config(settings)
    tasks, main = facts["tasks"], settings["chapter"]["task"]
    numbers = {
        **read.of_study(published(files["published"])),
        **read.of_objects(files["catalogs"], settings["dataset"]),
        **read.of_boxes(files["boxes"][main]),
        **read.of_sample(files["metrics"][main]),
        **read.of_budgets(files["metrics"][main]),
        **read.of_bins(files["metrics"][main]),
        **runs.of_cards("det.model", files["cards"]),
    }
    for role, task in tasks.items():
        task_told = settings["tasks"][task]
        numbers |= runs.of_split(f"det.split.{role}", files["audits"][task], task_told)
        numbers |= read.of_scores(files["metrics"][task])
    if facts["cv"]:
        numbers |= read.of_folds(files["metrics"][tasks["folds"]], facts["cv"])
    if facts["named"]:
        numbers |= read.of_named(files["named"][main], facts["named"]["detector"])
    for path in files.get("frames", []) if facts["frames"] else []:
        numbers |= read.of_frame(path)
    for name in facts["export"]:
        numbers |= read.of_export(files["exports"][name], name)
    facts |= facts_of.of_files(settings, files, facts, numbers)
    return {"numbers": numbers, "facts": facts, "makers": MAKERS}
