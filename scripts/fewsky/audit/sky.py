"""Areas and densities on the sky."""


def area_deg2(rows: int, columns: int, pixel_arcsec: float) -> float:
    """Square degrees of an image."""
    return rows * columns * (pixel_arcsec / 3600) ** 2


def density(objects: int, rows: int, columns: int, pixel_arcsec: float) -> float:
    """Objects a square degree in an image."""
    return objects / area_deg2(rows, columns, pixel_arcsec)
