"""Generated patches of every run of a draw, from nothing but what that run trains on."""

from typing import Any

import numpy as np
import pandas as pd

from fewsky.console import FewskyError
from fewsky.cutouts.patches import aperture, prepare, recentred
from fewsky.generated import mixture
from fewsky.generated.paint import exposed, paint
from fewsky.generated.population import populate
from fewsky.models.samples import Run, labelled, runs
from fewsky.provenance import digest

APERTURE_PX = 3.0
MOST_OFFSET = 0.499  # pixels of an object from the centre of its pixel
KEPT = ("donor", "field", "x", "y")


def generate(
    settings: dict[str, Any],
    images: np.ndarray | None,
    catalog: pd.DataFrame,
    manifest: pd.DataFrame,
    draws: pd.DataFrame,
    draw: int,
) -> tuple[np.ndarray, pd.DataFrame]:
    """Generate the extra training patches of every budget and fold of a draw.

    Parameters
    ----------
    settings : dict
        `experiment`, `classes`, `budgets`, `folds`, `seed`, `bands`, `pixel_arcsec`, `size` and
        `generated`, the experiment's block.
    images : array or None
        Float32 `(n, band, y, x)` in nanomaggies, row i that of row i of `catalog`; only a mixture
        needs them.

    Returns patches `(m, band, y, x)` and their table, row by row: `budget` and `fold` of the run,
    `label`, the real training object that gave noise and PSF as `donor`, its `field`, `x` and `y`
    in the field's pixels, noise_<band>, psf_fwhm_<band>. Of a run nothing but its training
    objects is looked at. Raises FewskyError, one line, where they are too few or lack a column.
    """
    table = labelled(catalog, manifest, settings["classes"])
    found = [
        _of_class(settings, images, catalog, table, run, label, draw)
        for run in runs(settings, table, draws, draw)
        for label in settings["classes"]
    ]
    patches, rows = zip(*found, strict=True)
    return np.concatenate(patches), pd.concat(rows, ignore_index=True)


def _of_class(settings, images, catalog, table, run: Run, label: str, draw: int):
    """Patches of a class for one run, and their table."""
    trained = run.parts["train"]
    target = settings["classes"].index(label)
    of_row = table.set_index("row")["target"]
    own = trained[of_row[trained].to_numpy() == target]
    seed = digest([settings["seed"], draw, run.budget, run.fold, label, "generated"])
    rng = np.random.default_rng(int(seed[:15], 16))
    count = round(settings["generated"]["factor"] * len(own))
    known = conditions(catalog.iloc[trained], settings["bands"])
    kind = MAKERS[settings["generated"]["from"]]
    patches, rows = kind(settings, images, known, trained, own, label, count, rng)
    return patches, rows.assign(budget=run.budget, fold=run.fold, label=label)


def conditions(objects: pd.DataFrame, bands: list[str]) -> pd.DataFrame:
    """Objects with the noise and the PSF of their fields; the median where a field has none.

    Raises FewskyError where no field has any.
    """
    names = [f"{kind}_{band}" for kind in ("noise", "psf_fwhm") for band in bands]
    missing = [name for name in names if name not in objects or not (objects[name] > 0).any()]
    if missing:
        raise FewskyError(
            f"generated: wanted known columns {', '.join(missing)} in the training objects; found "
            "none. Generate for a survey of fields only."
        )
    filled = {
        name: objects[name].where(objects[name] > 0, objects[name][objects[name] > 0].median())
        for name in names
    }
    return objects.assign(donor=objects["object_id"], **filled)


def _levels(rows: pd.DataFrame, kind: str, bands: list[str]) -> np.ndarray:
    return rows[[f"{kind}_{band}" for band in bands]].to_numpy(np.float64)


def _from_mixture(settings, images, known, trained, own, label, count, rng):
    """A mixture of the class's own patches; the place of the light is measured, as surveys do."""
    bands, mine = settings["bands"], known[np.isin(trained, own)]
    real = images[trained[np.isin(trained, own)]]
    state = int(rng.integers(2**31))
    wanted = settings["generated"]["mixture"]
    fitted = mixture.fit_mixture(real, _levels(mine, "noise", bands), wanted, state)
    rows = mine.iloc[rng.integers(len(mine), size=count)].reset_index(drop=True)
    patches = mixture.draw_patches(fitted, _levels(rows, "noise", bands), rng)
    dx, dy = measured_offsets(patches, rows, bands, settings["pixel_arcsec"])
    return patches, _placed(rows, dx, dy, bands)


def _from_sky(settings, images, known, trained, own, label, count, rng):
    """Simulated objects with the class's brightness, under the conditions of its fields."""
    bands, side, wanted = settings["bands"], settings["size"], settings["generated"]["sky"]
    mine = known[np.isin(trained, own)]
    donors, lights = populate(mine, known, label, count, side, wanted, bands, rng)
    rows = mine.iloc[donors].reset_index(drop=True)
    fwhm = _levels(rows, "psf_fwhm", bands)
    light = paint(lights, fwhm, side, settings["pixel_arcsec"], wanted["psf"])
    patches = exposed(light, _levels(rows, "noise", bands), bands, wanted, rng)
    middle = lights.iloc[:count]
    return patches, _placed(rows, middle["dx"], middle["dy"], bands)


MAKERS = {"mixture": _from_mixture, "sky": _from_sky}


def measured_offsets(
    patches: np.ndarray, rows: pd.DataFrame, bands: list[str], pixel_arcsec: float
) -> tuple[np.ndarray, np.ndarray]:
    """Offsets `(n,)` along x and y, in pixels, of the light from the centre of the central pixel.

    Faint objects have the typical offset of the bright ones.
    """
    if not len(patches):
        return np.zeros(0), np.zeros(0)
    whole = rows.assign(x=0.0, y=0.0)
    seen, _, _ = prepare(patches, whole, bands, pixel_arcsec)
    flux, error = aperture(seen, np.full(seen.noise.shape, APERTURE_PX))
    moved = recentred(seen, flux / error)
    found = [(one - two)[:, 0, 0] for one, two in ((seen.x, moved.x), (seen.y, moved.y))]
    return tuple(np.clip(offset, -MOST_OFFSET, MOST_OFFSET) for offset in found)


def _placed(rows: pd.DataFrame, dx, dy, bands: list[str]) -> pd.DataFrame:
    """The columns that a trainer and the measures of patches read, with new places."""
    places = {
        name: np.floor(rows[name].to_numpy(np.float64) + 0.5) + np.asarray(offset)
        for name, offset in (("x", dx), ("y", dy))
    }
    names = [f"{kind}_{band}" for kind in ("noise", "psf_fwhm") for band in bands]
    return rows.assign(**places)[[*KEPT, *names]]
