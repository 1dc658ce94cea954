"""Simple opponents of networks that predict targets: the median, and a forest on table columns."""

import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestRegressor
from sklearn.pipeline import make_pipeline

from fewsky.console import FewskyError
from fewsky.models.opponents import as_values, choose_columns, columns_of_trees, list_fits
from fewsky.splits.labels import check_known, target_values
from fewsky.target_columns import needed

KEY = ["budget", "fold", "part", "object_id"]


def fit_regressor(settings, catalog, manifest, draws, task, draw, budgets):
    """Return an opponent's predicted targets for one draw, in the form of every model's.

    Arguments and parts are those of `opponents.fit_opponent`; `task` has `targets`, and families
    are `mode` (the median of the labels seen) and `forest`. For each target there are the columns
    t_COLUMN, as catalogued and NaN where missing, and y_COLUMN, predicted. Raises FewskyError where
    the forest is given a target, or a target is not known among the labels seen.
    """
    targets = task["targets"]
    columns = choose_columns(settings, catalog)
    told = [name for name in columns if name in needed(targets["columns"])]
    if told:
        raise FewskyError(
            f"opponent {settings['family']}: wanted columns that are no target; found {told[0]}, "
            "which gives the answer away. Take it out of columns."
        )
    values = as_values(catalog.set_index("object_id")[columns])
    truth = pd.DataFrame(
        target_values(catalog, targets), index=values.index, columns=targets["columns"]
    )
    tables = []
    for fold, budget, roles in list_fits(manifest, draws, task, draw, budgets):
        rng = np.random.default_rng([draw, budget, fold + 1])
        stated = predict(settings, values, truth, roles, rng)
        tables.append(stated.assign(fold=fold, budget=budget))
    return pd.concat(tables, ignore_index=True).drop_duplicates(KEY, ignore_index=True)


def predict(settings, values, truth, roles, rng):
    """Return the roles with each target's true and predicted column.

    Validation objects are predicted by a fit without them, test objects by one on all labels.
    """
    wanted = truth.loc[roles["object_id"]].to_numpy()
    stated = np.full(wanted.shape, np.nan, np.float32)
    tested = (roles["part"] == "test").to_numpy()
    trains = (roles["part"] == "train").to_numpy()
    for fitted, shown in ((trains, ~tested), (~tested, tested)):
        where = f"opponent {settings['family']}, {fitted.sum()} labels"
        check_known(wanted[fitted], truth.columns, where)
        learn, asked = (values.loc[roles["object_id"][some]] for some in (fitted, shown))
        state = int(rng.integers(2**31))
        for k in range(wanted.shape[1]):
            stated[shown, k] = FAMILIES[settings["family"]](
                settings, learn, wanted[fitted, k], asked, state
            )
    pairs = {}
    for k, name in enumerate(truth):
        pairs |= {f"t_{name}": wanted[:, k], f"y_{name}": stated[:, k]}
    return roles.assign(**pairs)


def median(settings, learn, wanted, asked, state):
    """Return the median of the known values for every object asked."""
    return np.full(len(asked), np.nanmedian(wanted))


def forest(settings, learn, wanted, asked, state):
    """Return what a forest of the objects with a known value predicts, (n,)."""
    known = np.isfinite(wanted)
    options = {"n_estimators": 200, "n_jobs": 1, "random_state": state, **settings["options"]}
    try:
        model = make_pipeline(columns_of_trees(learn), RandomForestRegressor(**options))
        model.fit(learn[known], wanted[known])
    except (TypeError, ValueError) as error:
        raise FewskyError(
            f"opponent {settings['family']}: wanted options of scikit-learn; found {error}. "
            "Mend options."
        ) from None
    return model.predict(asked)


FAMILIES = {"mode": median, "forest": forest}
