"""What every detector shares: boxes in, losses of its own or boxes out.

A detector is called as every other network, `network(images, extra)`, and gives numbers of each
image, so that the one trainer serves: its scalars are the boxes, and its outputs are its losses.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn

from fewsky.console import FewskyError
from fewsky.networks import build, fresh_layers
from fewsky.networks.published import tensors_of

PARTS = ("classes", "boxes")  # of the loss; the last output counts what they are divided by
DETECTIONS = 100  # of an image at most, as COCO counts them
LEAST_SCORE = 0.01
CANDIDATES = 200  # boxes that suppression chooses from

Found = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


class Detector(nn.Module):
    """A network that finds boxes in images `(n, in_channels, side, side)`.

    Boxes given to it are float `(n, m, 5)`: x0, y0, x1, y1 in pixels (edges; x right, y down) and
    the number of the class, NaN where an image has fewer than m. A family defines `outputs`,
    `image_loss`, `image_boxes` and `every_box`; `make` builds its `model`, from random numbers of
    its own. `overlap` is the intersection over union beyond which suppression drops a box.
    """

    overlap = 0.5

    def __init__(self, make: Callable[[], nn.Module], in_channels: int, side: int, n_classes: int):
        super().__init__()
        self.make, self.in_channels, self.side, self.n_classes = make, in_channels, side, n_classes
        self.model = make()

    def outputs(self, images: torch.Tensor):
        """What the network says of every anchor, as the family's other functions take it."""
        raise NotImplementedError

    def image_loss(self, outputs, k: int, boxes: torch.Tensor) -> torch.Tensor:
        """Image k's sums of PARTS over its anchors, and how many of them have a box: `(3,)`."""
        raise NotImplementedError

    def image_boxes(self, outputs, k: int) -> Found:
        """Boxes `(m, 4)`, scores `(m,)` and classes `(m,)` of image k, after suppression."""
        raise NotImplementedError

    def every_box(self, outputs) -> tuple[torch.Tensor, torch.Tensor]:
        """Boxes `(n, anchor, 4)` and scores `(n, class, anchor)` of all images, as suppression
        takes them: what is exported to where our suppression is not.
        """
        raise NotImplementedError

    def forward(self, images: torch.Tensor, boxes: torch.Tensor) -> torch.Tensor:
        """Sums of each image's losses (PARTS) and the anchors that have a box, `(n, 3)`.

        A single image is shown twice in training, since batch normalisation of a map of one pixel
        needs two.
        """
        alone = self.training and len(images) == 1
        outputs = self.outputs(torch.cat([images, images]) if alone else images)
        known = [rows[~rows[:, 0].isnan()] for rows in boxes]
        return torch.stack([self.image_loss(outputs, k, rows) for k, rows in enumerate(known)])

    def losses(self, images: torch.Tensor, boxes: torch.Tensor) -> dict[str, torch.Tensor]:
        """The batch's loss by PARTS, scalars: sums over the number of anchors that have a box."""
        sums = self(images, boxes).sum(dim=0)
        return dict(zip(PARTS, sums[:-1] / sums[-1].clamp(min=1), strict=True))

    @torch.no_grad()
    def detect(self, images: torch.Tensor) -> list[Found]:
        """Boxes `(m, 4)` in pixels, scores `(m,)` and class numbers `(m,)` of each image.

        Best first, at most DETECTIONS, each of a score above LEAST_SCORE, cut to the image. The
        network is in evaluation mode afterwards.
        """
        self.eval()
        outputs = self.outputs(images)
        return [self._tidy(*self.image_boxes(outputs, k)) for k in range(len(images))]

    def _tidy(self, boxes, scores, classes) -> Found:
        boxes = boxes.clamp(0, self.side)
        kept = ((boxes[:, 2:] > boxes[:, :2]).all(dim=1) & (scores > LEAST_SCORE)).nonzero()[:, 0]
        kept = kept[scores[kept].argsort(descending=True, stable=True)][:DETECTIONS]
        return boxes[kept].float(), scores[kept].float(), classes[kept]

    def reset(self, generator: torch.Generator) -> None:
        """Set the library's own first weights, from a seed that the generator gives."""
        seed = int(torch.randint(2**62, (), generator=generator))
        with torch.random.fork_rng(devices=[]), torch.device("cpu"):
            torch.manual_seed(seed)
            self.model.load_state_dict(self.make().state_dict())


def build_detector(
    model: dict,
    classes: Sequence[str],
    bands: int,
    size: int,
    generator: torch.Generator,
    weights: dict[str, np.ndarray] | None = None,
) -> Detector:
    """A detector of `classes` for images of so many bands, on the CPU.

    `model` has `name` (ssdlite, ssdlite-small, effdet-d0) and may have `size`, the side in pixels
    that images are brought to before they reach the network; without it that is `size`. `weights`
    are prepared ones (`models.weights.prepare`), whose layer of classes stays fresh; without them
    all weights are drawn from the generator. Raises FewskyError where they do not fit.
    """
    from fewsky.models.start import start_from

    network = build(model, bands, size, len(classes), generator)
    start_from(network, weights or {}, fresh_layers(model["name"]))
    return network


def without_extra(n_extra: int) -> None:
    """Raise ValueError where a detector is asked to take scalars beside its images."""
    if n_extra:
        raise ValueError("a detector takes images only, no extra columns")


def published(
    name: str, path: str | Path, in_channels: int, first: str, whole: Callable[[], Detector]
) -> dict[str, torch.Tensor]:
    """Weights of a published file under our names, without the layer of classes.

    `first` names the first layer's weight, which is adapted, as timm does, where `in_channels` is
    not 3; `whole` builds the detector that the file must fit. Raises FewskyError where the file
    holds another network's weights or is no file of weights.
    """
    from timm.models import adapt_input_conv

    state = tensors_of(path, name)
    try:
        with torch.device("meta"):
            whole().model.load_state_dict(state, assign=True)
    except Exception as error:
        reason = " ".join(str(error).split())[:160]
        raise FewskyError(
            f"{path}: wanted weights of {name}; found others ({reason}). Correct the weights' "
            "model, url or file."
        ) from None
    state[first] = adapt_input_conv(in_channels, state[first])
    named = {f"model.{key}": value for key, value in state.items()}
    return {key: value for key, value in named.items() if not key.startswith(fresh_layers(name))}
