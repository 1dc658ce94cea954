"""LP-FT with pseudo-labels beats either alone: the answer that verdicts give to this."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

DECIDING = (("both", "lpft"), ("both", "pl"))
BESIDE = (("both", "more_steps"), ("ceiling", "both"), ("lpft", "lp"), ("pl", "lp"))
TURNED = {"better": "worse", "worse": "better", "cannot be told": "cannot be told"}
MINUS = str.maketrans("+−", "−+")
Row = dict[str, Any]


def told(parts: Mapping[str, str], comparisons: Sequence[Row]) -> Row | None:
    """The answer, whether it is exploratory, and the comparisons behind it; None without one.

    `parts` names the experiment of each part of the hypothesis, `comparisons` are rows as
    `numbers_scores.comparisons` gives them. `deciding` are the two that decide, `beside` the
    controls, each turned so that `a` is the first of its pair.
    """
    if not parts or not comparisons:
        return None
    deciding = [row for pair in DECIDING if (row := find(parts, pair, comparisons))]
    beside = [row for pair in BESIDE if (row := find(parts, pair, comparisons))]
    return {
        "parts": dict(parts),
        "answer": answer([row["verdict"] for row in deciding]),
        "exploratory": not all(row["primary"] for row in deciding),
        "deciding": deciding,
        "beside": beside,
    }


def answer(verdicts: Sequence[str]) -> str:
    """What two verdicts on LP-FT with pseudo-labels say of the hypothesis.

    `holds` where it is better than both, `fails` where it is worse than one, else `cannot be told`.
    That two things are alike is never said: a difference that was not found may still be there.
    """
    if "worse" in verdicts:
        return "fails"
    if len(verdicts) == len(DECIDING) and set(verdicts) == {"better"}:
        return "holds"
    return "cannot be told"


def find(parts: Mapping[str, str], pair: tuple[str, str], comparisons: Sequence[Row]) -> Row | None:
    """The comparison of two parts, primary before others, with the first of the pair as `a`."""
    a, b = (parts.get(part) for part in pair)
    rows = [row for row in comparisons if {row["a"], row["b"]} == {a, b} and a != b]
    if a is None or b is None or not rows:
        return None
    row = max(rows, key=lambda one: (one["primary"], one["named"]))
    return {**(row if row["a"] == a else turned(row)), "pair": list(pair)}


def turned(row: Row) -> Row:
    """A comparison the other way round: signs, ends of the interval and verdict are exchanged."""
    return {
        **row,
        "a": row["b"],
        "b": row["a"],
        "difference": negative(row["difference"]),
        "lower": negative(row["upper"]),
        "upper": negative(row["lower"]),
        "verdict": TURNED[row["verdict"]],
    }


def negative(text: str) -> str:
    """A printed number with the other sign; zero has none."""
    return text.translate(MINUS) if re.search("[1-9]", text) else text.lstrip("+−")
