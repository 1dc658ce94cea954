"""Numbers and facts of the audit: how many printed claims have which verdict, and which slipped."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from fewsky.audit.verdicts import FAILS, HOLDS, NOT_RUN, OPEN, SLIP, SPREAD, UNTOLD
from fewsky.files import load_table
from fewsky.paper import numbers_leakage
from fewsky.paper.numbers import Numbers, keyed

MAKERS = {
    "audit": "rule audit_claims, from report/claims.yaml and the metrics room",
    **numbers_leakage.MAKERS,
}
STUDIES = {
    "S0": "Hadidjojo, Pham and Muratbayev",
    "S1": "Tessa and Terranova",
    "S2": "Ruhmer",
    "S3": "Martinazzo, Espadoto and Hirata",
    "astroNN": "The documentation of Galaxy10",
}
KEYS = {
    HOLDS: "holds",
    SPREAD: "spread",
    SLIP: "slip",
    FAILS: "fails",
    UNTOLD: "untold",
    OPEN: "open",
}


def collect(files: Mapping[str, Any], leakage: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Numbers, facts and makers of the audit; `files` holds the list of paths `claims`, and what
    numbers_leakage reads, which is told `leakage`.

    The facts of a part are None, or missing, where the paper leaves it out.
    """
    numbers, leaks = numbers_leakage.collect(leakage, files)
    facts = {"claims": None, **({"leakage": leaks} if leaks else {})}
    if paths := files.get("claims", []):
        table = load_table(paths[0], dtype={"printed": str}, keep_default_na=False)
        facts["claims"] = of_claims(table)
        numbers |= numbers_of(table, paths[0])
    return {"numbers": numbers, "facts": facts, "makers": MAKERS}


def numbers_of(table: pd.DataFrame, path: str | Path) -> Numbers:
    """audit.claims, audit.VERDICT, audit.STUDY and audit.STUDY.VERDICT, and counts of our runs."""
    counts: dict[str, int] = {
        "claims": len(table),
        "studies": table.loc[table["study"].str.match("S"), "study"].nunique(),
        "decided": int((table["verdict"] != OPEN).sum()),
        "arithmetic": int((table["derived"] != "").sum()),
        "asked": int((table["found"] != "").sum()),
        "missing": int((table["found"] == NOT_RUN).sum()),
        "run": int((~table["found"].isin(["", NOT_RUN])).sum()),
        "simulated": int(table["simulated"].sum()),
        **_by_verdict(table, "verdict"),
        **{f"found.{key}": n for key, n in _by_verdict(table, "found").items()},
    }
    for study, own in table.groupby("study"):
        counts |= {study: len(own), **_by_verdict(own, "verdict", f"{study}.")}
    return keyed({key: (n, "d") for key, n in counts.items()}, path, "audit")


def _by_verdict(table: pd.DataFrame, column: str, start: str = "") -> dict[str, int]:
    """How many claims have each verdict, by the key of the verdict."""
    return {start + key: int((table[column] == verdict).sum()) for verdict, key in KEYS.items()}


def of_claims(table: pd.DataFrame) -> dict[str, Any]:
    """What the text names of the claims: the studies, the slips, and what runs found of others."""
    return {
        "studies": [
            {"key": key, "name": name}
            for key, name in STUDIES.items()
            if key in set(table["study"])
        ],
        "slips": _listed(table[table["verdict"] == SLIP]),
        "failing": _listed(table[table["verdict"] == FAILS]),
        "holding": _listed(table[(table["verdict"] == HOLDS) & (table["measure"] != "")]),
    }


def _listed(rows: pd.DataFrame) -> list[dict[str, str]]:
    keys = ("claim", "study", "words", "where", "printed", "derived")
    return [dict(zip(keys, row, strict=True)) for row in rows[list(keys)].to_numpy().tolist()]
