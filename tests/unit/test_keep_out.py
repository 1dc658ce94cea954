"""No tested object of one task stands in the split of another: planted copies are taken out."""

import copy

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy.ndimage import gaussian_filter

from fewsky.config import resolve
from fewsky.console import FewskyError
from fewsky.cutouts.images import resized
from fewsky.files import save_arrays, save_table
from fewsky.pretexts import images_needed
from fewsky.splits.assign import make_split
from fewsky.splits.held_out import HeldOut, held_out, load_held_out
from fewsky.splits.keep_out import count_again, known_again, split_apart
from tests.conftest import ROOT
from tests.unit.test_splits import all_separations, sky, task

ARCSEC = 1 / 3600


def manifest_of(ids, ra, dec, part, fold=-1):
    names = {"object_id": ids, "ra": ra, "dec": dec, "group": "g", "label": "star"}
    return pd.DataFrame({**names, "part": part, "fold": fold})


def other_task(catalog, rows, moved=3.0, prefix="other-"):
    """Objects of another survey at the places of some rows, `moved` arcsec north."""
    place = catalog.iloc[rows]
    ids = [f"{prefix}{k}" for k in range(len(rows))]
    return pd.DataFrame(
        {"object_id": ids, "ra": place["ra"].to_numpy(), "dec": place["dec"] + moved * ARCSEC}
    ).reset_index(drop=True)


def told(objects, radius=10.0, same_survey=False, looks=None, shared=14.0):
    return HeldOut(objects, same_survey, radius, shared, looks)


# --- by position -------------------------------------------------------------------------------
def test_what_lies_near_a_tested_object_is_taken_out_and_counted_again():
    catalog = sky()
    tested = other_task(catalog, np.arange(0, 200, 7))
    near = all_separations(catalog, tested).min(axis=1) <= 10
    assert 29 <= near.sum() < 120
    reported = task(audit="report")
    manifest, draws, audit = split_apart(catalog, None, reported, {"other": told(tested)}, seed=0)
    assert set(manifest["object_id"]) == set(catalog["object_id"][~near])
    assert set(draws["object_id"]) <= set(manifest["object_id"])
    used = manifest[manifest["part"].isin(["pool", "val", "test"])]
    shared = (all_separations(used, tested).min(axis=1) <= 14).sum()
    assert audit["kept_out"]["other"] == {
        "by": "position", "taken_out": near.sum(), "left": 0, "tested": 29, "radius_arcsec": 10.0,
        "may_share_pixels": shared,
    }  # fmt: skip
    assert shared > 0  # pixels that a radius below the patches' diagonals lets through are told


def test_an_enforced_audit_lets_no_radius_through_that_shares_pixels():
    catalog = sky()
    tested = {"other": told(other_task(catalog, [5]), radius=13.9)}
    with pytest.raises(
        FewskyError, match=r"radius_arcsec: wanted at least 14\.00 .*found 13\.9\. "
    ):
        split_apart(catalog, None, task(), tested, seed=0)
    tested["other"].radius_arcsec = 14.0
    audit = split_apart(catalog, None, task(), tested, seed=0)[2]
    assert audit["kept_out"]["other"]["may_share_pixels"] == 0


def test_two_tasks_are_told_apart_in_the_audit():
    catalog = sky()
    tested = {
        "a": told(other_task(catalog, [3, 40]), shared=9.0),
        "b": told(other_task(catalog, [90], moved=400.0), radius=1.0, shared=1.0),
    }
    audit = split_apart(catalog, None, task(), tested, seed=0)[2]["kept_out"]
    assert audit["a"]["taken_out"] >= 2 and audit["b"]["taken_out"] == 0
    assert audit["a"]["left"] == audit["b"]["left"] == 0


