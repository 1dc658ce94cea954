"""What a run took, by rule, from the files that Snakemake writes beside its larger jobs."""

from pathlib import Path

import pandas as pd

from fewsky.console import FewskyError
from fewsky.files import load_table
from fewsky.paper.tables import number

WANTED = ("s", "cpu_time", "max_rss")
EVERY = "all rules"


def load_benchmarks(folder: str | Path) -> pd.DataFrame:
    """One row a job: `rule`, `s` and `cpu_time` in seconds, `max_rss` in MB; NaN where unknown.

    A benchmark file lies in the folder of its rule. Raises FewskyError where there is none, or
    where one has other columns.
    """
    folder = Path(folder)
    paths = sorted(folder.glob("*/**/*.tsv"))
    if not paths:
        raise FewskyError(
            f"{folder}: wanted the benchmarks of a run; found none. Run it anew to measure it."
        )
    tables = [_load(path, path.relative_to(folder).parts[0]) for path in paths]
    return pd.concat(tables, ignore_index=True)


def _load(path: Path, rule: str) -> pd.DataFrame:
    table = load_table(path)
    missing = [name for name in WANTED if name not in table]
    if missing:
        raise FewskyError(
            f"{path}: wanted the columns {', '.join(WANTED)}; found no "
            f"{', '.join(missing)}. Delete it."
        )
    numbers = table[list(WANTED)].apply(pd.to_numeric, errors="coerce")
    return numbers.assign(rule=rule)


def by_rule(jobs: pd.DataFrame) -> pd.DataFrame:
    """Text cells, one row a rule, the most core-seconds first, and one for all together."""
    rows = [_row(rule, part) for rule, part in jobs.groupby("rule")]
    rows.sort(key=lambda row: (-row["cpu"], row["Rule"]))
    shown = [*rows, _row(EVERY, jobs)]
    return pd.DataFrame([{key: cell for key, cell in row.items() if key != "cpu"} for row in shown])


def _row(rule: str, jobs: pd.DataFrame) -> dict[str, str | float]:
    return {
        "cpu": jobs["cpu_time"].sum(),
        "Rule": rule,
        "Jobs": str(len(jobs)),
        "Core-seconds": number(jobs["cpu_time"].sum(min_count=1), 0),
        "of the longest job": number(jobs["cpu_time"].max(), 0),
        "Seconds": number(jobs["s"].sum(min_count=1), 0),
        "of the slowest job": number(jobs["s"].max(), 0),
        "Peak memory (MB)": number(jobs["max_rss"].max(), 0),
    }
