"""The two readings of a confusion matrix whose class numbers are in doubt."""

import numpy as np
import pandas as pd

from fewsky.metrics.measures import class_measures, matthews


def both_readings(counts, classes, reading="as given"):
    """Return a table of per-class numbers with the classes in the order given and in reverse.

    `counts` (2, 2) has true classes in rows. Accuracy, Matthews correlation and the share of the
    larger class are the same in both readings; support, recall, precision and F1 change owners.
    """
    counts = np.asarray(counts, float)
    recall, precision, f1, _ = class_measures(counts)
    common = {
        "accuracy": np.trace(counts) / counts.sum(),
        "mcc": float(matthews(counts)),
        "majority_share": counts.sum(1).max() / counts.sum(),
        "n": int(counts.sum()),
    }
    rows = []
    for said, names in ((reading, classes), ("reversed", classes[::-1])):
        for k, name in enumerate(names):
            own = {"support": int(counts[k].sum()), "share": counts[k].sum() / counts.sum()}
            own |= {"recall": recall[k], "precision": precision[k], "f1": f1[k]}
            rows.append({"reading": said, "class": name, **own, **common})
    return pd.DataFrame(rows)
