"""What the table of pretexts and the ablation by targets and bands are told; nothing heavy."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile
from typing import Any

from fewsky.bands import COLOURS, bands_in
from fewsky.console import FewskyError


def tabulated(plan: Any, names: Sequence[str]) -> list[dict[str, Any]]:
    """What the table is told of each pretext, in the order of `names`.

    `words`, `survey` and `bands` tell what it is and sees, `columns` are its targets, none where it
    learns without them; `errors` says whether the catalogue has its own; `median` is the experiment
    of the same task that answers with the median of the labels seen, or None.
    """
    return [_of_pretext(plan, name) for name in names]


def _of_pretext(plan: Any, name: str) -> dict[str, Any]:
    item = plan.experiments[name]
    targets = plan.tasks[item["task"]]["targets"]
    return {
        "experiment": name,
        "task": item["task"],
        "survey": _survey_of(plan, item["task"]),
        "words": words_of(plan, name),
        "bands": bands_words(plan, name),
        "columns": targets["columns"],
        "errors": bool(targets["errors"]),
        "loss": item.get("recipe", {}).get("loss", ""),
        "median": _median_of(plan, item["task"]),
    }


def _median_of(plan: Any, task: str) -> str | None:
    families = {
        plan.experiments[name].get("opponent", {}).get("family"): name
        for name in plan.of_task(task)
    }
    return families.get("mode")


def ablated(plan: Any, names: Sequence[str]) -> list[dict[str, str]]:
    """Experiments of the atlas that go back to some pretexts, in the order of `names`.

    Only tasks on the pretext's own survey count, so that pretexts differ by targets and bands and
    not by their sky. `nothing` is the training of the same task from nothing, by the same network
    on the same bands; `panel` joins tasks with the same classes on the same survey, whose common
    name is `title`.
    """
    rows = [row for name in names for row in _rows_of(plan, name)]
    tasks: dict[str, list[str]] = {}
    for row in rows:
        tasks.setdefault(row["panel"], []).append(row["task"])
    return [{**row, "title": _common(tasks[row["panel"]])} for row in rows]


def _rows_of(plan: Any, name: str) -> Iterator[dict[str, str]]:
    survey = _survey_of(plan, plan.experiments[name]["task"])
    for row in plan.atlas:
        weights = plan.experiments[row["experiment"]]["weights"]
        source = plan.weights[weights]["from"] if weights else None
        if source == name and _survey_of(plan, row["task"]) == survey:
            classes = sorted(plan.tasks[row["task"]]["classes"])
            yield {
                "pretext": name,
                "words": words_of(plan, name),
                "bands": bands_words(plan, name),
                **{key: row[key] for key in ("task", "start", "way", "experiment")},
                "nothing": row["against"],
                "panel": "/".join([survey, *classes]),
            }


def _survey_of(plan: Any, task: str) -> str:
    return plan.datasets[plan.tasks[task]["dataset"]]["survey"]


def _common(tasks: Sequence[str]) -> str:
    """The words that the names of some tasks begin with; the first name where there are none."""
    words = zip(*(task.split("-") for task in tasks), strict=False)
    shared = takewhile(lambda same: len(set(same)) == 1, words)
    return "-".join(word for word, *_ in shared) or tasks[0]


def words_of(plan: Any, name: str) -> str:
    """An experiment in words: what the configuration says about it, else its name."""
    return plan.experiments[name].get("about") or name.replace("-", " ")


def bands_words(plan: Any, name: str) -> str:
    """How many bands an experiment sees, `12 bands`, or RGB; nothing where it sees no image."""
    item = plan.experiments[name]
    if "model" not in item:
        return ""
    dataset = plan.datasets[plan.tasks[item["task"]]["dataset"]]
    every = bands_in(dataset, plan.surveys[dataset["survey"]])
    seen = item["model"].get("bands") or every
    if seen == COLOURS:
        return "RGB"
    return f"{len(seen)} band{'s' if len(seen) > 1 else ''}"


def check_shown(where: str, chapter: Mapping[str, Sequence[str]], plan: Any) -> None:
    """Raise FewskyError, one line, for a pretext that the table or the ablation cannot show.

    Of `chapter` the lists `pretexts` and `targets` are checked; their experiments exist.
    """
    for key in ("pretexts", "targets"):
        for name in chapter[key]:
            task = plan.experiments[name]["task"]
            if "targets" not in plan.tasks[task]:
                raise FewskyError(
                    f"config: {where}.{key}: wanted experiments of tasks with targets; found "
                    f"{name} of {task}, which has classes. Name others."
                )
    shown = {row["pretext"] for row in ablated(plan, chapter["targets"])}
    for name in chapter["targets"]:
        if name not in shown:
            survey = _survey_of(plan, plan.experiments[name]["task"])
            raise FewskyError(
                f"config: {where}.targets: wanted pretexts whose weights a start of the atlas has "
                f"in a task on their own survey; found {name}, which none on {survey} has. Add the "
                "start, or take it out."
            )
