"""Boxes: round trips between their forms, moves that undo each other, bad files, joined tiles."""

import json
import re

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fewsky.boxes import geometry
from fewsky.boxes.annotation import LARGEST
from fewsky.boxes.coco import from_coco, from_tensors, to_coco, to_results, to_tensors
from fewsky.boxes.table import (
    COLUMNS,
    SOURCES,
    check_boxes,
    edges_of,
    load_boxes,
    make_boxes,
    no_boxes,
    save_boxes,
    split_by_image,
)
from fewsky.boxes.tiles import cut_tiles, join_tiles
from fewsky.boxes.voc import read_annotation, read_voc, write_voc
from fewsky.boxes.voc_folder import read_folder, source_of_set, write_folder
from fewsky.console import FewskyError
from fewsky.models.augment import turned as turned_patch

WIDTH, HEIGHT = 40, 30
IMAGES = ["a", "b", "c"]
# Every example writes a file of its own name or only arrays; the folder may be shared.
SHARED = settings(
    deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
same_table = pd.testing.assert_frame_equal


def whole_boxes(least=2, width=WIDTH, height=HEIGHT):
    """A box of whole pixels inside the image, at least so many wide and high."""
    x0, y0 = st.integers(0, width - least), st.integers(0, height - least)
    return st.tuples(x0, y0).flatmap(
        lambda low: st.tuples(
            st.just(low[0]),
            st.just(low[1]),
            st.integers(low[0] + least, width),
            st.integers(low[1] + least, height),
        )
    )


def many(boxes, most=6):
    return st.lists(boxes, max_size=most, unique=True).map(
        lambda rows: np.array(rows, dtype=np.float64).reshape(-1, 4)
    )


@st.composite
def tables(draw, edges=None):
    """A sound boxes table of some of IMAGES."""
    rows = draw(many(whole_boxes()) if edges is None else edges)
    n = len(rows)

    def column(values):
        return draw(st.lists(values, min_size=n, max_size=n))

    return make_boxes(
        column(st.sampled_from(IMAGES)),
        rows,
        label=column(st.sampled_from(["galaxy", "star"])),
        source=column(st.sampled_from(SOURCES)),
        difficult=column(st.booleans()),
        brightness=column(st.none() | st.floats(10, 25, width=32)),
    )


def fractional():
    return st.floats(0, WIDTH, width=32).flatmap(
        lambda x0: st.tuples(
            st.just(x0), st.floats(0, 10, width=32), st.just(WIDTH), st.floats(11, 30, width=32)
        )
    )


# --- the table --------------------------------------------------------------------------------
@SHARED
@given(boxes=tables())
def test_the_table_comes_back_from_its_file(boxes, tmp_path):
    path = tmp_path / "boxes.parquet"
    save_boxes(boxes, path)
    found = load_boxes(path, IMAGES, WIDTH, HEIGHT)
    same_table(found, boxes)
    assert list(found) == COLUMNS
    assert [str(found[c].dtype) for c in ("x0", "brightness", "difficult")] == [
        "float32", "float32", "bool",
    ]  # fmt: skip


def test_an_image_without_a_box_is_known_and_empty():
    boxes = make_boxes(["c", "a", "c"], [[0, 0, 2, 2], [1, 1, 3, 3], [4, 4, 6, 6]])
    found = split_by_image(check_boxes(boxes, IMAGES, WIDTH, HEIGHT), IMAGES)
    assert [edges_of(rows)[:, 0].tolist() for rows in found] == [[1], [], [0, 4]]
    assert len(check_boxes(no_boxes(), IMAGES, WIDTH, HEIGHT)) == 0


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"x1": WIDTH + 0.5}, "inside 40 x 30"),
        ({"y0": -0.25}, "inside 40 x 30"),
        ({"x1": 1.0}, "an area"),
        ({"x1": 0.5}, "x0 < x1"),
        ({"y1": np.nan}, "finite"),
        ({"x0": -np.inf}, "finite"),
        ({"image": "z"}, "'z'"),
        ({"label": " "}, "an empty one"),
        ({"source": "guessed"}, "'guessed'"),
    ],
)
def test_a_bad_row_is_named(change, told):
    boxes = make_boxes(["a", "b"], [[1, 1, 9, 9], [1, 1, 9, 9]])
    for column, value in change.items():
        boxes.loc[1, column] = value
    with pytest.raises(FewskyError, match=re.escape(told)) as caught:
        check_boxes(boxes, IMAGES, WIDTH, HEIGHT, "boxes.parquet")
    assert "boxes.parquet" in str(caught.value)
    assert (
        "label" in change
        or "source" in change
        or "image" in change
        or "row 1 (b)" in str(caught.value)
    )


