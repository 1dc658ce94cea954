"""Who stands in simulated patches: brightness and conditions of real objects, shapes of a prior.

One row is one light: the object in the middle of a patch, or a neighbour.
"""

from typing import Any

import numpy as np
import pandas as pd

from fewsky.console import FewskyError

POINT, EXTENDED = "star", "galaxy"
REFERENCE_MAG = 20.0  # where the prior of sizes states its median
SMALLEST_ARCSEC, LARGEST_ARCSEC = 0.05, 8.0
NEAREST_PX = 3.0  # of a neighbour from the middle


def populate(
    own: pd.DataFrame,
    every: pd.DataFrame,
    label: str,
    count: int,
    side: int,
    settings: dict[str, Any],
    bands: list[str],
    rng: np.random.Generator,
) -> tuple[np.ndarray, pd.DataFrame]:
    """Who stands in `count` patches of a class: rows of `own` by patch, and a table of lights.

    `own` are the training objects of the class, `every` those of all classes; of both the
    magnitudes, the noise and the PSF of the field are used. A patch has the conditions of one
    object of its class. The lights have `patch`, `label`, `dx` and `dy` (pixels from the central
    pixel), `flux_<band>` (nanomaggies), `half_light` (arcsec), `sersic`, `axis_ratio`, `angle`
    (radians).
    """
    donors = rng.integers(len(own), size=count)
    middle = _lights(own.iloc[donors], np.full(count, label), settings, bands, rng)
    middle = middle.assign(patch=np.arange(count), dx=rng.uniform(-0.5, 0.5, count))
    middle["dy"] = rng.uniform(-0.5, 0.5, count)
    if settings["neighbours"] == 0:
        return donors, middle
    patch = np.repeat(np.arange(count), rng.poisson(settings["neighbours"], count))
    chosen = every.iloc[rng.integers(len(every), size=len(patch))]
    others = _lights(chosen, chosen["label"].to_numpy(), settings, bands, rng)
    place = rng.uniform(-side / 2, side / 2, (2, len(patch)))
    others = others.assign(patch=patch, dx=place[0], dy=place[1])
    others = others[np.hypot(*place) >= NEAREST_PX]
    return donors, pd.concat([middle, others], ignore_index=True)


def _lights(
    objects: pd.DataFrame, label: np.ndarray, settings: dict, bands: list[str], rng
) -> pd.DataFrame:
    """Fluxes, smoothed, and shapes of some objects' likes."""
    magnitude, fluxes = _smoothed(objects, settings, bands, rng)
    shape = _shapes(magnitude, settings, rng)
    point = label == POINT
    return pd.DataFrame(
        {
            "label": label,
            **{f"flux_{band}": fluxes[:, k] for k, band in enumerate(bands)},
            **{name: np.where(point, 0.0, values) for name, values in shape.items()},
        }
    )


def _smoothed(objects: pd.DataFrame, settings: dict, bands: list[str], rng):
    """Reference magnitude `(n,)` and fluxes `(n, band)`; a band without a magnitude has no flux."""
    names = [f"modelmag_{band}" for band in bands]
    if missing := [name for name in [*names, settings["magnitude"]] if name not in objects]:
        raise FewskyError(
            f"generated.from: sky: wanted the catalogue columns {', '.join(missing)}; found none. "
            "Use from: mixture."
        )
    moved = rng.normal(0, settings["smooth_mag"], (len(objects), 1))
    values = objects[names].to_numpy(np.float64) + moved
    values = values + rng.normal(0, settings["smooth_colour"], values.shape)
    fluxes = np.nan_to_num(10 ** (0.4 * (22.5 - values)), posinf=0.0)
    magnitude = objects[settings["magnitude"]].to_numpy(np.float64) + moved[:, 0]
    return np.nan_to_num(magnitude, nan=REFERENCE_MAG), fluxes


def _shapes(magnitude: np.ndarray, settings: dict, rng) -> dict[str, np.ndarray]:
    """Shapes of galaxies by the stated prior, each `(n,)`."""
    n, size = len(magnitude), settings["size"]
    dex = size["slope"] * (magnitude - REFERENCE_MAG) + rng.normal(0, size["scatter"], n)
    low, high = np.log(settings["sersic"])
    return {
        "half_light": np.clip(size["median_arcsec"] * 10**dex, SMALLEST_ARCSEC, LARGEST_ARCSEC),
        "sersic": np.exp(rng.uniform(low, high, n)),
        "axis_ratio": rng.uniform(settings["flattest"], 1, n),
        "angle": rng.uniform(0, np.pi, n),
    }
