"""The two readings of a confusion matrix whose class numbers are in doubt."""

import numpy as np
import pandas as pd

from fewsky.metrics import class_measures, matthews

# Rows are true, columns decided classes, as published in the repository of Ruhmer's study.
PUBLISHED = {
    "ruhmer base, small set": ((850, 61), (231, 79)),
    "ruhmer improved, large set": ((894, 17), (106, 204)),
}


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


def published_readings():
    """Return Ruhmer's published matrices in both readings: as the text says, and reversed.

    The text calls class 0 galaxy and class 1 star; the code that made them suggests the reverse.
    """
    tables = [
        both_readings(counts, ["galaxy", "star"], "as the text says").assign(source=source)
        for source, counts in PUBLISHED.items()
    ]
    return pd.concat(tables, ignore_index=True)
