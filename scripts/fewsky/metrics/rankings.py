"""Measures of ranked lists, and what the prior correction found: one value a replicate."""

import numpy as np

COMPLETENESS = 0.96


def list_measures(replicate, sample, classes, top_k):
    """Return by name: yield of the top k, purity at a completeness, class shares found, threshold.

    The yield is the share of true members among the `top_k` objects most probably of a class; it
    is left out where there are fewer objects.
    """
    found = {"threshold_prior_corrected": replicate.threshold}
    for k, name in enumerate(classes):
        member, score = sample.truth == k, sample.probability[:, k]
        found[f"prior_{name}"] = replicate.shares[k]
        if len(score) >= top_k:
            found[f"yield_{name}_top_{top_k}"] = top_share(score, member, top_k)
        column = f"purity_{name}_at_completeness_{COMPLETENESS}"
        found[column] = purity_at_completeness(score, member, COMPLETENESS)
    return found


def top_share(score, member, k):
    """Return the share of members among the k highest scores."""
    return float(member[np.argsort(-score, kind="stable")[:k]].mean())


def purity_at_completeness(score, member, completeness):
    """Return the purity of the shortest list, by falling score, that holds that share of members.

    Objects of equal score enter together. NaN where there is no member.
    """
    if not member.any():
        return np.nan
    falling = np.sort(score[member])[::-1]
    cut = falling[int(np.ceil(completeness * len(falling) - 1e-9)) - 1]
    return float(member[score >= cut].mean())
