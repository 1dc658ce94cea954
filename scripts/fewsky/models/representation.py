"""What starting weights see before any label is used: neighbours, clusters and a map of objects.

Neighbours judge features as in Wu et al. (2018, arXiv:1805.01978), clusters as in Xie et al. (2016,
arXiv:1511.06335); the map is t-SNE (van der Maaten & Hinton 2008) by openTSNE (Policar+ 2024).
"""

from typing import Any

import numpy as np
import openTSNE
import pandas as pd
from scipy.special import entr
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.metrics import silhouette_samples
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.neighbors import KNeighborsClassifier
from threadpoolctl import threadpool_limits

from fewsky.console import FewskyError, say
from fewsky.metrics.stats import hierarchical_bootstrap
from fewsky.models.inputs import describe
from fewsky.models.samples import labelled

COMPONENTS = 50
NEIGHBOURS = (1, 5, 10, 20, 50)
PERPLEXITY = 30
FEWEST = 10  # held-out objects
LIMITS = {"knn_accuracy": (0, 1), "commonest": (0, 1), "silhouette": (-1, 1), "ari": (-1, 1),
          "nmi": (0, 1)}  # fmt: skip


def measure_representation(
    settings: dict[str, Any], features: np.ndarray, catalog: pd.DataFrame, manifest: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The map of the held-out objects, and the measures of their features.

    `features` are `(n, feature)`, row i of `catalog`; `settings` have `task`, `classes`, `seed`,
    `bootstrap`. The map has object_id, label, x and y (no unit); the measures have metric, value,
    lower, upper (95 %, bootstrap over groups) and n, the number of held-out objects. Held out is
    the test part, or fold 0 of a task in folds; neighbours are looked for in the pool, and their
    number, the metric `k`, is the best of NEIGHBOURS in a cross-validation over the pool's groups.
    `commonest` is the accuracy of always naming the pool's commonest class. Raises FewskyError if
    too few objects are held out or a feature is not finite.
    """
    table = sides(settings, catalog, manifest)
    pool, test = (table[table["side"] == side] for side in ("pool", "test"))
    _check(settings, features, table)
    with threadpool_limits(1):
        near, far = projected(features[pool["row"]], features[test["row"]], settings["seed"])
        right, k = neighbours(near, pool, far, test["label"])
        width = silhouette_samples(far, test["label"])
        cluster = clusters(far, len(settings["classes"]), settings["seed"])
        places = tsne(far, settings["seed"])
    say(f"{settings['task']}: {len(test)} held-out objects of {len(pool)} in the pool, k = {k}")
    shown = test.reset_index()[["object_id", "label"]].assign(x=places[:, 0], y=places[:, 1])
    luck = (test["label"] == pool["label"].mode()[0]).to_numpy(float)
    each = {"knn_accuracy": right, "commonest": luck, "silhouette": width}
    measures = intervals(settings, test, each, cluster)
    chosen = {"metric": "k", "value": k, "lower": np.nan, "upper": np.nan, "n": len(pool)}
    return shown, pd.DataFrame([*measures, chosen])


def first_view(activations: np.ndarray) -> np.ndarray:
    """Features `(n, feature)` of the images as they are, from those of all views."""
    return activations[:, 0].reshape(len(activations), -1)


def pixels(
    settings: dict[str, Any], images: np.ndarray, catalog: pd.DataFrame, manifest: pd.DataFrame
) -> np.ndarray:
    """Pixels `(n, feature)`, the baseline that has learned nothing, from images `(n, band, y, x)`.

    Images of 0 to 1 are taken as they are, others on an asinh scale of the pool's scatter.
    """
    if images.min() < 0 or images.max() > 1:
        table = sides(settings, catalog, manifest)
        own = images[table.loc[table["side"] == "pool", "row"]]
        told = {"stretch": "asinh", "psf": "none", "softening": 1.0}
        found = describe(own, catalog, settings["bands"], told, [])
        median, spread = (np.array(found[key])[:, None, None] for key in ("median", "spread"))
        images = np.arcsinh((images - median) / spread).astype(np.float32)
    return images.reshape(len(images), -1)


def sides(settings: dict[str, Any], catalog: pd.DataFrame, manifest: pd.DataFrame) -> pd.DataFrame:
    """Label, row, group and side (pool or test) of the objects that are used."""
    table = labelled(catalog, manifest, settings["classes"])
    table["group"] = manifest.set_index("object_id")["group"].reindex(table.index)
    table["side"] = table["part"].where(table["part"].isin(["pool", "test"]), "")
    folded = (table["part"] == "pool") & (table["fold"] == 0)
    if not (table["side"] == "test").any():
        table["side"] = table["side"].mask(folded, "test")
    return table[table["side"] != ""]


def _check(settings: dict[str, Any], features: np.ndarray, table: pd.DataFrame) -> None:
    n = table["side"].value_counts().reindex(["pool", "test"], fill_value=0)
    labels = table.groupby("side")["label"].nunique().reindex(["pool", "test"], fill_value=0)
    if n.min() < max(FEWEST, len(settings["classes"]) + 1) or labels.min() < 2:
        raise FewskyError(
            f"representation of {settings['task']}: wanted {FEWEST} objects and two classes in the "
            f"pool and among those held out; found {n['pool']} and {n['test']} objects, "
            f"{labels['pool']} and {labels['test']} classes. Take the task out of "
            "paper.self-supervision.representations, or enlarge the split."
        )
    bad = ~np.isfinite(features).all(axis=1)[table["row"]]
    if bad.any():
        raise FewskyError(
            f"features: wanted finite numbers; found others for {bad.sum()} objects, first "
            f"{table.index[bad][0]}. Mend their images or the weights, and extract again."
        )


def projected(pool: np.ndarray, test: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Pool and held-out objects on the pool's first principal components, float64 `(n, <= 50)`."""
    most = min(COMPONENTS, len(pool) - 1, pool.shape[1])
    model = PCA(most, svd_solver="auto", random_state=seed).fit(pool)
    return model.transform(pool).astype(np.float64), model.transform(test).astype(np.float64)


def neighbours(
    near: np.ndarray, pool: pd.DataFrame, far: np.ndarray, labels: pd.Series
) -> tuple[np.ndarray, int]:
    """Whether the k nearest objects of the pool vote for the label, float `(n,)`; and k."""
    groups = pool["group"].nunique()
    possible = [k for k in NEIGHBOURS if k <= len(pool) // 2]
    model = KNeighborsClassifier(possible[0])
    if groups > 1:
        folds = GroupKFold(min(5, groups))
        model = GridSearchCV(model, {"n_neighbors": possible}, cv=folds)
        model.fit(near, pool["label"], groups=pool["group"])
        model = model.best_estimator_
    else:
        model.fit(near, pool["label"])
    return (model.predict(far) == labels.to_numpy()).astype(float), model.n_neighbors


def clusters(features: np.ndarray, n: int, seed: int) -> np.ndarray:
    """Number of the k-means cluster of each object, `(n,)`; the best of ten starts."""
    return KMeans(n, n_init=10, random_state=seed).fit_predict(features)


def tsne(features: np.ndarray, seed: int) -> np.ndarray:
    """The t-SNE map of some objects, float64 `(n, 2)`, started from their principal components."""
    perplexity = min(PERPLEXITY, (len(features) - 1) / 3)
    model = openTSNE.TSNE(perplexity=perplexity, initialization="pca", neighbors="exact",
                          n_jobs=1, random_state=seed)  # fmt: skip
    return np.asarray(model.fit(features))


def intervals(
    settings: dict[str, Any], test: pd.DataFrame, each: dict[str, np.ndarray], cluster: np.ndarray
) -> list[dict[str, Any]]:
    """Rows of the measures: means of a value an object, and how clusters agree with the labels.

    Neighbours and clusters stay as they were found; objects are drawn again, a group as a whole.
    """
    label, group = (pd.factorize(test[name])[0] for name in ("label", "group"))
    sums = np.stack([np.bincount(group, one) for one in (np.ones(len(test)), *each.values())])
    cells = np.zeros((group.max() + 1, label.max() + 1, cluster.max() + 1))
    np.add.at(cells, (group, label, cluster), 1)

    def statistic(weights: np.ndarray) -> np.ndarray:
        n, *totals = sums @ weights.T
        agreed = agreement(np.tensordot(weights, cells, 1))
        return np.stack([*(total / n for total in totals), *agreed], axis=1)[:, None]

    names = [*each, "ari", "nmi"]
    found = hierarchical_bootstrap(
        statistic, len(cells), 1, settings["bootstrap"],
        np.random.default_rng(settings["seed"]),
        tuple(np.array([LIMITS[name] for name in names], float).T),
    )  # fmt: skip
    return [
        {"metric": name, "value": found.value[j], "lower": found.lower[j],
         "upper": found.upper[j], "n": len(test)}
        for j, name in enumerate(names)
    ]  # fmt: skip


def agreement(cells: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """ARI and NMI of many tables `(b, label, cluster)` of numbers of objects, each `(b,)`.

    As scikit-learn's adjusted_rand_score and normalized_mutual_info_score, which take one table at
    a time; NaN where all objects have one label and one cluster.
    """
    n, rows, columns = cells.sum((1, 2)), cells.sum(2), cells.sum(1)
    inside, of_rows, of_columns = (
        (t * (t - 1) / 2).reshape(len(t), -1).sum(1) for t in (cells, rows, columns)
    )
    chance = of_rows * of_columns / (n * (n - 1) / 2)
    h_cells, h_rows, h_columns = (
        entr(t.reshape(len(t), -1) / n[:, None]).sum(1) for t in (cells, rows, columns)
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        ari = (inside - chance) / ((of_rows + of_columns) / 2 - chance)
        return ari, 2 * (h_rows + h_columns - h_cells) / (h_rows + h_columns)
