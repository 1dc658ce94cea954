"""The nuisance control: what should not matter, its mean score, and the line that it may cause."""

import numpy as np

CHANCE = 0.5
TOLERATED = 0.1


def mean_score(steps, n):
    """Return a control's mean probability of the last class, (n,), NaN where untested; or None."""
    if not steps:
        return None
    total, count = np.zeros(n), np.zeros(n)
    for one in steps[-1]:
        np.add.at(total, one.rows, one.probability[:, -1])
        np.add.at(count, one.rows, 1)
    return np.divide(total, count, out=np.full(n, np.nan), where=count > 0)


def nuisance_warning(table, name):
    """Return a sentence where the nuisance control tells the classes apart, else "".

    `table` is a table of scores, `name` the control's experiment or None. It warns where the lower
    bound of the AUROC against the catalogue, over folds where there are any, at the largest budget,
    lies more than 0.1 above chance; without a bound the value itself counts.
    """
    rows = table[(table["experiment"] == name) & (table["draw"] == -1) & (table["fold"] == -1)]
    rows = rows[(rows["metric"] == "auroc") & (rows["subset"] == "all")]
    rows = rows[(rows["reference"] == "catalogue") & rows["part"].isin(["folds", "test"])]
    if rows.empty:
        return ""
    one = rows.sort_values(["part", "budget"], ascending=[False, True]).iloc[-1]
    lower = one["value"] if np.isnan(one["lower"]) else one["lower"]
    if not lower > CHANCE + TOLERATED:
        return ""
    bounds = f" ({short(one['lower'])} to {short(one['upper'])})" if one["lower"] == lower else ""
    return (
        f"what should not matter tells the classes apart: AUROC {short(one['value'])}{bounds} of "
        f"{name}, without a look at the objects themselves; any score here may rest on that"
    )


def short(value):
    """Return a share with two digits, without the zero before the point."""
    return f"{value:.2f}".removeprefix("0")
