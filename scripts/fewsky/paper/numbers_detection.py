"""Numbers of the chapter on detection, one function a kind of result file."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fewsky.boxes.table import SOURCES, edges_of
from fewsky.files import load_json, load_table
from fewsky.models.detect_crops import OFF_CENTRE
from fewsky.paper.detection import COLUMNS, SAMPLE, by_fold, in_bins, load_scores
from fewsky.paper.numbers import Numbers, interval, keyed, number

SOURCE = "scripts/fewsky/paper/numbers_detection.py, from published.csv"
ROOMS = {"test": "det.score", OFF_CENTRE: "det.off", "folds": "det.folds"}
OVERLAPS = 10  # over which COCO's average recall is a mean
BINS = {"size": ("ar_10", ("small", "large")), "brightness": ("recall_50", ("bright", "faint"))}
ROUGH = 0.9  # share of the boxes between the sides that the text names


def of_study(known: Numbers) -> Numbers:
    """Tessa and Terranova's numbers of images, and what their average recall implies.

    With one box an image the recall of the best detection at the loosest overlap is one at most,
    which bounds its mean at the others from below (`strict`); with perfect detections it is the
    number of images over that of boxes, which bounds the boxes an image (`crowd`).
    """
    values: dict[str, tuple[Any, str]] = {
        "images": (known["published.s1-det-images"]["value"], ",d"),
        "archive": (known["published.gz2-images"]["value"], ",d"),
        "side": (known["published.gz2-side"]["value"], "d"),
    }
    for row in ("ssd", "effdet"):
        recall = known[f"published.s1-det-{row}-ar-1"]["value"]
        values[f"strict.{row}"] = ((OVERLAPS * recall - 1) / (OVERLAPS - 1), ".2f")
        values[f"crowd.{row}"] = (1 / recall, ".1f")
    return keyed(values, SOURCE, "det.study")


def of_objects(catalogs: Iterable[str | Path], dataset: Mapping[str, Any]) -> Numbers:
    """How many images there are, and their side in pixels."""
    paths = list(catalogs)
    sizes = [len(load_table(path, columns=["object_id"])) for path in paths]
    values = {"all": (sum(sizes), ",d"), "size": (dataset["size"], "d")}
    return keyed(values, paths[0], "det.objects")


def of_boxes(paths: Iterable[str | Path]) -> Numbers:
    """How many boxes of each source there are in all images, and how large they are."""
    paths = list(paths)
    table = pd.concat([load_table(path) for path in paths], ignore_index=True)
    x0, y0, x1, y1 = edges_of(table).T
    side = np.sqrt((x1 - x0) * (y1 - y0))
    low, high = ((1 - ROUGH) / 2, (1 + ROUGH) / 2)
    ends = np.quantile(side, [0.5, low, high]) if len(side) else [None] * 3
    values: dict[str, tuple[Any, str]] = {
        "all": (len(table), ",d"),
        "images": (table["image"].nunique(), ",d"),
        "difficult": (table["difficult"].sum(), ",d"),
        "rough": (ROUGH, ".0%"),
        **{f"side{end}": (v, ".0f") for end, v in zip(("", ".low", ".high"), ends, strict=True)},
        **{source: ((table["source"] == source).sum(), ",d") for source in SOURCES},
    }
    return keyed(values, paths[0], "det.boxes")


def of_sample(path: str | Path) -> Numbers:
    """Boxes and images that are tested, and the most that one detection an image can recall."""
    table = load_scores([path])
    own = table[(table["experiment"] == SAMPLE) & (table["part"] == "test")]
    value = own.set_index("metric")["value"]
    held = value["images"] - value["images_without_box"]
    values = {
        "images": (value["images"], ",d"),
        "bare": (value["images_without_box"], ",d"),
        "boxes": (value["boxes"], ",d"),
        "difficult": (value["difficult_boxes"], ",d"),
        "crowd": (value["boxes"] / max(held, 1), ".1f"),
        "most_ar_1": (min(1.0, held / value["boxes"]) if value["boxes"] else None, ".2f"),
    }
    return keyed(values, path, "det.sample")


def of_scores(path: str | Path) -> Numbers:
    """Scores over draws at each experiment's largest number of images: det.score.EXPERIMENT.

    Off-centre windows are det.off, all folds of a draw together det.folds.
    """
    numbers: Numbers = {}
    for row in _largest(_means(path)).itertuples():
        room = f"{ROOMS[row.part]}.{row.experiment}"
        numbers |= interval(f"{room}.{row.metric}", row, ".3f", path)
        numbers[f"{room}.budget"] = number(int(row.budget), ",d", path)
        numbers[f"{room}.n"] = number(int(row.n), ",d", path)
    return numbers


def of_budgets(path: str | Path) -> Numbers:
    """mAP at the fewest and at the most labelled images: det.few.EXPERIMENT.least and .most.

    Only of what was trained on two numbers of images or more.
    """
    rows = _means(path)
    rows = rows[(rows["part"] == "test") & (rows["metric"] == "map_50")]
    numbers: Numbers = {}
    for name, own in rows.groupby("experiment"):
        own = own.sort_values("budget")
        for end, row in zip(("least", "most"), (own.iloc[0], own.iloc[-1]), strict=True):
            if len(own) > 1:
                room = f"det.few.{name}.{end}"
                numbers |= interval(f"{room}.map_50", row, ".3f", path)
                numbers[f"{room}.images"] = number(int(row["budget"]), ",d", path)
    return numbers


def of_bins(path: str | Path) -> Numbers:
    """Recall of the smallest and largest, brightest and faintest boxes: det.bin.EXPERIMENT.END.

    Edges are det.edge.END: below small, above large; brighter than bright, fainter than faint.
    """
    table, numbers = load_scores([path]), {}
    rows = _largest(table[(table["draw"] == -1) & (table["part"] == "test")])
    for start, (metric, ends) in BINS.items():
        for name, own in rows[rows["metric"] == metric].groupby("experiment"):
            bins = in_bins(own, start)
            if len(bins) < 2:
                continue
            for end, row in zip(ends, (bins.iloc[0], bins.iloc[-1]), strict=True):
                numbers |= interval(f"det.bin.{name}.{end}", row, ".3f", path)
                edge = row["high"] if end == ends[0] else row["low"]
                numbers[f"det.edge.{end}"] = number(float(edge), ".1f", path)
    return numbers


def of_folds(path: str | Path, names: Iterable[str]) -> Numbers:
    """Mean and spread over the folds of the first draw: det.cv.EXPERIMENT.MEASURE, `.spread`."""
    table, values = load_scores([path]), {}
    for name in names:
        for metric in COLUMNS:
            found = by_fold(table, name, metric)["value"]
            values[f"{name}.{metric}"] = (found.mean(), ".3f")
            values[f"{name}.{metric}.spread"] = (found.std(ddof=1), ".3f")
            values["folds"] = (len(found), "d")
    return keyed(values, path, "det.cv")


def of_named(path: str | Path, detector: str) -> Numbers:
    """What becomes of galaxies that are found, then named: det.named.MEASURE, .CLASS.MEASURE."""
    table = load_scores([path])
    rows = table[(table["experiment"] == detector) & (table["draw"] == -1)]
    numbers: Numbers = {}
    for row in rows.itertuples():
        own = "" if row.subset == "all" else row.subset.removeprefix("class ") + "."
        form = ".2f" if row.metric == "invented_per_image" else ".3f"
        numbers |= interval(f"det.named.{own}{row.metric}", row, form, path)
        numbers[f"det.named.{own}n"] = number(int(row.n), ",d", path)
    return numbers


def of_frame(path: str | Path) -> Numbers:
    """What of a catalogue is found in a frame, and what was found is: det.frame.FIELD.EXPERIMENT.

    `half` is the magnitude down to which half of the galaxies or more are found in every bin.
    """
    table, field, numbers = load_table(path), Path(path).stem, {}
    for name, own in table.groupby("experiment"):
        room, values = f"det.frame.{field}.{name}", {}
        complete = own[own["measure"] == "completeness"]
        for kind, rows in complete.groupby("kind"):
            n, found = rows["n"].sum(), rows["found"].sum()
            values |= {f"{kind}.n": (n, ",d"), f"{kind}.found": (found, ",d")}
            values[f"{kind}.share"] = (found / n, ".1%")
        galaxies = complete[complete["kind"] == "galaxy"].sort_values("low")
        held = galaxies[(galaxies["value"] >= 0.5).cummin()]
        values["half"] = (held["high"].max() if len(held) else None, ".1f")
        numbers |= keyed(values, path, room)
        for row in own[own["measure"] == "purity"].itertuples():
            numbers |= interval(f"{room}.pure.{row.kind}", row, ".3f", path)
            numbers[f"{room}.detections"] = number(int(row.n), ",d", path)
    return numbers


def of_export(path: str | Path, name: str) -> Numbers:
    """Sizes of an exported detector, and how far what it gives is off: det.export.EXPERIMENT."""
    told = load_json(path)
    values: dict[str, tuple[Any, str]] = {
        "n": (told["n"], ",d"),
        "parameters": (told["parameters"], ",d"),
        "megabytes": (told["bytes"]["onnx"] / 1e6, ".1f"),
        "millionths": (1e6 * told["difference"]["onnx"], ".2g"),
        "thousandths_px": (1e3 * told["difference_px"]["onnx"], ".2g"),
        "agreement": (told["agreement"]["onnx"], ".1%"),
    }
    return keyed(values, path, f"det.export.{name}")


def _means(path: str | Path) -> pd.DataFrame:
    """Means over draws of the measures of the table, over all boxes; folds only taken together."""
    table = load_scores([path])
    return table[
        (table["draw"] == -1) & (table["fold"] == -1) & (table["subset"] == "all")
        & (table["experiment"] != SAMPLE) & table["metric"].isin(COLUMNS)
        & table["part"].isin(list(ROOMS))
    ]  # fmt: skip


def _largest(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["budget"] == rows.groupby(["experiment", "part"])["budget"].transform("max")]
