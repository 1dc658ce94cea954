"""What moves boxes: symmetries of the square, crops, scales; and how far two of them overlap.

Boxes are `(..., 4)` as (x0, y0, x1, y1), NumPy arrays or PyTorch tensors; what comes back is of the
same kind. Nothing is rounded: whole pixels stay whole, and each move has an inverse.
"""

from typing import Any

import numpy as np


def mirrored(boxes: Any, width: float) -> Any:
    """Boxes of an image of that width, left and right exchanged; its own inverse."""
    x0, y0, x1, y1 = _columns(boxes)
    return _joined([width - x1, y0, width - x0, y1])


def upended(boxes: Any, height: float) -> Any:
    """Boxes of an image of that height, top and bottom exchanged; its own inverse."""
    x0, y0, x1, y1 = _columns(boxes)
    return _joined([x0, height - y1, x1, height - y0])


def quarter_turned(boxes: Any, width: float, height: float, turns: int = 1) -> Any:
    """Boxes after quarter turns of their image `(height, width)`, as `numpy.rot90` turns its rows.

    An odd number of turns exchanges width and height of the image. The inverse is -turns, from the
    size that the turned image has.
    """
    for _ in range(turns % 4):
        x0, y0, x1, y1 = _columns(boxes)
        boxes = _joined([y0, width - x1, y1, width - x0])
        width, height = height, width
    return boxes


def turned(boxes: Any, element: int, width: float, height: float) -> Any:
    """Boxes under one of the eight symmetries of the square, as `augment.turned` numbers them.

    0 to 3 are quarter turns; 4 to 7 the same, then left and right exchanged.
    """
    boxes = quarter_turned(boxes, width, height, element % 4)
    return mirrored(boxes, height if element % 2 else width) if element >= 4 else boxes


def turned_back(boxes: Any, element: int, width: float, height: float) -> Any:
    """What `turned` undoes; `width` and `height` are those of the image before it was turned."""
    if element % 2:
        width, height = height, width
    boxes = mirrored(boxes, width) if element >= 4 else boxes
    return quarter_turned(boxes, width, height, -(element % 4))


def shifted(boxes: Any, dx: float, dy: float) -> Any:
    """Boxes moved right by dx and down by dy, in pixels."""
    x0, y0, x1, y1 = _columns(boxes)
    return _joined([x0 + dx, y0 + dy, x1 + dx, y1 + dy])


def scaled(boxes: Any, across: float, down: float | None = None) -> Any:
    """Boxes of an image that is resized by the factors `across` and `down` (the same for None)."""
    down = across if down is None else down
    x0, y0, x1, y1 = _columns(boxes)
    return _joined([x0 * across, y0 * down, x1 * across, y1 * down])


def clipped(boxes: Any, width: float, height: float) -> Any:
    """Boxes cut to an image; one that lies outside it keeps no area."""
    x0, y0, x1, y1 = _columns(boxes)
    edges = [x0.clip(0, width), y0.clip(0, height), x1.clip(0, width), y1.clip(0, height)]
    return _joined(edges)


def cropped(
    boxes: Any, window: tuple[float, float, float, float], least: float = 0.0
) -> tuple[Any, Any]:
    """Boxes `(n, 4)` cut to a window (x0, y0, x1, y1), in its pixels, and which were kept `(n,)`.

    Dropped is a box that keeps less than the share `least` of its area, or none of it. `shifted` by
    the window's corner puts a box that was not cut back where it was.
    """
    left, top, right, bottom = window
    cut = clipped(shifted(boxes, -left, -top), right - left, bottom - top)
    kept = (areas(cut) > 0) & (areas(cut) >= least * areas(boxes))
    return cut[kept], kept


def areas(boxes: Any) -> Any:
    """The areas of boxes, in square pixels; none below zero."""
    x0, y0, x1, y1 = _columns(boxes)
    return (x1 - x0).clip(0) * (y1 - y0).clip(0)


def centres(boxes: Any) -> Any:
    """The middles of boxes `(..., 2)` as (x, y), in pixels from the image's corner."""
    x0, y0, x1, y1 = _columns(boxes)
    return _joined([(x0 + x1) / 2, (y0 + y1) / 2])


def iou(a: Any, b: Any) -> Any:
    """Intersection over union of each box `(n, 4)` with each `(m, 4)`, `(n, m)`; 0 for no area."""
    shared = _shared(a, b)
    return _ratio(shared, areas(a)[:, None] + areas(b)[None, :] - shared)


def covered(a: Any, b: Any) -> Any:
    """The share of the area of each box `(n, 4)` that each `(m, 4)` covers: `(n, m)`."""
    shared = _shared(a, b)
    return _ratio(shared, areas(a)[:, None] + 0 * shared)


def nms(boxes: Any, scores: Any, threshold: float, labels: Any = None) -> Any:
    """Rows kept by greedy non-maximum suppression, best score first and the first among equals.

    A box `(n, 4)` is dropped where its intersection over union with a better one that was kept, of
    the same label where labels `(n,)` are given, exceeds the threshold. Boxes and scores are
    finite. Tensors go to torchvision's operator.
    """
    if not isinstance(boxes, np.ndarray):
        return _nms_of_tensors(boxes, scores, threshold, labels)
    order = np.argsort(-np.asarray(scores), kind="stable")
    kept: list[int] = []
    for row in order:
        rivals = np.array(kept, dtype=np.intp)
        if labels is not None:
            rivals = rivals[np.asarray(labels)[rivals] == labels[row]]
        if not (iou(boxes[row : row + 1], boxes[rivals]) > threshold).any():
            kept.append(int(row))
    return np.array(kept, dtype=np.intp)


def _nms_of_tensors(boxes: Any, scores: Any, threshold: float, labels: Any) -> Any:
    from fewsky.networks.vision_ops import prepare_torchvision

    prepare_torchvision()
    from torchvision.ops import nms as operator

    if labels is None:
        return operator(boxes, scores, threshold)
    rows = [(labels == label).nonzero()[:, 0] for label in labels.unique()]
    kept = [at[operator(boxes[at], scores[at], threshold)] for at in rows]
    # In the order of the rows first, so that equal scores stay in it.
    kept = scores.new_zeros(0).long() if not kept else _chained(kept).sort().values
    return kept[scores[kept].argsort(descending=True, stable=True)]


def _chained(tensors: list[Any]) -> Any:
    import torch

    return torch.cat(tensors)


def _shared(a: Any, b: Any) -> Any:
    """Areas of the intersections, (n, m)."""
    ax0, ay0, ax1, ay1 = (column[:, None] for column in _columns(a))
    bx0, by0, bx1, by1 = (column[None, :] for column in _columns(b))
    if isinstance(a, np.ndarray):
        low, high = np.maximum, np.minimum
    else:
        import torch

        low, high = torch.maximum, torch.minimum
    return (high(ax1, bx1) - low(ax0, bx0)).clip(0) * (high(ay1, by1) - low(ay0, by0)).clip(0)


def _ratio(part: Any, whole: Any) -> Any:
    """part / whole, and 0 where both are."""
    return part / (whole + (whole == 0))


def _columns(boxes: Any) -> list[Any]:
    return [boxes[..., k] for k in range(4)]


def _joined(columns: list[Any]) -> Any:
    if isinstance(columns[0], np.ndarray | np.generic):
        return np.stack(columns, axis=-1)
    import torch

    return torch.stack(columns, dim=-1)
