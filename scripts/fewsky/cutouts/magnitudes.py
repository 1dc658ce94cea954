"""The magnitude that SDSS trusts most for either class."""

import numpy as np
import pandas as pd

MAGNITUDES = {"galaxy": "modelmag", "star": "psfmag"}  # of a band: SDSS's best for either class


def best_magnitude(objects: pd.DataFrame, band: str) -> np.ndarray:
    """Magnitudes `(n,)` in a band: the best model's of galaxies, the PSF's of stars, else NaN."""
    return np.select(
        [objects["label"] == kind for kind in MAGNITUDES],
        [objects[f"{name}_{band}"].astype(float) for name in MAGNITUDES.values()],
        np.nan,
    )
