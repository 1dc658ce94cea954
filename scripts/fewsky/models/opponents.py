"""Simple opponents on table columns: forest, logistic regression, mode, random; and the definition.

None sees a pixel. What defines the label (SDSS's psf-model magnitude) is scored to be printed, and
is not ranked.

Columns of words, such as the plate, are categories, learnt from the labelled objects of each fit
and from no other. A forest takes them as whole numbers in alphabetical order and cuts between
them, since one column a word would leave little room for the numbers; a logistic regression takes
one column of 0 and 1 a word. A word that no labelled object has is -1 to the forest and 0 in every
column of the regression. An empty cell is a word of its own.
"""

from fnmatch import fnmatchcase

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from fewsky.console import FewskyError
from fewsky.splits.folds import run_members

# SDSS calls an object extended where psf - model magnitude exceeds this (photometric pipeline).
EXTENDED_MAG = 0.145
SOFTNESS_MAG = 0.05
FITTED = ("forest", "logistic")
UNTAUGHT = ("random", "definition")
TELLING = ("object_id", "label", "kind", "status", "name")  # who it is, or what it was found to be


def fit_opponent(settings, catalog, manifest, draws, task, draw, budgets):
    """Return an opponent's predictions for one draw, in the form of every model's (DESIGN.md).

    `settings` is {family, columns, options}; `columns` are names or patterns of `catalog`, which
    has the measured columns joined, numbers or words; `budgets` are numbers of labels seen or
    "all". Validation objects are predicted by a fit without them, test objects by a fit on all
    labels of the budget. With task.split.folds each fold is tested in turn, all of it, not the test
    part. What learns from no label has the budget 0 and test objects only.
    """
    columns = choose_columns(settings, catalog)
    values = as_values(catalog.set_index("object_id")[columns])
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
    """Return the catalogue columns that the settings name, patterns expanded in order.

    Raises FewskyError where a pattern finds none, and for columns that give the answer away.
    """
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
    told = [column for column in TELLING if column in found]
    if told:
        raise FewskyError(
            f"opponent {settings['family']}: wanted columns that do not name the object or its "
            f"class; found {told[0]}, which gives the answer away. Take it out of columns."
        )
    return list(found)


def as_values(columns):
    """Return a table with numbers as floats, NaN where not finite, and words as text."""
    return pd.DataFrame(
        {
            name: column.astype(float).replace([np.inf, -np.inf], np.nan)
            if pd.api.types.is_numeric_dtype(column.dtype)
            else column.astype(object).where(column.notna(), "").astype(str).astype(object)
            for name, column in columns.items()
        },
        index=columns.index,
    )


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
        options = {"random_state": state, **settings["options"]}
        model = build(settings["family"], options, values)
        model.fit(values, label)
    except (TypeError, ValueError) as error:
        raise FewskyError(
            f"opponent {settings['family']}: wanted options of scikit-learn; found {error}. "
            "Mend options."
        ) from None
    stated = pd.DataFrame(model.predict_proba(asked), columns=model.classes_)
    return stated.reindex(columns=classes, fill_value=0.0).to_numpy()


def build(family, options, values):
    """Return the estimator, not yet fitted, for values of numbers and words."""
    words, numbers = words_and_numbers(values)
    if family == "forest":
        forest = RandomForestClassifier(**{"n_estimators": 200, "n_jobs": 1, **options})
        return make_pipeline(columns_of_trees(values), forest)
    fill = SimpleImputer(strategy="median", keep_empty_features=True)
    coded = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    columns = make_column_transformer(
        (make_pipeline(fill, StandardScaler()), numbers), (coded, words)
    )
    regression = LogisticRegression(**{"max_iter": 2000, **options})
    return make_pipeline(columns, regression)


def words_and_numbers(values):
    """Return the names of a table's columns of words, and those of its columns of numbers."""
    words = [name for name in values if not pd.api.types.is_numeric_dtype(values[name].dtype)]
    return words, [name for name in values if name not in words]


def columns_of_trees(values):
    """Return the transformer of a table for trees: numbers as they are, words as whole numbers."""
    words, numbers = words_and_numbers(values)
    coded = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    return make_column_transformer(("passthrough", numbers), (coded, words))


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
