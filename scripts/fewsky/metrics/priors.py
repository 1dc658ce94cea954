"""Other class shares in the test part than in training: found without labels, and allowed for."""

import numpy as np

STEPS = 1000
TOLERANCE = 1e-8


def find_prior(probability, prior):
    """Return class shares, (class,), and corrected probabilities, (n, class), of unlabelled data.

    `prior` are the shares among the labels trained on (Saerens, Latinne & Decaestecker 2002, EM).
    """
    prior = np.asarray(prior, float)
    found, corrected = prior, probability
    for _ in range(STEPS):
        corrected = reweigh(probability, prior, found)
        after = corrected.mean(axis=0)
        done = np.abs(after - found).max() < TOLERANCE
        found = after
        if done:
            break
    return found, corrected


def reweigh(probability, prior, other):
    """Return the probabilities (n, class) as they are when the class shares are `other`."""
    share = np.divide(other, prior, out=np.zeros(len(prior)), where=prior > 0)
    weighed = probability * share
    total = weighed.sum(axis=1, keepdims=True)
    return np.divide(weighed, total, out=probability.astype(float).copy(), where=total > 0)


def best_threshold(score, positive, weight):
    """Return the threshold on `score`, (n,), with the largest weighted accuracy.

    Of equally good ones the nearest to 0.5; scores are probabilities, and a threshold lies halfway
    between two of them, or between one and 0 or 1.
    """
    if len(score) == 0 or weight.sum() == 0:
        return 0.5
    levels = np.concatenate([[0.0], np.unique(score), [1.0]])
    cuts = np.concatenate([[0.5], (levels[1:] + levels[:-1]) / 2])
    right = ((score >= cuts[:, None]) == positive) @ weight
    best = cuts[right >= right.max() * (1 - 1e-12)]
    return float(best[np.argmin(np.abs(best - 0.5))])


def decide_adjusted(tested, validated, val_truth, prior):
    """Return class numbers (n,) after prior correction, the shares found and the threshold.

    `tested` (n, class) and `validated` (m, class) are probabilities, `val_truth` (m,) class
    numbers. With two classes the threshold is the best on validation, weighted to the shares found;
    with more the most probable class is taken and the threshold is NaN.
    """
    shares, corrected = find_prior(tested, prior)
    if len(shares) > 2:
        return corrected.argmax(axis=1), shares, np.nan
    counts = np.bincount(val_truth, minlength=2)
    weight = np.divide(shares, counts, out=np.zeros(2), where=counts > 0)
    usable = counts.min() > 0
    score = reweigh(validated, np.asarray(prior, float), shares)[:, 1]
    threshold = best_threshold(score, val_truth == 1, weight[val_truth]) if usable else 0.5
    return (corrected[:, 1] >= threshold).astype(int), shares, threshold
