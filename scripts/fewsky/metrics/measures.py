"""What a set of predictions is worth: one function a family of measures, all on weighted groups.

Every measure is computed for many sets of group weights at once, so that the bootstrap resamples
groups by weighing them. Shapes: weights (b, groups), results (b, measures).
"""

from typing import NamedTuple

import numpy as np

LOWER_IS_BETTER = ("log_loss", "brier", "ece", "cal", "error_rate")
BINS = 10
WINDOW = 100
BLOCK = 100_000  # weights that fit in the processor's cache: three times as fast as all at once
SMALLEST_PROBABILITY = 1e-7
CORRECTED = ("accuracy", "balanced_accuracy", "mcc")


class Sample(NamedTuple):
    """Predictions of one replicate: class numbers (n,), probabilities (n, class), groups (n,).

    `adjusted` holds the class numbers decided after the prior correction.
    """

    truth: np.ndarray
    probability: np.ndarray
    adjusted: np.ndarray
    group: np.ndarray


def ratio(above, below):
    """Return above / below, NaN where `below` is zero."""
    below = np.asarray(below, float)
    return np.divide(above, below, out=np.full(np.shape(below), np.nan), where=below > 0)


def matthews(counts):
    """Return the Matthews correlation of confusion counts (..., class, class); 0 if undefined.

    For more than two classes it is Gorodkin's (2004) R_K.
    """
    true, decided = counts.sum(-1), counts.sum(-2)
    total, right = counts.sum((-1, -2)), np.trace(counts, axis1=-2, axis2=-1)
    above = right * total - (true * decided).sum(-1)
    below = (total**2 - (true**2).sum(-1)) * (total**2 - (decided**2).sum(-1))
    return np.nan_to_num(ratio(above, np.sqrt(np.maximum(below, 0))))


def class_measures(counts):
    """Return recall, precision, F1 and specificity, each (..., class), of confusion counts.

    Precision is 0 where a class occurs but is never decided; all are NaN where it does not occur.
    """
    true, decided = counts.sum(-1), counts.sum(-2)
    right = np.diagonal(counts, axis1=-2, axis2=-1)
    negative = counts.sum((-1, -2))[..., None] - true
    precision = np.where((decided == 0) & (true > 0), 0, ratio(right, decided))
    specificity = ratio(negative - (decided - right), negative)
    return ratio(right, true), precision, ratio(2 * right, true + decided), specificity


def known_mean(values, weights=None):
    """Return the mean over the last axis of what is not NaN, weighted if asked."""
    unknown = np.isnan(values)
    weights = np.where(unknown, 0, 1 if weights is None else weights)
    return ratio((np.where(unknown, 0, values) * weights).sum(-1), weights.sum(-1))


def confusion_measures(counts, classes, prevalences=()):
    """Return the measures, a dict of arrays (...), that confusion counts (..., class, class) tell.

    Purity at 1:m is that of a list in which each object of the class meets m others, at the
    recall and false-positive rate measured here.
    """
    recall, precision, f1, specificity = class_measures(counts)
    accuracy = ratio(np.trace(counts, axis1=-2, axis2=-1), counts.sum((-1, -2)))
    found = {
        "accuracy": accuracy,
        "error_rate": 1 - accuracy,
        "balanced_accuracy": known_mean(recall),
        "mcc": matthews(counts),
        "hard_label_auroc": known_mean((recall + specificity) / 2),
    }
    for name, values in (("precision", precision), ("recall", recall), ("f1", f1)):
        found[f"macro_{name}"] = known_mean(values)
        found[f"weighted_{name}"] = known_mean(values, counts.sum(-1))
        found |= {f"{name}_{c}": values[..., k] for k, c in enumerate(classes)}
    for k, c in enumerate(classes):
        for m in prevalences:
            missed = m * (1 - specificity[..., k])
            found[f"purity_{c}_at_1:{m}"] = ratio(recall[..., k], recall[..., k] + missed)
        found |= {f"confusion_{c}_{d}": counts[..., k, j] for j, d in enumerate(classes)}
    return found


def group_counts(truth, decided, group, classes, n_groups):
    """Return the confusion counts of each group, (groups, class, class)."""
    cells = (group * classes + truth) * classes + decided
    counts = np.bincount(cells, minlength=n_groups * classes**2)
    return counts.reshape(n_groups, classes, classes).astype(float)


