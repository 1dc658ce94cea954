"""Images and boxes handed to a person, and what comes back."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from fewsky.boxes.find import find_boxes
from fewsky.boxes.propose import PARAMETERS
from fewsky.boxes.table import EDGES, make_boxes, save_boxes
from fewsky.boxes.voc_folder import files_of, read_folder
from fewsky.commands.annotate import main
from fewsky.files import save_arrays, save_table
from fewsky.provenance import record

SIZE, NAMES = 48, [f"gz2-{k}" for k in range(6)]
SHARDS = {"part-00": slice(0, 4), "part-01": slice(4, 6)}
FOLDER = {"from": "folder", "rule": dict(PARAMETERS), "classes": ["galaxy"], "size": SIZE}


def pixels(bands=3):
    """Images of whole levels of 8 bits, 0 to 1."""
    levels = np.random.default_rng(0).integers(0, 256, (len(NAMES), bands, SIZE, SIZE))
    return (levels / 255).astype(np.float32)


def boxes():
    """Boxes of whole pixels; the last image has none."""
    at = [[4, 5, 20, 30], [22, 1, 40, 44], [0, 0, 48, 48], [1, 2, 9, 9], [30, 31, 47, 48]]
    return make_boxes(["gz2-0", "gz2-0", "gz2-1", "gz2-2", "gz2-4"], at)


@pytest.fixture
def results(tmp_path, monkeypatch):
    """A results folder as the workflow makes it, of a task with two shards."""
    monkeypatch.chdir(tmp_path)
    return written(tmp_path / "results/main")


def written(folder, bands=3, simulated=False):
    for shard, rows in SHARDS.items():
        place = folder / f"cutouts/gz2/{shard}"
        save_arrays({"images": pixels(bands)[rows]}, place / "images.safetensors")
        save_table(pd.DataFrame({"object_id": NAMES[rows]}), place / "catalog.parquet")
        path = folder / f"splits/galaxies/boxes/{shard}.parquet"
        table = boxes()
        save_boxes(table[table["image"].isin(NAMES[rows])], path)
        record(
            path.with_suffix(".provenance.json"),
            outputs=[path],
            settings=FOLDER | {"from": "proposed", "folder": None},
            code="none",
            inputs=[place / "images.safetensors", place / "catalog.parquet"],
            simulated=simulated,
        )
    part = ["test", "pool"] * 3
    table = {"object_id": NAMES, "ra": "", "dec": "", "group": NAMES, "label": "object"}
    save_table(pd.DataFrame(table | {"part": part}), folder / "splits/galaxies/manifest.csv")
    return folder


def annotated(results, out, *more):
    return main(["--results", str(results), "--task", "galaxies", "--out", str(out), *more])


def saved_by_a_person(path, corner=None):
    """Write an annotation as labelImg does; `corner` replaces the first xmin."""
    text = path.read_text().replace("<pose>Proposed</pose>", "<pose>Unspecified</pose>")
    text = text.replace("fewsky proposed", "Unknown")
    if corner is not None:
        first = text.index("<xmin>") + len("<xmin>")
        text = text[:first] + str(corner) + text[text.index("</xmin>") :]
    path.write_text(text)


def found(out, shard):
    """What a task finds that takes its boxes from the folder."""
    rows = SHARDS[shard]
    catalog, objects = (pd.DataFrame({"object_id": ids}) for ids in (NAMES[rows], NAMES))
    return find_boxes(pixels()[rows], catalog, objects, FOLDER | {"folder": str(out)})


def edges(table, image):
    return table.loc[table["image"] == image, EDGES].to_numpy().tolist()


def test_images_and_boxes_are_written_and_read_again(results, tmp_path, capsys):
    out = tmp_path / "hand"
    assert annotated(results, out) == 0
    said = capsys.readouterr().out
    assert "6 images in" in said and f"labelImg {out} {out}/classes.txt {out}" in said
    assert (out / "classes.txt").read_text() == "galaxy\n"
    for name, image in zip(NAMES, pixels(), strict=True):
        with Image.open(out / f"{name}.png") as shown:
            assert shown.mode == "RGB"
            np.testing.assert_array_equal(np.moveaxis(np.asarray(shown), -1, 0), image * 255)
    held = read_folder(out, files_of(NAMES, SIZE), ["galaxy"])
    assert held.sources == dict.fromkeys(NAMES, "proposed")
    pd.testing.assert_frame_equal(held.boxes, boxes())
    for shard, rows in SHARDS.items():
        mine = boxes()[boxes()["image"].isin(NAMES[rows])].reset_index(drop=True)
        pd.testing.assert_frame_equal(found(out, shard), mine)


def test_what_a_person_saved_comes_back(results, tmp_path):
    out = tmp_path / "hand"
    annotated(results, out)
    saved_by_a_person(out / "gz2-0.xml", corner=8)
    saved_by_a_person(out / "gz2-5.xml")
    back = found(out, "part-00")
    assert edges(back, "gz2-0")[0] == [7, 5, 20, 30]
    assert set(back.loc[back["image"] == "gz2-0", "source"]) == {"corrected"}
    assert set(back.loc[back["image"] != "gz2-0", "source"]) == {"proposed"}
    held = read_folder(out, files_of(NAMES, SIZE), ["galaxy"])
    assert held.sources["gz2-5"] == "corrected" and held.sources["gz2-4"] == "proposed"


def test_nothing_that_a_person_saved_is_overwritten(results, tmp_path, capsys):
    out = tmp_path / "hand"
    annotated(results, out)
    assert annotated(results, out) == 0  # nobody has touched it
    saved_by_a_person(out / "gz2-4.xml")
    (out / "gz2-0.xml").unlink()
    (out / "gz2-1.png").unlink()
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    capsys.readouterr()
    assert annotated(results, out) == 1
    line = capsys.readouterr().err
    assert "gz2-4.xml: wanted to write boxes there; found some that a person has saved" in line
    assert line.count("\n") == 1
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_one_part_alone(results, tmp_path):
    out = tmp_path / "hand"
    assert annotated(results, out, "--part", "test") == 0
    assert {path.stem for path in out.glob("gz2*")} == {"gz2-0", "gz2-2", "gz2-4"}
    assert {path.suffix for path in out.glob("gz2*")} == {".png", ".xml"}
    held = read_folder(out, files_of(NAMES, SIZE), ["galaxy"])
    assert set(held.sources) == {"gz2-0", "gz2-2", "gz2-4"}
    assert len(held.boxes) == 4


def test_grey_images_and_gaps_are_shown(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    results = written(tmp_path / "results", bands=1)
    images = pixels(1)[SHARDS["part-01"]]
    images[0, 0, :4] = np.nan
    save_arrays({"images": images}, results / "cutouts/gz2/part-01/images.safetensors")
    assert annotated(results, tmp_path / "hand") == 0
    with Image.open(tmp_path / "hand/gz2-4.png") as shown:
        assert shown.mode == "L"
        values = np.asarray(shown)
    assert (values[:4] == 0).all() and (values[4:] == np.rint(images[0, 0, 4:] * 255)).all()


def test_simulated_images_are_said_to_be(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    annotated(written(tmp_path / "results", simulated=True), tmp_path / "hand")
    assert "6 images (SIMULATED) in" in capsys.readouterr().out


def five_bands(results):
    written(results, bands=5)


def no_record(results):
    (results / "splits/galaxies/boxes/part-01.provenance.json").unlink()


def no_boxes(results):
    for path in (results / "splits/galaxies/boxes").glob("*.parquet"):
        path.unlink()


def outside(results):
    path = results / "splits/galaxies/boxes/part-00.parquet"
    table = pd.read_parquet(path)
    table.assign(x1=table["x1"] + 20).to_parquet(path)


@pytest.mark.parametrize(
    ("change", "more", "line"),
    [
        (five_bands, (), "wanted images of one band or three, to show them; found 5"),
        (no_record, (), "part-01.parquet: wanted a record that names its images; found 0"),
        (no_boxes, (), "splits/galaxies/boxes: wanted the boxes of a task; found none"),
        (outside, (), "wanted a box inside 48 x 48 pixels"),
        (None, ("--part", "train"), "--part: wanted one of pool, test; found train"),
    ],
)
def test_what_cannot_be_written_is_one_line(results, tmp_path, capsys, change, more, line):
    if change:
        change(results)
    assert annotated(results, tmp_path / "hand", *more) == 1
    said = capsys.readouterr().err
    assert said.startswith("fewsky: ") and line in said and said.count("\n") == 1
    assert not (tmp_path / "hand").exists()