def test_nothing_changes_where_nothing_is_kept_out():
    catalog = sky()
    one, other = (make_split(catalog, None, task(), seed=3),
                  split_apart(catalog, None, task(), {}, seed=3))  # fmt: skip
    pd.testing.assert_frame_equal(one[0], other[0])
    pd.testing.assert_frame_equal(one[1], other[1])
    assert one[2] == other[2] and "kept_out" not in other[2]


def test_only_an_audit_with_nothing_left_is_written():
    catalog = sky()
    manifest = make_split(catalog, None, task(), seed=0)[0]
    tested = {"other": told(other_task(catalog, [5]))}
    report = {"other": {"by": "position", "taken_out": 0}}
    with pytest.raises(FewskyError, match="wanted no tested object of other; found 1 left"):
        count_again(manifest, catalog, tested, report)


def test_a_pretext_of_tested_objects_only_is_refused():
    catalog = sky()
    tested = {"other": told(other_task(catalog, np.arange(len(catalog))), shared=9.0)}
    with pytest.raises(FewskyError, match=f"test all {len(catalog)}. Take other objects"):
        split_apart(catalog, None, task(), tested, seed=0)


# --- by name -----------------------------------------------------------------------------------
def test_names_count_within_a_survey_only():
    catalog = sky()
    tested = catalog[["object_id", "ra", "dec"]].iloc[[4, 9]].assign(dec=60.0)
    found = known_again(catalog, np.arange(len(catalog)), told(tested, same_survey=True))
    assert list(found) == ["object_id", "position"]
    assert np.flatnonzero(found["object_id"]).tolist() == [4, 9] and not found["position"].any()
    other = known_again(catalog, np.arange(len(catalog)), told(tested))
    assert list(other) == ["position"] and not other["position"].any()
    manifest = make_split(catalog, None, task(), seed=0)[0]
    with pytest.raises(FewskyError, match="found 2 left"):
        count_again(manifest, catalog, {"t": told(tested, same_survey=True)}, {"t": {}})


def test_test_and_validation_objects_are_tested_and_all_that_lie_in_a_fold():
    parts = ["pool", "val", "test", "unlabelled", "guard", "excluded"]
    manifest = manifest_of(list("abcdef"), 1.0, 1.0, parts)
    assert held_out(manifest)["object_id"].tolist() == ["b", "c"]
    folded = manifest.assign(fold=[0, 1, -1, 2, -1, -1])
    assert held_out(folded)["object_id"].tolist() == ["a", "b", "c", "d"]


# --- by image ----------------------------------------------------------------------------------
def pictures(n, side, seed):
    """Images (n, 2, side, side), each with a smooth texture of its own around a centre."""
    noise = np.random.default_rng(seed).normal(size=(n, 1, side, side))
    texture = gaussian_filter(noise, (0, 0, 1.5, 1.5)) * 30
    axis = np.arange(side) - (side - 1) / 2
    centre = 40 * np.exp(-np.hypot(axis, axis[:, None]) / 5)
    return (centre + texture * np.array([1.0, 0.8])[:, None, None]).astype(np.float32)


def written(folder, ids, images, shards=2):
    """The catalogues and images of a dataset in shards, at cutouts/DATASET/SHARD/."""
    catalogs, files = [], []
    for k, rows in enumerate(np.array_split(np.arange(len(ids)), shards)):
        shard = folder / f"{k}"
        shard.mkdir(parents=True)
        table = pd.DataFrame({"object_id": np.array(ids)[rows], "ra": np.nan, "dec": np.nan})
        save_table(table.assign(label="star"), shard / "catalog.parquet")
        save_arrays({"images": images[rows]}, shard / "images.safetensors")
        catalogs.append(str(shard / "catalog.parquet"))
        files.append(str(shard / "images.safetensors"))
    return catalogs, files