def test_a_table_of_other_columns_or_types_is_refused():
    boxes = make_boxes("a", [[1, 1, 9, 9]])
    with pytest.raises(FewskyError, match="no y1, source"):
        check_boxes(boxes.drop(columns=["y1", "source"]), IMAGES, WIDTH, HEIGHT)
    with pytest.raises(FewskyError, match="numbers"):
        check_boxes(boxes.assign(x0="left"), IMAGES, WIDTH, HEIGHT)


# --- VOC --------------------------------------------------------------------------------------
@SHARED
@given(rows=many(whole_boxes()), data=st.data())
def test_whole_pixels_come_back_from_voc(rows, data, tmp_path):
    boxes = data.draw(tables(st.just(rows))).assign(image="a", brightness=np.float32("nan"))
    write_voc(tmp_path / "a.xml", "a.jpg", WIDTH, HEIGHT, boxes)
    same_table(read_voc(tmp_path / "a.xml", WIDTH, HEIGHT), boxes)
    same_table(read_voc((tmp_path / "a.xml").read_bytes(), WIDTH, HEIGHT), boxes)


NAMES = st.text(min_size=1, max_size=20).filter(lambda text: text == text.strip())


@SHARED
@given(label=NAMES)
def test_any_label_comes_back_or_is_refused(label, tmp_path):
    boxes = make_boxes("a", [[1, 1, 9, 9]], label=label)
    try:
        write_voc(tmp_path / "a.xml", "a.jpg", WIDTH, HEIGHT, boxes)
    except FewskyError:
        assert not label.isprintable()
        return
    assert read_voc(tmp_path / "a.xml", WIDTH, HEIGHT)["label"].tolist() == [label]


def test_voc_counts_from_one_and_includes_the_last_pixel(tmp_path):
    write_voc(tmp_path / "a.xml", "a.jpg", WIDTH, HEIGHT, make_boxes("a", [[0, 4, 40, 29]]))
    text = (tmp_path / "a.xml").read_text()
    found = dict(re.findall(r"<(xmin|ymin|xmax|ymax)>(\d+)<", text))
    assert found == {"xmin": "1", "ymin": "5", "xmax": "40", "ymax": "29"}
    assert "<width>40</width>\n\t\t<height>30</height>" in text


def test_edges_between_pixels_go_to_the_nearest(tmp_path):
    write_voc(tmp_path / "a.xml", "a.jpg", WIDTH, HEIGHT, make_boxes("a", [[3.4, 3.5, 9.4, 9.6]]))
    assert edges_of(read_voc(tmp_path / "a.xml", WIDTH, HEIGHT)).tolist() == [[3, 4, 9, 10]]


SAVED = """<annotation>
	<folder>images</folder>
	<filename>a.jpg</filename>
	<path>/home/someone/images/a.jpg</path>
	<source>
		<database>Unknown</database>
	</source>
	<size>
		<width>40</width>
		<height>30</height>
		<depth>3</depth>
	</size>
	<segmented>0</segmented>
	<object>
		<name>galaxy</name>
		<pose>Unspecified</pose>
		<truncated>1</truncated>
		<difficult>1</difficult>
		<bndbox>
			<xmin>1</xmin>
			<ymin>5</ymin>
			<xmax>40</xmax>
			<ymax>29</ymax>
		</bndbox>
	</object>
</annotation>
"""  # As labelImg 1.8.6 saved it.


def changed(**texts):
    """SAVED with the text of some elements replaced."""
    text = SAVED
    for tag, value in texts.items():
        text, count = re.subn(rf"<{tag}>[^<]*</{tag}>", f"<{tag}>{value}</{tag}>", text)
        assert count == 1, tag
    return text.encode()


def as_labelimg_saves(path):
    """Rewrite a file as labelImg does: its own words in <database> and <pose>, nothing else new."""
    text = re.sub("<database>.*<", "<database>Unknown<", path.read_text())
    path.write_text(re.sub("<pose>.*<", "<pose>Unspecified<", text))


