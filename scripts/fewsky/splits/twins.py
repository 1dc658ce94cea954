"""Twins, one object detected twice: how often their labels agree, and what that tells of labels."""

from math import sqrt

import numpy as np


def twin_agreement(label, twins, n_classes):
    """Return the number of twins, (n, 2) rows, their label agreement and the label noise it tells.

    In Galaxy10 DECaLS all twins differ, as if repeats had been taken out within each class and not
    across classes: they tell no noise (None).
    """
    if len(twins) == 0:
        return {"twins": 0, "twin_label_agreement": None, "label_noise": None}
    differ = float(np.mean(label[twins[:, 0]] != label[twins[:, 1]]))
    return {
        "twins": len(twins),
        "twin_label_agreement": 1 - differ,
        "label_noise": label_noise(differ, n_classes),
    }


def label_noise(differ, n_classes):
    """Return the share e of wrong labels for which twins differ with the share `differ`.

    Each label is wrong with probability e, independently, and then any other of C classes alike:
    twins differ with 2e - e^2 C / (C - 1). None where more differ than labels at random would.
    """
    most = (n_classes - 1) / n_classes if n_classes > 1 else 0.0
    if differ > most:
        return None
    return most * (1 - sqrt(1 - differ / most)) if differ else 0.0
