"""Near-copies among 4,000 real SDSS galaxies at 69 px: none unless one is put there."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from fewsky.splits.groups import connected
from fewsky.splits.image_copies import find_copies
from fewsky.splits.image_hash import differing, hash_images, near_pairs
from fewsky.splits.sphere import close_pairs

pytestmark = pytest.mark.real
SIDE, COPIES = 69, 200


@pytest.fixture(scope="module")
def folder(shared):
    return shared / "images/galaxy-mergers"


@pytest.fixture(scope="module")
def galaxies(folder):
    """Images (4000, 3, 69, 69) of 0 to 1."""
    files = sorted(folder.glob("images/*"))
    opened = (Image.open(file).convert("RGB").resize((SIDE, SIDE), Image.LANCZOS) for file in files)
    return np.stack([np.asarray(one, np.float32).transpose(2, 0, 1) / 255 for one in opened])


@pytest.fixture(scope="module")
def looks(galaxies):
    return hash_images(np.split(galaxies, 4))


def test_no_two_galaxies_are_copies_though_short_hashes_chain_hundreds(folder, looks):
    place = pd.read_csv(folder / "catalog.csv")
    assert len(close_pairs(place["ra"], place["dec"], 2.0)) == 0  # no object is there twice
    pairs = near_pairs(looks.short[:, 0, 0], 4)
    largest = np.bincount(connected(len(looks), pairs)).max()
    closest = differing(looks.long[pairs[:, 0], 0], looks.long[pairs[:, 1], 0]).min() / 1024
    found, compared = find_copies(looks, np.ones(len(looks), bool))
    print(f"{len(pairs)} pairs by the short hash, largest group {largest}; long ones differ in "
          f"{closest:.3f} or more; {compared} comparisons, {len(found)} copies")  # fmt: skip
    assert largest > 100 and closest > 0.38 and len(found) == 0


@pytest.mark.parametrize(
    ("change", "least"),
    [
        (lambda images, rng: 0.7 * images + 0.1, 1.0),
        (lambda images, rng: np.rot90(images, 1, (2, 3))[..., ::-1], 0.99),
        # Noise in each band like the sky's own, which is 0.0155 in the mean of three bands.
        (lambda images, rng: images + rng.normal(0, 0.0155 * 1.7, images.shape), 0.85),
    ],
)
def test_copies_are_found_and_nothing_else(galaxies, change, least):
    rng = np.random.default_rng(0)
    images = galaxies[:: len(galaxies) // COPIES][:COPIES]
    both = hash_images([images, change(images, rng)])
    found, _ = find_copies(both, np.ones(2 * COPIES, bool))
    right = found[:, 1] - found[:, 0] == COPIES
    print(f"{right.sum()} of {COPIES} copies found")
    assert right.all() and right.sum() >= least * COPIES
