"""Windows that put the central object of an image off the centre, for scoring."""

import zlib
from collections.abc import Iterable

import numpy as np
import pandas as pd

OFF_CENTRE = "off-centre"  # the part of predictions that were made through such windows


def windows(ids: Iterable[str], size: int, share: float, seed: int) -> pd.DataFrame:
    """A random window of each image: columns image, x0, y0, x1, y1 in whole pixels (edges).

    Its side is `share` of `size` px. Its place depends on nothing but the image's name and the
    seed, so that every draw and every network is scored on the same windows.
    """
    side = max(1, round(share * size))
    ids = list(map(str, ids))
    rows = [
        np.random.default_rng([seed, zlib.crc32(name.encode())]).integers(0, size - side + 1, 2)
        for name in ids
    ]
    corner = np.array(rows, np.int64).reshape(-1, 2)
    table = pd.DataFrame({"image": ids, "x0": corner[:, 0], "y0": corner[:, 1]})
    return table.assign(x1=table["x0"] + side, y1=table["y0"] + side)


def shifted_images(images: np.ndarray, at: pd.DataFrame) -> np.ndarray:
    """What the windows show of images `(n, band, y, x)`, each of its own row: `(n, band, s, s)`."""
    side = int(at["x1"].iloc[0] - at["x0"].iloc[0]) if len(at) else images.shape[3]
    corners = at[["x0", "y0"]].to_numpy()
    parts = [
        image[:, y : y + side, x : x + side] for image, (x, y) in zip(images, corners, strict=True)
    ]
    return np.stack(parts) if parts else images[:0]
