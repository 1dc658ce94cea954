"""An opponent, or a linear probe on stored features, fitted anew on every split of some objects."""

import numpy as np
import pandas as pd

from fewsky.models.opponents import FAMILIES, as_values, choose_columns
from fewsky.models.probe import fit_heads

COLUMNS = ["protocol", "draw", "object_id", "label"]


def fit_parts(parts, label, classes, fit):
    """Return the predictions of the test part of every protocol and draw.

    `parts` is that of splits.price, `label` a Series by object_id. `fit` takes the ids that train,
    those that are tested and a seed, and returns probabilities (n, class). One probability column
    a class, as in all predictions.
    """
    tables = []
    for (protocol, draw), cell in parts.groupby(["protocol", "draw"], sort=True):
        train, test = (cell.loc[cell["part"] == part, "object_id"] for part in ("train", "test"))
        stated = fit(train, test, int(np.random.default_rng([draw]).integers(2**31)))
        table = pd.DataFrame(stated, columns=[f"p_{name}" for name in classes], dtype="float32")
        told = {"object_id": test.to_numpy(), "label": label[test].to_numpy()}
        tables.append(table.assign(protocol=protocol, draw=draw, **told))
    return in_order(pd.concat(tables, ignore_index=True), classes)


def in_order(table, classes):
    """Return predictions with their columns in the order of all such tables."""
    return table[[*COLUMNS, *(f"p_{name}" for name in classes)]]


def opponent_on(settings, catalog, label):
    """Return the fit of an opponent on the columns that it names of a measured catalogue."""
    told, classes = settings["opponent"], settings["classes"]
    values = as_values(catalog.set_index("object_id")[choose_columns(told, catalog)])

    def fit(train, test, state):
        learn = (values.loc[train], label[train].to_numpy())
        return FAMILIES[told["family"]](told, *learn, values.loc[test], classes, state)

    return fit


def probe_on(settings, catalog, features, label):
    """Return the fit of a linear probe on stored features, (n, view, feature), of a catalogue.

    It sees the unturned view. Its penalty is the middle one of the probe's list, since there is no
    validation part to choose by.
    """
    classes, strengths = np.array(settings["classes"]), sorted(settings["probe"]["c"])
    row = pd.Series(np.arange(len(catalog)), index=catalog["object_id"])
    seen = features[:, :1].astype(np.float64)
    middle = strengths[len(strengths) // 2]

    def fit(train, test, state):
        known, target = np.unique(label[train].to_numpy(str), return_inverse=True)
        stated = np.zeros((len(test), len(classes)))
        place = [int(np.flatnonzero(classes == name)[0]) for name in known]
        if len(known) == 1:
            stated[:, place] = 1.0
        else:
            [head] = fit_heads(seen[row[train]], target, [middle])
            stated[:, place] = head.probabilities(seen[row[test]])
        return stated

    return fit


def fit_leakage(settings, catalog, features, objects, parts):
    """Return the predictions of an experiment's opponent or probe on the splits of a leak price.

    `features` are None for an opponent, `objects` and `parts` those of splits.leakage.
    """
    label = objects.set_index("object_id")["label"]
    if "opponent" in settings:
        fit = opponent_on(settings, catalog, label)
    else:
        fit = probe_on(settings, catalog, features, label)
    return fit_parts(parts, label, settings["classes"], fit)