def imaged(tmp_path, own, other, tested):
    """The HeldOut of a task without positions, by way of files; `tested` are rows that it tests."""
    names = [f"o{k}" for k in range(len(other))]
    mine = written(tmp_path / "cutouts/mine", [f"m{k}" for k in range(len(own))], own)
    theirs = written(tmp_path / "cutouts/theirs", names, other)
    parts = np.where(np.isin(np.arange(len(other)), tested), "test", "pool")
    path = tmp_path / "splits/downstream/manifest.csv"
    path.parent.mkdir(parents=True)
    save_table(manifest_of(names, np.nan, np.nan, parts), path)
    block = {
        "split": {"keep_out": {"radius_arcsec": None}}, "patch_arcsec": 10.0, "size": own.shape[-1],
        "kept_out": {"downstream": {"dataset": "theirs", "patch_arcsec": 20.0,
                                    "size": other.shape[-1], "same_survey": False}},
    }  # fmt: skip
    return load_held_out(block, [str(path)], *theirs, mine)["downstream"]


@pytest.mark.parametrize("side", [32, 48])
def test_a_turned_copy_is_known_by_its_image_where_positions_lack(tmp_path, side):
    own = pictures(60, 32, seed=0)
    other = pictures(30, 32, seed=1)
    # Of the four copies the last is a pool object of the other task, which may be seen.
    copies = [np.rot90(own[7], 1, (1, 2)), own[20][:, ::-1], 3 * own[31] + 5, own[44]]
    for row, image in zip((3, 17, 25, 8), copies, strict=True):
        other[row] = image
    other = np.array([[resized(plane, side) for plane in image] for image in other])
    one = imaged(tmp_path, own, other, [0, 3, 17, 25, 29])
    catalog = pd.DataFrame({"object_id": [f"m{k}" for k in range(60)], "ra": np.nan, "dec": np.nan})
    found = known_again(catalog, np.arange(60), one)
    assert list(found) == ["image"] and np.flatnonzero(found["image"]).tolist() == [7, 20, 31]
    kept = catalog[~found["image"]].assign(part="pool")
    counted = count_again(kept, catalog, {"downstream": one}, {"downstream": {}})
    assert counted["downstream"]["left"] == 0
    with pytest.raises(FewskyError, match="no tested object of downstream; found 3 left"):
        count_again(catalog.assign(part="pool"), catalog, {"downstream": one}, {"downstream": {}})


def test_an_image_is_asked_only_where_a_position_lacks(tmp_path):
    own = pictures(20, 32, seed=0)
    other = np.concatenate([own[[4, 9]], pictures(3, 32, seed=2)])
    one = imaged(tmp_path, own, other, [0, 1, 2])
    catalog = sky().iloc[:20].reset_index(drop=True)
    one.objects.loc[0, ["ra", "dec"]] = [200.0, 50.0]  # the copy of row 4 lies elsewhere
    one.objects.loc[2, ["ra", "dec"]] = catalog.loc[11, ["ra", "dec"]].to_list()
    one.radius_arcsec = 0.1
    found = known_again(catalog, np.arange(20), one)
    assert list(found) == ["position", "image"]
    assert np.flatnonzero(found["position"]).tolist() == [11]
    assert np.flatnonzero(found["image"]).tolist() == [9]


def test_without_images_a_lacking_position_ends_the_run_with_one_line():
    catalog = sky()
    tested = other_task(catalog, [1, 2]).assign(ra=np.nan)
    with pytest.raises(FewskyError, match=r"split\.keep_out: wanted a position for every object"):
        split_apart(catalog, None, task(), {"other": told(tested, radius=14.0)}, seed=0)


def test_a_radius_that_is_not_given_keeps_pixels_apart(tmp_path):
    own = pictures(4, 32, seed=0)
    one = imaged(tmp_path, own, own, [0])
    assert one.radius_arcsec == one.shared_arcsec == pytest.approx((10 + 20) / np.sqrt(2))


# --- the configuration -------------------------------------------------------------------------
CONFIG = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
MODEL = {"name": "timm-resnet50", "bands": ["i", "r", "g"]}
PRETEXT = {"task": "star-galaxy-large", "model": MODEL, "recipe": {"use": "few-labels"}}


