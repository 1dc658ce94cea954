"""Which starts of the atlas are held against each other in pairs; nothing heavy."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fewsky.pretexts_shown import ablated

RGB = "RGB"


def contrasted(plan: Any, targets: Sequence[str]) -> dict[str, list[dict[str, str]]]:
    """Pairs by task of the atlas: each start against published weights, raw bands against colours.

    A pair has the experiments `a`, of the task, and `b`, the `way` of both and the `task` of b. A
    start is held against every published one of its task; one on raw bands, of the ablation by the
    pretexts `targets`, against each on colours of the same question. Both are of one network, and
    used in the same way.
    """
    found: dict[str, list[dict[str, str]]] = {row["task"]: [] for row in plan.atlas}
    for task, pair in [*_against_published(plan), *_against_colours(ablated(plan, targets))]:
        alike = _network(pair["a"], plan) == _network(pair["b"], plan)
        if alike and pair not in found[task]:
            found[task].append(pair)
    return found


def is_published(weights: Mapping[str, Any]) -> bool:
    """Whether starting weights come from elsewhere: no experiment of ours, and not random."""
    return not weights.get("from") and weights.get("random") is None


def _against_published(plan: Any) -> Iterator[tuple[str, dict[str, str]]]:
    started = {row["experiment"]: plan.experiments[row["experiment"]]["weights"]
               for row in plan.atlas}  # fmt: skip
    theirs = {name for name, w in started.items() if w and is_published(plan.weights[w])}
    ours = {name for name, w in started.items() if w} - theirs
    for a in (row for row in plan.atlas if row["experiment"] in ours):
        for b in (row for row in plan.atlas if row["experiment"] in theirs):
            if (a["task"], a["way"]) == (b["task"], b["way"]):
                yield a["task"], _pair(a, b)


def _against_colours(rows: Sequence[Mapping[str, str]]) -> Iterator[tuple[str, dict[str, str]]]:
    for a in rows:
        for b in rows:
            alike = (a["panel"], a["way"]) == (b["panel"], b["way"])
            if alike and a["bands"] != RGB and b["bands"] == RGB:
                yield a["task"], _pair(a, b)


def _network(name: str, plan: Any) -> str:
    return plan.weights[plan.experiments[name]["weights"]]["model"]


def _pair(a: Mapping[str, str], b: Mapping[str, str]) -> dict[str, str]:
    return {"a": a["experiment"], "b": b["experiment"], "way": a["way"], "task": b["task"]}
