"""torchvision beside a PyTorch that it was not built for: its one operator that imports need.

The wheel of torchvision is compiled for CUDA. Beside a CPU build of PyTorch its library does not
load, and `import torchvision` (so timm, too) fails for want of `torchvision::nms`. Call
`prepare_torchvision` before the first import of either.
"""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import torch


@cache
def prepare_torchvision() -> bool:
    """Make `import torchvision` work; True where its own compiled operators load."""
    folder = Path(find_spec("torchvision").origin).parent
    for library in sorted(folder.glob("_C*.so")):
        try:
            torch.ops.load_library(str(library))
            return True
        except OSError:
            continue
    library = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "qnms"):
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        library.impl(name, nms, "CPU")
    _KEPT.append(library)  # an operator lives as long as its library object
    import torchvision.extension

    torchvision.extension._has_ops = has_operators
    return False


_KEPT: list[torch.library.Library] = []


def has_operators() -> bool:
    """What torchvision asks before it calls an operator; a plain function, as TorchScript wants."""
    return True


def nms(dets: torch.Tensor, scores: torch.Tensor, iou_threshold: float) -> torch.Tensor:
    """Rows of boxes `(n, 4)` (x1, y1, x2, y2) kept by greedy non-maximum suppression, best first.

    A box is dropped where its intersection over union with a better kept one exceeds the
    threshold, as in torchvision's own operator.
    """
    order = scores.argsort(descending=True, stable=True)
    boxes = dets[order].double()
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    dropped = torch.zeros(len(boxes), dtype=torch.bool)
    for k in range(len(boxes)):
        if dropped[k]:
            continue
        rest = slice(k + 1, None)
        low = torch.maximum(boxes[k, :2], boxes[rest, :2])
        high = torch.minimum(boxes[k, 2:], boxes[rest, 2:])
        shared = (high - low).clamp(min=0).prod(dim=1)
        dropped[rest] |= shared > iou_threshold * (area[k] + area[rest] - shared)
    return order[~dropped]
