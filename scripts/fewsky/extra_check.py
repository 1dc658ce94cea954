"""Settings of numbers that a network is given beside the image, held against each other.

Nothing heavy is imported, since the Snakefile resolves the configuration.
"""

from collections.abc import Mapping
from typing import Any

from fewsky.console import FewskyError
from fewsky.extra_columns import column_of
from fewsky.surveys.sdss_asked import NONE

REDSHIFTS = ("redshift", "redshift_error", "redshift_known")  # sdss_redshifts.COLUMNS


def check_extra(plan: Any) -> None:
    """Raise FewskyError, one line, for extra inputs that cannot be read or filled in."""
    for name, item in plan.experiments.items():
        where = f"experiments.{name}"
        if "model" in item:
            _check_missing(f"config: {where}.model", item["model"])
        columns = [*item.get("model", {}).get("extra", [])]
        columns += item.get("opponent", {}).get("columns", [])
        survey = plan.datasets[plan.tasks[item["task"]]["dataset"]]["survey"]
        if plan.surveys[survey]["reader"] == "sdss":
            _check_asked(f"config: {where}", columns, survey, plan.surveys[survey])


def _check_missing(where: str, model: Mapping[str, Any]) -> None:
    missing = model.get("missing", "mean")
    if missing != "mean" and not model.get("extra"):
        raise FewskyError(
            f"{where}.missing: wanted columns in extra that may be missing; found none. Name some, "
            "or leave missing out."
        )
    if model.get("drawn_by") is not None and missing != "drawn":
        raise FewskyError(
            f"{where}.drawn_by: wanted missing: drawn, whose draws it matches; found missing: "
            f"{missing}. Leave it out."
        )


def _check_asked(where: str, columns: list[str], survey: str, block: Mapping[str, Any]) -> None:
    told = [name for name in columns if column_of(name) in REDSHIFTS]
    if told and block.get("redshifts", NONE) == NONE:
        raise FewskyError(
            f"{where}: wanted surveys.{survey}.redshifts to be photoz or specobj; found none, yet "
            f"{told[0]} is a column of theirs. Ask for redshifts, or leave the column out."
        )