def with_pretext(tasks=None, **keep_out):
    """The paper with weights for the nebulae that an experiment of the stars has learned."""
    config = copy.deepcopy(CONFIG)
    config["experiments"]["pre"] = PRETEXT
    config["experiments"]["user"] = {"task": "true-pn", "probe": {"weights": "learned"}}
    config["experiments"]["then"] = {"task": "true-pn", "start": {"from": "user"},
                                     "recipe": {"use": "fine-tune"}}  # fmt: skip
    config["weights"]["learned"] = {"model": "timm-resnet50", "from": "pre"}
    split = config["tasks"]["star-galaxy-large"]["split"] = dict(
        config["tasks"]["star-galaxy-large"]["split"]
    )
    if tasks is not None:
        split["keep_out"] = {"tasks": tasks, **keep_out}
    return config


@pytest.mark.parametrize("tasks", [None, ["galaxy10-nine"]])
def test_weights_of_another_task_need_that_task_to_keep_ours_out(tasks):
    with pytest.raises(FewskyError) as caught:
        resolve(with_pretext(tasks))
    line = str(caught.value)
    assert "tasks.star-galaxy-large.split.keep_out: wanted true-pn among its tasks" in line
    assert "experiments.user" in line and "learned" in line and "\n" not in line
    assert f"found {tasks[0] if tasks else 'nothing'}" in line


def test_a_stage_behind_counts_as_well():
    config = with_pretext()
    own = {"task": "star-galaxy-large", "probe": {"weights": "learned"}, "model": MODEL}
    config["experiments"]["user"] = own
    config["experiments"]["then"] = {**PRETEXT, "start": {"weights": "learned"}}
    with pytest.raises(FewskyError, match="wanted an experiment of another task than star-galaxy"):
        resolve(config)
    del config["experiments"]["user"]
    config["experiments"]["then"] = {"task": "true-pn", "start": {"weights": "learned"},
                                     "recipe": {"use": "fine-tune"}}  # fmt: skip
    config["experiments"]["last"] = {"task": "true-pn", "start": {"from": "then"},
                                     "recipe": {"use": "fine-tune"}}  # fmt: skip
    with pytest.raises(FewskyError, match="keep_out: wanted true-pn among its tasks"):
        resolve(config)
    config["tasks"]["star-galaxy-large"]["split"]["keep_out"] = {"tasks": ["true-pn"]}
    resolve(config)


def test_weights_that_learned_from_labels_do_not_serve_the_same_task():
    """A budget of 50 would else stand for all labels of the pool."""
    config = with_pretext()
    config["experiments"]["pre"] = {
        **PRETEXT,
        "task": "true-pn",
        "model": {"name": "timm-resnet50"},
    }
    with pytest.raises(FewskyError) as caught:
        resolve(config)
    line = str(caught.value)
    assert "weights.learned.from: wanted an experiment of another task than true-pn" in line
    assert "experiments.user" in line and "found pre" in line and "\n" not in line
    for key in ("user", "then"):
        del config["experiments"][key]
    split = {"by": "radius", "test_fraction": 0.1}
    config["tasks"]["free"] = {"dataset": "pn-sss", "targets": {"columns": []}, "split": split}
    free = {"task": "free", "recipe": {"use": "contrastive"}}
    config["experiments"]["pre"] = {**free, "model": {"name": "timm-resnet50"}}
    config["experiments"]["on"] = {**free, "start": {"weights": "learned"}}
    assert resolve(config).experiments["on"]["weights"] == "learned"  # no label, no budget


