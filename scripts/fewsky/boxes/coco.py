"""Boxes as COCO's dictionaries, and as the targets that torchvision's detectors take."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from fewsky.boxes.table import LABEL, edges_of, join_boxes, make_boxes, no_boxes, split_by_image
from fewsky.console import FewskyError

CLASSES = (LABEL,)


def to_coco(
    boxes: pd.DataFrame,
    images: Sequence[str],
    width: int,
    height: int,
    classes: Sequence[str] = CLASSES,
) -> dict[str, Any]:
    """COCO's dictionary of a data set, fit for JSON: images and classes are numbered from 1.

    A difficult box is COCO's crowd, which its evaluator neither counts nor holds against a
    detection. Each annotation also keeps label, source, difficult and brightness (None for NaN).
    Raises FewskyError on a label that is no class and on a box of an image that is not listed.
    """
    number, category = _numbers(images), _numbers(classes)
    _check_known(boxes["image"], number, "images of the data set")
    _check_known(boxes["label"], category, f"labels of {', '.join(classes)}")
    size = {"width": int(width), "height": int(height)}
    annotations = [
        {"id": k, "image_id": number[row["image"]], "category_id": category[row["label"]]}
        | _annotation(row, box)
        for k, (row, box) in enumerate(_rows(boxes), 1)
    ]
    return {
        "images": [{"id": k, "file_name": name, **size} for name, k in number.items()],
        "annotations": annotations,
        "categories": [{"id": k, "name": name} for name, k in category.items()],
    }


def from_coco(data: Mapping[str, Any]) -> pd.DataFrame:
    """The boxes table of COCO's dictionary; `file_name` is the image.

    What COCO itself does not know (source, brightness) is "corrected" and NaN where it is lacking.
    Raises FewskyError where a key is lacking or a number names nothing.
    """
    try:
        names = {item["id"]: item["file_name"] for item in data["images"]}
        labels = {item["id"]: item["name"] for item in data["categories"]}
        rows = [_row(item, names, labels) for item in data["annotations"]]
    except (KeyError, TypeError, ValueError) as error:
        found = f"no {error}" if isinstance(error, KeyError) else str(error)
        raise FewskyError(
            f"COCO dictionary: wanted images, categories and annotations; found {found}. Mend it."
        ) from None
    if not rows:
        return no_boxes()
    columns = {key: [row[key] for row in rows] for key in rows[0]}
    return make_boxes(columns.pop("image"), columns.pop("edges"), **columns)


def to_results(
    predictions: pd.DataFrame, images: Sequence[str], classes: Sequence[str] = CLASSES
) -> list[dict[str, Any]]:
    """COCO's list of detections: image_id, category_id, bbox and score, numbered as in `to_coco`.

    `predictions` has columns image, x0, y0, x1, y1, score, label; a row of NaN, which stands for an
    image without a detection, gives none.
    """
    number, category = _numbers(images), _numbers(classes)
    found = predictions[predictions["score"].notna()]
    _check_known(found["image"], number, "images of the data set")
    _check_known(found["label"], category, f"labels of {', '.join(classes)}")
    return [
        {"image_id": number[row["image"]], "category_id": category[row["label"]]}
        | {"bbox": _corner_and_size(box), "score": float(row["score"])}
        for row, box in _rows(found)
    ]


def to_tensors(
    boxes: pd.DataFrame, images: Sequence[str], classes: Sequence[str] = CLASSES
) -> list[dict[str, Any]]:
    """For each image what torchvision's detectors train on, also for those without a box.

    boxes float32 `(n, 4)` in pixels, labels int64 `(n,)` from 1 (0 is the background), and iscrowd
    int64 `(n,)`, 1 for a difficult box, which the caller drops or keeps.
    """
    import torch

    category = _numbers(classes)
    _check_known(boxes["label"], category, f"labels of {', '.join(classes)}")
    _check_known(boxes["image"], _numbers(images), "images of the data set")
    return [
        {
            "boxes": torch.from_numpy(edges_of(rows).copy()),
            "labels": torch.tensor([category[label] for label in rows["label"]], dtype=torch.int64),
            "iscrowd": torch.tensor(rows["difficult"].to_numpy(np.int64)),
        }
        for rows in split_by_image(boxes, images)
    ]


def from_tensors(
    targets: Sequence[Mapping[str, Any]],
    images: Sequence[str],
    classes: Sequence[str] = CLASSES,
    source: str = "proposed",
) -> pd.DataFrame:
    """The boxes table of `to_tensors`; brightness, which tensors do not carry, is NaN."""
    return join_boxes(
        make_boxes(
            image,
            target["boxes"].detach().cpu().numpy(),
            label=[classes[k - 1] for k in target["labels"].tolist()],
            source=source,
            difficult=[bool(crowd) for crowd in target["iscrowd"].tolist()],
        )
        for image, target in zip(images, targets, strict=True)
    )


def _rows(boxes: pd.DataFrame) -> Any:
    return zip(boxes.to_dict("records"), edges_of(boxes), strict=True)


def _corner_and_size(box: np.ndarray) -> list[float]:
    """COCO's [x, y, width, height]; in double precision, so that the far edges come back."""
    x0, y0, x1, y1 = (float(edge) for edge in box)
    return [x0, y0, x1 - x0, y1 - y0]


def _annotation(row: Mapping[str, Any], box: np.ndarray) -> dict[str, Any]:
    corner_and_size = _corner_and_size(box)
    brightness = float(row["brightness"])
    return {
        "bbox": corner_and_size,
        "area": corner_and_size[2] * corner_and_size[3],
        "iscrowd": int(row["difficult"]),
        "label": row["label"],
        "source": row["source"],
        "difficult": bool(row["difficult"]),
        "brightness": brightness if np.isfinite(brightness) else None,
    }


def _row(item: Mapping[str, Any], names: Mapping, labels: Mapping) -> dict[str, Any]:
    x0, y0, width, height = (float(number) for number in item["bbox"])
    brightness = item.get("brightness")
    return {
        "image": names[item["image_id"]],
        "edges": (x0, y0, x0 + width, y0 + height),
        "label": labels[item["category_id"]],
        "source": item.get("source", "corrected"),
        "difficult": bool(item.get("difficult", item.get("iscrowd", 0))),
        "brightness": np.nan if brightness is None else float(brightness),
    }


def _numbers(names: Sequence[str]) -> dict[str, int]:
    return {name: k for k, name in enumerate(names, 1)}


def _check_known(found: pd.Series, known: Mapping[str, int], wanted: str) -> None:
    strange = found[~found.isin(list(known))]
    if len(strange):
        raise FewskyError(
            f"boxes: wanted {wanted}; found '{strange.iloc[0]}'. Correct it, or list it."
        )
