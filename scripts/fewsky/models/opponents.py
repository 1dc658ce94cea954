"""Simple opponents on table columns: forest, logistic regression, mode, random; and the definition.

None sees a pixel. What defines the label (SDSS's psf-model magnitude) is scored to be printed, and
is not ranked.
"""

from fnmatch import fnmatchcase

import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from fewsky.console import FewskyError
from fewsky.splits.folds import run_members

# SDSS calls an object extended where psf - model magnitude exceeds this (photometric pipeline).
EXTENDED_MAG = 0.145
SOFTNESS_MAG = 0.05
FITTED = ("forest", "logistic")
UNTAUGHT = ("random", "definition")


def fit_opponent(settings, catalog, manifest, draws, task, draw, budgets):
    """Return an opponent's predictions for one draw, in the form of every model's (DESIGN.md).

    `settings` is {family, columns, options}; `columns` are names or patterns of `catalog`, which
    has the measured columns joined; `budgets` are numbers of labels seen or "all". Validation
    objects are predicted by a fit without them, test objects by a fit on all labels of the budget.
    With task.split.folds each fold is tested in turn, all of it, not the test part. What learns
    from no label has the budget 0 and test objects only.
    """
    columns = choose_columns(settings, catalog)
    values = pd.DataFrame(catalog.set_index("object_id")[columns], dtype=float)
    values = values.replace([np.inf, -np.inf], np.nan)
    tables = []
    for fold, budget, roles in list_fits(manifest, draws, task, draw, budgets):
        rng = np.random.default_rng([draw, budget, fold + 1])
        stated = predict(settings, values, roles, task["classes"], rng)
        if settings["family"] in UNTAUGHT:
            stated, budget = stated[stated["part"] == "test"], 0
        tables.append(stated.assign(fold=fold, budget=budget))
    joined = pd.concat(tables, ignore_index=True)
    return joined.drop_duplicates(["budget", "fold", "part", "object_id"], ignore_index=True)


def choose_columns(settings, catalog):
    """Return the numeric catalogue columns that the settings name, patterns expanded in order."""
    if settings["family"] == "definition":
        wanted = ["psfmag_r", "modelmag_r"]
    else:
        wanted = settings["columns"] if settings["family"] in FITTED else []
    if settings["family"] in FITTED and not wanted:
        raise FewskyError(
            f"opponent {settings['family']}: wanted columns to learn from; found none named. "
            "Name some, for example feat_*."
        )
    found = {}
    for pattern in wanted:
        match = [column for column in catalog if fnmatchcase(column, pattern)]
        if not match:
            raise FewskyError(
                f"opponent {settings['family']}: wanted catalogue columns {pattern}; found none. "
                "Mend the pattern."
            )
        found |= dict.fromkeys(match)
    words = [c for c in found if not pd.api.types.is_numeric_dtype(catalog[c].dtype)]
    if words:
        raise FewskyError(
            f"opponent {settings['family']}: wanted numbers; found text in column {words[0]}. "
            "Name other columns."
        )
    return list(found)


def list_fits(manifest, draws, task, draw, budgets):
    """Yield fold, labels seen and the objects with their role, for each budget and each fold."""
    label = manifest.set_index("object_id")["label"]
    for fold in range(task["split"]["folds"]) or [-1]:
        for budget in budgets:
            ids = run_members(manifest, draws, draw, budget, fold)
            yield fold, len(ids[0]) + len(ids[1]), name_roles(label, *ids)


def name_roles(label, train, val, test):
    """Return the objects of the three parts: object_id, part, label."""
    parts = {"train": train, "val": val, "test": test}
    ids = np.concatenate([np.asarray(some, dtype=object) for some in parts.values()])
    part = np.repeat(list(parts), [len(some) for some in parts.values()])
    return pd.DataFrame({"object_id": ids, "part": part, "label": label.loc[ids].to_numpy()})


def predict(settings, values, roles, classes, rng):
    """Return the roles with one probability column a class."""
    stated = np.empty((len(roles), len(classes)))
    tested = (roles["part"] == "test").to_numpy()
    trains = (roles["part"] == "train").to_numpy()
    for fitted, shown in ((trains, ~tested), (~tested, tested)):
        state = int(rng.integers(2**31))
        known, asked = roles[fitted], values.loc[roles["object_id"][shown]]
        learn = (values.loc[known["object_id"]], known["label"].to_numpy())
        stated[shown] = FAMILIES[settings["family"]](settings, *learn, asked, classes, state)
    names = [f"p_{name}" for name in classes]
    table = pd.DataFrame(stated, columns=names, dtype="float32", index=roles.index)
    return pd.concat([roles, table], axis=1)


def fitted_model(settings, values, label, asked, classes, state):
    """Return the probabilities, (n, class), of a forest or a logistic regression."""
    if len(np.unique(label)) < 2:
        return class_shares(settings, values, label, asked, classes, state)
    try:
        model = build(settings["family"], {"random_state": state, **settings["options"]})
        model.fit(values.to_numpy(), label)
    except (TypeError, ValueError) as error:
        raise FewskyError(
            f"opponent {settings['family']}: wanted options of scikit-learn; found {error}. "
            "Mend options."
        ) from None
    stated = pd.DataFrame(model.predict_proba(asked.to_numpy()), columns=model.classes_)
    return stated.reindex(columns=classes, fill_value=0.0).to_numpy()


def build(family, options):
    """Return the estimator, not yet fitted, of a forest or a logistic regression."""
    if family == "forest":
        return RandomForestClassifier(**{"n_estimators": 200, "n_jobs": 1, **options})
    regression = LogisticRegression(**{"max_iter": 2000, **options})
    fill = SimpleImputer(strategy="median", keep_empty_features=True)
    return make_pipeline(fill, StandardScaler(), regression)


def class_shares(settings, values, label, asked, classes, state):
    """Return for every object the class shares of the labels seen: its choice is their mode."""
    counts = np.array([(label == name).sum() for name in classes])
    return np.tile(counts / counts.sum(), (len(asked), 1))


def random_guess(settings, values, label, asked, classes, state):
    """Return random probabilities, (n, class), every class alike."""
    return np.random.default_rng(state).dirichlet(np.ones(len(classes)), size=len(asked))


def definition(settings, values, label, asked, classes, state):
    """Return the probabilities that SDSS's own psf-model cut stands for: 1/2 at 0.145 mag."""
    if set(classes) != {"galaxy", "star"}:
        raise FewskyError(
            f"opponent definition: wanted classes galaxy and star; found {', '.join(classes)}. "
            "Take it out of this task."
        )
    excess = asked["psfmag_r"].to_numpy() - asked["modelmag_r"].to_numpy() - EXTENDED_MAG
    extended = 1 / (1 + np.exp(-np.clip(np.nan_to_num(excess) / SOFTNESS_MAG, -50, 50)))
    return np.stack([extended if name == "galaxy" else 1 - extended for name in classes], axis=1)


FAMILIES = {
    "forest": fitted_model,
    "logistic": fitted_model,
    "mode": class_shares,
    "random": random_guess,
    "definition": definition,
}
