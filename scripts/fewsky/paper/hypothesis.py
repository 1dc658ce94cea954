"""LP-FT with pseudo-labels beats either alone: the answer that verdicts give to this."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

DECIDING = (("both", "lpft"), ("both", "pl"))
CONTROL = ("both", "more_steps")
BESIDE = (CONTROL, ("ceiling", "both"), ("lpft", "lp"), ("pl", "lp"))
TURNED = {"better": "worse", "worse": "better", "cannot be told": "cannot be told"}
EXPLAINED = "holds, but further steps alone may explain it"
MINUS = str.maketrans("+−", "−+")
Row = dict[str, Any]


def told(parts: Mapping[str, str], comparisons: Sequence[Row]) -> Row | None:
    """The answer, whether it is exploratory, and the comparisons behind it; None without one.

    `parts` names the experiment of each part of the hypothesis, `comparisons` are rows as
    `numbers_scores.comparisons` gives them. `deciding` are the two that decide, `control`
    is that of as many further steps (None where it was not compared), `beside` holds it and what
    else is told; each is turned so that `a` is the first of its pair.
    """
    if not parts or not comparisons:
        return None
    deciding = [row for pair in DECIDING if (row := find(parts, pair, comparisons))]
    control = find(parts, CONTROL, comparisons)
    beside = [row for pair in BESIDE if (row := find(parts, pair, comparisons))]
    return {
        "parts": dict(parts),
        "answer": answer([row["verdict"] for row in deciding], control and control["verdict"]),
        "exploratory": not all(row["primary"] for row in deciding),
        "deciding": deciding,
        "control": control,
        "beside": beside,
    }


def answer(verdicts: Sequence[str], control: str | None = None) -> str:
    """What verdicts on LP-FT with pseudo-labels say of the hypothesis.

    `verdicts` are those against either alone, `control` that against LP-FT with as many further
    steps (None where there is none). `holds` where it is better than all three, EXPLAINED where it
    is better than either alone only, `fails` where it is worse than one of these, else `cannot be
    told`. That two are alike is never said: a difference that was not found may still be there.
    """
    if "worse" in verdicts:
        return "fails"
    if len(verdicts) == len(DECIDING) and set(verdicts) == {"better"}:
        return "holds" if control == "better" else EXPLAINED
    return "cannot be told"


def find(parts: Mapping[str, str], pair: tuple[str, str], comparisons: Sequence[Row]) -> Row | None:
    """The comparison of two parts, primary before others, with the first of the pair as `a`."""
    a, b = (parts.get(part) for part in pair)
    rows = [row for row in comparisons if {row["a"], row["b"]} == {a, b} and a != b]
    if a is None or b is None or not rows:
        return None
    row = max(rows, key=lambda one: (one["primary"], one.get("named", False)))
    return {**(row if row["a"] == a else turned(row)), "pair": list(pair)}


def turned(row: Row) -> Row:
    """A comparison the other way round: signs, ends of the interval and verdict are exchanged.

    Its numbers may be printed or plain.
    """
    return {
        **row,
        "a": row["b"],
        "b": row["a"],
        "difference": negative(row["difference"]),
        "lower": negative(row["upper"]),
        "upper": negative(row["lower"]),
        "verdict": TURNED[row["verdict"]],
    }


def negative(number: Any) -> Any:
    """A number with the other sign, printed or plain; a printed zero has none."""
    if not isinstance(number, str):
        return -number
    return number.translate(MINUS) if re.search("[1-9]", number) else number.lstrip("+−")
