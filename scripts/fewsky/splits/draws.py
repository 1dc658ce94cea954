"""Draws of labels: rankings of the pool in which every budget holds the smaller ones."""

import numpy as np
import pandas as pd

from fewsky.console import FewskyError
from fewsky.field_budgets import fields_in
from fewsky.splits.groups import choose_groups
from fewsky.splits.sphere import close_pairs

VALIDATION_SHARE = 0.2


def make_draws(manifest, *, draws, balance, guard_arcsec, seed, order="objects"):
    """Return the draws of a manifest: draw, object_id, rank, role, label, even.

    A budget of n is the n lowest ranks of a draw; every fifth of them is for validation. Without a
    val part the validation objects are whole groups of the pool, chosen anew in each draw, and
    training objects nearer than `guard_arcsec` to one of them get no rank. With `balance` class the
    classes take turns for as long as each has objects left; those ranks are marked `even`. All
    draws are cut to the length of the shortest, so that "all" is one budget. With `order` fields
    whole fields follow each other (`field_by_field`), and a column `field` names them.
    """
    pool = manifest[manifest["part"].isin(["pool", "val"])].reset_index(drop=True)
    placed = np.flatnonzero(np.isfinite(pool["ra"]) & np.isfinite(pool["dec"]))
    pairs = close_pairs(pool["ra"].to_numpy()[placed], pool["dec"].to_numpy()[placed], guard_arcsec)
    found = [
        one_draw(pool, placed[pairs], balance, np.random.default_rng([seed, k]), order).assign(
            draw=k
        )
        for k in range(draws)
    ]
    shortest = min(map(len, found))
    joined = pd.concat([one.iloc[:shortest] for one in found], ignore_index=True)
    columns = ["draw", "object_id", "rank", "role", "label", "even"]
    return joined[[*columns, "field"] if order == "fields" else columns]


def one_draw(pool, pairs, balance, rng, order="objects"):
    """Return one draw of the pool: its objects in order of rank, with role, label and even."""
    validates = pick_validation(pool, rng)
    kept = ~near_the_other_side(validates, pairs)
    if order == "fields":
        return field_by_field(pool[kept & ~validates], pool[kept & validates], rng)
    train = take_turns(pool[kept & ~validates], balance, rng).assign(role="train")
    val = take_turns(pool[kept & validates], balance, rng).assign(role="val")
    blocks = [four_to_one(train[train["even"]], val[val["even"]])]
    blocks.append(four_to_one(train[~train["even"]], val[~val["even"]]))
    ranked = pd.concat(blocks, ignore_index=True)
    return ranked.assign(rank=np.arange(len(ranked)))


def pick_validation(pool, rng):
    """Return which objects, (n,) bool, validate: the val part, else groups with a fifth of all."""
    named = (pool["part"] == "val").to_numpy()
    if named.any():
        return named
    if pool["group"].nunique() < 2:
        raise FewskyError(
            f"draws: wanted at least 2 groups in the pool, so that training and validation can be "
            f"apart; found {pool['group'].nunique()}. Name a val field, add fields or lower "
            f"split.tile_arcmin."
        )
    return choose_groups(pool["group"], pool["label"], VALIDATION_SHARE, rng)


def near_the_other_side(validates, pairs):
    """Return the training objects, (n,) bool, that are paired with a validation object."""
    near = np.zeros(len(validates), bool)
    across = pairs[validates[pairs[:, 0]] != validates[pairs[:, 1]]]
    near[across.ravel()] = True
    return near & ~validates


def take_turns(objects, balance, rng):
    """Return the objects in random order, or with the classes taking turns; `even` says how far."""
    shuffled = objects.iloc[rng.permutation(len(objects))].reset_index(drop=True)
    if balance == "natural":
        return shuffled.assign(even=True)
    turn = shuffled.groupby("label").cumcount().to_numpy()
    names = sorted(shuffled["label"].unique())
    place = dict(zip(names, rng.permutation(len(names)), strict=True))
    order = np.lexsort((shuffled["label"].map(place), turn))
    shortest = shuffled["label"].value_counts().min() if len(shuffled) else 0
    return shuffled.assign(even=turn < shortest).iloc[order].reset_index(drop=True)


