"""Areas and densities on the sky, and what pixels weigh."""


def area_deg2(rows: int, columns: int, pixel_arcsec: float) -> float:
    """Square degrees of an image."""
    return rows * columns * (pixel_arcsec / 3600) ** 2


def density(objects: int, rows: int, columns: int, pixel_arcsec: float) -> float:
    """Objects a square degree in an image."""
    return objects / area_deg2(rows, columns, pixel_arcsec)


def megabytes(images: int, rows: int, columns: int, bands: int, bytes_each: int) -> float:
    """Memory of some images, in units of a million bytes."""
    return images * rows * columns * bands * bytes_each / 1e6
