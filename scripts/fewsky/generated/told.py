"""Real or generated: can a classifier tell them, over sky groups that it has not seen?"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from fewsky.console import FewskyError
from fewsky.cutouts.measure import measure_patches
from fewsky.generated.make import conditions
from fewsky.generated.mixture import scaled
from fewsky.metrics.measures import auroc
from fewsky.metrics.stats import hierarchical_bootstrap
from fewsky.models.samples import labelled, runs

COLUMNS = ["generator", "label", "judge", "value", "lower", "upper", "real", "generated", "draws"]
REAL = "real"  # the control: real patches against real ones
FOLDS = 5
FEWEST = 10  # of either kind that a judge is taught and tested on
DIMENSIONS = 20
SOFTENING = 3.0
KINDS = ("noise", "psf_fwhm")


class Patches(NamedTuple):
    """Patches `(n, band, y, x)` in nanomaggies, their conditions, and the sky group of each."""

    images: np.ndarray
    table: pd.DataFrame
    group: np.ndarray

    def of(self, rows: np.ndarray) -> "Patches":
        """Some of them."""
        table = self.table.iloc[rows].reset_index(drop=True)
        return Patches(self.images[rows], table, self.group[rows])


class Judged(NamedTuple):
    """Scores `(n,)` of patches by judges that had not seen their group, and what they are."""

    scores: dict[str, np.ndarray]
    generated: np.ndarray
    group: np.ndarray


def tell(
    settings: dict[str, Any],
    images: np.ndarray,
    catalog: pd.DataFrame,
    manifest: pd.DataFrame,
    draws: pd.DataFrame,
    made: dict[tuple[str, int], tuple[np.ndarray, pd.DataFrame]],
) -> pd.DataFrame:
    """How well generated patches are told from real ones: COLUMNS, an AUROC with its interval.

    `made` holds patches and their table by (experiment, draw). A generator has learned from the
    training objects of `settings["budget"]` labels; the real patches that it is judged by are
    objects of the training part that this budget leaves over, which no generator has seen. 0.5 is
    what guessing gives. The generator REAL splits real patches at random: what the test itself
    gives. Judges are a forest on measured shapes and a logistic regression on principal
    components of the pixels, cross-validated over sky groups. Groups, then draws, are resampled.
    Raises FewskyError where the budget leaves too few real patches over.
    """
    table = labelled(catalog, manifest, settings["classes"])
    groups = manifest.set_index("object_id")["group"]
    names = sorted({name for name, _ in made})
    rows = []
    for label in settings["classes"]:
        judged: dict[str, list[Judged]] = {name: [] for name in (*names, REAL)}
        for draw in sorted({draw for _, draw in made}):
            rng = np.random.default_rng([settings["seed"], draw, settings["classes"].index(label)])
            real = _left_over(settings, images, catalog, table, groups, draws, draw, label)
            for name in names:
                other = _generated(settings, *made[name, draw], groups, label)
                judged[name].append(judge(*_as_many(real, other, rng), settings, rng))
            judged[REAL].append(judge(*_halves(real, rng), settings, rng))
        rows += [
            row for name, each in judged.items() for row in _scored(name, label, each, settings)
        ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _left_over(settings, images, catalog, table, groups, draws, draw, label) -> Patches:
    """Real patches of a class that no generator of this budget has seen."""
    told = {**settings, "budgets": [settings["budget"]]}
    [run] = runs(told, table, draws, draw)
    of_row = table.set_index("row")["label"]
    rows = run.parts["unused"]
    rows = rows[of_row[rows].to_numpy() == label]
    if len(rows) < FEWEST:
        raise FewskyError(
            f"paper.star-galaxy.generated.budget: wanted {FEWEST} or more of class {label} beyond "
            f"{run.budget} labels; found {len(rows)}. Lower it."
        )
    known = conditions(catalog.iloc[rows], settings["bands"]).reset_index(drop=True)
    return Patches(images[rows], known, groups[known["donor"]].to_numpy())


def _generated(settings, images, table, groups, label) -> Patches:
    """Generated patches of a class and of the budget; their group is that of their conditions."""
    own = ((table["label"] == label) & (table["budget"] == settings["budget"])).to_numpy()
    chosen = table[own].reset_index(drop=True)
    return Patches(images[own], chosen, groups[chosen["donor"]].to_numpy())


def _as_many(real: Patches, other: Patches, rng) -> tuple[Patches, Patches]:
    """As many of one as of the other, so that guessing gives a half."""
    n = min(len(real.group), len(other.group))
    picked = [np.sort(rng.permutation(len(one.group))[:n]) for one in (real, other)]
    return real.of(picked[0]), other.of(picked[1])


def _halves(real: Patches, rng) -> tuple[Patches, Patches]:
    order = rng.permutation(len(real.group))
    half = len(order) // 2
    return real.of(np.sort(order[:half])), real.of(np.sort(order[half : 2 * half]))


def judge(real: Patches, other: Patches, settings: dict[str, Any], rng) -> Judged:
    """Scores of all patches by every judge, each by a fit that has not seen the patch's group."""
    generated = np.repeat([False, True], [len(real.group), len(other.group)])
    group = np.concatenate([real.group, other.group])
    state = int(rng.integers(2**31))
    cut = StratifiedGroupKFold(min(FOLDS, len(set(group))), shuffle=True, random_state=state)
    folds = list(cut.split(group, generated, group))
    scores = {}
    for name, values in _seen(real, other, settings):
        scores[name] = np.full(len(group), 0.5)
        for train, test in folds:
            if len(set(generated[train])) == 2:
                fitted = _fitted(name, values[train], generated[train], state)
                scores[name][test] = fitted.predict_proba(values[test])[:, 1]
    return Judged(scores, generated, group)


