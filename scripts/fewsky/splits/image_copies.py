"""Near-copies among images: found by a short hash, confirmed by a long one.

A hash of 64 bits sees a blob, and blobs are alike: among 4,000 SDSS galaxies at 69 px of which none
is there twice, 2,383 pairs differ in at most 4 bits, and chains of them make groups of 276 and 199.
So a pair counts only where its long hashes, of 1,024 bits, agree as well. Of those galaxies no two
candidates differ in less than .41 of them, in any view, and no two galaxies at all in less than
.33 (64 million pairs). Of 400 copies none differs by more than .29 where noise like that of the
image was added to every band, .24 where it was saved as JPEG of quality 75 or drawn 3% larger, .22
where it was moved by half a pixel in y and x, .001 where it was turned, mirrored or rescaled.

What the short hash misses stays unseen: it finds all 400 of the turned copies, 363 of the noisy,
385 and 375 of the compressed and the enlarged, but 256 of those moved by half a pixel and 33 by a
whole one. So a survey with positions is split by them, and one without says: not auditable.
"""

import numpy as np

from fewsky.splits.image_hash import VIEWS, Looks, candidates, differing

NEAR_BITS = 4
ALIKE = 0.3


def find_copies(looks, usable):
    """Return the pairs (i < j), (m, 2), of usable images that are near-copies, turned ones too.

    `looks` are the hashes of n images and `usable` is (n,) bool. Also returns how many comparisons
    of long hashes the short ones asked for.
    """
    found, asked = [np.empty((0, 2), int)], 0
    bits = 64 * looks.long.shape[2]
    for view in range(VIEWS):
        for pairs in candidates(looks.short[:, 0, 0], looks.short[:, view, 0], NEAR_BITS):
            pairs = pairs[usable[pairs].all(axis=1)]
            asked += len(pairs)
            differ = differing(looks.long[pairs[:, 0], 0], looks.long[pairs[:, 1], view])
            found.append(pairs[differ <= ALIKE * bits])
    return np.unique(np.concatenate(found), axis=0), asked


def copies_across(one, other):
    """Return the pairs (m, 2), rows of `one` and of `other`, of images that are near-copies.

    Both are Looks of as many frequencies, so of images of the same patch of sky in like bands;
    their pixels may be of another size, and turned or mirrored.
    """
    both = Looks(np.concatenate([one.short, other.short]), np.concatenate([one.long, other.long]))
    pairs = find_copies(both, np.ones(len(both), bool))[0]
    across = pairs[(pairs[:, 0] < len(one)) & (pairs[:, 1] >= len(one))]
    return across - [0, len(one)]
