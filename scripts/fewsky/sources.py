"""Whose data and weights were used, and under which terms: report/sources.csv and weights.csv."""

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from fewsky.console import FewskyError

NO_LICENCE = "not listed in report/weights.csv"


def read_sources(path: Path) -> list[dict[str, str]]:
    """Rows of report/sources.csv (reader, release, name, licence, url, citation) or weights.csv."""
    with open(path, newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def source_of(rows: Iterable[Mapping[str, str]], survey: Mapping[str, Any]) -> Mapping[str, str]:
    """The row of a survey, by its reader and, where a reader has several, its release."""
    found = [row for row in rows if row["reader"] == survey["reader"]]
    named = [row for row in found if row["release"] in ("", survey.get("release"))]
    if not named:
        raise FewskyError(
            f"report/sources.csv: wanted a row of reader {survey['reader']}, release "
            f"{survey.get('release')}; found none. Add one: name, licence, url, citation."
        )
    return named[0]


def licence_of(rows: Iterable[Mapping[str, str]], url: str | None) -> str:
    """The licence of published weights by the beginning of their address; empty for our own."""
    if not url:
        return ""
    return next((row["licence"] for row in rows if url.startswith(row["url"])), NO_LICENCE)