def test_ours_is_byte_for_byte_what_labelimg_writes_but_for_source_and_path(tmp_path):
    boxes = make_boxes("a", [[0, 4, 40, 29]], difficult=True)
    write_voc(tmp_path / "a.xml", "a.jpg", WIDTH, HEIGHT, boxes)
    assert "<pose>Proposed</pose>" in (tmp_path / "a.xml").read_text()
    as_labelimg_saves(tmp_path / "a.xml")
    found = (tmp_path / "a.xml").read_text()
    assert found == SAVED.replace("/home/someone/images/", "")


def test_what_a_person_has_saved_is_corrected(tmp_path):
    boxes = make_boxes(["a", "a"], [[0, 4, 40, 29], [3, 3, 9, 9]], source=["true", "proposed"])
    write_voc(tmp_path / "a.xml", "a.jpg", WIDTH, HEIGHT, boxes)
    before = read_annotation(tmp_path / "a.xml", WIDTH, HEIGHT)
    as_labelimg_saves(tmp_path / "a.xml")
    after = read_annotation(tmp_path / "a.xml", WIDTH, HEIGHT)
    assert (before.source, list(before.boxes["source"])) == ("proposed", ["true", "proposed"])
    assert (after.source, list(after.boxes["source"])) == ("corrected", ["corrected"] * 2)
    assert edges_of(after.boxes).tolist() == edges_of(boxes).tolist()


@pytest.mark.parametrize("source", SOURCES)
def test_the_source_of_an_image_without_a_box(source, tmp_path):
    write_voc(tmp_path / "a.xml", "a.jpg", WIDTH, HEIGHT, no_boxes(), source=source)
    found = read_annotation(tmp_path / "a.xml", WIDTH, HEIGHT)
    assert (found.file, found.source, len(found.boxes)) == ("a.jpg", source, 0)
    text = (tmp_path / "a.xml").read_text()
    assert ("SIMULATED" in text) == (source == "true")
    assert ('verified="yes"' in text) == (source == "corrected")
    as_labelimg_saves(tmp_path / "a.xml")
    assert read_annotation(tmp_path / "a.xml", WIDTH, HEIGHT).source == "corrected"


def test_a_pose_in_its_own_sense_and_elements_left_out():
    assert read_voc(changed(pose="Frontal"), WIDTH, HEIGHT)["source"].tolist() == ["corrected"]
    bare = re.sub(r"\s*<(pose|difficult|path|segmented)>.*", "", SAVED).encode()
    found = read_voc(bare, WIDTH, HEIGHT, image="object-7", classes=["galaxy"])
    assert found[["image", "source", "difficult"]].to_numpy().tolist() == [
        ["object-7", "corrected", False]
    ]


