"""Colour composites: the formula of Lupton et al., what has no data, and what a run is told."""

import copy

import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image

from fewsky.bands import bands_in
from fewsky.config import resolve
from fewsky.console import FewskyError
from fewsky.cutouts import cut
from fewsky.cutouts.composite import composite
from fewsky.cutouts.images import cut_shard
from fewsky.cutouts.measure_images import measure_images
from tests.conftest import ROOT

BANDS = ["u", "g", "r", "i", "z"]
SHOWN = {"bands": ["i", "r", "g"], "stretch": 0.5, "q": 8.0, "minimum": 0.0}


def patches(n=7, side=9, seed=0):
    return np.random.default_rng(seed).normal(0.4, 0.6, (n, 5, side, side)).astype(np.float32)


def lupton(images, minimum=0.0, stretch=0.5, q=8.0):
    """Equation 2 and the paragraph behind it, pixel by pixel, at the scale of astropy's stretch."""
    out = np.zeros((len(images), 3, *images.shape[2:]))
    for n, y, x in np.ndindex(len(images), *images.shape[2:]):
        colours = images[n, [3, 2, 1], y, x].astype(float) - minimum
        light = colours.mean()
        if light > 0:
            # 0.1 / asinh(0.1 q): at a tenth of the stretch the picture is a tenth bright.
            scaled = np.arcsinh(q * light / stretch) * 0.1 / np.arcsinh(0.1 * q)
            shown = np.clip(colours * scaled / light, 0, None)
            out[n, :, y, x] = shown / max(shown.max(), 1)
    return out


def test_a_composite_is_luptons_of_the_named_bands():
    images = patches()
    made = composite(images, BANDS, SHOWN)
    assert made.shape == (7, 3, 9, 9) and made.dtype == np.float32
    assert made.min() >= 0 and made.max() <= 1
    np.testing.assert_allclose(made, lupton(images), atol=2e-7)  # the last bit of float32
    darker = composite(images, BANDS, {**SHOWN, "minimum": 0.1, "stretch": 2.0, "q": 3.0})
    np.testing.assert_allclose(darker, lupton(images, 0.1, 2.0, 3.0), atol=2e-7)


def test_colour_stays_as_light_grows_and_white_is_no_limit():
    images = (
        np.ones((2, 5, 3, 3), np.float32) * np.array([0, 1, 2, 4, 0], np.float32)[:, None, None]
    )
    images[1] *= 100
    faint, bright = composite(images * 0.05, BANDS, SHOWN)[:, :, 1, 1]
    np.testing.assert_allclose(faint / faint[0], [1, 0.5, 0.25], rtol=1e-5)
    np.testing.assert_allclose(bright, [1, 0.5, 0.25], rtol=1e-5)


def test_what_lacks_data_in_one_shown_band_has_none():
    images = patches()
    images[2, 3, 4, 5] = np.nan
    images[3, 0, 1, 1] = np.nan  # u is not shown
    made = composite(images, BANDS, SHOWN)
    assert np.isnan(made[2, :, 4, 5]).all() and np.isnan(made).sum() == 3
    whole = composite(patches(), BANDS, SHOWN)
    assert np.array_equal(np.nan_to_num(made), np.where(np.isnan(made), 0, whole))


def test_without_settings_and_without_images_nothing_happens():
    images = patches()
    assert composite(images, BANDS, None) is images
    assert composite(images[:0], BANDS, SHOWN).shape == (0, 3, 9, 9)


def test_a_band_that_is_not_there_is_named():
    with pytest.raises(FewskyError, match="wanted bands among u, g, r, i, z; found y"):
        composite(patches(), BANDS, {**SHOWN, "bands": ["y", "r", "g"]})


# --- cut -----------------------------------------------------------------------------------------
def test_patches_of_fields_become_composites(monkeypatch):
    images = patches()
    rows = pd.DataFrame({"object_id": [f"o{k}" for k in range(7)]})
    monkeypatch.setattr(cut, "_cut_field", lambda *_: (images, rows))
    fields = pd.DataFrame({"field": ["1-1-1"]})

    def through(**more):
        told = {"survey": "sdss", "size": 9, "edge": "drop", **more}
        return cut.cut_shard(rows, fields, ".", ".", told, {"bands": BANDS})

    assert np.array_equal(through()[0], images)
    made, catalog = through(composite=SHOWN)
    assert np.array_equal(made, composite(images, BANDS, SHOWN))
    assert catalog["object_id"].tolist() == rows["object_id"].tolist()


def own_pictures(tmp_path):
    """A shard of two colour pictures of one's own, with its lists."""
    rng = np.random.default_rng(1)
    for k in range(2):
        pixels = rng.integers(0, 255, (16, 16, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{k}.png")
    names = ["a", "b"]
    listed = pd.DataFrame({"field": names, "path": ["0.png", "1.png"], "url": ["0.png", "1.png"]})
    blank = dict.fromkeys(("ra", "dec", "glon", "glat", "diameter_arcsec"), np.nan)
    words = dict.fromkeys(("field", "label", "kind", "name", "status"), "")
    return listed, pd.DataFrame({"object_id": names, "shard": "all", **blank, **words})


def test_images_become_composites_of_one_size_and_scale_does_not_count(tmp_path):
    listed, objects = own_pictures(tmp_path)
    survey = {"reader": "folder", "bands": ["g", "r", "i"], "reference_band": "g"}
    told = {"survey": "mine", "size": 16, "edge": "drop"}
    plain = {**told, "scale": {"by": "fixed", "low": 0.0, "high": 255.0}}
    raw = cut_shard(listed, objects, tmp_path, plain, survey)[0] * 255
    shown = {**SHOWN, "stretch": 60.0}
    made, catalog = cut_shard(listed, objects, tmp_path, {**told, "composite": shown}, survey)
    np.testing.assert_allclose(made, composite(raw, ["g", "r", "i"], shown), atol=1e-5)
    assert "background_red" in catalog and "background_g" not in catalog
    small = cut_shard(listed, objects, tmp_path, {**told, "size": 8, "composite": shown}, survey)[0]
    assert small.shape == (2, 3, 8, 8) and small.min() >= 0 and small.max() <= 1
    table = measure_images(made, catalog, bands_in({"composite": shown}, survey))
    assert "feat_light_green" in table and np.isfinite(table.drop(columns="object_id")).all(
        axis=None
    )


# --- the configuration ---------------------------------------------------------------------------
CONFIG = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))


