"""Distance as an input: what each experiment is told, what is asked of them, and what follows."""

from collections.abc import Mapping, Sequence
from typing import Any

from fewsky.paper.hypothesis import Row, find

# In the order of the table.
TOLD = {
    "without": "nothing",
    "flagged": "redshift, or a flag",
    "mean": "redshift, or the mean",
    "flag": "the flag",
    "drawn": "redshift, or a random one",
    "forest": "the flag, and no image",
}
GAIN, CARRIER, REST = ("flagged", "without"), ("flagged", "flag"), ("drawn", "without")
QUESTIONS = {
    GAIN: "redshift and flag, over images",
    ("flag", "without"): "the flag, over images",
    CARRIER: "the redshift, beside the flag",
    ("mean", "without"): "redshift or mean, over images",
    REST: "redshift or random one, over images",
    ("flag", "forest"): "the image, beside the flag",
}


def shown(block: Mapping[str, str | None]) -> dict[str, str]:
    """Experiments of the block by their part, in the order of TOLD, without nulls."""
    return {part: block[part] for part in TOLD if block.get(part)}


def asked(block: Mapping[str, str | None], comparisons: Sequence[Row]) -> list[Row]:
    """Comparisons of the block in the order of QUESTIONS, each with its `question` and `pair`.

    `comparisons` are rows of a comparisons table, or as `numbers_scores.comparisons` prints them.
    """
    parts = shown(block)
    found = ((words, find(parts, pair, comparisons)) for pair, words in QUESTIONS.items())
    return [{**row, "question": words} for words, row in found if row]


def answer(rows: Sequence[Row]) -> str:
    """Where the gain from redshifts comes from, by the verdicts on the rows of `asked`.

    `no gain` where networks with redshift and flag were not better than with images alone; `flag`
    where they were, and not better than with the flag alone; `both` where they were better than
    that, too. That two are alike is never said.
    """
    verdicts = {tuple(row["pair"]): row["verdict"] for row in rows}
    if verdicts.get(GAIN) != "better":
        return "no gain"
    return "both" if verdicts.get(CARRIER) == "better" else "flag"


def facts(block: Mapping[str, str | None], comparisons: Sequence[Row], kind: str) -> dict[str, Any]:
    """Parts, comparisons and answer for the text.

    `kind` is that of the survey's redshifts, photoz or specobj.
    """
    rows = asked(block, comparisons)
    found: dict[str, Any] = {"-".join(row["pair"]): row for row in rows}
    return {"kind": kind, "parts": shown(block), "asked": found, "answer": answer(rows)}
