"""Bands of a dataset's images: those of its survey, or the three colours of a composite."""

COLOURS = ["red", "green", "blue"]


def bands_in(dataset: dict, survey: dict) -> list[str]:
    """Bands of a dataset's images in the order of the tensor's second axis."""
    return COLOURS if dataset.get("composite") else survey["bands"]