def with_composite(model=None, **block):
    config = copy.deepcopy(CONFIG)
    shown = {"bands": ["i", "r", "g"], "stretch": 0.5, **block}
    config["datasets"]["sdss-rgb"] = {"survey": "sdss", "size": 25, "composite": shown}
    config["tasks"]["sg-rgb"] = {**config["tasks"]["star-galaxy-small"], "dataset": "sdss-rgb"}
    config["experiments"]["rgb"] = {
        "task": "sg-rgb", "model": model or {"name": "compact"}, "recipe": {"stretch": "raw"},
    }  # fmt: skip
    return config


def test_a_composite_has_defaults_and_three_bands_of_its_own():
    plan = resolve(with_composite())
    block = plan.datasets["sdss-rgb"]
    assert block["composite"] == {
        "bands": ["i", "r", "g"], "minimum": 0.0, "q": 8.0, "stretch": 0.5
    }  # fmt: skip
    assert bands_in(block, plan.surveys["sdss"]) == ["red", "green", "blue"]
    assert bands_in(plan.datasets["sdss-ugriz-25px"], plan.surveys["sdss"]) == BANDS


def test_datasets_without_one_are_told_nothing_new():
    config = copy.deepcopy(CONFIG)
    config["datasets"]["sdss-ugriz-25px"]["composite"] = None
    datasets = resolve(config).datasets
    assert datasets == resolve(CONFIG).datasets
    written = {name for name, block in CONFIG["datasets"].items() if "composite" in block}
    assert written == {name for name, block in datasets.items() if "composite" in block}
    assert "sdss-ugriz-25px" not in written


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"bands": ["i", "r", "y"]},
         r"datasets.sdss-rgb.composite.bands: wanted bands of sdss \(u, g, r, i, z\); found y"),
        ({"bands": ["i", "r"]}, r"datasets.sdss-rgb.composite.bands"),
        ({"stretch": 0}, r"datasets.sdss-rgb.composite.stretch"),
        ({"model": {"name": "compact", "bands": ["i", "r", "g"]}},
         r"experiments.rgb.model.bands: wanted bands of the task's images \(red, green, blue\)"),
    ],
)  # fmt: skip
def test_bands_that_are_not_there_are_refused(change, message):
    with pytest.raises(FewskyError, match=message) as caught:
        resolve(with_composite(**change))
    assert "\n" not in str(caught.value)


def with_learned(learned, shown):
    """The paper with weights that learned from one task's images and are probed on another's.

    Each is a task and the bands that the network sees, None for all.
    """
    config = with_composite()
    del config["experiments"]["rgb"]
    models = [
        {"name": "timm-resnet50", **({"bands": bands} if bands else {})}
        for _, bands in (learned, shown)
    ]
    split = {**config["tasks"][learned[0]]["split"], "keep_out": {"tasks": [shown[0]]}}
    config["tasks"][learned[0]] = {**config["tasks"][learned[0]], "split": split}
    config["experiments"]["source"] = {"task": learned[0], "model": models[0]}
    config["experiments"]["user"] = {
        "task": shown[0], "model": models[1], "probe": {"weights": "learned"},
    }  # fmt: skip
    config["weights"]["learned"] = {"model": "timm-resnet50", "from": "source"}
    return config


RAW, PICTURE = "star-galaxy-small", "sg-rgb"


@pytest.mark.parametrize(
    ("learned", "shown", "found"),
    [
        ((RAW, ["i", "r", "g"]), (PICTURE, None), "found red, green, blue"),
        ((PICTURE, None), (RAW, ["i", "r", "g"]), "found i, r, g"),
        ((RAW, ["i", "r", "g"]), ("star-galaxy-large", ["g", "r", "i"]), "found g, r, i"),
        ((RAW, ["i", "g", "z"]), ("true-pn", ["r", "i", "b"]), "found r, i, b"),
    ],
)
def test_weights_see_the_bands_that_they_learned_from(learned, shown, found):
    with pytest.raises(FewskyError) as caught:
        resolve(with_learned(learned, shown))
    line = str(caught.value)
    assert line.startswith("config: experiments.user: wanted the bands") and "\n" not in line
    assert "learned have learned from in source" in line and found in line


@pytest.mark.parametrize(
    ("learned", "shown"),
    [
        ((RAW, ["i", "r", "g"]), ("star-galaxy-large", ["i", "r", "g"])),
        ((PICTURE, None), ("galaxy10-nine", None)),  # colours of another survey
        ((PICTURE, None), ("true-pn", None)),  # plates in i, r and b stand for them
        ((RAW, ["i", "r", "g"]), ("true-pn", None)),
    ],
)
def test_other_surveys_have_other_bands(learned, shown):
    assert resolve(with_learned(learned, shown)).experiments["user"]["weights"] == "learned"
