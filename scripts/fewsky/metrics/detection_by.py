"""Detection scored apart: boxes of three sizes, and recall in bins of brightness.

The sizes are thirds of the true boxes of all tested images, by the square root of the area in
pixels, the same for every experiment, draw and fold. COCO's own limits (32 and 96 px, of images of
640 px) would put nearly every galaxy of a survey image into one of them.
"""

from itertools import pairwise

import numpy as np

from fewsky.metrics.detection_matches import areas
from fewsky.metrics.detection_measures import FIRST, recalls
from fewsky.metrics.stats import known_mean

THIRDS = (1 / 3, 2 / 3)
OF_SIZE = ("map_50", "map_50_95", "ar_10")
IN_BIN = ("recall_50", "ar_10")
MOST = 10  # detections an image that recall by brightness takes


def size_limits(true, images):
    """Return {"size A-B px": (smallest, largest area)} of the thirds, square pixels.

    Edges are rounded to .1 px, the first is 0 and the last infinite. A third is left out where many
    equal boxes leave nothing between its edges; without a counted box the dict is empty.
    """
    tested = (images["part"] == "test").to_numpy() | (images["fold"] >= 0).to_numpy()
    counted = true[tested[true["image"].to_numpy(int)] & ~true["difficult"].to_numpy(bool)]
    if counted.empty:
        return {}
    inner = np.unique(np.round(np.quantile(np.sqrt(areas(counted)), THIRDS), 1))
    edges = [0.0, *inner, np.inf]
    return {
        f"size {low:g}-{high:g} px": (low**2, min(np.nextafter(high**2, 0), 1e10))
        for low, high in pairwise(edges)
    }


def brightness_bins(true, width):
    """Return {"brightness A-B": which boxes, (n,) bool} in bins of `width` magnitudes.

    Boxes without brightness are in none; empty bins are left out.
    """
    value = true["brightness"].to_numpy(float)
    known = value[np.isfinite(value)]
    if len(known) == 0:
        return {}
    edges = width * np.arange(np.floor(known.min() / width), np.floor(known.max() / width) + 2)
    bins = {
        f"brightness {low:.1f}-{high:.1f}": (value >= low) & (value < high)
        for low, high in pairwise(edges)
    }
    return {name: chosen for name, chosen in bins.items() if chosen.any()}


def recall_in_bin(matches, chosen, group, weights, n_classes):
    """Return recall_50 and ar_10, a dict of (b,), of the boxes `chosen` (boxes,) bool.

    Both count the ten best detections of an image: recall_50 at IoU .50, ar_10 over all thresholds.
    """
    mine = chosen[matches.box]
    each = [recalls(matches, group, weights, kind, MOST, mine) for kind in range(n_classes)]
    shares = known_mean(np.stack(each))
    return dict(zip(IN_BIN, (shares[:, FIRST], shares.mean(axis=1)), strict=True))
