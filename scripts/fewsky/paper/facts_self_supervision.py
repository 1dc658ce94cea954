"""What shapes the sentences of the chapter on self-supervision: what a run has, and verdicts."""

from collections.abc import Mapping, Sequence
from typing import Any

from fewsky.bands import COLOURS
from fewsky.figures.self_supervision_nebulae import NOTHING, start_words
from fewsky.files import load_json, load_table
from fewsky.metrics.nuisance import nuisance_warning
from fewsky.paper import numbers_scores as scores
from fewsky.paper.ablation_told import told_ablation
from fewsky.paper.atlas_told import FOLLOWED, PROPERTIES, apart, counted, told_atlas
from fewsky.paper.hypothesis import find
from fewsky.paper.kinds import kind_of, weights_used
from fewsky.paper.pretexts_told import pretext_told, pretexts_of, start_kind

PIXELS = "pixels"
AGAINST = ("none", "imagenet", "masked")  # what contrastive starts are held against on nebulae
HALF = 0.5
SEEN = ("knn_accuracy", "ari")
Settings = Mapping[str, Any]


def of_config(settings: Settings) -> dict[str, Any]:
    """What shapes sentences and stands in the configuration; null parts are empty."""
    chapter, tasks, items = settings["chapter"], settings["tasks"], settings["experiments"]
    rows = settings["atlas"]
    kinds = {name: start_kind(name, settings) for name in settings["weights"]}
    used = [*(row["experiment"] for row in rows), *on_nebulae(chapter)]
    weighed = settings | {"experiments": {**{row["experiment"]: row for row in rows}, **items}}
    return {
        "metric": chapter["metric"],
        "readers": readers_of(settings),
        "datasets": {name: _images(block) for name, block in settings["datasets"].items()},
        "tasks": {name: _task(task) for name, task in tasks.items()},
        "pretexts": [pretext_told(name, settings) for name in pretexts_of(settings)],
        "ways": [way for way in FOLLOWED if way in ways_of(rows)],
        "same_effort": same_effort(rows),
        "kinds": kinds,
        "weighed": weights_used(weighed, used),
        "lowdata": list(chapter["lowdata"]),
        "starts": list(chapter["starts"]),
        "opponents": {
            **{row["experiment"]: "network" for row in rows},
            **{name: kind_of(item) for name, item in items.items()},
        },
        "bins": (chapter["nebulae"] or {}).get("column", ""),
    }


def on_nebulae(chapter: Settings) -> list[str]:
    """Experiments that test starts on nebulae."""
    starts = (chapter["nebulae"] or {"starts": {}})["starts"]
    return [name for names in starts.values() for name in names or ()]


def ways_of(rows: Sequence[Settings]) -> set[str]:
    """Ways in which the atlas uses starts."""
    return {row["way"] for row in rows if row["against"]}


def same_effort(rows: Sequence[Settings]) -> bool:
    """Whether the trainings of each task of the atlas have as many steps and rates to try.

    Probes train no network; so there is nothing to be the same where all starts are probes.
    """
    told: dict[str, list[Any]] = {}
    for row in rows:
        if row.get("effort"):
            told.setdefault(row["task"], []).append(row["effort"])
    alike = all(effort == own[0] for own in told.values() for effort in own)
    return alike and bool(ways_of(rows) - {"probe"})


def readers_of(settings: Settings) -> dict[str, list[str]]:
    """Tasks by the reader of their survey."""
    found: dict[str, list[str]] = {}
    for name, task in settings["tasks"].items():
        survey = settings["datasets"][task["dataset"]]["survey"]
        found.setdefault(settings["surveys"][survey]["reader"], []).append(name)
    return found


def _images(dataset: Settings) -> dict[str, Any]:
    colours = dataset["bands"] == COLOURS
    return {"bands": dataset["bands"], "colours": colours,
            "composite": bool(dataset.get("composite")), "survey": dataset["survey"]}  # fmt: skip


def _task(task: Settings) -> dict[str, Any]:
    split = task["split"]
    return {"classes": task["classes"], "dataset": task["dataset"], "by": split["by"],
            "enforced": split.get("audit", "enforce") == "enforce",
            "keeps": list((split.get("keep_out") or {}).get("tasks", []))}  # fmt: skip


def of_files(settings: Settings, files: Mapping[str, Any], numbers) -> dict[str, Any]:
    """What shapes sentences and stands in result files."""
    chapter, items = settings["chapter"], settings["experiments"]
    kinds = {name: start_kind(name, settings) for name in settings["weights"]}
    compared = [
        row
        for path in files["comparisons"].values()
        for row in scores.comparisons(path, settings["comparisons"])
    ]
    audits = {task: load_json(path) for task, path in files["audits"].items()}
    seen = _seen(chapter["representations"], settings["weights"], kinds, numbers)
    return {
        "atlas": told_atlas(settings["atlas"], kinds, numbers),
        "kept": _kept(audits),
        "auditable": {task: audit["sky"] == "auditable" for task, audit in audits.items()},
        "ablation": told_ablation(settings["ablation"], numbers),
        "seen": seen,
        "seen_counts": counted(_of_properties(seen)),
        "weak": _weak(numbers),
        "nebulae": _nebulae(chapter["nebulae"], settings, compared, files),
        "real": _real(chapter["real"], settings, numbers),
        "warnings": _warnings(items, files["metrics"]),
        "named": [row for row in compared if row["named"]],
        "truth": any(key.startswith("ssl.truth.") for key in numbers),
    }


