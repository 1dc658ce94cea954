"""Images with boxes on the device, and batches of augmented views in which the boxes move, too."""

from typing import Any, NamedTuple

import torch
from torch.nn import functional as F

from fewsky.models.affine import matrices
from fewsky.models.augment import members
from fewsky.models.contrastive import jittered, turned

SYMMETRIES = 8  # of the square
KEPT = 0.25  # share of a box's area that must stay in a view, else the box is left out
LEAST_PX = 1.0  # side of a box that can be seen


class Scene(NamedTuple):
    """Images `(n, channel, side, side)` and their boxes `(n, m, 5)`: x0, y0, x1, y1, class.

    Boxes are in pixels of these images (edges; x right, y down), NaN where there is none.
    """

    images: torch.Tensor
    boxes: torch.Tensor


class SceneViews:
    """An epoch's views: every scene once, as a member of the recipe's augmentation drawn afresh.

    rotation, reflection and d4 take symmetries of the square. affine takes one of the eight where
    its `flip` is set, then zooms and shifts; boxes are cut to the view (KEPT). `jitter` changes
    brightness after either.
    """

    def __init__(self, scene: Scene, recipe: dict[str, Any], generator: torch.Generator):
        self.scene, self.generator, self.device = scene, generator, scene.images.device
        self.targets = torch.zeros(len(scene.images), dtype=torch.int64, device=self.device)
        self.affine = recipe["affine"] if recipe["augment"] == "affine" else None
        of_setting = [member.element for member in members(recipe["augment"])]
        every = list(range(SYMMETRIES))
        elements = every if self.affine and self.affine["flip"] else of_setting
        self.elements = torch.tensor(elements, device=self.device)
        self.jitter = {key: size for key, size in (recipe.get("jitter") or {}).items() if size}

    def __len__(self) -> int:
        return len(self.targets)

    def batch(self, picks: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Images, boxes and targets (all 0) of some of the epoch's views."""
        scene = Scene(self.scene.images[picks], self.scene.boxes[picks])
        told = {"generator": self.generator, "device": self.device}
        drawn = torch.randint(len(self.elements), picks.shape, **told)
        scene = turned_scene(scene, self.elements[drawn])
        if self.affine:
            draws = torch.rand((7, len(picks)), **told)
            scene = moved_scene(scene, matrices(draws, self.affine | {"flip": False}))
        images = jittered(scene.images, self.jitter, self.generator)
        return images, scene.boxes, self.targets[picks]


def turned_scene(scene: Scene, elements: torch.Tensor) -> Scene:
    """Each image and its boxes under the symmetry of the square that `elements` `(n,)` names.

    Numbers are those of `augment.turned`.
    """
    side = scene.images.shape[-1]
    images, boxes = torch.empty_like(scene.images), torch.empty_like(scene.boxes)
    for element in range(SYMMETRIES):
        rows = (elements == element).nonzero()[:, 0]
        if len(rows):
            images[rows] = turned(scene.images[rows], element)
            boxes[rows] = turned_boxes(scene.boxes[rows], element, side)
    return Scene(images, boxes)


def turned_boxes(boxes: torch.Tensor, element: int, side: float) -> torch.Tensor:
    """Boxes `(..., 5)` of images of `side` px under one of the eight symmetries."""
    x0, y0, x1, y1, kind = boxes.unbind(-1)
    for _ in range(element % 4):
        x0, y0, x1, y1 = y0, side - x1, y1, side - x0
    if element >= 4:
        x0, x1 = side - x1, side - x0
    return torch.stack([x0, y0, x1, y1, kind], dim=-1)


def moved_scene(scene: Scene, theta: torch.Tensor) -> Scene:
    """Each image zoomed and shifted, bilinear, and its boxes cut to what is seen.

    `theta` `(n, 2, 3)` maps output to input coordinates of -1 to 1, without turn or shear; pixels
    from outside repeat the nearest edge. A box of which less than KEPT is seen, or that is no wider
    than LEAST_PX, is left out.
    """
    images, side = scene.images, scene.images.shape[-1]
    theta = theta.to(images.dtype)
    grid = F.affine_grid(theta, list(images.shape), align_corners=False)
    seen = F.grid_sample(images, grid, "bilinear", "border", align_corners=False)
    scale, shift = theta[:, [0, 1], [0, 1]], theta[:, :, 2]
    corners = scene.boxes[..., :4].unflatten(-1, (2, 2))
    at = 2 * corners / side - 1
    at = (at - shift[:, None, None]) / scale[:, None, None]
    boxes = torch.cat([((at + 1) * side / 2).flatten(-2), scene.boxes[..., 4:]], dim=-1)
    return Scene(seen, cut_boxes(boxes, side))


def cut_boxes(boxes: torch.Tensor, side: float) -> torch.Tensor:
    """Boxes `(..., 5)` cut to an image of `side` px; NaN where too little is left (KEPT)."""
    inside = boxes[..., :4].clamp(0, side)
    left = area(inside) >= KEPT * area(boxes)
    seen = (inside[..., 2:] - inside[..., :2] > LEAST_PX).all(dim=-1)
    cut = torch.cat([inside, boxes[..., 4:]], dim=-1)
    return cut.masked_fill(~(left & seen)[..., None], torch.nan)


def area(boxes: torch.Tensor) -> torch.Tensor:
    """Area of boxes `(..., 4 or more)` in square pixels."""
    return (boxes[..., 2:4] - boxes[..., :2]).prod(dim=-1)
