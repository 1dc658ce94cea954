"""Splits: no object, near-copy or shared pixel on two sides, measured over every pair."""

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from fewsky.console import FewskyError
from fewsky.splits.assign import make_split
from fewsky.splits.audit import audit_split, enforce
from fewsky.splits.draws import make_draws, members
from fewsky.splits.folds import fold_members
from fewsky.splits.groups import choose_groups, connected
from fewsky.splits.image_copies import find_copies
from fewsky.splits.image_hash import hash_images, near_pairs
from fewsky.splits.sphere import close_pairs, nearest, sky_tiles
from fewsky.splits.twins import twin_agreement
from tests.conftest import ROOT

PATCH = 9.9
DIAGONAL = PATCH * np.sqrt(2)


def sky(seed=0, fields=4, objects=150, stars=0.4, overlap=True):
    """A strip of adjacent fields, 4 x 10 arcmin each; neighbours share the objects of 1 arcmin."""
    rng = np.random.default_rng(seed)
    ra = rng.uniform(0, 4 * fields, fields * objects) / 60
    dec = rng.uniform(0, 10, len(ra)) / 60
    label = np.where(rng.random(len(ra)) < stars, "star", "galaxy")
    rows = []
    for k in range(fields):
        low, high = 4 * k / 60, (4 * (k + 1) + overlap) / 60
        seen = np.flatnonzero((ra >= low) & (ra < high))
        edge = np.minimum(ra[seen] - low, high - ra[seen]) * 3600 / 0.4
        found = {"thing": seen, "ra": ra[seen], "dec": dec[seen], "label": label[seen]}
        rows.append(pd.DataFrame({**found, "edge_px": edge, "field": f"1-1-{k}"}))
    catalog = pd.concat(rows, ignore_index=True)
    names = catalog["field"] + "-" + catalog["thing"].astype(str)
    return catalog.assign(object_id=names, primary=False, complete=True, mag=20.0)


def task(**split):
    told = {
        "by": "sky", "train": [], "val": [], "test": [], "tile_arcmin": 2.0, "test_fraction": 0.25,
        "guard_arcsec": None, "folds": 0, "draws": 3, "balance": "class", "duplicates": "drop",
        "match_arcsec": 1.0, "audit": "enforce", "seed": 0,
        "val_fraction": 0, "unlabelled_fraction": 0, "link_arcsec": None,
    }  # fmt: skip
    block = {"classes": ["galaxy", "star"], "label": "label", "keep": {}, "patch_arcsec": PATCH}
    return {**block, "split": {**told, **split}}


def all_separations(one, other):
    """Separations in arcsec of every pair, (n, m), by the haversine formula."""
    ra, dec = (np.radians(one[c].to_numpy()[:, None]) for c in ("ra", "dec"))
    ra2, dec2 = (np.radians(other[c].to_numpy()[None]) for c in ("ra", "dec"))
    half = np.sin((dec - dec2) / 2) ** 2
    half = half + np.cos(dec) * np.cos(dec2) * np.sin((ra - ra2) / 2) ** 2
    return np.degrees(2 * np.arcsin(np.sqrt(half))) * 3600


def check_sides(one, other, guard):
    assert set(one["group"]).isdisjoint(other["group"])
    assert set(one["object_id"]).isdisjoint(other["object_id"])
    if len(one) and len(other):
        assert all_separations(one, other).min() > guard


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    by=st.sampled_from(["sky", "field"]),
    balance=st.sampled_from(["class", "natural"]),
    val=st.booleans(),
    duplicates=st.sampled_from(["drop", "keep"]),
)
def test_nothing_stands_on_two_sides(seed, by, balance, val, duplicates):
    catalog = sky(seed)
    fields = {"train": ["1-1-0", "1-1-1"], "test": ["1-1-3"], "val": ["1-1-2"] if val else []}
    told = task(by=by, balance=balance, duplicates=duplicates, **(fields if by == "field" else {}))
    manifest, draws, audit = make_split(catalog, None, told, seed=seed)
    part = {name: manifest[manifest["part"] == name] for name in ("pool", "val", "test")}
    check_sides(part["pool"], part["test"], DIAGONAL)
    check_sides(part["val"], part["test"], DIAGONAL)
    check_sides(part["val"], part["pool"], DIAGONAL)
    assert audit["verdict"] == "clean" and audit["sky"] == "auditable"
    assert audit["min_separation_arcsec"]["pool-test"] == pytest.approx(
        all_separations(part["pool"], part["test"]).min(), rel=1e-6
    )
    for _, one in draws.groupby("draw"):
        check_draw(one, manifest.set_index("object_id", drop=False), balance)


