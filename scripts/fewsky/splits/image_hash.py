"""Hashes of images: a short one to find near-copies by, a long one to confirm them."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.fft import dctn

from fewsky.console import FewskyError

VIEWS = 8
SHORT, LONG = 8, 32
BLOCK = 512
PAIRS_AT_ONCE = 1 << 18


@dataclass
class Looks:
    """Hashes of n images in each of the eight views of the square: (n, view, word) uint64.

    `short` has one word of 64 bits; `long` has up to 16. The first view is the image itself.
    """

    short: np.ndarray
    long: np.ndarray

    def __len__(self) -> int:
        return len(self.short)


def hash_images(shards, longest=LONG):
    """Return the Looks of all images in a list of shards, each (n, band, y, x), read in turn.

    `longest` frequencies a side make the long hash, so many only that all images to be compared
    have them. Bands are averaged; missing pixels count as zero. Scaling and a constant background
    change nothing. Raises FewskyError for images that are not square or of less than 8 x 8 pixels.
    """
    found = []
    for images in shards:
        if images.ndim != 4 or min(images.shape[2:]) < SHORT or images.shape[2] != images.shape[3]:
            raise FewskyError(
                "image hashes: wanted square images (n, band, y, x) of 8 x 8 pixels or more; found "
                f"shape {tuple(images.shape)}. Split smaller patches by sky or field."
            )
        for start in range(0, len(images), BLOCK):
            block = np.asarray(images[start : start + BLOCK], np.float32)
            grey = np.nan_to_num(block).mean(axis=1)
            found.append((short_hashes(grey), long_hashes(grey, longest)))
    none = np.empty((0, VIEWS, 1), np.uint64)
    short, long = zip(*found, strict=True) if found else ([none], [none])
    return Looks(np.concatenate(short), np.concatenate(long))


def short_hashes(grey):
    """Return hashes, (n, view, 1): which of the 8 x 8 lowest frequencies exceed their median."""

    def bits_of(low):
        low = low.reshape(len(low), -1)
        bits = low > np.median(low[:, 1:], axis=1, keepdims=True)
        bits[:, 0] = False
        return bits

    return in_all_views(grey, SHORT, bits_of)


def long_hashes(grey, longest=LONG):
    """Return hashes, (n, view, word), of the texture: the signs of its 32 x 32 lowest frequencies,
    or `longest` squared.

    The texture is the image on an asinh scale of its own spread, less the mean of each ring around
    the centre, which round galaxies have in common.
    """
    middle = np.median(grey, axis=(1, 2), keepdims=True)
    spread = 1.4826 * np.median(np.abs(grey - middle), axis=(1, 2), keepdims=True)
    spread = np.where(spread > 0, spread, grey.std(axis=(1, 2), keepdims=True))
    shown = np.arcsinh((grey - middle) / np.where(spread > 0, 2 * spread, 1))
    return in_all_views(without_rings(shown), longest, lambda low: low.reshape(len(low), -1) > 0)


def without_rings(images):
    """Return images (n, side, side) less the mean of each ring, 1 px wide, around the centre."""
    away = np.arange(images.shape[1]) - (images.shape[1] - 1) / 2
    ring = np.hypot(*np.meshgrid(away, away)).round().ravel()
    ring = np.unique(ring, return_inverse=True)[1]
    order, counts = np.argsort(ring, kind="stable"), np.bincount(ring)
    flat = images.reshape(len(images), -1)
    sums = np.add.reduceat(flat[:, order], np.cumsum(counts) - counts, axis=1)
    return (flat - (sums / counts)[:, ring]).reshape(images.shape)


def in_all_views(images, lowest, bits_of):
    """Return hashes, (n, view, word), of the lowest cosine frequencies of images (n, y, x).

    To turn or mirror an image is to exchange its frequencies or to change the sign of odd ones, so
    one transform serves all views. `bits_of` makes bits (n, m) of frequencies (n, y, x).
    """
    low = dctn(images, axes=(1, 2))[:, :lowest, :lowest]
    sign = np.where(np.arange(low.shape[1]) % 2, -1, 1)
    views = []
    for view in range(VIEWS):
        one = low.swapaxes(1, 2) if view & 4 else low
        one = one * sign[:, None] if view & 1 else one
        views.append(packed(bits_of(one * sign if view & 2 else one)))
    return np.stack(views, axis=1)


def packed(bits):
    """Return bits (n, m) as words (n, ceil(m / 64)) uint64."""
    short = np.packbits(np.pad(bits, ((0, 0), (0, -bits.shape[1] % 64))), axis=1)
    return short.view(">u8").astype(np.uint64)


def differing(one, other):
    """Return how many bits differ, (m,), between hashes (m, word)."""
    return np.bitwise_count(one ^ other).sum(axis=1, dtype=int)


def near_pairs(hashes, most):
    """Return the index pairs (i < j), (m, 2), of 64-bit hashes (n,) that differ by `most` bits."""
    pairs = np.concatenate([np.empty((0, 2), int), *candidates(hashes, hashes, most)])
    return pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]


def candidates(hashes, others, most) -> Iterator[np.ndarray]:
    """Yield the pairs (i < j), (m, 2), whose hashes[i] and others[j] differ in at most `most` bits.

    Each pair comes once; a block rests on 2^18 comparisons, or on n. Two such hashes agree wholly
    in at least one of `most` + 1 pieces, so only objects that share a piece are compared (Norouzi
    et al. 2012, multi-index hashing).
    """
    edges = np.linspace(0, 64, most + 2).astype(int)
    masks = [np.uint64((1 << int(high)) - (1 << int(low))) for low, high in pairwise(edges)]
    for k, mask in enumerate(masks):
        for pairs in sharing(hashes & mask, others & mask):
            pairs = pairs[pairs[:, 0] < pairs[:, 1]]
            differ = hashes[pairs[:, 0]] ^ others[pairs[:, 1]]
            near = np.bitwise_count(differ) <= most
            for before in masks[:k]:  # an earlier piece has found the pair
                near &= (differ & before) != 0
            yield pairs[near]


def sharing(one, other) -> Iterator[np.ndarray]:
    """Yield all index pairs (i, j), (m, 2), with one[i] == other[j], in blocks."""
    order = np.argsort(other, kind="stable")
    first, last = (np.searchsorted(other[order], one, side) for side in ("left", "right"))
    ends = np.cumsum(last - first)
    start = done = 0
    while start < len(one):
        stop = max(int(np.searchsorted(ends, done + PAIRS_AT_ONCE, "right")), start + 1)
        count = (last - first)[start:stop]
        within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        j = order[np.repeat(first[start:stop], count) + within]
        yield np.stack([np.repeat(np.arange(start, stop), count), j], axis=1)
        start, done = stop, ends[stop - 1]
