"""The middle of a patch: what a network sees of it where larger ones are cut for others."""

import torch


def side_seen(size: int, crop: int | None) -> int:
    """Side in pixels of what is left of patches of `size` px: all of it where `crop` is None.

    Raises ValueError where a patch has no such middle of whole pixels.
    """
    if crop is None:
        return size
    if crop > size or (size - crop) % 2:
        raise ValueError(f"patches of {size} px have no middle of {crop} px")
    return crop


def middle(images: torch.Tensor, side: int) -> torch.Tensor:
    """The middle `(n, channel, side, side)` of images `(n, channel, y, x)`; no copy is made."""
    edge = (images.shape[-1] - side) // 2
    return images[..., edge : edge + side, edge : edge + side]
