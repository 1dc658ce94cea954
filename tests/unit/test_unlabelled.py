"""A half whose labels are hidden: apart from what is tested, and unknown to whoever trains."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fewsky.console import FewskyError
from fewsky.files import save_table
from fewsky.models.opponents import fit_opponent
from fewsky.models.samples import labelled, printed_labels, runs
from fewsky.rooms import load_manifest, load_predictions
from fewsky.splits.assign import make_split
from fewsky.splits.draws import members
from fewsky.splits.folds import fold_members
from tests.unit.test_splits import DIAGONAL, audit_of, check_sides, sky, task

CLASSES = ["galaxy", "star"]
PARTS = ("pool", "val", "test", "unlabelled")
TOLD = {"classes": CLASSES, "experiment": "some", "budgets": [20, "all"], "folds": 0}


def halves(seed=0, catalog=None, **split):
    told = {"by": "sky", "unlabelled_fraction": 0.5, "balance": "class", **split}
    return make_split(sky(seed) if catalog is None else catalog, None, task(**told), seed=seed)


@settings(max_examples=8, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    by=st.sampled_from(["sky", "radius", "field"]),
    val=st.sampled_from([0, 0.1]),
)
def test_the_parts_are_apart_and_only_the_labelled_are_ranked(seed, by, val):
    fields = {"train": ["1-1-0", "1-1-1"], "test": ["1-1-3"]} if by == "field" else {}
    told = {"val_fraction": val, "test_fraction": 0.1, "link_arcsec": 20.0}
    told = fields if by == "field" else told
    manifest, draws, audit = halves(seed, by=by, **told)
    part = {name: manifest[manifest["part"] == name] for name in PARTS}
    assert len(part["unlabelled"]) and audit["counts"]["unlabelled"].keys() == set(CLASSES)
    for k, one in enumerate(PARTS):
        for other in PARTS[k + 1 :]:
            check_sides(part[one], part[other], DIAGONAL)
    assert set(draws["object_id"]) <= {*part["pool"]["object_id"], *part["val"]["object_id"]}
    assert audit["verdict"] == "clean"


def test_the_shares_are_those_asked_for_in_every_class():
    catalog = sky(fields=8)
    manifest = halves(
        catalog=catalog, by="radius", link_arcsec=14.1, test_fraction=0.1, val_fraction=0.1
    )[0]
    part = manifest[manifest["part"].isin(PARTS)]
    share = part.groupby("label")["part"].value_counts(normalize=True).unstack()
    assert share["test"].to_numpy() == pytest.approx(0.1, abs=0.02)
    assert share["val"].to_numpy() == pytest.approx(0.1, abs=0.02)
    assert share["unlabelled"].to_numpy() == pytest.approx(0.4, abs=0.03)
    assert share["pool"].to_numpy() == pytest.approx(0.4, abs=0.03)


def test_a_chain_of_neighbours_is_one_group():
    far = np.arange(12) + 1.0
    ra = np.concatenate([[0, 18, 36, 60], 3600 * far]) / 3600
    label = np.where(np.arange(16) % 2, "star", "galaxy")
    catalog = pd.DataFrame({"object_id": [f"o{k}" for k in range(16)], "ra": ra, "dec": 0.0})
    catalog = catalog.assign(label=label, complete=np.arange(16) != 15)
    told = {"by": "radius", "draws": 1, "test_fraction": 0.4, "val_fraction": 0.2}

    def groups(**more):
        return make_split(catalog, None, task(**told, **more), seed=1)[0]["group"].to_numpy()

    chain = groups(link_arcsec=20.0, guard_arcsec=14.1)
    assert len(set(chain[:3])) == 1 and len(set(chain[2:])) == 14
    assert len(set(groups(link_arcsec=25.0)[:4])) == 1
    assert len(set(groups())) == 16, "the patch's diagonal is 14 arcsec"
    # An object that takes no part joins no others.
    bridge = catalog.assign(complete=np.arange(16) != 1)
    split = make_split(bridge, None, task(**told, link_arcsec=20.0), seed=1)[0]
    assert split["group"].iloc[0] != split["group"].iloc[2]


def test_radius_wants_positions_and_a_distance():
    with pytest.raises(FewskyError, match="split by radius: wanted a position for every object"):
        halves(catalog=sky().assign(ra=np.nan), by="radius")
    sizeless = {**task(by="radius"), "patch_arcsec": None}
    with pytest.raises(FewskyError, match="wanted link_arcsec, or patches of known size"):
        make_split(sky(), None, sizeless, seed=0)
    with pytest.raises(FewskyError, match="less than 1 of test and val"):
        halves(test_fraction=0.6, val_fraction=0.4)
    with pytest.raises(FewskyError, match="0 only with folds"):
        halves(test_fraction=0)
    with pytest.raises(FewskyError, match="in the pool part; found no") as error:
        halves(by="radius", unlabelled_fraction=0.9999)
    assert "\n" not in str(error.value)


def test_plate_surveys_serve_as_fields():
    catalog = sky()
    catalog["field"] = np.where(catalog["field"] < "1-1-2", "ukst", "poss")
    told = dict(by="field", train=["ukst"], test=["poss"], unlabelled_fraction=0)
    manifest = halves(catalog=catalog, **told)[0]
    used = manifest["part"].isin(["pool", "test"])
    assert set(zip(catalog["field"][used], manifest["part"][used], strict=True)) == {
        ("ukst", "pool"), ("poss", "test")
    }  # fmt: skip


@pytest.mark.parametrize(
    ("shift", "other", "found"),
    [
        (0.5, "test", "near-copies on two sides of parts"),
        (8.0, "test", "share pixels on two sides of parts"),
        (8.0, "pool", "share pixels on two sides of labelled and unlabelled"),
        (None, "test", "groups on two sides of parts"),
    ],
)
def test_a_twin_of_an_unlabelled_object_is_caught(shift, other, found):
    manifest, draws, _ = halves()
    hidden = manifest.index[manifest["part"] == "unlabelled"][0]
    twin = manifest.index[manifest["part"] == other][0]
    if shift is None:
        manifest.loc[hidden, "group"] = manifest.loc[twin, "group"]
    else:
        manifest.loc[hidden, "ra"] = manifest.loc[twin, "ra"] + shift / 3600
        manifest.loc[hidden, "dec"] = manifest.loc[twin, "dec"]
    problems = audit_of(manifest, draws)["problems"]
    assert any(found in problem for problem in problems)


def test_different_labels_at_one_position_are_said_in_one_line(capsys):
    catalog = sky(overlap=False)
    twin = catalog.iloc[[7]].assign(object_id="twin", label="quasar")
    other = {"galaxy": "star", "star": "galaxy"}[catalog["label"].iloc[7]]
    twin["label"] = other
    manifest = halves(catalog=pd.concat([catalog, twin], ignore_index=True))[0]
    assert (manifest["part"].iloc[[7, -1]] == "duplicate").sum() == 1
    said = [line for line in capsys.readouterr().out.splitlines() if "different labels" in line]
    assert len(said) == 1 and "(duplicates: drop)" in said[0] and f"twin ({other})" in said[0]
    halves()
    assert "different labels" not in capsys.readouterr().out


@pytest.fixture(scope="module")
def folded():
    """A split in four folds with both halves and no test part, and the catalogue of it."""
    catalog = sky(objects=200)
    told = dict(by="radius", folds=4, test_fraction=0, draws=2)
    return (catalog, *halves(catalog=catalog, **told))


def test_folds_hold_both_halves_and_test_all_of_a_fold(folded):
    _, manifest, draws, audit = folded
    used = manifest["part"].isin(["pool", "unlabelled"])
    assert (manifest["fold"] >= 0).equals(used) and audit["verdict"] == "clean"
    assert not (manifest["part"] == "test").any()
    assert audit["random_split_leak"]["test_share_leaked"] > 0
    kinds = manifest[used].groupby(["part", "label"])["fold"]
    for _, fold in kinds:
        shares = fold.value_counts(normalize=True)
        assert shares.to_numpy() == pytest.approx(np.full(4, 0.25), abs=0.02)
    known = manifest.set_index("object_id", drop=False)
    for fold in range(4):
        train, val, test = fold_members(manifest, draws, 0, 60, fold)
        seen = known.loc[[*train, *val]]
        assert set(seen["part"]) == {"pool"} and len(seen) == 60
        assert set(test) == set(known.index[known["fold"] == fold])
        assert set(known.loc[test, "part"]) == {"pool", "unlabelled"}
        check_sides(known.loc[test], known[used.to_numpy() & (known["fold"] != fold)], DIAGONAL)


def scrambled(manifest):
    """The manifest with every hidden label changed to another or to none at all."""
    hidden = manifest["part"] == "unlabelled"
    other = manifest["label"].map({"galaxy": "star", "star": "cheese"})
    return manifest.assign(label=manifest["label"].mask(hidden, other))


@pytest.mark.parametrize("folds", [0, 4])
def test_scrambled_hidden_labels_change_nothing_that_a_trainer_gets(folds):
    catalog = sky(objects=200)
    shares = dict(test_fraction=0) if folds else {}
    manifest, draws, _ = halves(catalog=catalog, by="radius", folds=folds, draws=1, **shares)
    other = scrambled(manifest)
    assert (other["label"] != manifest["label"]).sum() > 100
    told = {**TOLD, "folds": folds}
    tables = [labelled(catalog, m, CLASSES) for m in (manifest, other)]
    pd.testing.assert_frame_equal(*tables)
    planned, again = (runs(told, table, draws, 0) for table in tables)
    for one, same in zip(planned, again, strict=True):
        assert one[:2] == same[:2] and list(one.parts) == list(same.parts)
        assert all(np.array_equal(rows, same.parts[part]) for part, rows in one.parts.items())
        labels, others = (printed_labels(tables[0], m, one) for m in (manifest, other))
        part = np.repeat(list(one.parts), [len(rows) for rows in one.parts.values()])
        differ = set(part[labels != others])
        assert differ == ({"test"} if folds else set())
        assert set(labels[part == "unlabelled"]) == {""}
        assert set(labels[part != "unlabelled"]) == set(CLASSES)


def test_labelled_hides_and_runs_tell_the_halves_apart(folded):
    catalog, manifest, draws, _ = folded
    table = labelled(catalog, manifest, CLASSES)
    hidden = table["part"] == "unlabelled"
    assert set(table["label"][hidden]) == {""} and set(table["target"][hidden]) == {-1}
    assert (table["target"][~hidden] >= 0).all()
    row_of = pd.Series(np.arange(len(catalog)), catalog["object_id"])
    planned = runs({**TOLD, "folds": 4}, table, draws, 1)
    assert [run.fold for run in planned] == [0, 0, 1, 1, 2, 2, 3, 3]
    for run in planned:
        outside = table.index[hidden & (table["fold"] != run.fold)]
        assert sorted(run.parts["unlabelled"]) == sorted(row_of[outside])
        budget = 20 if run.budget == 20 else "all"
        ids = fold_members(manifest, draws, 1, budget, run.fold)
        for part, some in zip(("train", "val", "test"), ids, strict=True):
            assert run.parts[part].tolist() == row_of[some].tolist()
        every = np.concatenate(list(run.parts.values()))
        assert len(np.unique(every)) == len(every) == len(table)


def test_a_task_without_hidden_labels_has_an_empty_part():
    catalog = sky()
    manifest, draws, _ = make_split(catalog, None, task(), seed=0)
    table = labelled(catalog, manifest, CLASSES)
    small, large = runs(TOLD, table, draws, 0)
    assert len(small.parts["unlabelled"]) == 0 and (table["target"] >= 0).all()
    assert (small.budget, large.budget) == (20, (draws["draw"] == 0).sum())
    assert len(small.parts["unused"]) == large.budget - 20 and not len(large.parts["unused"])


def test_trainer_and_opponents_refuse_the_same_budgets():
    catalog = sky(stars=0.1, objects=200)
    manifest, draws, _ = make_split(catalog, None, task(balance="class"), seed=0)
    table = labelled(catalog, manifest, CLASSES)
    even = int(draws[draws["draw"] == 0]["even"].sum())
    assert [run.budget for run in runs({**TOLD, "budgets": [even]}, table, draws, 0)] == [even]
    with pytest.raises(FewskyError, match="with equal classes; found"):
        members(draws, 0, even + 1)
    with pytest.raises(FewskyError, match="with equal classes; found"):
        runs({**TOLD, "budgets": [even + 1]}, table, draws, 0)
    every = runs({**TOLD, "budgets": ["all"]}, table, draws, 0)[0]
    assert every.budget == sum(map(len, members(draws, 0, "all"))) > even


def test_an_opponent_tests_all_of_a_fold_and_learns_from_no_hidden_label(folded):
    catalog, manifest, draws, _ = folded
    rng = np.random.default_rng(0)
    catalog = catalog.assign(feat=(catalog["label"] == "star") + rng.normal(0, 0.5, len(catalog)))
    told = {"family": "logistic", "columns": ["feat"], "options": {}}
    plan = {**task(folds=4, test_fraction=0), "classes": CLASSES}
    first, other = (
        fit_opponent(told, catalog, m, draws, plan, 0, [40])
        for m in (manifest, scrambled(manifest))
    )
    assert first["p_star"].equals(other["p_star"]) and not first["label"].equals(other["label"])
    tested = first[first["part"] == "test"]
    assert tested["object_id"].is_unique
    assert set(tested["object_id"]) == set(manifest.loc[manifest["fold"] >= 0, "object_id"])


def test_draws_of_one_file_come_apart(tmp_path):
    paths = [
        f"{tmp_path}/models/{name}/predictions.parquet" for name in ("lp/draw-all", "ft/draw-1")
    ]
    table = pd.DataFrame({"draw": [0, 1, 0, 1], "object_id": list("abcd"), "p_star": 0.5})
    save_table(table, paths[0])
    save_table(table.drop(columns="draw"), paths[1])
    found = load_predictions(paths)
    assert set(found) == {("lp", 0), ("lp", 1), ("ft", 1)}
    assert found["lp", 1]["object_id"].tolist() == ["b", "d"] and "draw" not in found["lp", 1]
    assert found["lp", 0].columns.tolist() == found["ft", 1].columns.tolist()
    save_table(table.drop(columns="draw"), paths[0])
    with pytest.raises(FewskyError, match="wanted the column draw"):
        load_predictions(paths)


def test_ids_that_look_like_numbers_and_labels_like_na_stay_words(tmp_path):
    manifest = pd.DataFrame({"object_id": ["007", "8"], "ra": [np.nan, 1.5], "dec": [0.5, np.nan]})
    manifest = manifest.assign(group=["1", "2"], label=["NA", "None"], part="pool", fold=-1)
    save_table(manifest, tmp_path / "manifest.csv")
    pd.testing.assert_frame_equal(
        load_manifest(tmp_path / "manifest.csv"), manifest, check_dtype=False
    )
