"""The audit as a tidy table: a row a claim."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from fewsky.audit.check import carried_out
from fewsky.audit.runs import Found, Tables, judged
from fewsky.audit.verdicts import NOT_RUN, OPEN, joined

COLUMNS = ["claim", "study", "where", "words", "printed", "derived", "measure", "ours", "lower"]
COLUMNS += ["upper", "simulated", "found", "verdict", "reason"]


def audited(
    claims: Sequence[Mapping[str, Any]], tables: Tables, simulated: Mapping[str, bool]
) -> pd.DataFrame:
    """The verdict on every claim (claims.resolved); `simulated` says of each task if it is.

    `derived` is what arithmetic or reading gives, `ours` our number with its interval, `found` the
    verdict of our runs, which counts only where they are on real data and on the claim's fields.
    """
    return pd.DataFrame([_row(claim, tables, simulated) for claim in claims], columns=COLUMNS)


def _row(claim: Mapping[str, Any], tables: Tables, simulated: Mapping[str, bool]) -> dict[str, Any]:
    derived, reached = _derived(claim)
    ours = claim["ours"]
    found = judged(ours, tables) if ours else None
    demo = bool(found and simulated[ours["task"]])
    kept = claim.get("archive") or (ours and ours["elsewhere"])
    decides = found is not None and not demo and not kept
    ruled = None if "runs" not in claim else found.verdict if decides else OPEN
    reasons = [claim.get("reason"), claim.get("read", {}).get("source"), _why(claim, found, demo)]
    return {
        "claim": claim["id"],
        "study": claim["study"],
        "where": claim["where"],
        "words": claim["claim"],
        "printed": str(claim["printed"]),
        "derived": derived,
        "measure": found.measure if found else "",
        **{key: getattr(found, name) if found else float("nan")
           for key, name in (("ours", "value"), ("lower", "lower"), ("upper", "upper"))},
        "simulated": demo,
        "found": found.verdict if found else NOT_RUN if "runs" in claim else "",
        "verdict": joined(reached, ruled),
        "reason": "; ".join(filter(None, reasons)),
    }  # fmt: skip


def _derived(claim: Mapping[str, Any]) -> tuple[str, str | None]:
    """What arithmetic gives, else what was read, as text, and its verdict."""
    if "check" in claim:
        return carried_out(claim["check"])
    if "read" in claim:
        return claim["read"]["found"], claim["read"]["verdict"]
    return "", None


def _why(claim: Mapping[str, Any], found: Found | None, demo: bool) -> str:
    """Why our runs do not decide the claim, where it names some and they do not."""
    if "runs" not in claim:
        return ""
    if found is None:
        return NOT_RUN
    if demo:
        return f"a simulated run: {found.verdict}"
    if "archive" in claim:
        return f"without {claim['archive']}, which are not public, our run says nothing of it"
    if claim["ours"]["elsewhere"]:
        return f"a run on other fields: {found.verdict}"
    return found.reason
