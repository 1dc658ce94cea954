"""Figures of explanations: drawn from any results, true to them."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from fewsky.figures import galaxy10_explained as explained
from fewsky.figures import style
from fewsky.files import save_arrays, save_json, save_table
from fewsky.paper.captions import read_caption
from tests.unit.small_g10_results import NINE
from tests.unit.small_results import ROOT, run_script

SCRIPTS = ("plot_g10_gradcam", "plot_g10_activations", "plot_g10_filters", "plot_g10_sanity")
SIDE, SMALLEST_PT = 24, 6.5
LAYERS = [("convolution", 1, 32, 24), ("pooling", 1, 32, 12), ("convolution", 2, 64, 12),
          ("pooling", 2, 64, 6)]  # fmt: skip
KEYS = ("kind", "number", "channels", "side")
TWO = ("g10-dropout-bn", "g10-vgg-tuned")


def blobs(rng, n, bands=3):
    """Images `(n, band, y, x)` of round things."""
    y, x = np.indices((SIDE, SIDE)) - SIDE / 2
    width = rng.uniform(2, 6, (n, 1, 1, 1))
    return (np.exp(-(x**2 + y**2) / (2 * width**2)) * np.ones((1, bands, 1, 1))).astype(np.float32)


def table_of(rng, pairs, sample):
    """Objects shown with their true and decided class, and a sample at three states."""
    groups = ["surest" if true == decided else "mistaken" for true, decided in pairs]
    rows = [(*pair, group, k) for k, (pair, group) in enumerate(zip(pairs, groups, strict=True))]
    rows += [(NINE[k % 9], NINE[k % 4], "sample", k if k < 4 else -1) for k in range(sample)]
    table = pd.DataFrame(rows, columns=["label", "decided", "group", "picture"])
    table = table.assign(object_id=[f"g10-{k:03d}" for k in range(len(table))], randomised=0,
                         probability=rng.uniform(0.3, 1, len(table)),
                         spearman=np.nan, ssim=np.nan)  # fmt: skip
    own = table[table["group"] == "sample"]
    more = [
        own.assign(
            randomised=n, spearman=rng.uniform(-1, 1, sample), ssim=rng.uniform(0, 1, sample)
        )
        for n in (1, 2, 4)
    ]
    return pd.concat([table, *more])


def write(folder, name, right, n_layers=4, n_wrong=6, sample=20):
    """What the rule explain leaves of a network; `right` are the classes with a right object."""
    rng = np.random.default_rng(len(name))
    pairs = [(one, one) for one in right]
    pairs += [(NINE[k % 9], NINE[(k + 4) % 9]) for k in range(n_wrong)]
    layers = [dict(zip(KEYS, one, strict=True)) for one in LAYERS[:n_layers]]
    convolutions = [one for one in layers if one["kind"] == "convolution"]
    arrays = {
        "gradcam/images": blobs(rng, len(pairs)),
        "gradcam/decided": blobs(rng, len(pairs), 1)[:, 0],
        "gradcam/label": blobs(rng, len(pairs), 1)[:, 0],
        "activations/image": blobs(rng, 1)[0],
        "sanity/images": blobs(rng, 4),
        "sanity/maps": rng.random((4, 4, SIDE, SIDE), np.float32),
    }
    arrays["gradcam/decided"][0] = 0
    for k, one in enumerate(layers):
        arrays[f"activations/{k:02d}"] = rng.random((8, one["side"], one["side"]), np.float32)
    for k in range(len(convolutions)):
        arrays[f"filters/{k:02d}"] = rng.random((8 - 5 * k, 3, SIDE, SIDE), np.float32)
    told = {"experiment": name, "weighted_layers": 4, "filters": convolutions,
            "activations": {"object_id": "g10-000", "layers": layers}}  # fmt: skip
    place = folder / "models" / name
    save_arrays(arrays, place / "explain.safetensors")
    save_table(table_of(rng, pairs, sample), place / "explain.csv")
    save_json(told, place / "explain.json")
    save_json({"outputs": {}, "simulated": True}, place / "explain.provenance.json")


@cache
def results():
    """A folder with two networks of different depth, and one of which no object is right."""
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    write(folder, "g10-dropout-bn", NINE)
    write(folder, "g10-vgg-tuned", NINE[2:5], n_layers=2, n_wrong=2)
    write(folder, "g10-none-right", [], n_layers=1, n_wrong=1, sample=4)
    return folder


def files_of(*names):
    """Inputs of the scripts for some networks."""
    ends = {"tensors": "safetensors", "tables": "csv", "told": "json"}
    return {
        key: [str(results() / f"models/{name}/explain.{end}") for name in names]
        for key, end in ends.items()
    }


@cache
def drawn(script, *names):
    """The figure of some networks as saved, and the bytes of its files."""
    seen = []

    def save(fig, *paths, saved=style.save, **marks):
        seen.append(fig)
        saved(fig, *paths, **marks)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(style, "save", save)
        patch.setitem(style.RC, "savefig.dpi", 60)  # few pixels, for speed
        outputs = run_script(results(), script, files_of(*names), {"experiments": list(names)})
        return seen[0], [Path(path).read_bytes() for path in (outputs.pdf, outputs.png)]


def axes_of(fig):
    """Axes but the ground that they stand on, in the order in which they were made."""
    return [ax for ax in fig.findobj(Axes) if ax.axison]


def words_of(fig):
    return [t for t in fig.findobj(Text) if t.get_visible() and t.get_text().strip()]


@pytest.mark.parametrize("names", [TWO, ("g10-none-right",)])
@pytest.mark.parametrize("script", SCRIPTS)
def test_every_figure_fits_its_page(script, names):
    fig = drawn(script, *names)[0]
    fig.draw_without_rendering()
    words = words_of(fig)
    assert [t.get_text() for t in words if t.get_fontsize() < SMALLEST_PT] == []
    [stamp] = [t for t in words if t.get_text().startswith("SIMULATED")]
    assert max(ax.get_tightbbox().y1 for ax in axes_of(fig)) <= stamp.get_window_extent().y0
    boxes = [ax.get_tightbbox() for ax in axes_of(fig)] + [t.get_window_extent() for t in words]
    page, box = fig.get_size_inches(), Bbox.union(boxes).transformed(fig.dpi_scale_trans.inverted())
    assert page[0] == style.PAGE and page[1] < 9.2
    assert box.x0 > -0.01 and box.y0 > -0.01
    assert box.x1 < page[0] + 0.01 and box.y1 < page[1] + 0.01


@pytest.mark.parametrize("script", SCRIPTS)
def test_words_lie_on_no_picture_and_on_no_other_words(script):
    fig = drawn(script, *TWO)[0]
    fig.draw_without_rendering()
    pictures = [ax.get_window_extent().padded(-2) for ax in axes_of(fig) if ax.images]
    words = [t for t in words_of(fig) if t.get_text() != "none"]
    boxes = [(t.get_text(), t.get_window_extent().padded(-0.5)) for t in words]
    for k, (text, box) in enumerate(boxes):
        assert not any(box.overlaps(other) for other in pictures), text
        assert [other for other, place in boxes[:k] if box.overlaps(place)] == [], text


@pytest.mark.parametrize("script", SCRIPTS)
def test_the_same_bytes_twice(script):
    assert drawn(script, *TWO)[1] == drawn.__wrapped__(script, *TWO)[1]


def test_every_class_and_mistake_is_named():
    fig = drawn("plot_g10_gradcam", TWO[0])[0]
    text = "\n".join(t.get_text() for t in words_of(fig))
    assert text.count("true, decided:") == 9 and text.count("for true") == 6
    assert "edge-on, rounded bulge" in text and text.count("none") == 1
    assert len([ax for ax in axes_of(fig) if len(ax.images) == 1]) == 15
    two = "\n".join(t.get_text() for t in words_of(drawn("plot_g10_gradcam", *TWO)[0]))
    assert two.count("for true") == 3 + 2


def test_pictures_show_their_object():
    fig = drawn("plot_g10_gradcam", TWO[0])[0]
    [one] = explained.load_explanations(**files_of(TWO[0]))
    pictures = [ax.images[0].get_array() for ax in axes_of(fig) if len(ax.images) == 1]
    wanted = one.arrays["gradcam/images"].transpose(0, 2, 3, 1)
    np.testing.assert_allclose(np.stack(pictures), wanted, atol=1e-6)
    maps = [ax.images[1].get_array() for ax in axes_of(fig) if len(ax.images) == 2]
    np.testing.assert_allclose(np.stack(maps[:9]), one.arrays["gradcam/decided"][:9])
    np.testing.assert_allclose(maps[10], one.arrays["gradcam/label"][9])


def test_boxes_are_the_likeness_of_the_sample():
    fig = drawn("plot_g10_sanity", TWO[0])[0]
    table = pd.read_csv(results() / f"models/{TWO[0]}/explain.csv")
    [ax] = [ax for ax in axes_of(fig) if "Likeness" in ax.get_ylabel()]
    assert "n = 20" in ax.get_ylabel()
    lines = [line for line in ax.lines if line.get_color() == "black"]
    medians = {
        np.mean(line.get_xdata()): line.get_ydata()[0]
        for line in lines
        if line.get_linewidth() == 1.2
    }
    wanted = table[table["randomised"] > 0].groupby("randomised")[["spearman", "ssim"]].median()
    found = [medians[place] for place in sorted(medians)]
    assert found == pytest.approx(wanted.to_numpy().ravel().tolist())


def test_verdicts_break_between_classes_only():
    item = SimpleNamespace(label="edge-on-rounded-bulge", decided="edge-on-rounded-bulge",
                           probability=0.987)  # fmt: skip
    assert explained.verdict(item, 26) == "true, decided:\nedge-on, rounded bulge\np = 0.99"
    item.decided = "cigar-smooth"
    assert explained.verdict(item, 45).split("\n") == [
        "true: edge-on, rounded bulge", "decided: cigar smooth", "p = 0.99",
    ]  # fmt: skip


def test_captions_can_be_shown():
    for script in SCRIPTS:
        stem = script.replace("plot_", "fig_")
        [paragraph] = read_caption(ROOT / f"report/captions/{stem}.rst")
        assert {run["kind"] for run in paragraph} == {"text"}