BOMB = b"""<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol">
<!ENTITY lol2 "&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;">]>
<annotation><filename>&lol2;</filename></annotation>"""
EXTERNAL = b"""<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>
<annotation><filename>&x;</filename></annotation>"""
BAD = {
    "bomb": (BOMB, "document type"),
    "external": (EXTERNAL, "document type"),
    "type": (b'<!DOCTYPE a SYSTEM "http://localhost/a.dtd"><annotation/>', "document type"),
    "cut": (SAVED.encode()[:-20], "wanted XML"),
    "empty": (b"", "wanted XML"),
    "null": (b"\0\0\0", "wanted XML"),
    "jpeg": (b"\xff\xd8\xff\xe0", "wanted XML"),
    "encoding": (b'<?xml version="1.0" encoding="klingon"?><annotation/>', "wanted XML"),
    "entity": (changed(filename="&a;"), "wanted XML"),
    "page": (b"<html><body>503</body></html>", "found <html>"),
    "large": (b"<annotation>" + b" " * LARGEST, "at most 4 MiB"),
    "deep": (b"<a>" * 20_000 + b"</a>" * 20_000, "found <a>"),
    "no file": (changed(filename=" "), "<filename>"),
    "folder": (changed(filename="images/"), "found a folder"),
    "size": (changed(width=41), "wanted an image of 40 x 30 pixels; found 41 x 30"),
    "size word": (changed(height="thirty"), "found 'thirty'"),
    "right": (changed(xmax=41), "object 1: wanted a box inside the image"),
    "zero": (changed(xmin=0), "object 1: wanted a box inside the image"),
    "beyond": (changed(ymin=50, ymax=60), "object 1: wanted a box inside the image"),
    "line": (changed(xmin=40), "a box with an area"),
    "inverted": (changed(ymin=29, ymax=5), "ymin < ymax"),
    "word": (changed(xmin="left"), "a number in <bndbox><xmin>; found 'left'"),
    "nan": (changed(xmin="nan"), "a number in <bndbox><xmin>; found 'nan'"),
    "infinite": (changed(xmax="1e999"), "a number in <bndbox><xmax>"),
    "underscore": (changed(xmax="1_0"), "a number in <bndbox><xmax>"),
    "no corner": (re.sub(r"<ymax>.*", "", SAVED).encode(), "<bndbox><ymax>"),
    "no label": (changed(name=""), "<name>"),
    "class": (changed(name="dog"), "wanted a label of galaxy; found 'dog'"),
    "difficult": (changed(difficult="maybe"), "<difficult>; found 'maybe'"),
    "twice": (
        (SAVED.split("</annotation>")[0] + SAVED[SAVED.index("<object>") :]).encode(),
        "object 2: wanted each box once; found that of object 1",
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", BAD)
def test_a_bad_annotation_is_one_line(fault, tmp_path):
    content, told = BAD[fault]
    path = tmp_path / "a.xml"
    path.write_bytes(content)
    for source in (content, path):
        with pytest.raises(FewskyError, match=re.escape(told)) as caught:
            read_voc(source, WIDTH, HEIGHT, classes=["galaxy"])
        line = str(caught.value)
        assert "\n" not in line
        assert len(line) < 300 + len(str(path))
        assert line.startswith("annotation" if source is content else str(path))


def test_a_missing_annotation_is_one_line(tmp_path):
    with pytest.raises(FewskyError, match=r"gone\.xml: wanted an annotation; found no such file"):
        read_voc(tmp_path / "gone.xml", WIDTH, HEIGHT)


@pytest.mark.parametrize(
    ("edges", "words", "told"),
    [
        ([[3, 3, 4, 9]], {}, "two pixels"),
        ([[3, 3, 9, 30.6]], {}, "inside the image"),
        ([[3, 3, np.nan, 9]], {}, "finite"),
        ([[3, 3, 9, 9], [3.2, 3, 9, 9]], {}, "each box once"),
        ([[3, 3, 9, 9]], {"label": "a\x07"}, "printed"),
        ([[3, 3, 9, 9]], {"label": ""}, "printed"),
        ([[3, 3, 9, 9]], {"source": "guessed"}, "'guessed'"),
    ],
)
def test_nothing_is_written_that_could_not_be_read(edges, words, told, tmp_path):
    with pytest.raises(FewskyError, match=told):
        write_voc(tmp_path / "a.xml", "a.jpg", WIDTH, HEIGHT, make_boxes("a", edges, **words))
    with pytest.raises(FewskyError, match="without its folder"):
        write_voc(tmp_path / "a.xml", "../a.jpg", WIDTH, HEIGHT, no_boxes())
    assert not list(tmp_path.iterdir())


# --- a folder of annotations ------------------------------------------------------------------
def pictures(width=WIDTH):
    files = [f"{name}.jpg" for name in IMAGES]
    return pd.DataFrame({"image": IMAGES, "file": files, "width": width, "height": HEIGHT})


@SHARED
@given(boxes=tables())
def test_a_folder_comes_back_with_the_images_that_have_no_box(boxes, tmp_path):
    boxes = boxes.assign(brightness=np.float32("nan"), source="proposed")
    write_folder(tmp_path / "voc", boxes, pictures())
    found = read_folder(tmp_path / "voc", pictures())
    same_table(found.boxes, boxes.sort_values("image", kind="stable", ignore_index=True))
    assert found.sources == dict.fromkeys(IMAGES, "proposed")


def test_a_set_is_corrected_once_a_person_has_saved_every_image(tmp_path):
    boxes = make_boxes(["a", "b"], [[3, 3, 9, 9], [4, 4, 8, 8]])
    paths = write_folder(tmp_path, boxes, pictures())
    for path, state in zip(paths, ("proposed", "proposed", "corrected"), strict=True):
        as_labelimg_saves(path)
        assert source_of_set(read_folder(tmp_path, pictures()).sources, IMAGES) == state
    assert source_of_set({"a": "corrected"}, IMAGES) == "proposed"
    assert source_of_set(dict.fromkeys(IMAGES, "true"), IMAGES) == "true"
    assert source_of_set({"a": "corrected", "b": "catalogue"}, ["a", "b"]) == "catalogue"


def test_no_hand_made_box_is_ever_overwritten(tmp_path):
    paths = write_folder(tmp_path, make_boxes("b", [[3, 3, 9, 9]]), pictures())
    as_labelimg_saves(paths[1])
    before = [path.read_bytes() for path in paths]
    with pytest.raises(FewskyError, match=r"b\.xml: .* a person has saved"):
        write_folder(tmp_path, make_boxes("a", [[1, 1, 5, 5]]), pictures())
    assert [path.read_bytes() for path in paths] == before


def test_annotations_that_do_not_fit_their_images(tmp_path):
    def refused(told, images=None):
        with pytest.raises(FewskyError, match=told):
            read_folder(tmp_path, pictures() if images is None else images)

    (tmp_path / "a.xml").write_bytes(changed())
    assert len(read_folder(tmp_path, pictures()).boxes) == 1
    refused("wanted an image of 41 x 30", pictures(width=41))
    refused(r"a\.jpg, which it lacks", pictures().iloc[1:])
    (tmp_path / "b.xml").write_bytes(changed())
    refused(r"b\.xml: wanted one annotation an image; found a second one of a\.jpg, as a\.xml")
    (tmp_path / "a.xml").unlink()
    refused(r"b\.xml: wanted the annotation of b; found that of a\.jpg")
    (tmp_path / "b.xml").write_bytes(changed(filename="z.jpg"))
    refused(r"z\.jpg, which it lacks")
    (tmp_path / "b.xml").unlink()
    assert read_folder(tmp_path, pictures()).sources == {}
    with pytest.raises(FewskyError, match="wanted a folder"):
        read_folder(tmp_path / "none", pictures())


def test_two_images_never_share_an_annotation(tmp_path):
    images = pictures().assign(file=["a.jpg", "a.png", "c.jpg"])
    with pytest.raises(FewskyError, match=r"a\.xml: wanted one image"):
        write_folder(tmp_path, no_boxes(), images)
    assert not list(tmp_path.iterdir())


# --- COCO and tensors -------------------------------------------------------------------------
CLASSES = ["galaxy", "star"]


@SHARED
@given(boxes=tables() | tables(many(fractional().filter(lambda b: b[0] < b[2]))))
def test_boxes_come_back_from_coco_and_from_its_json(boxes):
    data = to_coco(boxes, IMAGES, WIDTH, HEIGHT, CLASSES)
    same_table(from_coco(data), boxes)
    same_table(from_coco(json.loads(json.dumps(data, allow_nan=False))), boxes)


@SHARED
@given(boxes=tables())
def test_boxes_come_back_from_tensors(boxes):
    boxes = boxes.assign(source="true", brightness=np.float32("nan"))
    targets = to_tensors(boxes, IMAGES, CLASSES)
    assert [target["boxes"].shape[1] for target in targets] == [4] * 3
    assert {(t["boxes"].dtype, t["labels"].dtype) for t in targets} == {
        (torch.float32, torch.int64)
    }
    assert all(label >= 1 for target in targets for label in target["labels"].tolist())
    found = from_tensors(targets, IMAGES, CLASSES, source="true")
    same_table(found, boxes.sort_values("image", kind="stable", ignore_index=True))


def test_voc_tensors_and_coco_are_one(tmp_path):
    boxes = make_boxes("a", [[0, 4, 40, 29], [3, 3, 9, 9]], source="corrected")
    write_voc(tmp_path / "a.xml", "a.jpg", WIDTH, HEIGHT, boxes)
    voc = read_voc(tmp_path / "a.xml", WIDTH, HEIGHT)
    tensors = from_tensors(to_tensors(voc, IMAGES), IMAGES, source="corrected")
    same_table(from_coco(to_coco(tensors, IMAGES, WIDTH, HEIGHT)), boxes)


def test_coco_says_corner_and_size_and_takes_a_difficult_box_for_a_crowd():
    boxes = make_boxes("b", [[1, 2, 5, 10]], difficult=True, brightness=17.5)
    data = to_coco(boxes, IMAGES, WIDTH, HEIGHT)
    (held,) = data["annotations"]
    assert (held["bbox"], held["area"], held["iscrowd"]) == ([1, 2, 4, 8], 32, 1)
    assert (held["image_id"], held["category_id"], held["brightness"]) == (2, 1, 17.5)
    assert [image["id"] for image in data["images"]] == [1, 2, 3]


def test_results_leave_out_the_row_that_stands_for_nothing_found():
    rows = {"image": ["a", "b"], "x0": [1, np.nan], "y0": [2, np.nan], "x1": [5, np.nan],
            "y1": [10, np.nan], "score": [0.5, np.nan], "label": ["star", None]}  # fmt: skip
    assert to_results(pd.DataFrame(rows), IMAGES, CLASSES) == [
        {"image_id": 1, "category_id": 2, "bbox": [1, 2, 4, 8], "score": 0.5}
    ]


def test_labels_and_images_that_nothing_lists():
    boxes = make_boxes("a", [[1, 1, 9, 9]], label="dog")
    for convert in (to_tensors, lambda *args: to_coco(args[0], args[1], WIDTH, HEIGHT)):
        with pytest.raises(FewskyError, match="'dog'"):
            convert(boxes, IMAGES)
        with pytest.raises(FewskyError, match="'z'"):
            convert(boxes.assign(image="z", label="galaxy"), IMAGES)
    data = to_coco(boxes, IMAGES, WIDTH, HEIGHT, ["dog"])
    for broken in ({}, data | {"images": []}, data | {"annotations": [{}]}):
        with pytest.raises(FewskyError, match="COCO dictionary"):
            from_coco(broken)


# --- geometry ---------------------------------------------------------------------------------
def painted(box, width=WIDTH, height=HEIGHT):
    """The pixels of a box of whole edges, (y, x)."""
    x0, y0, x1, y1 = (int(edge) for edge in box)
    pixels = np.zeros((height, width), dtype=bool)
    pixels[y0:y1, x0:x1] = True
    return pixels


def both(function, boxes, *args):
    """The result on arrays, once that on tensors proves the same."""
    found = function(boxes, *args)
    again = function(torch.from_numpy(boxes), *args)
    np.testing.assert_array_equal(again.numpy(), found)
    return found


@pytest.mark.parametrize("element", range(8))
@SHARED
@given(boxes=many(whole_boxes(least=1)))
def test_boxes_turn_as_their_pixels_do_and_back(element, boxes):
    found = both(geometry.turned, boxes, element, WIDTH, HEIGHT)
    size = (HEIGHT, WIDTH) if element % 2 else (WIDTH, HEIGHT)
    for before, after in zip(boxes, found, strict=True):
        np.testing.assert_array_equal(turned_patch(painted(before), element), painted(after, *size))
    back = both(geometry.turned_back, found, element, WIDTH, HEIGHT)
    np.testing.assert_array_equal(back, boxes)


@SHARED
@given(boxes=many(whole_boxes()), dx=st.integers(-50, 50), dy=st.integers(-50, 50))
def test_mirrors_and_shifts_undo_themselves(boxes, dx, dy):
    for mirror, side, axis in ((geometry.mirrored, WIDTH, 1), (geometry.upended, HEIGHT, 0)):
        found = both(mirror, boxes, side)
        np.testing.assert_array_equal(both(mirror, found, side), boxes)
        for before, after in zip(boxes, found, strict=True):
            np.testing.assert_array_equal(np.flip(painted(before), axis), painted(after))
    there = both(geometry.shifted, boxes, dx, dy)
    np.testing.assert_array_equal(there - boxes, np.tile([dx, dy, dx, dy], (len(boxes), 1)))
    np.testing.assert_array_equal(both(geometry.shifted, there, -dx, -dy), boxes)


@SHARED
@given(boxes=many(whole_boxes()), across=st.floats(0.1, 10), down=st.floats(0.1, 10))
def test_scales_undo_themselves(boxes, across, down):
    found = both(geometry.scaled, boxes, across, down)
    np.testing.assert_array_equal(found, boxes * [across, down, across, down])
    # Two roundings of a double.
    np.testing.assert_allclose(geometry.scaled(found, 1 / across, 1 / down), boxes, rtol=1e-15)
    np.testing.assert_array_equal(geometry.scaled(boxes, 2.0), 2 * boxes)


@SHARED
@given(boxes=many(whole_boxes()), window=whole_boxes(), least=st.floats(0, 1))
def test_a_crop_keeps_the_pixels_in_its_window(boxes, window, least):
    cut, kept = geometry.cropped(boxes, window, least)
    again = geometry.cropped(torch.from_numpy(boxes), window, least)
    np.testing.assert_array_equal(again[0].numpy(), cut)
    np.testing.assert_array_equal(again[1].numpy(), kept)
    x0, y0, x1, y1 = window
    inside = [painted(box)[y0:y1, x0:x1] for box in boxes]
    left = np.array([pixels.sum() for pixels in inside])
    whole = np.array([painted(box).sum() for box in boxes])
    assert kept.tolist() == ((left > 0) & (left >= least * whole)).tolist()
    for box, pixels in zip(cut, [p for p, k in zip(inside, kept, strict=True) if k], strict=True):
        np.testing.assert_array_equal(painted(box, x1 - x0, y1 - y0), pixels)


@SHARED
@given(boxes=many(whole_boxes()), window=whole_boxes())
def test_a_crop_that_cuts_nothing_is_undone_by_a_shift(boxes, window):
    cut, kept = geometry.cropped(boxes, window, least=1.0)
    np.testing.assert_array_equal(geometry.shifted(cut, *window[:2]), boxes[kept])


@SHARED
@given(boxes=many(whole_boxes(least=1)), others=many(whole_boxes(least=1)))
def test_overlaps_are_those_of_the_pixels(boxes, others):
    shared = np.array([[(painted(a) & painted(b)).sum() for b in others] for a in boxes])
    union = np.array([[(painted(a) | painted(b)).sum() for b in others] for a in boxes])
    area = np.array([painted(a).sum() for a in boxes]).reshape(-1, 1)
    shape = (len(boxes), len(others))
    found = geometry.iou(boxes, others)
    np.testing.assert_allclose(found, (shared / union).reshape(shape), rtol=1e-15)
    tensors = torch.from_numpy(boxes), torch.from_numpy(others)
    np.testing.assert_array_equal(geometry.iou(*tensors).numpy(), found)
    part = (shared.reshape(shape) / area).reshape(shape)
    np.testing.assert_allclose(geometry.covered(boxes, others), part, rtol=1e-15)


def test_a_box_without_area_overlaps_nothing():
    point = np.array([[3.0, 3, 3, 3]])
    assert geometry.iou(point, point).tolist() == [[0.0]]
    assert geometry.clipped(np.array([[50.0, -9, 60, -1]]), WIDTH, HEIGHT).tolist() == [
        [40, 0, 40, 0]
    ]


THRESHOLD = 0.3017  # no ratio of two areas here, so that rounding decides nothing


@SHARED
@given(data=st.data(), boxes=many(whole_boxes(least=1), most=12))
def test_suppression_against_the_definition_and_torchvision(data, boxes):
    n = len(boxes)
    scores = np.array(data.draw(st.lists(st.sampled_from([0.1, 0.5, 0.9]), min_size=n, max_size=n)))
    labels = np.array(data.draw(st.lists(st.integers(1, 2), min_size=n, max_size=n)), dtype=int)
    overlap, expected = geometry.iou(boxes, boxes), []
    for k in sorted(range(n), key=lambda row: (-scores[row], row)):
        if not any(overlap[k, j] > THRESHOLD and labels[j] == labels[k] for j in expected):
            expected.append(k)
    assert geometry.nms(boxes, scores, THRESHOLD, labels).tolist() == expected
    tensors = torch.from_numpy(boxes), torch.from_numpy(scores), THRESHOLD
    assert geometry.nms(*tensors, torch.from_numpy(labels)).tolist() == expected
    assert geometry.nms(boxes, scores, THRESHOLD).tolist() == geometry.nms(*tensors).tolist()


# --- tiles ------------------------------------------------------------------------------------
FRAMES = st.tuples(st.integers(1, 120), st.integers(1, 120), st.integers(2, 90)).flatmap(
    lambda size: st.tuples(*map(st.just, size), st.integers(0, size[2] - 1))
)


@SHARED
@given(frame=FRAMES, data=st.data())
def test_tiles_cover_the_frame_and_share_what_was_asked(frame, data):
    width, height, side, overlap = frame
    tiles = cut_tiles(*frame)
    seen = np.zeros((height, width), dtype=int)
    for x0, y0, x1, y1 in tiles.windows:
        assert (x1 - x0, y1 - y0) == (min(side, width), min(side, height))
        seen[y0:y1, x0:x1] += 1
    assert seen.min() >= 1
    left = np.unique(tiles.windows[:, 0])
    assert (left[:-1] + side - left[1:] >= overlap).all()
    # No more tiles than are needed.
    assert len(left) == 1 or (len(left) - 1) * (side - overlap) + overlap < width
    x, y = data.draw(st.floats(0, width)), data.draw(st.floats(0, height))
    west, north, east, south = tiles.cores.T
    assert ((west <= x) & (x < east) & (north <= y) & (y < south)).sum() == 1


@pytest.mark.parametrize("numbers", [(9, 9, 4, 4), (0, 9, 4, 1), (9, 9, 4, -1)])
def test_tiles_that_cannot_be(numbers):
    with pytest.raises(FewskyError, match="wanted a frame"):
        cut_tiles(*numbers)


def seen_in(tiles, objects, jitter=0.0, seed=0):
    """What a faithful detector finds in each tile: every object, cut at the tile's edges."""
    rng = np.random.default_rng(seed)
    for window in tiles.windows:
        moved = objects + jitter * rng.uniform(-1, 1, objects.shape)
        boxes, kept = geometry.cropped(moved, tuple(window))
        yield boxes, rng.uniform(0.5, 1, kept.sum()), np.full(kept.sum(), "galaxy")


@pytest.mark.parametrize("jitter", [0.0, 1.0])
@pytest.mark.parametrize("seed", range(10))
def test_each_object_is_found_once_whatever_seams_cross_it(jitter, seed):
    """Objects of a grid with a step that no tile has, so that seams cross them anywhere."""
    corner = np.stack(np.meshgrid(np.arange(5, 460, 41), np.arange(5, 360, 41)), -1).reshape(-1, 2)
    size = np.random.default_rng(seed).uniform(12, 36, corner.shape)
    objects = np.concatenate([corner, corner + size], axis=1)
    tiles = cut_tiles(500, 400, 128, 40)
    found = join_tiles(tiles, list(seen_in(tiles, objects, jitter, seed)))
    matches = geometry.iou(objects, found.boxes) > 0.6
    assert len(found.boxes) == len(objects)
    assert (matches.sum(axis=0) == 1).all()
    assert (matches.sum(axis=1) == 1).all()
    assert (np.diff(found.scores) <= 0).all()
    if not jitter:
        assert geometry.iou(objects, found.boxes).max(axis=1) == pytest.approx(1)


def test_a_middle_that_differs_from_tile_to_tile_is_neither_lost_nor_doubled():
    """Each tile puts the object's middle on the other's side of the seam, at 50; or on its own."""
    tiles = cut_tiles(100, 60, 60, 20)
    assert tiles.windows[:, 0].tolist() == [0, 40]
    left, right = np.array([[45.0, 20, 53, 30]]), np.array([[47.0, 20, 55, 30]])
    one = np.array([0.9]), np.array(["galaxy"])
    for a, b in ((left, right), (right, left)):
        found = join_tiles(tiles, [(a, *one), (b - [40, 0, 40, 0], *one)])
        assert len(found.boxes) == 1, (a, b)


def test_a_large_object_gives_way_to_the_tile_that_sees_more_of_it():
    tiles = cut_tiles(100, 60, 60, 20)
    whole, stump = np.array([[38.0, 5, 58, 55]]), np.array([[0.0, 5, 18, 55]])
    label = np.array(["galaxy"])
    found = join_tiles(tiles, [(whole, [0.6], label), (stump, [0.9], label)])
    assert found.boxes.tolist() == whole.tolist()
    star = np.array(["star"])
    found = join_tiles(tiles, [(whole, [0.6], label), (stump, [0.9], star)])
    assert found.labels.tolist() == ["star", "galaxy"]


def test_what_one_tile_tells_apart_stays_so():
    pair = np.array([[10.0, 10, 30, 30], [12, 10, 32, 30]])
    tiles = cut_tiles(100, 60, 60, 20)
    nothing = np.zeros((0, 4)), [], []
    found = join_tiles(tiles, [(pair, [0.6, 0.9], ["galaxy"] * 2), nothing])
    assert found.boxes.tolist() == pair[::-1].tolist()
    assert [len(part) for part in join_tiles(tiles, [nothing, nothing])] == [0, 0, 0]
    with pytest.raises(FewskyError, match="detections of 2 tiles"):
        join_tiles(tiles, [nothing])
