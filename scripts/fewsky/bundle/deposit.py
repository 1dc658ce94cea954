"""What a repository such as Zenodo is told of a bundle, from CITATION.cff and the sources used."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

SIMULATED = (
    "SIMULATED. All numbers, figures and networks come from a simulated sky; none is a measurement."
)


def citation(folder: Path) -> dict[str, Any]:
    """CITATION.cff of a clone."""
    return yaml.safe_load((folder / "CITATION.cff").read_text(encoding="utf-8"))


def name_of(author: Mapping[str, str]) -> str:
    """An author as printed."""
    parts = (author.get("given-names"), author.get("family-names"))
    return author.get("name") or " ".join(part for part in parts if part)


def described(cited: Mapping[str, Any], simulated: bool) -> str:
    """The abstract, after a word of warning where it is due."""
    text = " ".join(cited["abstract"].split())
    return f"{SIMULATED} {text}" if simulated else text


def titled(cited: Mapping[str, Any], results: str, simulated: bool) -> str:
    """The title of a bundle."""
    told = " (SIMULATED)" if simulated else ""
    return f"{cited['title']}: results and trained networks of {Path(results).name}{told}"


def keywords(cited: Mapping[str, Any], simulated: bool) -> list[str]:
    """Keywords, the last of them a warning where it is due."""
    return [*cited["keywords"], *(["simulated"] if simulated else [])]


def deposit(
    cited: Mapping[str, Any], used: Iterable[Mapping[str, str]], about: Mapping[str, Any]
) -> dict[str, Any]:
    """The content of .zenodo.json: what Zenodo asks of a deposit, under its own names."""
    return {
        "title": titled(cited, about["results"], about["simulated"]),
        "description": described(cited, about["simulated"]),
        "upload_type": "dataset",
        "access_right": "open",
        "license": cited["license"],
        "version": cited["version"],
        "creators": [{"name": name_of(author)} for author in cited["authors"]],
        "keywords": keywords(cited, about["simulated"]),
        "publication_date": about["made"][:10],
        "notes": "Made from data of: "
        + "; ".join(f"{row['name']} ({row['licence']})" for row in used)
        + ". The licence above is that of the code and of what was computed here.",
        "references": [row["citation"] for row in used],
        "related_identifiers": [
            {"identifier": row["url"], "relation": "isDerivedFrom", "resource_type": "dataset"}
            for row in used
            if row["url"]
        ],
    }
