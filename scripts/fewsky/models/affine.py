"""Random turns, shifts, shears, zooms and mirrorings of a batch of images, on their device.

The composition is that of Keras's ImageDataGenerator: turn, then shift, shear and zoom, about the
centre, from output to input coordinates; pixels from outside repeat the nearest edge.
"""

from typing import Any

import torch
from torch.nn import functional as F


def moved(
    images: torch.Tensor,
    settings: dict[str, Any],
    generator: torch.Generator,
    which: torch.Tensor | None = None,
) -> torch.Tensor:
    """Images `(n, channel, y, x)`, each moved by numbers of its own; `which` (n,) bool says whose.

    `settings` has `rotation_deg`, `shift_x` and `shift_y` (shares of the side), `shear_deg` and
    `zoom` (a share), each the largest size either way of a uniform number, and `flip`: half of the
    images are mirrored left to right. Bilinear.
    """
    draws = torch.rand((7, len(images)), generator=generator, device=images.device)
    theta = matrices(draws, settings).to(images.dtype)
    if which is not None:
        theta = torch.where(which[:, None, None], theta, torch.eye(2, 3).to(theta))
    grid = F.affine_grid(theta, list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, "bilinear", "border", align_corners=False)


def matrices(draws: torch.Tensor, settings: dict[str, Any]) -> torch.Tensor:
    """Affine maps `(n, 2, 3)` from uniform numbers `(7, n)`, in coordinates of -1 to 1."""
    turn, x, y, shear, zoom_x, zoom_y = (2 * row - 1 for row in draws[:6])
    turn = torch.deg2rad(turn * settings["rotation_deg"])
    shear = torch.deg2rad(shear * settings["shear_deg"])
    zoom_x, zoom_y = 1 + zoom_x * settings["zoom"], 1 + zoom_y * settings["zoom"]
    mirror = torch.where((draws[6] < 0.5) & settings["flip"], -1.0, 1.0)
    zero, one = torch.zeros_like(turn), torch.ones_like(turn)
    cos, sin = torch.cos(turn), torch.sin(turn)
    # A share of the side is twice as much in coordinates of -1 to 1.
    chain = [
        _matrix([cos, -sin, zero], [sin, cos, zero]),
        _matrix([one, zero, 2 * x * settings["shift_x"]], [zero, one, 2 * y * settings["shift_y"]]),
        _matrix([one, -torch.sin(shear), zero], [zero, torch.cos(shear), zero]),
        _matrix([zoom_x * mirror, zero, zero], [zero, zoom_y, zero]),
    ]
    whole = chain[0]
    for step in chain[1:]:
        whole = whole @ step
    return whole[:, :2]


def _matrix(*rows: list[torch.Tensor]) -> torch.Tensor:
    """Matrices `(n, 3, 3)` of two rows of entries `(n,)` and a last row 0, 0, 1."""
    zero, one = torch.zeros_like(rows[0][0]), torch.ones_like(rows[0][0])
    return torch.stack([torch.stack(row, dim=1) for row in (*rows, [zero, zero, one])], dim=1)
