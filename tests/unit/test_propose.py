"""Boxes proposed by segmentation: they lie on galaxies, known or real, and not on stars."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from fewsky.boxes.propose import COLUMNS, PARAMETERS, central, propose
from fewsky.console import FewskyError
from fewsky.sky.crowds_paint import draw
from fewsky.sky.crowds_population import population
from tests.unit.crowds_world import SEED, SKY

EDGES = ["x0", "y0", "x1", "y1"]
SIDE = 160


def blank(noise=0.006, side=SIDE):
    rng = np.random.default_rng(0)
    return np.clip(0.05 + rng.normal(0, noise, (3, side, side)), 0, 1)


def disk(image, x, y, rx, ry, value=0.5):
    """An ellipse of one brightness: its box is known."""
    rows, columns = np.indices(image.shape[1:]) + 0.5
    image[:, ((columns - x) / rx) ** 2 + ((rows - y) / ry) ** 2 < 1] = value
    return image


def star(image, x, y, peak=0.7, fwhm=4.0):
    rows, columns = np.indices(image.shape[1:]) + 0.5
    far = ((columns - x) ** 2 + (rows - y) ** 2) / (fwhm / 2.355) ** 2 / 2
    # The stretch of the picture: light is sinh of its values.
    k = PARAMETERS["softening"]
    image += np.arcsinh(np.sinh(k * peak) * np.exp(-far)) / k
    return image


def overlap(one, other):
    """Intersection over union of boxes (n, 4) and (m, 4)."""
    low = np.maximum(one[:, None, :2], other[None, :, :2])
    high = np.minimum(one[:, None, 2:], other[None, :, 2:])
    shared = np.prod(np.clip(high - low, 0, None), axis=2)
    areas = [np.prod(box[:, 2:] - box[:, :2], axis=1) for box in (one, other)]
    return shared / (areas[0][:, None] + areas[1] - shared)


def test_a_box_has_the_edges_of_what_it_holds():
    image = disk(disk(blank(), 60, 50, 20, 10), 120, 110, 8, 16)
    found = propose(image).sort_values("x0", ignore_index=True)
    assert found.columns.tolist() == COLUMNS and len(found) == 2
    wanted = [[40, 40, 80, 60], [112, 94, 128, 126]]
    # The picture is smoothed by 0.64 px before it is cut at a low isophote: two pixels.
    assert np.abs(found[EDGES].to_numpy() - wanted).max() <= 2
    assert found["source"].tolist() == ["proposed"] * 2 and set(found["label"]) == {"galaxy"}
    assert found["x0"].dtype == np.float32 and not found["difficult"].any()


def test_boxes_turn_with_the_picture():
    image = disk(disk(blank(), 60, 50, 20, 10), 120, 110, 8, 16)
    straight, turned = (
        propose(x).sort_values("brightness")[EDGES].to_numpy() for x in (image, image[:, :, ::-1])
    )
    back = np.stack([SIDE - turned[:, 2], turned[:, 1], SIDE - turned[:, 0], turned[:, 3]], 1)
    assert np.abs(np.sort(straight, axis=0) - np.sort(back, axis=0)).max() <= 1


def test_stars_are_left_out_however_bright():
    image = blank()
    for k, peak in enumerate((0.25, 0.4, 0.6, 0.8, 0.9)):
        star(image, 20 + 30 * k, 130, peak)
    disk(image, 80, 60, 24, 14)
    found = propose(np.clip(image, 0, 1))
    assert len(found) == 1 and abs(found["x0"][0] - 56) <= 2


def test_few_sources_are_all_kept_for_want_of_a_width():
    assert len(propose(np.clip(star(blank(), 80, 80, 0.8), 0, 1))) == 1


def test_the_edge_and_smallness_make_a_box_difficult():
    image = disk(disk(blank(), 2, 80, 20, 20), 100, 100, 15, 15)
    found = propose(image).sort_values("x0")
    assert found["difficult"].tolist() == [True, False]
    little = propose(disk(blank(), 80, 80, 3, 3), {"doubtful": 0.08})
    assert little["difficult"].tolist() == [True]
    assert len(propose(disk(blank(), 80, 80, 3, 3), {"smallest": 0.08})) == 0


def test_brighter_is_smaller():
    image = disk(disk(blank(), 40, 40, 12, 12, 0.3), 110, 110, 12, 12, 0.6)
    found = propose(image).set_index("x0")["brightness"].sort_index()
    assert found.iloc[0] > found.iloc[1] + 1


def test_the_central_box_is_on_the_middle():
    image = disk(disk(blank(), 80, 80, 18, 12, 0.4), 130, 30, 25, 25, 0.7)
    found = central(image)
    assert len(found) == 1
    assert np.abs(found[EDGES].to_numpy()[0] - [62, 68, 98, 92]).max() <= 2
    assert len(central(disk(blank(), 30, 30, 12, 12))) == 0


@pytest.mark.parametrize("image", [np.zeros((3, 64, 64)), np.full((3, 64, 64), np.nan), blank(),
                                   np.ones((1, 40, 64))])  # fmt: skip
def test_where_nothing_stands_out_there_is_no_box(image):
    for found in (propose(image), central(image)):
        assert len(found) == 0 and found.columns.tolist() == COLUMNS
        assert found["x0"].dtype == np.float32 and found["difficult"].dtype == bool


def test_what_is_no_picture_is_told():
    for image, settings, words in (
        (np.zeros((64, 64)), {}, r"wanted \(band, y, x\)"),
        (np.zeros((3, 8, 64)), {}, "at least 16 pixels"),
        (np.full((3, 64, 64), 200.0), {}, "wanted values of 0 to 1; found 200"),
        (blank(), {"thresh": 1.5}, "thresh: wanted one of mesh, smooth"),
    ):
        with pytest.raises(FewskyError, match=words):
            propose(image, settings)


def test_galaxies_of_the_demo_sky_are_found():
    """Of true boxes that are not difficult, most are met; few boxes are on nothing."""
    images, galaxies = population({**SKY, "side_px": SIDE}, 12, SEED)
    met, all_of_them, invented = 0, 0, 0
    for item in images.itertuples():
        crowd = galaxies[galaxies["image"] == item.object_id]
        pixels, boxes, _ = draw({**SKY, "side_px": SIDE}, crowd, SEED, item.number)
        found = propose(np.moveaxis(pixels, 2, 0) / 255)
        shared = overlap(boxes[EDGES].to_numpy(), found[EDGES].to_numpy())
        met += (np.append(shared, np.zeros((len(boxes), 1)), axis=1).max(axis=1) > 0.5)[
            ~boxes["difficult"].to_numpy()
        ].sum()
        all_of_them += (~boxes["difficult"]).sum()
        nothing = np.append(shared, np.zeros((1, len(found))), axis=0).max(axis=0) < 0.3
        invented += (nothing & ~found["difficult"].to_numpy()).sum()
    assert met > 0.8 * all_of_them and invented < 0.2 * all_of_them


@pytest.mark.real
def test_real_galaxies_stand_in_their_central_box(shared):
    """Its pictures are scaled by the Petrosian radius, so that galaxies fill alike much."""
    folder = shared / "images/galaxy-zoo-2-sample"
    files = pd.read_csv(folder / "catalog.csv")["file"][::4]
    boxes = []
    for name in files:
        image = np.moveaxis(np.asarray(Image.open(folder / name)), 2, 0) / 255
        boxes.append(central(image)[EDGES].to_numpy())
    found = np.concatenate(boxes)
    assert len(found) == len(files)
    assert (found[:, :2] < 212).all() and (found[:, 2:] > 212).all()
    longest = (found[:, 2:] - found[:, :2]).max(axis=1) / 424
    assert 0.2 < np.median(longest) < 0.45 and longest.min() > 0.1
