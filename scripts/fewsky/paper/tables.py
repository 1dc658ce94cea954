"""Tables as people read them: values with intervals in text cells, saved as CSV and as TeX."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from fewsky.files import load_table, save_table, save_text

UNKNOWN = "–"
MEASURES = {"mcc": "MCC", "auroc": "AUROC", "accuracy": "accuracy", "log_loss": "log-loss"}
TEX = {
    "\\": r"\textbackslash{}",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": "$<$",
    ">": "$>$",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "–": "--",
    "±": r"$\pm$",
    "−": "$-$",
    "≥": r"$\geq$",
    "≤": r"$\leq$",
    "×": r"$\times$",
    "″": "$''$",
    "′": "$'$",
}


def number(value: float, digits: int = 3) -> str:
    """A number with fixed decimals and a true minus sign; a dash where it is not known."""
    if pd.isna(value):
        return UNKNOWN
    text = f"{value:.{digits}f}"
    return text.lstrip("-") if float(text) == 0 else text.replace("-", "−")


def p_value(p: float) -> str:
    """A probability with three digits, as a bound where it is very small."""
    return "< 0.001" if p < 0.001 else number(p)


def share(value: float, digits: int = 1) -> str:
    """A share of one as a percentage; a dash where it is not known."""
    return UNKNOWN if pd.isna(value) else f"{100 * value:.{digits}f} %"


def interval(value: float, lower: float, upper: float, digits: int = 3) -> str:
    """A value with its interval, `0.899 [0.880, 0.915]`; the value alone where there is none."""
    if pd.isna(value) or pd.isna(lower) or pd.isna(upper):
        return number(value, digits)
    return f"{number(value, digits)} [{number(lower, digits)}, {number(upper, digits)}]"


def spread(values: Iterable[float], digits: int = 3) -> str:
    """Mean ± standard deviation over replicates; the mean alone where there is one."""
    known = pd.Series(list(values), dtype=float).dropna()
    if len(known) < 2:
        return number(known.mean(), digits)
    return f"{number(known.mean(), digits)} ± {number(known.std(ddof=1), digits)}"


def escape(text: str) -> str:
    """Text in which no character has a meaning of its own to TeX."""
    return "".join(TEX.get(letter, letter) for letter in text)


def tabular(table: pd.DataFrame, simulated: bool = False) -> str:
    """A plain TeX tabular of text cells, which needs no package."""
    lines = [_row(table.columns), r"\hline", *(_row(cells) for cells in table.to_numpy())]
    if simulated:
        lines += [r"\hline", rf"\multicolumn{{{table.shape[1]}}}{{l}}{{SIMULATED}}\\"]
    start = rf"\begin{{tabular}}{{{'l' * table.shape[1]}}}"
    return "\n".join([start, r"\hline", *lines, r"\hline", r"\end{tabular}", ""])


def _row(cells: Iterable[str]) -> str:
    # An empty group keeps a cell that starts with a bracket from being read as the length of \\.
    return "{} " + " & ".join(escape(cell) for cell in cells) + r" \\"


def save(
    table: pd.DataFrame,
    csv: str | Path,
    tex: str | Path,
    *,
    simulated: bool,
    published: Sequence[bool] | None = None,
) -> None:
    """Write a table of text or number cells as CSV and TeX.

    Where it is simulated or holds published rows, a last column of the CSV and of the TeX says for
    each row whether it is SIMULATED, measured or published.
    """
    shown = table.map(lambda cell: UNKNOWN if pd.isna(cell) else str(cell))
    quoted = list(published) if published is not None else [False] * len(table)
    if simulated or any(quoted):
        made = "SIMULATED" if simulated else "measured"
        shown["Data"] = ["published" if is_quoted else made for is_quoted in quoted]
    save_table(shown, csv)
    save_text(tabular(shown, simulated), tex)


def load_metrics(paths: Iterable[str | Path]) -> pd.DataFrame:
    """Metrics of several tasks in one tidy table, each task named in the column `task`."""
    tables = [load_table(path).assign(task=Path(path).stem) for path in paths]
    return pd.concat(tables, ignore_index=True)


def scored(
    metrics: pd.DataFrame,
    experiments: Sequence[str],
    *,
    draws: bool = False,
    part: str = "test",
    reference: str = "catalogue",
    every_budget: bool = False,
) -> pd.DataFrame:
    """Rows of some experiments at their largest budget: over all draws, or one a draw.

    With `every_budget` they are those of all budgets. The order is that of `experiments`; folds
    are left to the aggregate.
    """
    rows = metrics[
        metrics["experiment"].isin(list(experiments))
        & (metrics["part"] == part)
        & (metrics["reference"] == reference)
        & ((metrics["draw"] >= 0) == draws)
    ]
    # The largest budget, "all", may differ by a few objects from draw to draw.
    largest = rows.groupby(["experiment", "draw"])["budget"].transform("max")
    rows = rows if every_budget else rows[rows["budget"] == largest]
    if not draws:
        rows = rows[rows["fold"] == rows.groupby("experiment")["fold"].transform("min")]
    rank = {name: k for k, name in enumerate(experiments)}
    return rows.sort_values("experiment", key=lambda names: names.map(rank), kind="stable")


def one(rows: pd.DataFrame, metric: str, subset: str = "all") -> tuple[float, float, float]:
    """Value, lower and upper limit of one metric on one subset; NaN where it is not there."""
    found = rows[(rows["metric"] == metric) & (rows["subset"] == subset)]
    if found.empty:
        return (float("nan"),) * 3
    return tuple(float(found.iloc[0][key]) for key in ("value", "lower", "upper"))


def quoted(published: pd.DataFrame, table: str, row: str, metric: str) -> float:
    """A number printed in a publication, by its table, row and metric; NaN where it gives none."""
    found = published[
        (published["table"] == table) & (published["row"] == row) & (published["metric"] == metric)
    ]
    return float(found["value"].iloc[0]) if len(found) else float("nan")


def published_rows(
    published: pd.DataFrame,
    table: str,
    columns: dict[str, str],
    authors: dict[str, str],
    digits: int = 3,
) -> list[dict[str, str]]:
    """Rows of other people's publications, with their metrics under the headings `columns`.

    `authors` is what stands before the row's name, by study.
    """
    rows = []
    for row, part in published[published["table"] == table].groupby("row", sort=False):
        values = dict(zip(part["metric"], part["value"].astype(float), strict=True))
        told = {w: number(values[key], digits) for key, w in columns.items() if key in values}
        author = authors.get(part["study"].iloc[0], "")
        rows.append({"Experiment": author + row, "Kind": "published", **told})
    return rows


def load_published(path: str | Path) -> pd.DataFrame:
    """Numbers printed in publications: claim, study, table, row, metric, value, source."""
    return load_table(path, dtype={"table": str, "row": str}, keep_default_na=False)