def check_draw(one, manifest, balance):
    assert sorted(one["rank"]) == list(range(len(one)))
    assert one["object_id"].is_unique
    assert set(manifest.loc[one["object_id"], "part"]) <= {"pool", "val"}
    train, val = (manifest.loc[one.loc[one["role"] == r, "object_id"]] for r in ("train", "val"))
    check_sides(train, val, DIAGONAL)
    ranked = one.sort_values("rank")
    shorter = 5 * min(len(val), len(train) // 4)
    even = int(ranked["even"].sum())
    assert (ranked["even"].iloc[:even]).all()
    fifth = (ranked["role"].iloc[: min(shorter, even)] == "val").to_numpy()
    if balance == "natural":
        assert (np.flatnonzero(fifth) % 5 == 4).all() and fifth.sum() == len(fifth) // 5
    else:
        for role in ("train", "val"):
            turns = ranked[ranked["even"] & (ranked["role"] == role)]["label"]
            counts = pd.get_dummies(turns).cumsum().to_numpy()
            assert counts.size == 0 or np.ptp(counts, axis=1).max() <= 1


def test_one_detection_is_kept_primary_first_then_farthest_from_the_edge():
    catalog = sky()
    catalog["primary"] = catalog["thing"] % 3 == 0
    first = catalog["thing"].duplicated()
    catalog.loc[first, "primary"] = False
    catalog.loc[first, "ra"] += 0.3 / 3600
    manifest, _, audit = make_split(catalog, None, task(match_arcsec=0.4), seed=0)
    kept = catalog[manifest["part"] != "duplicate"]
    assert kept["thing"].is_unique and set(kept["thing"]) == set(catalog["thing"])
    twins = catalog[catalog["thing"].duplicated(keep=False)].groupby("thing")
    best = twins.apply(lambda one: one.sort_values(["primary", "edge_px"])["object_id"].iloc[-1])
    assert set(best) <= set(kept["object_id"])
    assert audit["duplicates_removed"] == len(catalog) - len(kept) == first.sum()
    assert audit["twin_label_agreement"] == 1 and audit["label_noise"] == 0


def test_twins_tell_the_label_noise():
    rng = np.random.default_rng(0)
    catalog = sky(objects=4000, fields=3)
    wrong = rng.random(len(catalog)) < 0.1
    flipped = catalog["label"].map({"star": "galaxy", "galaxy": "star"})
    catalog["label"] = catalog["label"].where(~wrong, flipped)
    audit = make_split(catalog, None, task(match_arcsec=0.01), seed=0)[2]
    # About 1,400 twins: the noise found has an error of .01, so 4 sigma are .04.
    assert audit["twins"] > 1000
    assert audit["label_noise"] == pytest.approx(0.1, abs=0.04)


def test_only_wanted_objects_take_part():
    catalog = sky()
    catalog.loc[:9, "label"] = ""
    catalog.loc[10:19, "complete"] = False
    catalog.loc[20:29, "mag"] = 25.0
    catalog.loc[30:39, "mag"] = np.nan
    told = {**task(), "keep": {"mag": [14, 22]}}
    manifest = make_split(catalog, None, told, seed=0)[0]
    assert (manifest["part"].iloc[:40] == "excluded").all()
    assert not (manifest["part"].iloc[40:] == "excluded").any()


def test_test_part_holds_its_share_of_every_class():
    manifest = make_split(sky(fields=8), None, task(tile_arcmin=1.0), seed=3)[0]
    used = manifest[manifest["part"].isin(["pool", "test", "guard"])]
    share = (used["part"] == "test").groupby(used["label"]).mean()
    assert share.to_numpy() == pytest.approx(0.25, abs=0.03)


def test_a_field_decides_the_part_and_others_are_left_out():
    told = task(by="field", train=["1-1-0"], test=["1-1-2"])
    manifest = make_split(sky(), None, told, seed=0)[0]
    field = manifest["object_id"].str.rsplit("-", n=1).str[0]
    parts = manifest.groupby(field)["part"].unique()
    assert set(parts["1-1-0"]) <= {"pool", "guard", "duplicate"}
    assert set(parts["1-1-1"]) == {"excluded"} and set(parts["1-1-2"]) == {"test"}
    assert manifest.loc[manifest["part"] == "test", "group"].nunique() > 5


def test_same_seed_same_split_and_another_seed_another():
    first, again, other = (make_split(sky(), None, task(), seed=s)[:2] for s in (1, 1, 2))
    for one, same, changed in zip(first, again, other, strict=True):
        pd.testing.assert_frame_equal(one, same)
        assert not one.equals(changed)


def test_budgets_nest_and_are_balanced():
    draws = make_split(sky(), None, task(), seed=0)[1]
    label = draws.drop_duplicates("object_id").set_index("object_id")["label"]
    small, large = (np.concatenate(members(draws, 1, n)) for n in (20, 60))
    assert set(small) < set(large)
    for ids in members(draws, 1, 60):
        assert label[ids].value_counts().nunique() == 1
    train, val = members(draws, 1, 60)
    assert (len(train), len(val)) == (48, 12)
    assert sum(map(len, members(draws, 1, "all"))) == (draws["draw"] == 1).sum()


def test_draws_differ_in_order_and_in_validation():
    draws = make_split(sky(), None, task(), seed=0)[1]
    sides = [set(members(draws, k, "all")[1]) for k in range(3)]
    assert sides[0] != sides[1] != sides[2]
    assert draws.groupby("draw").size().nunique() == 1


def test_named_validation_fields_validate_in_every_draw():
    told = task(by="field", train=["1-1-0"], val=["1-1-2"], test=["1-1-3"], balance="natural")
    manifest, draws, _ = make_split(sky(), None, told, seed=0)
    role = draws.set_index("object_id")["role"]
    part = manifest.set_index("object_id")["part"]
    assert ((part[role.index] == "val") == (role == "val")).all()


def test_a_budget_too_large_names_the_scarce_class():
    draws = make_split(sky(stars=0.1), None, task(), seed=0)[1]
    with pytest.raises(FewskyError, match=r"budget of 400 labels.*scarcest class star") as error:
        members(draws, 0, 400)
    assert "\n" not in str(error.value)
    with pytest.raises(FewskyError, match="wanted draw 7"):
        members(draws, 7, "all")


@pytest.mark.parametrize("by", ["sky", "field"])
def test_folds_hold_whole_groups_and_lie_apart(by):
    fields = {"train": ["1-1-0", "1-1-1"], "test": ["1-1-3"]} if by == "field" else {}
    manifest, draws, audit = make_split(sky(), None, task(by=by, folds=4, **fields), seed=0)
    used = manifest["part"].isin(["pool", "test"])
    assert (manifest["fold"] >= 0).equals(used) and audit["verdict"] == "clean"
    assert used.sum() > 0.6 * manifest["part"].isin(["pool", "test", "guard"]).sum()
    for fold in range(4):
        check_sides(
            manifest[manifest["fold"] == fold],
            manifest[used & (manifest["fold"] != fold)],
            DIAGONAL,
        )
        train, val, test = fold_members(manifest, draws, 1, 40, fold)
        known = manifest.set_index("object_id", drop=False)
        check_sides(known.loc[train], known.loc[val], DIAGONAL)
        assert len(train) + len(val) == 40 and (known.loc[[*train, *val], "fold"] != fold).all()
        assert set(test) == set(known.index[known["fold"] == fold])
    with pytest.raises(FewskyError, match="outside the fold"):
        fold_members(manifest, draws, 1, 10**6, 0)


def test_a_leak_between_folds_is_caught():
    manifest, draws, _ = make_split(sky(), None, task(folds=4), seed=0)
    rows = manifest.index[manifest["part"] == "pool"][:2]
    manifest.loc[rows[0], ["ra", "dec"]] = manifest.loc[rows[1], ["ra", "dec"]].to_numpy(float)
    manifest.loc[rows, "fold"] = [0, 1]
    problems = audit_of(manifest, draws)["problems"]
    assert [problem for problem in problems if "folds" in problem]


def audit_of(manifest, draws):
    none = np.empty((0, 2), int)
    return audit_split(
        manifest, draws, none, patch_arcsec=PATCH, match_arcsec=1.0, copies=None,
        rng=np.random.default_rng(0),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("shift", "found"), [(0.5, "near-copies"), (8.0, "share pixels"), (None, "groups on two sides")]
)
def test_a_planted_leak_is_caught(shift, found):
    manifest, draws, _ = make_split(sky(), None, task(), seed=0)
    pool = manifest.index[manifest["part"] == "pool"][0]
    test = manifest.index[manifest["part"] == "test"][0]
    if shift is None:
        manifest.loc[pool, "group"] = manifest.loc[test, "group"]
    else:
        manifest.loc[pool, "ra"] = manifest.loc[test, "ra"] + shift / 3600
        manifest.loc[pool, "dec"] = manifest.loc[test, "dec"]
    audit = audit_of(manifest, draws)
    with pytest.raises(FewskyError, match=found) as error:
        enforce(audit, "enforce", DIAGONAL)
    assert "\n" not in str(error.value)
    reported = enforce(audit, "report", DIAGONAL)
    assert reported["verdict"].startswith("leaks") and "watermark" in reported


def test_a_leak_within_a_draw_is_caught():
    manifest, draws, _ = make_split(sky(), None, task(), seed=0)
    one = draws[(draws["draw"] == 0) & (draws["role"] == "train")].index[:5]
    draws.loc[one, "role"] = "val"
    audit = audit_of(manifest, draws)
    assert audit["draws"]["groups_on_two_sides"] > 0
    assert any("a draw" in problem for problem in audit["problems"])


def test_a_random_split_is_only_reported():
    with pytest.raises(FewskyError, match="on two sides"):
        make_split(sky(), None, task(by="random"), seed=0)
    audit = make_split(sky(), None, task(by="random", audit="report"), seed=0)[2]
    assert audit["pairs_sharing_pixels"] > 0 and "not for headline tables" in audit["watermark"]


def test_the_random_split_leak_is_that_of_random_splits():
    catalog = sky()
    manifest, _, audit = make_split(catalog, None, task(), seed=0)
    rng, shares, pairs = np.random.default_rng(9), [], []
    apart = all_separations(catalog, catalog)
    np.fill_diagonal(apart, np.inf)
    n_test = (manifest["part"] == "test").sum()
    n_pool = (manifest["part"] == "pool").sum()
    for _ in range(60):
        order = rng.permutation(len(catalog))
        near = apart[np.ix_(order[:n_test], order[n_test : n_test + n_pool])] <= DIAGONAL
        shares.append(near.any(axis=1).mean())
        pairs.append(near.sum())
    leak = audit["random_split_leak"]
    # 20 against 60 splits: both means have an error of a tenth of the spread or so.
    assert leak["test_share_leaked"] == pytest.approx(np.mean(shares), abs=1.2 * np.std(shares))
    assert leak["pairs_sharing_pixels"] == pytest.approx(np.mean(pairs), abs=1.2 * np.std(pairs))
    assert leak["splits"] == 20


FAULTS = {
    "two parts": (dict(by="field", train=["1-1-0", "1-1-1"], test=["1-1-1"]), "1-1-1 twice"),
    "no such field": (dict(by="field", train=["1-1-0"], test=["9-9-9"]), "field 9-9-9"),
    "one tile": (dict(tile_arcmin=600.0), "at least 2 groups"),
    "thin guard": (dict(guard_arcsec=5.0), "at least the patch's diagonal, 14.00"),
    "wide guard": (dict(guard_arcsec=3600.0), "no galaxy there"),
    "two folds": (dict(folds=2), "split.folds"),
    "few": (dict(by="random", audit="report", counts={"test": {"star": 10**4}}), "objects of star"),
    "no hashes": (dict(by="hash"), "image hashes"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_bad_input_is_one_clear_line(fault):
    split, line = FAULTS[fault]
    with pytest.raises(FewskyError, match=line) as error:
        make_split(sky(), None, task(**split), seed=0)
    assert "\n" not in str(error.value)


def test_labels_are_joined_by_key_or_refused():
    catalog = sky()
    with pytest.raises(FewskyError, match="each object_id once"):
        make_split(pd.concat([catalog, catalog.head(1)]), None, task(), seed=0)
    with pytest.raises(FewskyError, match="catalogue columns"):
        make_split(catalog.drop(columns="label"), None, task(), seed=0)
    catalog.loc[0, "ra"] = np.nan
    with pytest.raises(FewskyError, match="position for every object"):
        make_split(catalog, None, task(), seed=0)


def test_images_without_positions_are_grouped_by_their_hash():
    rng = np.random.default_rng(0)
    shapes = rng.normal(size=(200, 1, 16, 16)).cumsum(axis=2).cumsum(axis=3)
    images = np.concatenate([shapes, 3 * shapes[:60] + 5 + rng.normal(0, 0.01, (60, 1, 16, 16))])
    hashes = hash_images([images[:100], images[100:]])
    catalog = pd.DataFrame({"object_id": [f"i{k}" for k in range(260)]})
    label = np.where(np.arange(260) % 2, "star", "galaxy")
    catalog = catalog.assign(ra=np.nan, dec=np.nan, label=label)
    manifest, _, audit = make_split(catalog, hashes, task(by="hash"), seed=0)
    assert (manifest["group"].iloc[:60].to_numpy() == manifest["group"].iloc[200:].to_numpy()).all()
    assert audit["sky"] == "not auditable" and audit["verdict"] == "clean"
    assert audit["pairs_near_copy"] == 0 and audit["random_split_leak"]["pairs_near_copy"] > 10


def smooth_galaxies(n, rng, side=48):
    """Images (n, 3, side, side) of smooth galaxies, nearly round and nearly in the centre."""
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    (y0, x0), turn = rng.normal(0, 0.5, (2, n, 1, 1)), rng.uniform(0, np.pi, (n, 1, 1))
    along = (x - x0) * np.cos(turn) + (y - y0) * np.sin(turn)
    across = (y - y0) * np.cos(turn) - (x - x0) * np.sin(turn)
    radius = np.hypot(along, across / rng.uniform(0.7, 1, (n, 1, 1))) / rng.uniform(2, 7, (n, 1, 1))
    light = np.exp(-1.7 * radius)[:, None] * rng.uniform(0.5, 1, (n, 3, 1, 1))
    return light + 0.05 + rng.normal(0, 0.012, (n, 3, side, side))


def test_smooth_galaxies_are_no_copies_of_each_other():
    images = smooth_galaxies(600, np.random.default_rng(0))
    looks = hash_images([images])
    by_short_hash = connected(600, near_pairs(looks.short[:, 0, 0], 4))
    pairs, compared = find_copies(looks, np.ones(600, bool))
    # The premise: without a second look they would be chained to one another.
    assert np.bincount(by_short_hash).max() > 5
    assert compared > 100 and len(pairs) == 0


@pytest.mark.parametrize("view", range(8))
def test_a_copy_is_found_whichever_way_it_is_turned(view):
    rng = np.random.default_rng(view)
    images = smooth_galaxies(40, rng)
    turned = np.rot90(images[:20], view % 4, (2, 3))
    turned = turned[..., ::-1] if view >= 4 else turned
    noisy = 0.6 * turned + 0.2 + rng.normal(0, 0.001, turned.shape)
    looks = hash_images([images, noisy])
    found = set(map(tuple, find_copies(looks, np.ones(60, bool))[0]))
    wanted = {(k, 40 + k) for k in range(20)}
    # A bit of the short hash turns where a frequency lies at the median: a few may be missed.
    assert found <= wanted and len(found) >= 17
    usable = np.ones(60, bool)
    usable[40:] = False
    assert len(find_copies(looks, usable)[0]) == 0


def test_hashes_do_not_depend_on_the_shards_and_refuse_what_is_no_square():
    images = smooth_galaxies(30, np.random.default_rng(0))
    whole, parts = hash_images([images]), hash_images(iter([images[:7], images[7:]]))
    assert np.array_equal(whole.short, parts.short) and np.array_equal(whole.long, parts.long)
    assert len(hash_images([])) == 0
    with pytest.raises(FewskyError, match="square images"):
        hash_images([images[:, :, :40]])


def test_near_hashes_are_found_without_a_table_of_all_pairs():
    rng = np.random.default_rng(0)
    base = rng.integers(0, 2**63, 300, dtype=np.uint64)
    flips = [np.uint64(0) for _ in base]
    for k in range(300):
        for bit in rng.choice(64, size=k % 8, replace=False):
            flips[k] |= np.uint64(1) << np.uint64(bit)
    hashes = np.concatenate([base, base ^ np.array(flips)])
    apart = np.bitwise_count(hashes[:, None] ^ hashes[None])
    wanted = np.argwhere(np.triu(apart <= 4, k=1))
    assert np.array_equal(near_pairs(hashes, 4), wanted)


def test_close_pairs_and_nearest_agree_with_every_pair():
    rng = np.random.default_rng(0)
    place = pd.DataFrame({"ra": rng.uniform(359.99, 360.01, 300) % 360})
    place["dec"] = rng.uniform(59.99, 60.01, 300)
    apart = all_separations(place, place)
    pairs = close_pairs(place["ra"], place["dec"], 5.0)
    assert np.array_equal(pairs, np.argwhere(np.triu(apart <= 5.0, k=1)))
    np.fill_diagonal(apart, np.inf)
    half = place.iloc[:150], place.iloc[150:]
    found = nearest(half[0]["ra"], half[0]["dec"], half[1]["ra"], half[1]["dec"])[0]
    assert found == pytest.approx(all_separations(*half).min(axis=1), rel=1e-6)


COUNTS = {"val": {"star": 31, "galaxy": 40}, "test": {"star": 17, "galaxy": 90}}


def test_exact_counts_leave_the_rest_to_the_pool_and_all_of_it_is_seen():
    told = dict(by="random", audit="report", counts=COUNTS, balance="natural")
    catalog = sky()
    manifest, draws, audit = make_split(catalog, None, task(**told), seed=0)
    kept = manifest[manifest["part"] != "duplicate"]["label"].value_counts()
    assert audit["counts"]["val"] == COUNTS["val"] and audit["counts"]["test"] == COUNTS["test"]
    for name in ("star", "galaxy"):
        taken = COUNTS["val"][name] + COUNTS["test"][name]
        assert audit["counts"]["pool"][name] == kept[name] - taken
    train, val = members(draws, 0, "all")
    assert len(val) == 71 and len(train) == kept.sum() - 71 - 107
    other = make_split(catalog, None, task(**told), seed=1)[0]
    assert (other["part"] != manifest["part"]).any()
    # The fractions do not count where objects do.
    again = make_split(catalog, None, task(**told, val_fraction=0.4, test_fraction=0.5), seed=0)[0]
    assert again.equals(manifest)


def test_the_split_of_tessa_and_terranova_is_theirs():
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    block = config["tasks"]["galaxy10-nine-s1"]
    objects = config["surveys"]["galaxy10-sdss"]["counts"]
    label = np.repeat(list(objects), list(objects.values()))
    names = np.char.add("g10-", np.arange(len(label)).astype(str))
    catalog = pd.DataFrame({"object_id": names, "ra": np.nan, "dec": np.nan, "label": label})
    told = task(**block["split"]) | {"classes": config["tasks"]["galaxy10-nine"]["classes"]}
    manifest, _, audit = make_split(catalog, None, told, seed=0)
    parts = manifest["part"].value_counts()
    assert (parts["pool"], parts["val"], parts["test"], parts["excluded"]) == (
        15675,
        3162,
        2931,
        17,
    )
    # What their class weights N / (9 n) tell of their training set.
    pool = [audit["counts"]["pool"][name] for name in told["classes"]]
    assert pool == [2488, 5017, 4552, 257, 1122, 415, 797, 646, 381]
    assert "watermark" in audit and audit["sky"] == "not auditable"


def test_a_class_with_fewer_groups_than_folds_is_one_line():
    catalog = sky()
    rare = catalog.index[catalog["thing"] % 150 == 3]
    catalog.loc[rare, "label"] = "quasar"
    told = task(folds=5) | {"classes": ["galaxy", "star", "quasar"]}
    line = r"at least 5 groups of every class, one a fold; found [34] of quasar \([34] objects\)"
    with pytest.raises(FewskyError, match=line):
        make_split(catalog, None, told, seed=0)


def test_twins_that_mostly_differ_tell_no_noise():
    label = np.array(["a", "b", "a", "b"])
    assert twin_agreement(label, np.array([[0, 1], [2, 3]]), 2)["label_noise"] is None
    assert twin_agreement(label, np.array([[0, 1], [0, 2]]), 2)["label_noise"] == 0.5


@pytest.mark.parametrize(("n_classes", "noise"), [(2, 0.1), (10, 0.3), (10, 0.7)])
def test_the_noise_of_labels_is_told_by_twins(n_classes, noise):
    rng = np.random.default_rng(0)
    wrong = rng.integers(1, n_classes, (200_000, 2))
    label = np.where(rng.uniform(size=wrong.shape) < noise, wrong, 0)
    twins = np.arange(label.size).reshape(-1, 2)
    found = twin_agreement(label.ravel(), twins, n_classes)["label_noise"]
    assert found == pytest.approx(noise, abs=0.01)


@pytest.mark.parametrize("dec", [-89.0, -30.0, 0.0, 60.0, 89.9])
def test_tiles_have_the_size_asked_for_and_close_at_0h(dec):
    rng = np.random.default_rng(0)
    place = pd.DataFrame({"ra": rng.uniform(-0.2, 0.2, 400) % 360})
    place["dec"] = dec + rng.uniform(-0.05, 0.05, 400)
    place["tile"] = sky_tiles(place["ra"], place["dec"], 3.0)
    # Near a pole a tile of whole number of columns may be wider by a half.
    longest = max(all_separations(one, one).max() for _, one in place.groupby("tile"))
    assert 120 < longest < 1.5 * 180 * np.sqrt(2)
    # No more tiles than 3 arcmin strips and columns, and one more of each for the cut ones.
    assert place["tile"].nunique() <= (24 * np.cos(np.radians(dec)) / 3 + 2) * (6 / 3 + 2)
    assert sky_tiles([0.0, 360.0], [dec, dec], 3.0)[0] == sky_tiles([360.0], [dec], 3.0)[0]


def test_groups_are_never_cut():
    rng = np.random.default_rng(0)
    group, kind = rng.integers(0, 40, 500), rng.integers(0, 3, 500)
    chosen = choose_groups(group, kind, 0.25, rng)
    assert pd.Series(chosen).groupby(group).nunique().max() == 1
    assert chosen.mean() == pytest.approx(0.25, abs=0.05)
    assert not choose_groups(np.zeros(5), np.zeros(5), 0.25, rng).any()
    assert connected(6, np.array([[0, 1], [1, 4], [2, 3]])).tolist() == [0, 0, 1, 1, 0, 2]


def test_a_pool_of_one_group_cannot_validate():
    manifest = pd.DataFrame({"object_id": ["a", "b"], "group": "g", "part": "pool", "ra": [0.0, 1]})
    manifest = manifest.assign(dec=0.0, label=["star", "galaxy"])
    with pytest.raises(FewskyError, match="at least 2 groups in the pool"):
        make_draws(manifest, draws=1, balance="class", guard_arcsec=14, seed=0)
