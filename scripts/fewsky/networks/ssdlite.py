"""SSD with light heads: torchvision's on MobileNetV3, and a small one of ours for small images.

Liu et al. 2016 (arXiv:1512.02325); Sandler et al. 2018 (arXiv:1801.04381, section 6.2); Howard et
al. 2019 (arXiv:1905.02244). The losses, anchors and suppression are torchvision's.
"""

from collections import OrderedDict
from functools import partial
from pathlib import Path

import torch
from torch import nn

from fewsky.networks.detectors import (
    CANDIDATES,
    DETECTIONS,
    LEAST_SCORE,
    Detector,
    published,
    without_extra,
)
from fewsky.networks.vision_ops import prepare_torchvision

prepare_torchvision()

from torchvision.models.detection import ssdlite320_mobilenet_v3_large  # noqa: E402
from torchvision.models.detection.anchor_utils import DefaultBoxGenerator  # noqa: E402
from torchvision.models.detection.image_list import ImageList  # noqa: E402
from torchvision.models.detection.ssd import SSD  # noqa: E402
from torchvision.models.detection.ssdlite import SSDLiteHead  # noqa: E402
from torchvision.ops import box_iou  # noqa: E402

# The last layers of the classes' head, whose number of classes is another one for every task.
FRESH = tuple(f"model.head.classification_head.module_list.{k}.1." for k in range(6))
FIRST = "backbone.features.0.0.0.weight"
COCO_CLASSES = 90
FOUND = {
    "score_thresh": LEAST_SCORE,
    "topk_candidates": CANDIDATES,
    "detections_per_img": DETECTIONS,
}
# Sides of the small network's anchors as shares of the image's, one a map and one beyond the last.
# At 128 px that is twice a map's stride: anchors lie close enough for a box to find one like it.
SCALES = [0.07, 0.14, 0.28, 0.55, 1.0]
CHANNELS = (24, 48, 96, 128)  # of the maps at strides 4, 8, 16 and 32


class SSDLite(Detector):
    """An SSD of torchvision without its own scaling of images; class 0 is the background there."""

    @property
    def overlap(self) -> float:
        return self.model.nms_thresh

    def outputs(self, images):
        features = list(self.model.backbone(images).values())
        found = {name: values.float() for name, values in self.model.head(features).items()}
        shown = ImageList(images, [(self.side, self.side)])
        exact = [values.float() for values in features]  # anchors take their precision from these
        return found, self.model.anchor_generator(shown, exact)[0]

    def image_loss(self, outputs, k, boxes):
        found, anchors = outputs
        target = {"boxes": boxes[:, :4], "labels": boxes[:, 4].long() + 1}
        of_image = {name: values[k : k + 1] for name, values in found.items()}
        matched = torch.full((len(anchors),), -1, dtype=torch.int64, device=anchors.device)
        if len(boxes):
            matched = self.model.proposal_matcher(box_iou(target["boxes"], anchors))
        parts = self.model.compute_loss([target], of_image, [anchors], [matched])
        count = (matched >= 0).sum()
        sums = torch.stack([parts["classification"], parts["bbox_regression"]])
        return torch.cat([sums * count.clamp(min=1), count[None]])

    def image_boxes(self, outputs, k):
        found, anchors = outputs
        of_image = {name: values[k : k + 1] for name, values in found.items()}
        size = (self.side, self.side)
        one = self.model.postprocess_detections(of_image, [anchors], [size])[0]
        return one["boxes"], one["scores"], one["labels"] - 1

    def every_box(self, outputs):
        found, anchors = outputs
        deltas = found["bbox_regression"]
        places = anchors.expand(deltas.shape[0], -1, -1).reshape(-1, 4)
        boxes = self.model.box_coder.decode_single(deltas.reshape(-1, 4), places)
        scores = found["cls_logits"].softmax(dim=2)[:, :, 1:]
        return boxes.view(deltas.shape).clamp(0, self.side), scores.transpose(1, 2)


def network(name: str, *, in_channels: int, size: int, n_outputs: int, n_extra: int) -> SSDLite:
    """`ssdlite` (torchvision's ssdlite320_mobilenet_v3_large) or `ssdlite-small`, of any side."""
    kinds = {"ssdlite": _large, "ssdlite-small": _small}
    without_extra(n_extra)
    if name not in kinds:
        raise ValueError(f"there is no {name}; there are {', '.join(kinds)}")
    if size < 64:
        raise ValueError("images smaller than 64 px leave no maps to look at")
    make = partial(kinds[name], in_channels, size, n_outputs)
    return SSDLite(make, in_channels, size, n_outputs)


def _large(in_channels: int, size: int, n_classes: int) -> SSD:
    model = ssdlite320_mobilenet_v3_large(
        weights=None, weights_backbone=None, num_classes=n_classes + 1, **FOUND
    )
    if in_channels != 3:
        first = model.backbone.features[0][0]
        first[0] = nn.Conv2d(in_channels, first[0].out_channels, 3, 2, 1, bias=False)
        nn.init.normal_(first[0].weight, std=0.03)  # as all of torchvision's others
    return model


def _small(in_channels: int, size: int, n_classes: int) -> SSD:
    anchors = DefaultBoxGenerator([[2] for _ in SCALES[1:]], scales=SCALES)
    per_place = anchors.num_anchors_per_location()
    head = SSDLiteHead(list(CHANNELS), per_place, n_classes + 1, nn.BatchNorm2d)
    trunk = SmallTrunk(in_channels)
    return SSD(trunk, anchors, (size, size), n_classes + 1, head=head, nms_thresh=0.5, **FOUND)


class SmallTrunk(nn.Module):
    """Pairs of convolutions with normalisation, each at half the side of the one before.

    Gives the maps at strides 4, 8, 16 and 32 by name.
    """

    def __init__(self, in_channels: int):
        super().__init__()
        self.first = _pair(in_channels, CHANNELS[0] // 2)
        before = (CHANNELS[0] // 2, *CHANNELS)
        self.maps = nn.ModuleList(_pair(b, a) for b, a in zip(before, CHANNELS, strict=False))

    def forward(self, images: torch.Tensor) -> "OrderedDict[str, torch.Tensor]":
        values, found = self.first(images), OrderedDict()
        for k, step in enumerate(self.maps):
            values = found[str(k)] = step(values)
        return found


def _pair(before: int, after: int) -> nn.Sequential:
    steps = []
    for wide, stride in ((before, 2), (after, 1)):
        convolution = nn.Conv2d(wide, after, 3, stride, 1, bias=False)
        nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")
        steps += [convolution, nn.BatchNorm2d(after), nn.ReLU()]
    return nn.Sequential(*steps)


def published_weights(name: str, path: str | Path, in_channels: int) -> dict[str, torch.Tensor]:
    """Weights of a published file (COCO) under our names, without the layer of classes.

    Raises FewskyError where the file holds another network's weights or is no file of weights.
    """
    options = {"in_channels": 3, "size": 320, "n_outputs": COCO_CLASSES, "n_extra": 0}
    return published(name, path, in_channels, FIRST, partial(network, name, **options))


def card_of(name: str) -> dict[str, list[float]]:
    """Mean and standard deviation of each colour (0 to 1) that torchvision's weights expect."""
    return {"mean": [0.5] * 3, "std": [0.5] * 3}