def _seen(real: Patches, other: Patches, settings) -> Iterator[tuple[str, np.ndarray]]:
    """What each judge sees: measured shapes, and pixels in units of the noise."""
    images = np.concatenate([real.images, other.images])
    table = pd.concat([real.table, other.table], ignore_index=True)
    bands = settings["bands"]
    table = table.assign(object_id=range(len(table)), neighbour_arcsec=0.0, neighbour_mag_r=0.0)
    shapes = measure_patches(images, table, bands, settings["pixel_arcsec"])
    yield "forest", shapes[[name for name in shapes if name.startswith("feat_")]].to_numpy()
    noise = table[[f"noise_{band}" for band in bands]].to_numpy(np.float64)
    yield "pixels", scaled(images, noise, SOFTENING)


def _fitted(name: str, values: np.ndarray, generated: np.ndarray, state: int):
    if name == "forest":
        model = RandomForestClassifier(50, min_samples_leaf=2, random_state=state, n_jobs=1)
    else:
        basis = PCA(min(DIMENSIONS, len(values) // 2), random_state=state)
        model = make_pipeline(basis, StandardScaler(), LogisticRegression(max_iter=2000))
    return model.fit(values, generated)


def _scored(name: str, label: str, each: list[Judged], settings) -> Iterator[dict[str, Any]]:
    """A row a judge: the mean over draws with its interval."""
    places = sorted({group for one in each for group in one.group})
    number = [pd.Index(places).get_indexer(one.group) for one in each]
    for who in each[0].scores:

        def statistic(weights, who=who):
            pairs = zip(each, number, strict=True)
            found = [auroc(one.scores[who], one.generated, weights.T[n]) for one, n in pairs]
            return np.stack(found, axis=1)

        rng = np.random.default_rng(settings["seed"])
        found = hierarchical_bootstrap(
            statistic, len(places), len(each), settings["bootstrap"], rng, (0.0, 1.0)
        )
        yield {
            "generator": name,
            "label": label,
            "judge": who,
            **{key: float(getattr(found, key)) for key in ("value", "lower", "upper")},
            "real": int((~each[0].generated).sum()),
            "generated": int(each[0].generated.sum()),
            "draws": len(each),
        }
