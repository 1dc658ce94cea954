"""Result tables of the small run in ssl_run: audits, scores, errors, comparisons, curves, maps."""

import pandas as pd

from fewsky.metrics.contrasts import COLUMNS as OF_CONTRASTS
from fewsky.metrics.curves import COLUMNS as OF_CURVES
from fewsky.metrics.scores import COLUMNS

METRIC = "balanced_accuracy"
COMPARED = ["a", "b", "primary", "metric", "difference", "lower", "upper", "p", "p_holm"]
COMPARED += ["minimum_detectable", "n_replicates", "verdict"]
BUDGETS = (20, 100)
GAINS = {
    "better": (0.05, 0.02, 0.08),
    "worse": (-0.05, -0.08, -0.02),
    "cannot be told": (0.01, -0.02, 0.04),
}


def audit(task):
    labels, others = (
        task["classes"] or ["object"],
        (task["split"].get("keep_out") or {}).get("tasks", []),
    )
    kept = {
        name: {
            "by": "position and image" if name == "nine" else "position",
            "taken_out": 3 + 2 * k,
            "left": 0,
            "tested": 10,
            "radius_arcsec": 10.0,
            "may_share_pixels": 2 * (name == "nine"),
        }
        for k, name in enumerate(others)
    }
    return {
        "sky": "not auditable" if task["dataset"] == "g10" else "auditable",
        "counts": {part: dict.fromkeys(labels, n) for part, n in (("pool", 40), ("test", 10))},
        "duplicates_removed": 0,
        "pairs_near_copy": 0,
        "pairs_sharing_pixels": 0,
        "twins": 4 if not task["classes"] else 0,
        "twin_label_agreement": 1.0 if not task["classes"] else None,
        "random_split_leak": {"splits": 20, "test_share_leaked": 0.02},
        **({"kept_out": kept} if kept else {}),
    }


def scores(names, task, nuisance, truth):
    """A tidy metrics table: 0.6 for the first name, 0.02 more for each further one."""
    subsets = [
        "all",
        *(["peaks_r 0-2.5", "peaks_r 2.5-inf"] if task["dataset"].startswith("plates") else []),
    ]
    rows = [
        {
            "experiment": name,
            "draw": draw,
            "fold": -1,
            "budget": 100,
            "part": "test",
            "reference": reference,
            "subset": subset,
            "metric": metric,
            "value": 0.6 + k / 50 - (subset != "all") * subsets.index(subset) / 10,
            "lower": 0.55 + k / 50,
            "upper": 0.65 + k / 50,
            "n": 20,
        }
        for k, name in enumerate(names)
        for draw in (-1, 0)
        for reference in ["catalogue", "truth"][: 1 + truth]
        for subset in subsets
        for metric in ("accuracy", "mcc", "auroc", METRIC)
    ]
    table = pd.DataFrame(rows, columns=COLUMNS)
    own = table["experiment"].astype(str).str.endswith("nuisance") & (table["metric"] == "auroc")
    table.loc[own, ["value", "lower", "upper"]] = nuisance, nuisance - 0.02, nuisance + 0.02
    return table


def errors(columns):
    """Errors of pretexts: the first column is learned well, the second one badly."""
    rows = [
        {
            "experiment": name,
            "draw": draw,
            "fold": -1,
            "budget": 40,
            "part": "test",
            "reference": "catalogue",
            "subset": "all",
            "metric": f"{measure}_{column}",
            "value": value - 0.6 * k,
            "lower": value - 0.6 * k - 0.1,
            "upper": value - 0.6 * k + 0.1,
            "n": 10,
        }
        for name, own in columns.items()
        for k, column in enumerate(own)
        for draw in (-1, 0)
        for measure, value in (("r2", 0.9), ("mae", 1.0), ("mae_over_error", 4.0))
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def comparisons(names, verdict):
    """Every pair, the later name held against the earlier; that of mergers was named."""
    sign = -1 if verdict == "worse" else 1
    rows = [
        {
            "a": b,
            "b": a,
            "primary": b == "mg-forest",
            "metric": METRIC,
            "difference": sign * 0.031,
            "lower": sign * 0.004,
            "upper": sign * 0.066,
            "p": 0.013,
            "p_holm": 0.026,
            "minimum_detectable": 0.05,
            "n_replicates": 5,
            "verdict": verdict,
        }
        for k, a in enumerate(names)
        for b in names[k + 1 :]
    ]
    return pd.DataFrame(
        rows,
        columns=COMPARED,
    )


def contrasts(pairs, verdict, p):
    """Starts in pairs: at the fewest labels and in area the verdict asked for, with a p."""
    rows = []
    for pair in pairs:
        for budget in (0, *BUDGETS):
            told = verdict if budget in (0, BUDGETS[0]) else "cannot be told"
            value, low, high = GAINS[told]
            rows.append(
                {
                    **pair,
                    "budget": budget,
                    "metric": METRIC,
                    "difference": value,
                    "lower": low,
                    "upper": high,
                    "p": 0.4 if told == "cannot be told" else p,
                    "detectable": 0.04,
                    "draws": 5,
                }
            )
    return pd.DataFrame(rows, columns=OF_CONTRASTS)


def curves(rows, verdict, p):
    """Curves of a task: at the fewest labels the verdict asked for, at the most nothing is told."""
    found = []
    for k, row in enumerate(rows):
        for metric in (METRIC, "mcc"):
            for budget in (0, *BUDGETS):
                told = verdict if budget in (0, BUDGETS[0]) else "cannot be told"
                gain, low, high = GAINS[told]
                value = 0.7 + gain if row["start"] != "none" else 0.7
                ends = {
                    "gain": gain,
                    "gain_lower": low,
                    "gain_upper": high,
                    "gain_p": 0.4 if told == "cannot be told" else p,
                    "gain_detectable": 0.04,
                }
                if row["start"] == "none":
                    ends = dict.fromkeys(ends, float("nan"))
                found.append(
                    {
                        "experiment": row["experiment"],
                        "start": row["start"],
                        "way": row["way"],
                        "budget": budget,
                        "metric": metric,
                        "value": value + k / 1000,
                        "lower": value - 0.01,
                        "upper": value + 0.01,
                        **ends,
                        "draws": 5,
                        "n": 20,
                    }
                )
    return pd.DataFrame(found, columns=OF_CURVES)


def seen(weights):
    """Weights that have learned see better than pixels, with intervals apart."""
    place = {"pixels": 0.6, "imagenet": 0.63, "w-magnitudes": 0.75}[weights]
    rows = [
        {"metric": metric, "value": place, "lower": place - 0.05, "upper": place + 0.05, "n": 10}
        for metric in ("knn_accuracy", "commonest", "silhouette", "ari", "nmi")
    ]
    none = float("nan")
    return pd.DataFrame([*rows, {"metric": "k", "value": 5, "lower": none, "upper": none, "n": 40}])
