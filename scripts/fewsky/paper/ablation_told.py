"""What the ablation by targets and bands tells: gains by panel, and raw bands against colours."""

from collections.abc import Sequence
from typing import Any

from fewsky.contrasted import RGB
from fewsky.paper.atlas_told import FOLLOWED, Numbers, Row, corrected, counted, gain_verdict


def told_ablation(rows: Sequence[Row], numbers: Numbers) -> list[dict[str, Any]]:
    """Panels of the ablation with their scored rows, in the one way that most of its starts have.

    A verdict on a row is that of its own interval; `pairs` hold raw bands against colours, paired
    and corrected for the number of pairs of the panel, none where they cannot be paired.
    """
    known = [row for row in rows if f"ssl.curve.{row['experiment']}.least.gain" in numbers]
    found = []
    for panel in dict.fromkeys(row["panel"] for row in known):
        own = one_way([row for row in known if row["panel"] == panel])
        told = [{**row, "verdict": gain_verdict(_least_gain(row), numbers)} for row in own]
        pairs = _bands(own, numbers)
        found.append({"title": own[0]["title"], "way": own[0]["way"], "rows": told, "pairs": pairs,
                      "counts": counted([pair["verdict"] for pair in pairs])})  # fmt: skip
    return found


def _least_gain(row: Row) -> str:
    return f"ssl.curve.{row['experiment']}.least.gain"


def one_way(rows: Sequence[Row]) -> list[Row]:
    """The rows of the way that most starts have, so that they compare; the study's among equals."""
    ways = [row["way"] for row in rows]
    chosen = max(FOLLOWED, key=ways.count)
    return [row for row in rows if row["way"] == chosen]


def _bands(rows: Sequence[Row], numbers: Numbers) -> list[dict[str, Any]]:
    """Starts on raw bands against those on colours, at the fewest labels."""
    raw, colours = (
        [row for row in rows if (row["bands"] == RGB) == coloured] for coloured in (False, True)
    )
    pairs = [
        {"words": a["words"], "bands": a["bands"], "other": b["words"],
         "key": f"ssl.pair.{a['experiment']}.{b['experiment']}.least"}
        for a in raw
        for b in colours
    ]  # fmt: skip
    pairs = [pair for pair in pairs if pair["key"] in numbers]
    verdicts = corrected([pair["key"] for pair in pairs], numbers)
    return [{**pair, "verdict": told} for pair, told in zip(pairs, verdicts, strict=True)]
