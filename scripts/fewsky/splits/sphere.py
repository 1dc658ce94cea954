"""Positions on the sky: separations, close pairs and tiles, without an n x n table."""

import numpy as np
from scipy.spatial import cKDTree


def unit_vectors(ra, dec):
    """Return points on the unit sphere, (n, 3), for ra and dec in degrees."""
    ra, dec = np.radians(np.asarray(ra, float)), np.radians(np.asarray(dec, float))
    return np.stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)], axis=-1)


def chord(arcsec):
    """Return the straight distance on the unit sphere of an angle in arcsec."""
    return 2 * np.sin(np.radians(np.asarray(arcsec, float) / 3600) / 2)


def close_pairs(ra, dec, arcsec):
    """Return the index pairs (i < j), (m, 2), of positions at most `arcsec` apart, sorted."""
    if len(ra) < 2:
        return np.empty((0, 2), int)
    tree = cKDTree(unit_vectors(ra, dec))
    pairs = tree.query_pairs(chord(arcsec), output_type="ndarray").reshape(-1, 2)
    return pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]


def nearest(ra, dec, other_ra, other_dec):
    """Return for each position the separation in arcsec of the nearest other, and its index.

    Where there is no other position the separation is infinite and the index -1.
    """
    if len(ra) == 0 or len(other_ra) == 0:
        return np.full(len(ra), np.inf), np.full(len(ra), -1)
    distance, index = cKDTree(unit_vectors(other_ra, other_dec)).query(unit_vectors(ra, dec))
    return np.degrees(2 * np.arcsin(np.minimum(distance / 2, 1))) * 3600, index


def separations(ra, dec, other_ra, other_dec):
    """Return the separation in arcsec, (n,), of each position from the other in its row."""
    straight = unit_vectors(ra, dec) - unit_vectors(other_ra, other_dec)
    return np.degrees(2 * np.arcsin(np.linalg.norm(straight, axis=-1) / 2)) * 3600


def within(ra, dec, other_ra, other_dec, arcsec):
    """Return which positions, (n,) bool, have one of the others within `arcsec`."""
    return nearest(ra, dec, other_ra, other_dec)[0] <= arcsec


def sky_tiles(ra, dec, arcmin):
    """Return the name, (n,), of the tile of about `arcmin` squared that holds each position.

    Strips of equal declination are cut into a whole number of tiles in right ascension, so the
    grid serves the whole sky and closes at 0h.
    """
    ra, dec = np.asarray(ra, float) % 360, np.asarray(dec, float)
    step = arcmin / 60
    strip = np.floor((dec + 90) / step).astype(int)
    width = np.cos(np.radians(np.clip((strip + 0.5) * step - 90, -90, 90)))
    count = np.maximum(np.round(360 * width / step), 1).astype(int)
    column = np.minimum((ra / 360 * count).astype(int), count - 1)
    return np.array([f"t{s}-{c}" for s, c in zip(strip, column, strict=True)], dtype=object)
