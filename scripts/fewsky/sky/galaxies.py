"""A simulated Galaxy10: the HDF5 file of a release, with its truth."""

import hashlib
import io
from pathlib import Path

import h5py
import numpy as np
import pandas as pd

from fewsky.console import FewskyError, say
from fewsky.files import published
from fewsky.sky.galaxies_forms import FORMS
from fewsky.sky.galaxies_paint import paint
from fewsky.sky.galaxies_population import RELEASES, population
from fewsky.surveys.galaxy10 import CLASSES, NUMBERS

TRUTH = ["object_id", "ra", "dec", "label", "true_class", "label_is_wrong", "galaxy", "twin_of"]
TRUTH += ["radius_share", "redshift"]
CHUNK_ROWS = 64
SKY, NIGHT = 0, 1  # what the random numbers of an image are for


def simulate_galaxies(
    settings: dict, survey: dict, store: str | Path, *, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The list of the one file written under `store` (path, bytes, sha256), and the truth.

    The file has the keys, shapes and types of the real one. One row of the truth is one image:
    place (degrees), catalogued and true class, the galaxy's number (equal for twins), its radius as
    a share of the image's side. A galaxy follows from the seed and its number, what a night adds
    to it from the seed and the row. Raises FewskyError where twins are asked of a release without
    positions.
    """
    release = survey["release"]
    if settings["twin_share"] and not NUMBERS[release]:
        raise FewskyError(
            f"sky.galaxy10.{release}.twin_share: wanted 0, since its file has no positions; found "
            f"{settings['twin_share']:g}. Set it to 0."
        )
    table = population(settings, survey, seed)
    images = np.stack([_image(settings, item, release, seed) for item in table.itertuples()])
    path = survey["urls"]["images"].split("://", 1)[1]
    content = file_bytes(images, table, survey)
    with published(Path(store) / path) as temporary:
        temporary.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    say(f"sky: {len(table)} galaxies of {release}, {table['label_is_wrong'].sum()} labels wrong")
    return pd.DataFrame([{"path": path, "bytes": len(content), "sha256": digest}]), table[TRUTH]


def file_bytes(images: np.ndarray, table: pd.DataFrame, survey: dict) -> bytes:
    """An HDF5 file of images (n, y, x, 3) uint8, the same bytes for the same content."""
    release = survey["release"]
    columns = {"ans": table["label"].map(CLASSES[release].index).to_numpy(np.uint8)}
    scale = (survey.get("field_arcsec") or np.nan) / images.shape[1]
    told = table.assign(pxscale=scale)
    columns |= {key: told[key].to_numpy(np.float64) for key in NUMBERS[release]}
    stream = io.BytesIO()
    with h5py.File(stream, "w", libver="earliest") as content:
        content.attrs["SIMULATED"] = "simulated by fewsky, not observed"
        chunks = (min(CHUNK_ROWS, len(images)), *images.shape[1:])
        content.create_dataset("images", data=images, chunks=chunks, compression="gzip")
        for key, values in columns.items():
            content.create_dataset(key, data=values)
    return stream.getvalue()


def _image(settings: dict, item, release: str, seed: int) -> np.ndarray:
    own = [seed, RELEASES.index(release)]
    made = np.random.default_rng([*own, SKY, item.galaxy])
    seen = np.random.default_rng([*own, NIGHT, int(item.Index)])
    return paint(FORMS[release][item.true_class], settings, item.radius_share, made, seen)