def _kept(audits: Mapping[str, Any]) -> dict[str, Any]:
    """How tested objects were found, by pretext task, and the tasks of which only images tell."""
    found = {}
    for task, audit in audits.items():
        kept = audit.get("kept_out", {})
        if kept:
            by = dict.fromkeys(way for one in kept.values() for way in one["by"].split(" and "))
            bare = [name for name, one in kept.items() if "image" in one["by"]]
            beside = any(one.get("may_share_pixels") for one in kept.values())
            told = {"by": list(by), "others": list(kept), "bare": bare, "beside": beside}
            found[task] = told
    return found


def _seen(pairs: Sequence[Settings], weights: Settings, kinds, numbers) -> list[dict[str, Any]]:
    """Starts by task, what each has learned, and how it stands to the pixels in each measure."""
    found: dict[str, list[dict[str, Any]]] = {}
    for pair in pairs:
        task, name = pair["task"], pair["weights"]
        if f"ssl.seen.{task}.{name}.knn_accuracy" not in numbers:
            continue
        words = (weights.get(name) or {}).get("about") or name
        verdicts = {
            measure: apart(f"ssl.seen.{task}.{name}.{measure}",
                           f"ssl.seen.{task}.{PIXELS}.{measure}", numbers)
            for measure in SEEN
        }  # fmt: skip
        found.setdefault(task, []).append(
            {"weights": name, "words": words, "kind": kinds.get(name, PIXELS), **verdicts}
        )
    return [{"task": task, "starts": starts} for task, starts in found.items()]


def _of_properties(seen: Sequence[Settings]) -> list[str]:
    """Verdicts on the neighbours that starts from properties see, where pixels are shown."""
    starts = [
        start
        for one in seen
        if any(start["kind"] == PIXELS for start in one["starts"])
        for start in one["starts"]
    ]
    return [start["knn_accuracy"] for start in starts if start["kind"] in PROPERTIES]


def _weak(numbers) -> list[str]:
    """Pretexts with a target of which less than half of the variance is explained."""
    ends = {key: item["value"] for key, item in numbers.items() if key.endswith(".r2.least")}
    return [key.split(".")[2] for key, value in ends.items() if value < HALF]


def _nebulae(block: Settings | None, settings: Settings, compared, files) -> dict[str, Any] | None:
    """Starts by resolution, contrastive against the others at each, and the bins of the column."""
    if not block:
        return None
    sizes: dict[int, dict[str, str]] = {}
    for start, names in block["starts"].items():
        for name in names or ():
            task = settings["tasks"][settings["experiments"][name]["task"]]
            sizes.setdefault(settings["datasets"][task["dataset"]]["size"], {})[start] = name
    pairs = [("contrastive", other) for other in AGAINST]
    return {
        "starts": {start: start_words(start) for start, names in block["starts"].items() if names},
        "sizes": [
            {"size": size, "parts": sizes[size],
             "findings": [row for pair in pairs if (row := find(sizes[size], pair, compared))],
             "bins": _bins(block["column"], size, sizes[size], settings, files)}
            for size in sorted(sizes)
        ],
    }  # fmt: skip


def _bins(
    column: str, size: int, parts: Mapping[str, str], settings: Settings, files
) -> list[dict[str, str]]:
    name = parts[NOTHING] if NOTHING in parts else next(iter(parts.values()))
    path = files["metrics"][settings["experiments"][name]["task"]]
    found = scores.bins(path, name, f"{column} (?P<low>.+)-(?P<high>.+)")
    return [{**one, "gain": f"ssl.bin.{size}.{k}"} for k, one in enumerate(found)]


def _real(names: Sequence[str], settings: Settings, numbers) -> list[dict[str, Any]]:
    """Scored experiments on real images, by task, those of enforced splits first."""
    known = [name for name in names if any(k.startswith(f"ssl.score.{name}.") for k in numbers)]
    task_of = {row["experiment"]: row["task"] for row in settings["atlas"]}
    task_of |= {name: item["task"] for name, item in settings["experiments"].items()}
    by_task: dict[str, list[str]] = {}
    for name in known:
        by_task.setdefault(task_of[name], []).append(name)
    told = [
        {"task": task, **_task(settings["tasks"][task]), "names": own}
        for task, own in by_task.items()
    ]
    return sorted(told, key=lambda one: not one["enforced"])


def _warnings(items: Settings, metrics: Mapping[str, Any]) -> list[str]:
    """Sentences of warning of the nuisance controls, one a task at most."""
    controls: dict[str, str] = {}
    for name, item in items.items():
        if kind_of(item) == "nuisance":
            controls.setdefault(item["task"], name)
    known = [(task, name) for task, name in controls.items() if task in metrics]
    found = [nuisance_warning(load_table(metrics[task]), name) for task, name in known]
    return [words for words in found if words]
