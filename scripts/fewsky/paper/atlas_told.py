"""What the atlas tells of each start, in verdicts that follow from intervals."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

NONE = "none"
# The way that the text follows: that of the study where it was made.
FOLLOWED = ("lpft", "tuned", "probe")
PLACES = ("least", "most", "area")
OPEN = "cannot be told"
Numbers = Mapping[str, Mapping[str, Any]]


def told_atlas(
    rows: Sequence[Mapping[str, Any]], kinds: Mapping[str, str], numbers: Numbers
) -> dict[str, Any] | None:
    """Verdicts of the atlas; None without scored rows.

    `rows` have task, start, way, experiment, words and weights, `kinds` what weights have learned;
    `numbers` hold the curves as `numbers_self_supervision.of_curves` gives them. `tasks` tells of
    each task its starts in the way that the text follows, `against_nothing` counts verdicts by
    kind and place, `all` those of every way, and `against_published` holds what properties do
    against published weights of the same task and way.
    """
    known = [row for row in rows if f"ssl.curve.{row['experiment']}.least" in numbers]
    started = [row for row in known if row["start"] != NONE]
    if not started:
        return None
    ways = {row["way"] for row in started}
    followed = next(way for way in FOLLOWED if way in ways)
    told = [_start(row, kinds, numbers) for row in started]
    shown = [one for one in told if one["way"] == followed]
    against = _against_published(shown, numbers)
    return {
        "way": followed,
        "tasks": [
            {"task": task, "none": _of_nothing(task, known),
             "starts": [one for one in shown if one["task"] == task]}
            for task in dict.fromkeys(row["task"] for row in known)
        ],
        "against_nothing": _by_kind(shown),
        "all": _counts(told),
        "against_published": against,
        "published_counts": {p: counted([one[p] for one in against]) for p in PLACES},
    }  # fmt: skip


def _of_nothing(task: str, rows: Sequence[Mapping[str, Any]]) -> str:
    own = (row["experiment"] for row in rows if (row["task"], row["start"]) == (task, NONE))
    return next(own, "")


def _start(row: Mapping[str, Any], kinds: Mapping[str, str], numbers: Numbers) -> dict[str, Any]:
    name = row["experiment"]
    gains = {place: gain_verdict(f"ssl.curve.{name}.{place}.gain", numbers) for place in PLACES}
    told = {key: row[key] for key in ("task", "start", "way", "experiment")}
    words = row["words"] or row["start"].replace("-", " ")
    return {**told, "words": words, "kind": kinds.get(row["weights"], ""), **gains}


def gain_verdict(key: str, numbers: Numbers) -> str:
    """Whether an interval of gains lies above or below zero; it cannot be told without one."""
    ends = [numbers.get(f"{key}{end}", {}).get("value") for end in (".lower", ".upper")]
    if None in ends:
        return OPEN
    return "better" if ends[0] > 0 else "worse" if ends[1] < 0 else OPEN


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


def _counts(told: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    return {place: counted([one[place] for one in told]) for place in PLACES}


def _by_kind(told: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, dict[str, Any]]]:
    kinds = dict.fromkeys(one["kind"] for one in told)
    return {kind: _counts([one for one in told if one["kind"] == kind]) for kind in kinds}


def _against_published(told: Sequence[Mapping[str, Any]], numbers: Numbers) -> list[dict[str, Any]]:
    """Starts that learned properties against published ones, by intervals that do not overlap."""
    published = {one["task"]: one for one in told if one["kind"] == "published"}
    found = []
    for one in told:
        other = published.get(one["task"])
        if one["kind"] not in ("properties", "measured") or other is None:
            continue
        keys = ([f"ssl.curve.{each['experiment']}.{p}" for each in (one, other)] for p in PLACES)
        verdicts = {p: apart(*pair, numbers) for p, pair in zip(PLACES, keys, strict=True)}
        where = {"task": one["task"], "a": one["experiment"], "b": other["experiment"]}
        found.append({**where, "start": one["start"], "kind": one["kind"], **verdicts})
    return found