@pytest.mark.parametrize(
    ("own", "others", "needed"),
    [
        ("radius", {"a": "radius", "b": "field"}, (False, [])),
        ("radius", {"a": "radius", "b": "hash"}, (True, ["b"])),
        ("radius", {"a": "random"}, (True, ["a"])),
        ("random", {"a": "radius"}, (True, ["a"])),
        ("hash", {"a": "radius", "b": "hash"}, (True, ["a", "b"])),
        ("hash", {}, (True, [])),
        ("random", {}, (False, [])),
    ],
)
def test_images_are_needed_only_of_what_may_lack_positions(own, others, needed):
    tasks = {name: {"split": {"by": by}} for name, by in {"own": own, **others}.items()}
    tasks["own"]["split"]["keep_out"] = {"tasks": list(others)} if others else None
    assert images_needed("own", tasks) == needed


def test_a_task_without_images_is_held_out_by_position_beside_one_with(tmp_path):
    own = pictures(4, 32, seed=0)
    mine = written(tmp_path / "cutouts/mine", list("abcd"), own)
    theirs = written(tmp_path / "cutouts/theirs", list("efgh"), own)
    paths, blocks = [], {}
    for name, dataset in (("bare", "theirs"), ("placed", "elsewhere")):
        paths.append(tmp_path / f"splits/{name}/manifest.csv")
        paths[-1].parent.mkdir(parents=True)
        save_table(manifest_of(list("efgh"), 1.0, 2.0, "test"), paths[-1])
        blocks[name] = {"dataset": dataset, "patch_arcsec": 20.0, "size": 32, "same_survey": False}
    split = {"keep_out": {"radius_arcsec": None}}
    block = {"split": split, "patch_arcsec": 10.0, "size": 32, "kept_out": blocks}
    found = load_held_out(block, [str(path) for path in paths], *theirs, mine)
    assert found["bare"].looks is not None and found["placed"].looks is None


def test_weights_of_a_fold_do_not_serve_the_other_folds():
    config = with_pretext(["true-pn"])
    split = {"by": "radius", "test_fraction": 0.0, "folds": 5}
    config["tasks"]["own"] = {"dataset": "pn-sss", "targets": {"columns": []}, "split": split}
    free = {"task": "own", "recipe": {"use": "contrastive"}}
    config["experiments"]["pre"] = {**free, "model": {"name": "timm-resnet50"}}
    config["experiments"]["user"] = {**free, "start": {"weights": "learned"}}
    del config["experiments"]["then"]
    with pytest.raises(FewskyError, match=r"weights\.learned\.from: .*tests every object in its"):
        resolve(config)


def test_with_it_the_configuration_resolves_and_others_hear_nothing_of_it():
    plan = resolve(with_pretext(["true-pn"], radius_arcsec=12))
    split = plan.tasks["star-galaxy-large"]["split"]
    assert split["keep_out"] == {"radius_arcsec": 12.0, "tasks": ["true-pn"]}
    written = {name for name, item in CONFIG["tasks"].items() if "keep_out" in item["split"]}
    assert "star-galaxy-large" not in written
    assert {name for name, item in plan.tasks.items() if "keep_out" in item["split"]} == {
        "star-galaxy-large", *written
    }  # fmt: skip
    config = copy.deepcopy(CONFIG)
    config["tasks"]["true-pn"]["split"]["keep_out"] = None
    assert resolve(config).tasks == resolve(CONFIG).tasks


@pytest.mark.parametrize(
    ("tasks", "others", "message"),
    [
        (["true-pm"], {}, "keep_out.tasks: wanted a task of this file; found 'true-pm'. Did you"),
        (["star-galaxy-large", "true-pn"], {}, "found a circle through .*star-galaxy-large"),
        (["true-pn"], {"true-pn": ["galaxy10-nine"], "galaxy10-nine": ["star-galaxy-large"]},
         "found a circle through"),
    ],
)  # fmt: skip
def test_unknown_tasks_and_circles_are_refused(tasks, others, message):
    config = with_pretext(tasks)
    for name, named in others.items():
        split = {**config["tasks"][name]["split"], "keep_out": {"tasks": named}}
        config["tasks"][name] = {**config["tasks"][name], "split": split}
    with pytest.raises(FewskyError, match=message):
        resolve(config)
