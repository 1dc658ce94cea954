"""EfficientDet d0 of the effdet package, with TensorFlow's padding: `effdet-d0`.

Tan, Pang & Le 2020 (arXiv:1911.09070); Wightman, github.com/rwightman/efficientdet-pytorch. The
losses, anchors and suppression are effdet's. Stochastic depth is left out, since its random
numbers could not be passed.
"""

from functools import partial
from pathlib import Path

import torch
from torch import nn

from fewsky.networks.detectors import (
    CANDIDATES,
    DETECTIONS,
    Detector,
    published,
    without_extra,
)
from fewsky.networks.vision_ops import prepare_torchvision

prepare_torchvision()

from effdet import EfficientDet, get_efficientdet_config  # noqa: E402
from effdet.anchors import (  # noqa: E402
    AnchorLabeler,
    Anchors,
    decode_box_outputs,
    generate_detections,
)
from effdet.bench import _post_process  # noqa: E402
from effdet.loss import DetectionLoss  # noqa: E402

KINDS = {"effdet-d0": "tf_efficientdet_d0"}
# The layer of classes, whose number is another one for every task.
FRESH = ("model.class_net.predict.conv_pw.",)
FIRST = "backbone.conv_stem.weight"
COCO_CLASSES = 90
# Of running statistics: with the original's 0.01 random weights would need hundreds of steps.
MOMENTUM = 0.1
SMALLEST_MAP = 2  # pixels a side
IMAGENET = {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}


class EffDet(Detector):
    """An EfficientDet; effdet counts classes from 1 and writes boxes y0, x0, y1, x1."""

    def __init__(self, make, in_channels: int, side: int, n_classes: int):
        super().__init__(make, in_channels, side, n_classes)
        self.by_device: dict[torch.device, AnchorLabeler] = {}
        self.measure = DetectionLoss(self.model.config)

    def labeler(self, device: torch.device) -> AnchorLabeler:
        """The anchors on a device, and what matches boxes to them."""
        if device not in self.by_device:
            with torch.device("cpu"):
                anchors = Anchors.from_config(self.model.config).to(device)
            self.by_device[device] = AnchorLabeler(anchors, self.n_classes)
        return self.by_device[device]

    def outputs(self, images):
        classes, boxes = self.model(images.contiguous())
        return [level.float() for level in classes], [level.float() for level in boxes]

    def image_loss(self, outputs, k, boxes):
        classes, deltas = ([level[k : k + 1] for level in part] for part in outputs)
        labeler = self.labeler(boxes.device)
        known = boxes[:, [1, 0, 3, 2]], boxes[:, 4] + 1
        wanted, codes, count = labeler.label_anchors(*known, filter_valid=False)
        wanted, codes = ([level[None] for level in part] for part in (wanted, codes))
        _, of_classes, of_boxes = self.measure(classes, deltas, wanted, codes, count[None])
        sums = torch.stack([of_classes, self.measure.box_loss_weight * of_boxes])
        return torch.cat([sums * (count + 1), count[None]])  # effdet divides by one more

    def image_boxes(self, outputs, k):
        classes, deltas = ([level[k : k + 1] for level in part] for part in outputs)
        anchors = self.labeler(classes[0].device).anchors.boxes
        n = min(CANDIDATES, len(anchors) * self.n_classes)
        scores, codes, index, kinds = (
            part[0] for part in _post_process(classes, deltas, len(classes), self.n_classes, n)
        )
        found = generate_detections(
            scores, codes, anchors, index, kinds, None, None, max_det_per_image=DETECTIONS
        )
        return found[:, :4], found[:, 4], found[:, 5].long() - 1

    def every_box(self, outputs):
        classes, deltas = (
            torch.cat([level.permute(0, 2, 3, 1).flatten(1) for level in part], dim=1)
            for part in outputs
        )
        anchors = self.labeler(deltas.device).anchors.boxes
        deltas = deltas.unflatten(1, (-1, 4))
        places = anchors.expand(deltas.shape[0], -1, -1).reshape(-1, 4)
        boxes = decode_box_outputs(deltas.reshape(-1, 4), places, output_xyxy=True)
        scores = classes.unflatten(1, (-1, self.n_classes)).sigmoid()
        return boxes.view(deltas.shape), scores.transpose(1, 2)


def network(name: str, *, in_channels: int, size: int, n_outputs: int, n_extra: int) -> EffDet:
    """`effdet-d0` for images of a side that halves seven times, such as 128, 256 or 512 px."""
    without_extra(n_extra)
    if name not in KINDS:
        raise ValueError(f"there is no {name}; there are {', '.join(KINDS)}")
    if size % 64:
        raise ValueError("effdet-d0 wants a side that is a multiple of 64 px")
    make = partial(_model, KINDS[name], in_channels, size, n_outputs)
    return EffDet(make, in_channels, size, n_outputs)


def _model(kind: str, in_channels: int, size: int, n_classes: int) -> nn.Module:
    config = get_efficientdet_config(kind)
    config.image_size, config.num_classes = (size, size), n_classes
    config.backbone_args = {"drop_path_rate": 0.0, "in_chans": in_channels}
    # A level of a single pixel is left out: a batch tells too little to normalise it.
    while size < SMALLEST_MAP << config.max_level:
        config.max_level, config.num_levels = config.max_level - 1, config.num_levels - 1
    model = EfficientDet(config, pretrained_backbone=False)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = MOMENTUM
    return model


def published_weights(name: str, path: str | Path, in_channels: int) -> dict[str, torch.Tensor]:
    """Weights of a published file (COCO) under our names, without the layer of classes.

    Raises FewskyError where the file holds another network's weights or is no file of weights.
    """
    options = {"in_channels": 3, "size": 512, "n_outputs": COCO_CLASSES, "n_extra": 0}
    return published(name, path, in_channels, FIRST, partial(network, name, **options))


def card_of(name: str) -> dict[str, list[float]]:
    """Mean and standard deviation of each colour (0 to 1) that effdet's weights expect."""
    return IMAGENET