def probability_sums(sample, n_groups):
    """Return what log-loss, Brier score and ECE add up, by group: (groups, 3 + 2 bins).

    The bins hold equal numbers of objects, ordered by the probability of the last class where
    there are two and by that of the decided class where there are more.
    """
    n, classes = sample.probability.shape
    actual = np.eye(classes)[sample.truth]
    loss = -np.log(np.clip((sample.probability * actual).sum(1), SMALLEST_PROBABILITY, 1))
    brier = ((sample.probability - actual) ** 2).sum(1) / (2 if classes == 2 else 1)
    stated, happened = confidence(sample)
    sums = np.zeros((n_groups, 3 + BINS))
    np.add.at(sums[:, :3], sample.group, np.stack([np.ones(n), loss, brier], axis=1))
    rank = np.argsort(np.argsort(stated, kind="stable"))
    np.add.at(sums, (sample.group, 3 + rank * BINS // max(n, 1)), happened - stated)
    return sums


def confidence(sample):
    """Return the stated probability, (n,), and whether it came true, (n,) of 0 and 1."""
    if sample.probability.shape[1] == 2:
        return sample.probability[:, 1], (sample.truth == 1).astype(float)
    decided = sample.probability.argmax(1)
    return sample.probability.max(1), (sample.truth == decided).astype(float)


def ranked_measure(name, sample, weights):
    """Return AUROC or CAL, (b,), for weights (b, groups), block by block."""
    blocks = np.clip(len(weights) * len(sample.group) // BLOCK, 1, len(weights))
    found = [RANKED[name](sample, some.T[sample.group]) for some in np.array_split(weights, blocks)]
    return np.concatenate(found)


def mean_auroc(sample, weights):
    """Return the AUROC, (b,), of one class against the rest, averaged over classes."""
    scored = [1] if sample.probability.shape[1] == 2 else range(sample.probability.shape[1])
    each = [auroc(sample.probability[:, k], sample.truth == k, weights) for k in scored]
    return known_mean(np.stack(each, axis=-1))


def auroc(score, positive, weights):
    """Return the area under the ROC curve, (b,), for weights (n, b); ties count one half."""
    order = np.argsort(score, kind="stable")
    starts = np.flatnonzero(np.diff(score[order], prepend=-np.inf))
    heavy = weights[order]
    sign = positive[order, None]
    if len(starts) < len(score):
        up, down = (np.add.reduceat(heavy * s, starts, axis=0) for s in (sign, ~sign))
    else:
        up, down = heavy * sign, heavy * ~sign
    below = np.cumsum(down, axis=0)
    return ratio((up * (below - down / 2)).sum(0), up.sum(0) * below[-1])


def calibration(sample, weights):
    """Return CAL, (b,), for weights (n, b): |share - mean stated probability| in sliding windows.

    Windows hold 100 neighbours in stated probability (Caruana & Niculescu-Mizil 2004, as in
    Kim & Brunner 2017), or all objects where there are fewer.
    """
    stated, happened = confidence(sample)
    order = np.argsort(stated, kind="stable")
    heavy = weights[order]
    size = min(WINDOW, len(order))
    totals = []
    for values in (heavy * (happened - stated)[order, None], heavy):
        running = np.cumsum(np.concatenate([np.zeros((1, heavy.shape[1])), values]), axis=0)
        totals.append(running[size:] - running[:-size])
    filled = totals[1] > 0
    gaps = np.divide(np.abs(totals[0]), totals[1], out=totals[0], where=filled)
    return ratio((gaps * filled).sum(0), filled.sum(0))


RANKED = {"auroc": mean_auroc, "cal": calibration}


def measure(samples, weights, classes, prevalences=(), ranked=tuple(RANKED)):
    """Return all measures by name, a dict of arrays (b, replicates), for weights (b, groups).

    `samples` holds one Sample a replicate; class numbers follow `classes`. Of AUROC and CAL, which
    cost most, those in `ranked` are given.
    """
    c, n_groups = len(classes), weights.shape[1]

    def weighed(tables):
        return np.tensordot(weights, np.stack(tables), axes=(1, 1))

    decided = [(s.truth, s.probability.argmax(1), s.group) for s in samples]
    adjusted = [(s.truth, s.adjusted, s.group) for s in samples]
    counts, corrected = (
        weighed([group_counts(*one, c, n_groups) for one in ones]) for ones in (decided, adjusted)
    )
    found = confusion_measures(counts, classes, prevalences)
    after = confusion_measures(corrected, classes)
    found |= {f"{name}_prior_corrected": after[name] for name in CORRECTED}
    sums = weighed([probability_sums(s, n_groups) for s in samples])
    total = sums[..., 0]
    found["log_loss"], found["brier"] = ratio(sums[..., 1], total), ratio(sums[..., 2], total)
    found["ece"] = ratio(np.abs(sums[..., 3:]).sum(-1), total)
    for name in ranked:
        found[name] = np.stack([ranked_measure(name, s, weights) for s in samples], axis=-1)
    return found
