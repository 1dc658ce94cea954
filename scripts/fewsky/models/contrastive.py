"""A start without labels: two views of one object are to be alike, those of others are not.

NT-Xent, the loss of SimCLR (Chen et al. 2020, arXiv:2002.05709, equation 1). The network's output
layer is the projection, which is left out where a later training starts from these weights.
"""

from collections.abc import Mapping

import torch
from torch.nn import functional as F

from fewsky.console import FewskyError
from fewsky.models import parallel
from fewsky.models.sources import Batch, Held
from fewsky.models.views import Views

SYMMETRIES = 8  # of the square


class Contrastive:
    """Every object against all others of its batch, in a projection of `n_outputs` numbers.

    A batch is two views of each object, `(2 n, ...)`: all first ones, then all second ones; its
    targets are the places of the other views of the same objects. With `jitter` their brightness
    differs, too (`jittered`). Held objects are compared in groups no larger than the largest batch
    so far, since the loss grows with their number.
    """

    n_classes = 0

    def __init__(
        self, n_outputs: int, temperature: float, jitter: Mapping[str, float] | None = None
    ):
        self.n_outputs, self.temperature = n_outputs, temperature
        self.jitter = {key: size for key, size in (jitter or {}).items() if size}
        self.largest = 0

    def batch(self, views: Views, picks: torch.Tensor) -> Batch:
        """Two views of each pick, drawn one after the other by the views' own generator.

        Raises FewskyError where two views would be the same, or several processes share a batch.
        """
        _check(views)
        self.largest = max(self.largest, len(picks))
        (one, extra, _), (two, _, _) = views.batch(picks), views.batch(picks)
        extra = None if extra is None else torch.cat([extra, extra])
        images = jittered(torch.cat([one, two]), self.jitter, views.generator)
        return images, extra, others(len(picks), one.device)

    def held(self, held: Held) -> Held:
        """The objects and, after all of them, each again, turned or mirrored by its place.

        The jitter of both is the same at every look.
        """
        again = torch.empty_like(held.inputs)
        for element in range(1, SYMMETRIES):
            rows = slice(element - 1, None, SYMMETRIES - 1)
            again[rows] = turned(held.inputs[rows], element)
        extra = None if held.extra is None else torch.cat([held.extra, held.extra])
        device = held.inputs.device
        always = torch.Generator(device).manual_seed(0)
        images = jittered(torch.cat([held.inputs, again]), self.jitter, always)
        return Held(images, extra, others(len(held), device))

    def loss(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """NT-Xent of each view, `(2 n,)`; 0 for an object that is alone."""
        return self._by_group(outputs, lambda z: nt_xent(z, self.temperature))

    def right(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Whether the second view of an object is the most alike to its first, bool `(n,)`."""
        return self._by_group(outputs, _found).chunk(2)[0]

    def _by_group(self, outputs: torch.Tensor, of_views) -> torch.Tensor:
        """A number of each view, found within equal groups of the objects."""
        n = len(outputs) // 2
        groups = -(-n // max(1, self.largest or n))
        pairs = zip(*(half.tensor_split(groups) for half in outputs.split(n)), strict=True)
        found = [of_views(torch.cat(pair)).chunk(2) for pair in pairs]
        return torch.cat([torch.cat(part) for part in zip(*found, strict=True)])


def nt_xent(outputs: torch.Tensor, temperature: float) -> torch.Tensor:
    """Loss of each view, `(2 n,)`, of outputs `(2 n, number)`: all first views, then all second.

    -log of exp(s / temperature) of the other view of the object over the sum of that over all
    views but the one itself, where s is the cosine between two outputs.
    """
    n = len(outputs) // 2
    return F.cross_entropy(
        likeness(outputs) / temperature, others(n, outputs.device), reduction="none"
    )


def likeness(outputs: torch.Tensor) -> torch.Tensor:
    """Cosines between all outputs, `(n, n)`; minus infinity of each with itself."""
    found = F.normalize(outputs, dim=1)
    itself = torch.eye(len(found), dtype=torch.bool, device=found.device)
    return (found @ found.T).masked_fill(itself, -torch.inf)


def others(n: int, device: torch.device) -> torch.Tensor:
    """For `2 n` views the place of the other view of the same object, int64 `(2 n,)`."""
    return torch.arange(2 * n, device=device).roll(n)


def jittered(
    images: torch.Tensor, sizes: Mapping[str, float], generator: torch.Generator
) -> torch.Tensor:
    """Images `(n, channel, y, x)` in another brightness, each image and channel in its own.

    `sizes` are those of the gain and the offset, even between both signs of it, and of the normal
    noise of a pixel, in units of the images; what is 0 or missing is left out and draws nothing.
    Brightness alone would else tell which views show the same object.
    """
    told = {"generator": generator, "device": images.device}
    if gain := sizes.get("gain"):
        images = images * (1 + gain * (2 * torch.rand(*images.shape[:2], 1, 1, **told) - 1))
    if offset := sizes.get("offset"):
        images = images + offset * (2 * torch.rand(*images.shape[:2], 1, 1, **told) - 1)
    if noise := sizes.get("noise"):
        images = images + noise * torch.randn(images.shape, **told)
    return images


def turned(images: torch.Tensor, element: int) -> torch.Tensor:
    """Images `(n, channel, y, x)` under one of the eight symmetries, as `augment.turned` has it."""
    turns = torch.rot90(images, element % 4, dims=(2, 3))
    return turns.flip(3) if element >= 4 else turns


def _found(outputs: torch.Tensor) -> torch.Tensor:
    return likeness(outputs).argmax(dim=1) == others(len(outputs) // 2, outputs.device)


def _check(views: Views) -> None:
    if not isinstance(views, Views):
        raise FewskyError(
            "recipe.unfreeze: wanted all with loss: contrastive; found a frozen part. Train the "
            "whole network."
        )
    if views.product or (views.n_members == 1 and not views.affine):
        found = "augment_mode: product" if views.product else "augment: none"
        raise FewskyError(
            f"recipe: wanted views drawn at random with loss: contrastive; found {found}, which "
            "shows an object twice alike. Use augment_mode: random with affine, combined or d4."
        )
    if parallel.processes() > 1:
        raise FewskyError(
            "recipe.processes: wanted 1 with loss: contrastive, which holds every object against "
            f"its whole batch; found {parallel.processes()}. Use one process."
        )
