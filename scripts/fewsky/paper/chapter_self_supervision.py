"""The chapter on self-supervision: which result files its text quotes, and what shapes it."""

from collections.abc import Mapping
from typing import Any

from fewsky.paper import facts_self_supervision as facts_of
from fewsky.paper import numbers_runs as runs
from fewsky.paper import numbers_self_supervision as read

MAKERS = {
    "ssl.dataset": "config.yaml, blocks surveys and datasets",
    "ssl.split": "rule make_split, from the audit of the task",
    "ssl.kept": "rule make_split, from what the audit of a pretext's task says of kept_out",
    "ssl.model": "rules train and fit_probes, from the cards",
    "ssl.error": "rule score, from the metrics table of a task with targets",
    "ssl.score": "rule score, from the metrics table of the task",
    "ssl.truth": "rule score, where the truth is known",
    "ssl.labels": "rule score_curves, from the curves of a task of the atlas",
    "ssl.curve": "rule score_curves, from the curves of a task of the atlas",
    "ssl.pair": "rule score_curves, from the contrasts of a task of the atlas",
    "ssl.bin": "rule score, from the metrics table of the task",
    "ssl.seen": "rule measure_representation",
    "ssl.chance": "scripts/fewsky/metrics/stats.py",
}
Settings = Mapping[str, Any]


def collect(settings: Settings, files: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers, facts and makers of the chapter.

    `settings` hold, besides what every chapter is told, the blocks `datasets` and `surveys` of its
    tasks, the rows `atlas` with the weights of each, and the rows `ablation`. `files` holds paths
    by task `audits`, `metrics`, `comparisons`, `curves` and `contrasts`, lists of paths by task
    `represented`, and paths by experiment `cards`.
    """
    tasks, chapter = settings["tasks"], settings["chapter"]
    facts = facts_of.of_config(settings)
    numbers = runs.of_cards("ssl.model", files["cards"])
    for name, block in settings["datasets"].items():
        numbers |= read.of_dataset(f"ssl.dataset.{name}", block)
    for task, path in files["audits"].items():
        numbers |= runs.of_split(f"ssl.split.{task}", path, tasks[task])
        numbers |= read.of_kept_out(path, task)
    for task, path in files["metrics"].items():
        if tasks[task]["classes"]:
            binned = facts_of.on_nebulae(chapter)
            named = [*settings["experiments"], *chapter["real"]]
            numbers |= read.of_scores(path, named, binned)
    for one in facts["pretexts"]:
        numbers |= read.of_pretext(files["metrics"][one["task"]], one["experiment"], one["columns"])
    for path in files["curves"].values():
        numbers |= read.of_curves(path, chapter["metric"])
    for path in files["contrasts"].values():
        numbers |= read.of_contrasts(path, chapter["metric"])
    for task, paths in files["represented"].items():
        numbers |= read.of_represented(paths, task)
    facts |= facts_of.of_files(settings, files, numbers)
    for size in (facts["nebulae"] or {"sizes": []})["sizes"]:
        numbers |= read.of_bins(size, numbers)
    if facts["atlas"]:
        numbers |= read.of_chance(facts["atlas"]["alone"]["least"]["all"])
    return {"numbers": numbers, "facts": facts, "makers": MAKERS}
