"""What the atlas tells of each start, in verdicts that follow from intervals and corrected p."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from fewsky.metrics.stats import LEVEL, holm

# The way that the text follows: that of the study where a start has it in a task, else the next.
FOLLOWED = ("lpft", "tuned", "probe")
PLACES = ("least", "most", "area")
OPEN = "cannot be told"
PROPERTIES = ("properties", "measured")
Numbers = Mapping[str, Mapping[str, Any]]
Row = Mapping[str, Any]


def told_atlas(
    rows: Sequence[Row], kinds: Mapping[str, str], numbers: Numbers
) -> dict[str, Any] | None:
    """Verdicts of the atlas; None without scored rows.

    `rows` have task, start, way, experiment, words, weights and the experiment that they are held
    `against`, none where they learn from nothing themselves; `kinds` is what weights have learned;
    `numbers` hold the curves and the pairs as `numbers_self_supervision` gives them. Each task and
    start is told in one way, `ways` are those. `tasks` tells of each task its starts by their own
    intervals; `against_nothing` counts verdicts by kind and place, after Holm's correction over the
    comparisons of that kind; `alone` counts all that have an interval, uncorrected, and
    `against_published` holds what properties do against published weights of the same task and way,
    paired and corrected likewise.
    """
    known = [row for row in rows if f"ssl.curve.{row['experiment']}.least" in numbers]
    told = [_start(row, kinds, numbers) for row in followed(known)]
    if not told:
        return None
    against = _against_published(told, _published(known, kinds), numbers)
    return {
        "ways": [way for way in FOLLOWED if way in {one["way"] for one in told}],
        "tasks": [
            {"task": task, "none": nothing_of(task, known),
             "starts": [one for one in told if one["task"] == task]}
            for task in dict.fromkeys(row["task"] for row in known)
        ],
        "against_nothing": _by_kind(told, numbers),
        "alone": {place: alone(told, place, numbers) for place in PLACES},
        "against_published": against,
        "published_counts": {p: counted([one[p] for one in against]) for p in PLACES},
    }  # fmt: skip


def followed(rows: Sequence[Row]) -> list[Row]:
    """One row a task and start, in the first of FOLLOWED that these have; none from nothing."""
    started = [row for row in rows if row["against"]]
    first: dict[tuple[str, str], Row] = {}
    for row in sorted(started, key=lambda row: FOLLOWED.index(row["way"])):
        first.setdefault((row["task"], row["start"]), row)
    return [row for row in rows if first.get((row["task"], row["start"])) is row]


def nothing_of(task: str, rows: Sequence[Row]) -> str:
    """The training from nothing of a task, by the network of the task where it has several."""
    own = (row["experiment"] for row in rows if row["task"] == task and not row["against"])
    return next(own, "")


def _start(row: Row, kinds: Mapping[str, str], numbers: Numbers) -> dict[str, Any]:
    name = row["experiment"]
    gains = {place: gain_verdict(_gain(name, place), numbers) for place in PLACES}
    told = {key: row[key] for key in ("task", "start", "way", "experiment", "against")}
    words = row["words"] or row["start"].replace("-", " ")
    return {**told, "words": words, "kind": kinds.get(row["weights"], ""), **gains}


def _gain(name: str, place: str) -> str:
    return f"ssl.curve.{name}.{place}.gain"


def gain_verdict(key: str, numbers: Numbers) -> str:
    """Whether an interval of gains lies above or below zero; it cannot be told without one."""
    ends = [numbers.get(f"{key}{end}", {}).get("value") for end in (".lower", ".upper")]
    if None in ends:
        return OPEN
    return "better" if ends[0] > 0 else "worse" if ends[1] < 0 else OPEN


def corrected(keys: Sequence[str], numbers: Numbers) -> list[str]:
    """Verdicts on differences that are judged together, with Holm's correction of their p.

    An interval must lie on one side of zero, and the corrected p must be below .05; what has no p
    cannot be told, and is not counted by the correction.
    """
    values = [numbers.get(f"{key}.p", {}).get("value") for key in keys]
    adjusted = holm([float("nan") if p is None else p for p in values])
    return [
        gain_verdict(key, numbers) if p < 1 - LEVEL else OPEN
        for key, p in zip(keys, adjusted, strict=True)
    ]


def apart(a: str, b: str, numbers: Numbers) -> str:
    """Better or worse where the intervals of a and b do not overlap; else it cannot be told."""
    low, high, other_low, other_high = (
        numbers.get(f"{key}{end}", {}).get("value")
        for key in (a, b)
        for end in (".lower", ".upper")
    )
    if None in (low, high, other_low, other_high):
        return OPEN
    return "better" if low > other_high else "worse" if high < other_low else OPEN


def counted(verdicts: Sequence[str]) -> dict[str, Any]:
    """Numbers of comparisons by verdict and of all, and what they say together.

    The `answer` is untested without any, all where all are better, some where some are and none is
    worse, mixed where some are either, worse where none is better, and open where nothing is told.
    """
    found, n = Counter(verdicts), len(verdicts)
    better, worse = found["better"], found["worse"]
    told = {"better": better, "worse": worse, "open": found[OPEN], "all": n}
    if not n:
        answer = "untested"
    elif better == n:
        answer = "all"
    elif better:
        answer = "mixed" if worse else "some"
    else:
        answer = "worse" if worse else "open"
    return {**told, "single": n == 1, "undecided": found[OPEN] > 0, "answer": answer}


def alone(told: Sequence[Row], place: str, numbers: Numbers) -> dict[str, Any]:
    """Counts of the comparisons that have an interval, each judged by its own."""
    ends = [f"{_gain(one['experiment'], place)}.lower" for one in told]
    known = [numbers.get(key, {}).get("value") is not None for key in ends]
    return counted([one[place] for one, has in zip(told, known, strict=True) if has])


def _by_kind(told: Sequence[Row], numbers: Numbers) -> dict[str, dict[str, dict[str, Any]]]:
    found = {}
    for kind in dict.fromkeys(one["kind"] for one in told):
        own = [one["experiment"] for one in told if one["kind"] == kind]
        keys = {place: [_gain(name, place) for name in own] for place in PLACES}
        found[kind] = {p: counted(corrected(some, numbers)) for p, some in keys.items()}
    return found


def _published(rows: Sequence[Row], kinds: Mapping[str, str]) -> dict[str, str]:
    """Tasks of the experiments that start from published weights."""
    found = (row for row in rows if kinds.get(row["weights"]) == "published")
    return {row["experiment"]: row["task"] for row in found}


def _against_published(
    told: Sequence[Row], published: Mapping[str, str], numbers: Numbers
) -> list[dict[str, Any]]:
    """Starts that learned properties against published ones of the same task, in the same way."""
    shown = ("task", "start", "way", "words", "kind")
    found = [
        {**{key: a[key] for key in shown}, "b": b, "key": f"ssl.pair.{a['experiment']}.{b}"}
        for a in told
        if a["kind"] in PROPERTIES
        for b in paired_with(a["experiment"], numbers)
        if published.get(b) == a["task"]
    ]
    for place in PLACES:
        keys = [f"{one['key']}.{place}" for one in found]
        for one, verdict in zip(found, corrected(keys, numbers), strict=True):
            one[place] = verdict
    return found


def paired_with(name: str, numbers: Numbers) -> list[str]:
    """Experiments that one is held against in pairs, in their order."""
    stem = f"ssl.pair.{name}."
    return list(dict.fromkeys(key.split(".")[3] for key in numbers if key.startswith(stem)))
