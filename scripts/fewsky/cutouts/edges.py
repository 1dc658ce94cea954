"""How far positions of a field are from where it has no data."""

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree


def distance_to_edge(missing: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Distance in pixels from positions to the nearest pixel that is missing or off the image.

    `missing` is `(y, x)`; distances are between centres, so a position next to the edge has 1.
    """
    height, width = missing.shape
    x, y = np.asarray(x, float), np.asarray(y, float)
    frame = np.minimum.reduce([x + 1, y + 1, width - x, height - y])
    rim = missing & ndimage.binary_dilation(~missing)
    rows, columns = np.nonzero(rim)
    if len(rows) == 0 or len(x) == 0:
        return frame
    nearest, _ = cKDTree(np.stack([columns, rows], 1)).query(np.stack([x, y], 1))
    return np.minimum(frame, nearest)