def field_by_field(train, val, rng):
    """Return a draw whose lowest ranks validate, and in which whole fields follow in random order.

    The field is what stands before the slash in the name of a group (split by field). So the
    validation objects are the same for every number of fields, and so many fields hold those of
    fewer.
    """
    shuffled = train.iloc[rng.permutation(len(train))]
    field = shuffled["group"].str.split("/").str[0]
    names = sorted(field.unique())
    place = dict(zip(names, rng.permutation(len(names)), strict=True))
    shuffled = shuffled.assign(role="train", field=field)
    shuffled = shuffled.iloc[np.argsort(field.map(place).to_numpy(), kind="stable")]
    ranked = pd.concat([val.assign(role="val", field=""), shuffled], ignore_index=True)
    return ranked.assign(rank=np.arange(len(ranked)), even=True)


def four_to_one(train, val):
    """Return both tables interleaved, four of training to one of validation while both last."""
    place = np.arange(len(train))
    place = np.concatenate([place + place // 4, 5 * np.arange(len(val)) + 4])
    return pd.concat([train, val], ignore_index=True).iloc[np.argsort(place)]


def members(draws, draw, budget):
    """Return the object_ids of a budget's training and validation objects, two arrays by rank.

    `budget` counts all labels seen, validation included; "all" takes every ranked object. Raises
    FewskyError where the draw does not exist or has fewer objects (by class where balanced).
    """
    return take(ranking(draws, draw), budget, f"draw {draw}")


def ranking(draws, draw):
    """Return the rows of one draw by rank; FewskyError where there are none."""
    one = draws[draws["draw"] == draw].sort_values("rank", kind="stable")
    if one.empty:
        raise FewskyError(
            f"draws: wanted draw {draw}; found none of it, but the draws "
            f"{sorted(draws['draw'].unique().tolist())}. Raise split.draws."
        )
    return one


def take(ranked, budget, where):
    """Return the object_ids of the lowest ranks, for training and for validation.

    `where` names the draw in the error. The one place where labels of a budget are counted.
    """
    if budget != "all":
        budget = labels_of(ranked, budget, where)
        check_budget(ranked, where, budget)
        ranked = ranked.iloc[:budget]
    ids, trains = ranked["object_id"].to_numpy(), (ranked["role"] == "train").to_numpy()
    return ids[trains], ids[~trains]


def labels_of(ranked, budget, where):
    """Return how many labels of a draw's ranking a budget holds: a number, all, or so many fields.

    Raises FewskyError where the draw does not go field by field, or has fewer fields.
    """
    wanted = fields_in(budget)
    if wanted is None:
        return len(ranked) if budget == "all" else int(budget)
    if "field" not in ranked:
        raise FewskyError(
            f"{where}: wanted ranks that go field by field for a budget of {budget}; found none. "
            "Write split.order: fields."
        )
    order = list(dict.fromkeys(ranked.loc[ranked["role"] == "train", "field"]))
    if wanted > len(order):
        raise FewskyError(
            f"{where}: wanted {budget} with objects to train on; found {len(order)}. Lower the "
            "budget or add fields."
        )
    return int((~ranked["field"].isin(order[wanted:])).sum())


def check_budget(one, where, budget):
    """Raise FewskyError where a draw cannot give `budget` labels, naming the scarcest class."""
    available = int(one["even"].sum())
    if budget <= available:
        return
    counts = one["label"].value_counts()
    kind = "" if one["even"].all() else " with equal classes"
    raise FewskyError(
        f"{where}: wanted a budget of {budget} labels{kind}; found {available} "
        f"(scarcest class {counts.idxmin()}: {counts.min()} objects). "
        "Lower the budget or add fields."
    )
