"""Detection scored: the evaluator's known cases, the bootstrap, opponents, end to end."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fewsky.boxes.table import make_boxes
from fewsky.console import FewskyError
from fewsky.metrics.detection import score_detections
from fewsky.metrics.detection_by import brightness_bins, size_limits
from fewsky.metrics.detection_completeness import completeness, counterparts, purity
from fewsky.metrics.detection_matches import (
    NEVER,
    THRESHOLDS,
    coco_sides,
    evaluate,
    match,
    may_find,
)
from fewsky.metrics.detection_measures import FIRST, RECALLS, evaluated, measure
from fewsky.metrics.detection_named import best_score, judge, score_named
from fewsky.metrics.detection_tables import cut_to_windows, read_boxes
from fewsky.models.detect_crops import OFF_CENTRE
from fewsky.models.opponents_boxes import fit_boxes

TASK = {"boxes": {"classes": ["galaxy"]}, "split": {"folds": 0, "draws": 1}}
SCORING = {"bootstrap": 200, "bin_mag": 1.0}
A, B, FAR = (10, 10, 30, 30), (50, 50, 80, 80), (100, 100, 120, 120)


def manifest_of(n, folds=0, groups=None):
    """n images of the test part, or of folds."""
    fold = np.arange(n) % folds if folds else np.full(n, -1)
    part = "pool" if folds else "test"
    names = [f"i{k:03d}" for k in range(n)]
    group = [f"g{k % (groups or n)}" for k in range(n)]
    columns = {"object_id": names, "group": group, "label": "object", "part": part, "fold": fold}
    return pd.DataFrame(columns)


def true_of(*rows, **more):
    """Boxes from (image number, edges)."""
    return make_boxes([f"i{k:03d}" for k, _ in rows], [e for _, e in rows], source="true", **more)


def found_of(n, *rows, fold=-1, budget=10, label="galaxy"):
    """Predictions from (image number, edges, score); images without any get their row of NaN."""
    empty = sorted(set(range(n)) - {k for k, *_ in rows}) if fold < 0 else []
    told = [*rows, *[(k, (np.nan,) * 4, np.nan) for k in empty]]
    table = pd.DataFrame([(f"i{k:03d}", *e, s) for k, e, s in told])
    table.columns = ["image", "x0", "y0", "x1", "y1", "score"]
    return table.assign(part="test", budget=budget, fold=fold, label=label)


def score(found, true, n, **changes):
    table = score_detections(
        {("net", 0): found}, true, manifest_of(n), TASK, SCORING | changes, seed=0
    )
    table = table[(table["experiment"] == "net") & (table["draw"] == -1)]
    return table.set_index(["subset", "metric"])


def known_case(found, true, n=1):
    whole = score(found, true, n).loc["all", "value"]
    return [whole[name] for name in ("map_50", "map_50_95", "ar_1", "ar_10")]


def test_perfect_detections_score_one_and_none_zero():
    true = true_of((0, A), (0, B))
    assert known_case(found_of(1, (0, A, 0.9), (0, B, 0.8)), true) == [1, 1, 0.5, 1]
    assert known_case(found_of(1), true) == [0, 0, 0, 0]


def test_one_of_two_boxes_found():
    # 51 of the 101 recalls, 0 to .50, are reached, with precision 1.
    half = 51 / 101
    found = known_case(found_of(1, (0, A, 0.9)), true_of((0, A), (0, B)))
    assert found == pytest.approx([half, half, 0.5, 0.5])


def test_a_second_detection_of_a_box_is_wrong():
    true = true_of((0, A), (0, B))
    twice = found_of(1, (0, A, 0.9), (0, A, 0.8), (0, B, 0.7))
    # Precision 1 up to recall .50 (51 recalls), then 2 of 3.
    assert known_case(twice, true)[0] == pytest.approx((51 + 50 * 2 / 3) / 101)


def test_a_box_moved_by_a_quarter_counts_up_to_its_overlap():
    # 20 x 20 px moved by 4: intersection 16 x 20, union 480, so IoU 2/3: 4 of 10 thresholds.
    moved = found_of(1, (0, (14, 10, 34, 30), 0.9))
    assert known_case(moved, true_of((0, A))) == pytest.approx([1, 0.4, 0.4, 0.4])


def test_a_detection_in_an_image_without_boxes_counts_as_wrong():
    true = true_of((1, A))
    found = found_of(2, (0, FAR, 0.9), (1, A, 0.8))
    assert known_case(found, true, n=2)[0] == pytest.approx(0.5)


def test_difficult_boxes_and_what_finds_them_do_not_count():
    true = true_of((0, A), (0, B), difficult=[False, True])
    found = found_of(1, (0, B, 0.9), (0, B, 0.85), (0, A, 0.8))
    assert known_case(found, true)[:2] == [1, 1]
    assert score(found, true, 1).loc[("all", "map_50"), "n"] == 1
    assert known_case(found_of(1, (0, FAR, 0.9), (0, A, 0.8)), true)[0] == pytest.approx(0.5)


def test_ties_of_scores_do_not_hang_on_the_order_of_the_rows():
    true = true_of((0, A), (1, A), (2, B))
    rows = [(0, A, 0.5), (0, FAR, 0.5), (1, FAR, 0.5), (1, A, 0.5), (2, B, 0.5)]
    told = [known_case(found_of(3, *some), true, 3) for some in (rows, rows[::-1])]
    assert told[0] == told[1]
    # By image, then place: right, wrong, right, wrong, right.
    assert told[0][0] == pytest.approx((34 + 33 * 2 / 3 + 34 * 3 / 5) / 101)


def test_more_than_a_hundred_detections_an_image_are_cut():
    rows = [(0, FAR, 0.9)] * 100 + [(0, A, 0.5)]
    assert known_case(found_of(1, *rows), true_of((0, A)))[0] == 0


def crowd(seed, n=12, kinds=("galaxy",), step=0.1):
    """Random boxes and detections near and far from them, with ties among the scores."""
    rng = np.random.default_rng(seed)
    true, found = [], []
    for k in range(n):
        for _ in range(rng.integers(0, 4)):
            x, y, w, h = *rng.uniform(0, 300, 2), *rng.uniform(8, 90, 2)
            kind = rng.choice(kinds)
            true.append((k, (x, y, x + w, y + h), kind, rng.random() < 0.1))
            for _ in range(rng.integers(0, 3)):
                dx, dy = rng.normal(0, 0.15, 2) * (w, h)
                found.append((k, (x + dx, y + dy, x + dx + w, y + dy + h), rng.choice(kinds)))
        x, y = rng.uniform(0, 300, 2)
        found.append((k, (x, y, x + 30, y + 30), rng.choice(kinds)))
    boxes = make_boxes(
        [k for k, *_ in true], [e for _, e, *_ in true], label=[kind for *_, kind, _ in true],
        source="true", difficult=[hard for *_, hard in true],
    )  # fmt: skip
    boxes["image"] = [k for k, *_ in true]
    stated = pd.DataFrame([e for _, e, _ in found], columns=["x0", "y0", "x1", "y1"])
    stated["score"] = np.round(rng.random(len(found)) / step) * step
    stated = stated.assign(image=[k for k, *_ in found], label=[kind for *_, kind in found])
    order = stated.assign(falling=-stated["score"]).sort_values(["image", "falling"]).index
    return boxes, stated.loc[order].reset_index(drop=True)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([(0.0, 1e10), (0.0, 900.0), (900.0, 4000.0)]))
def test_the_weighted_measures_are_the_evaluators(seed, limits):
    kinds = ["galaxy", "star"]
    true, found = crowd(seed, kinds=kinds)
    rows = np.arange(12)
    told, curve = evaluated(evaluate(coco_sides(rows, true, found, kinds), limits=limits))
    matches = match(rows, true, found, kinds, limits=limits)
    again, curves = measure(matches, rows % 4, np.ones((1, 4)), 2)
    for name, value in told.items():
        assert again[name][0] == pytest.approx(value, abs=1e-12, nan_ok=True), name
    np.testing.assert_allclose(curves[0], curve, atol=1e-12)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_a_group_of_weight_two_is_one_that_stands_there_twice(seed):
    # Scores differ, since the order of equal ones hangs on which image comes first.
    true, found = crowd(seed, n=6, step=1e-9)
    weights = np.array([2.0, 0, 1])
    rows = np.arange(6)
    matches = match(rows, true, found, ["galaxy"])
    told, _ = measure(matches, rows % 3, weights[None], 1)
    copies = [k for k in rows for _ in range(int(weights[k % 3]))]
    sides = [
        pd.concat([t[t["image"] == k].assign(image=new) for new, k in enumerate(copies)])
        for t in (true, found)
    ]
    sides = [side.reset_index(drop=True) for side in sides]
    whole, _ = evaluated(evaluate(coco_sides(np.arange(len(copies)), *sides, ["galaxy"])))
    for name, value in whole.items():
        assert told[name][0] == pytest.approx(value, abs=1e-12, nan_ok=True), name


def test_what_lies_beside_every_box_finds_none_and_is_not_asked():
    true, found = crowd(3)
    near = may_find(true, found, 0.5)
    matches = match(np.arange(12), true, found, ["galaxy"])
    order = np.argsort(-found["score"].to_numpy(), kind="stable")
    assert not matches.right[:, ~near[order]].any() and 0 < near.sum() < len(near)
    assert matches.counted[:, ~near[order]].all()
    inside = found_of(1, *[(0, (10, 10, 30, 30), 0.9)] * 101).assign(image=0)
    assert may_find(true_of((0, A)).assign(image=0), inside, 0.5).sum() == 100


def test_the_thresholds_and_recalls_are_those_of_coco():
    assert THRESHOLDS[FIRST] == 0.5 and len(THRESHOLDS) == 10 and len(RECALLS) == 101
    true, found = crowd(1)
    matches = match(np.arange(12), true, found, ["galaxy"])
    assert (matches.right <= matches.counted).all()
    assert ((matches.rank < NEVER).sum(axis=1) == matches.right.sum(axis=1)).all()


def test_the_mean_over_draws_has_an_interval_that_holds_it_and_draws_have_rows():
    rng = np.random.default_rng(0)
    true = true_of(*[(k, A) for k in range(40)], *[(k, B) for k in range(40)])
    frames = {}
    for draw in range(3):
        seen = rng.random((40, 2)) < 0.7
        rows = [(k, (A, B)[j], rng.random()) for k, j in np.argwhere(seen)]
        frames["net", draw] = found_of(40, *rows, (0, FAR, 0.5), budget=20 + draw)
    table = score_detections(frames, true, manifest_of(40, groups=20), TASK, SCORING, seed=0)
    one = table[(table["metric"] == "map_50") & (table["subset"] == "all")]
    mean, draws = one[one["draw"] < 0].iloc[0], one[one["draw"] >= 0]
    assert mean["lower"] < mean["value"] < mean["upper"] < 1
    assert mean["value"] == pytest.approx(draws["value"].mean()) and len(draws) == 3
    assert mean["budget"] == 21 and draws["budget"].tolist() == [20, 21, 22]
    assert mean["n"] == 80 and set(table["reference"]) == {"true"}
    again = score_detections(frames, true, manifest_of(40, groups=20), TASK, SCORING, seed=0)
    pd.testing.assert_frame_equal(table, again)
    told = table[table["experiment"] == "sample"].set_index("metric")["value"]
    assert told["images"] == 40 and told["boxes"] == 80 and told["images_without_box"] == 0


def test_a_set_that_no_person_has_corrected_says_proposed():
    true = true_of((0, A), (0, B))
    true.loc[1, "source"] = "proposed"
    found = found_of(1, (0, A, 0.9))
    table = score_detections({("net", 0): found}, true, manifest_of(1), TASK, SCORING, seed=0)
    assert set(table["reference"]) == {"proposed"}


def test_folds_are_scored_one_by_one_and_as_a_whole_draw():
    true = true_of(*[(k, A) for k in range(6)])
    # Fold 0 (images 0, 2, 4) finds all, fold 1 none and says one wrong thing at a low score.
    parts = [found_of(6, *[(k, A, 0.9) for k in (0, 2, 4)], fold=0)]
    parts.append(found_of(6, *[(k, FAR, 0.1) for k in (1, 3, 5)], fold=1))
    table = score_detections(
        {("net", 0): pd.concat(parts)}, true, manifest_of(6, folds=2), TASK, SCORING, seed=0
    )
    one = table[(table["metric"] == "map_50") & (table["draw"] < 0) & (table["subset"] == "all")]
    told = one.set_index(["part", "fold"])["value"]
    assert told["test", 0] == 1 and told["test", 1] == 0
    assert told["folds", -1] == pytest.approx(51 / 101)


def test_sizes_are_thirds_and_what_lies_outside_is_ignored():
    squares = [(0, (0, 0, s, s)) for s in (10, 20, 40)]
    true = true_of(*[(k, e) for k, (_, e) in enumerate(squares)])
    found = found_of(3, (0, squares[0][1], 0.5), (1, FAR, 0.9), (2, squares[2][1], 0.4))
    images = manifest_of(3).set_index("object_id")
    limits = size_limits(read_boxes(true, images, ["galaxy"]), images)
    assert list(limits) == ["size 0-16.7 px", "size 16.7-26.7 px", "size 26.7-inf px"]
    told = score(found, true, 3)["value"]
    # FAR is 20 px wide: a wrong detection among the middle third only.
    assert [told[name, "map_50"] for name in limits] == [1, 0, 1]
    # Of all three: 2 of 3 detections right when recall 2/3 (67 recalls) is reached.
    assert told["all", "map_50"] == pytest.approx(2 / 3 * 67 / 101)


def test_recall_by_brightness_counts_the_boxes_of_each_bin():
    true = true_of((0, A), (0, B), (1, A), (1, B), brightness=[15.2, 16.5, 15.9, np.nan])
    found = found_of(2, (0, A, 0.9), (1, B, 0.8), (0, B, 0.7))
    told = score(found, true, 2)
    assert told.loc[("brightness 15.0-16.0", "recall_50"), "value"] == 0.5
    assert told.loc[("brightness 16.0-17.0", "recall_50"), ["value", "n"]].tolist() == [1, 1]
    assert brightness_bins(true.assign(brightness=np.nan), 1.0) == {}


def test_off_centre_looks_are_scored_with_the_boxes_that_they_show():
    true = true_of((0, A), (0, B), (1, A))
    images = manifest_of(2).set_index("object_id")
    windows = pd.DataFrame(
        {"image": ["i000", "i001"], "x0": [40, 28], "y0": [40, 0], "x1": [100, 88], "y1": [100, 60]}
    )
    seen = cut_to_windows(read_boxes(true, images, ["galaxy"]), images, windows)
    # A of the first image is out of sight; of the second a tenth is seen: difficult.
    assert seen[["image", "x0", "y0", "x1", "y1"]].to_numpy().tolist() == [
        [0, *B],
        [1, 28, 10, 30, 30],
    ]
    assert seen["difficult"].tolist() == [False, True]
    found = found_of(2, (0, A, 0.9), (0, B, 0.8), (1, A, 0.9))
    shifted = found_of(2, (0, B, 0.8)).assign(part=OFF_CENTRE)
    table = score_detections(
        {("net", 0): pd.concat([found, shifted])}, true, manifest_of(2), TASK, SCORING,
        seed=0, windows=windows,
    )  # fmt: skip
    one = table[(table["metric"] == "map_50") & (table["draw"] < 0) & (table["subset"] == "all")]
    told = one.set_index("part")
    assert told.loc["test", "value"] == told.loc[OFF_CENTRE, "value"] == 1
    assert told.loc[["test", OFF_CENTRE], "n"].tolist() == [3, 1]


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda t: t.iloc[1:], "wanted the 2 test images of the manifest; found 1 missing"),
        (lambda t: t.drop(columns="score"), "wanted the column score; found none"),
        (lambda t: t.assign(x1=t["x0"]), "wanted boxes with x0 < x1"),
        (lambda t: t.assign(score=np.inf), "wanted finite scores"),
        (lambda t: t.assign(label="nebula"), "wanted the labels galaxy; found nebula"),
        (lambda t: t.assign(part="val"), "wanted test images; found none"),
    ],
)
def test_predictions_that_cannot_be_scored_are_told_in_one_line(change, line):
    found = change(found_of(2, (0, A, 0.9), (1, A, 0.8)))
    with pytest.raises(FewskyError, match=line) as told:
        score(found, true_of((0, A)), 2)
    assert "predictions of net, draw 0" in str(told.value) and "\n" not in str(told.value)


def named_case():
    """Four galaxies, one of each outcome but for two missed, and one invented detection."""
    true = true_of((0, A), (0, B), (1, A), (1, B), label=["spiral", "disc", "disc", "spiral"])
    rows = [(0, A, 0.9), (0, B, 0.8), (1, FAR, 0.7)]
    found = found_of(2, *rows, label=["spiral", "spiral", "disc"])
    return true, found


def test_every_galaxy_and_every_invention_has_one_outcome():
    true, found = named_case()
    images = manifest_of(2).set_index("object_id")
    boxes = read_boxes(true, images, ["disc", "spiral"])
    numbered = found.assign(image=images.index.get_indexer(found["image"]))
    table = judge(np.arange(2), boxes, numbered)
    assert table[["image", "outcome", "label", "named"]].to_numpy().tolist() == [
        [0, "found and rightly named", "spiral", "spiral"],
        [0, "misnamed", "disc", "spiral"],
        [1, "missed", "disc", ""],
        [1, "missed", "spiral", ""],
        [1, "invented", "", "disc"],
    ]


def test_a_difficult_galaxy_is_neither_missed_nor_invented():
    true, found = named_case()
    true.loc[1, "difficult"] = True
    told = judge(np.arange(2), true.assign(image=[0, 0, 1, 1]), found.assign(image=[0, 0, 1]))
    assert told["outcome"].value_counts().to_dict() == {
        "found and rightly named": 1, "missed": 2, "invented": 1,
    }  # fmt: skip


def test_end_to_end_shares_by_hand():
    true, found = named_case()
    frames = {("chain", k): found for k in range(2)}
    table = score_named(frames, true, manifest_of(2), ["disc", "spiral", "ring"], SCORING, seed=0)
    told = table[table["draw"] == -1].set_index(["subset", "metric"])["value"]
    wanted = {"found_right": 1 / 4, "misnamed": 1 / 4, "missed": 1 / 2, "found": 1 / 2}
    wanted |= {"invented": 1 / 3, "invented_per_image": 1 / 2, "right_of_found": 1 / 2}
    assert told["all"].to_dict() == pytest.approx(wanted)
    spiral = {"found_right": 1 / 2, "misnamed": 0, "missed": 1 / 2, "purity": 1 / 2}
    assert told["class spiral"].to_dict() == pytest.approx(spiral)
    assert "class ring" not in set(table["subset"]) and set(table["n"]) == {4, 2}


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_outcomes_count_every_box_and_every_detection_once(seed):
    true, found = crowd(seed, kinds=["disc", "spiral"], n=5)
    told = judge(np.arange(5), true, found)["outcome"].value_counts()
    assert told.drop("invented", errors="ignore").sum() == (~true["difficult"]).sum()
    calm = true.assign(difficult=False)
    told = judge(np.arange(5), calm, found)["outcome"].value_counts()
    assert told.drop("missed", errors="ignore").sum() == len(found)


def test_the_best_score_has_the_largest_f1_of_any_cut():
    true = true_of((0, A), (0, B)).assign(image=0)
    rows = [(0, A, 0.9), (0, FAR, 0.6), (0, B, 0.6), (0, (150, 150, 170, 170), 0.3)]
    found = found_of(1, *rows).assign(image=0)
    # At .9: F1 = 2/3; at .6, where two enter together: 4/5; at .3: 4/6.
    assert best_score(np.arange(1), true, found) == pytest.approx((0.6, 0.8))
    assert np.isnan(best_score(np.arange(1), true, found.iloc[:0])[0])


def sky(*places, **more):
    """Places in arcsec east and north of (150, 2) degrees."""
    east, north = np.array(places, float).T / 3600
    return pd.DataFrame({"ra": 150 + east / np.cos(np.radians(2)), "dec": 2 + north, **more})


def test_counterparts_are_one_to_one_and_the_closest_first():
    catalogue = sky((0, 0), (3, 0), (50, 50))
    assert counterparts(sky((2, 0)), catalogue, 5.0).tolist() == [-1, 0, -1]
    assert counterparts(sky((2, 0), (-3, 0)), catalogue, 5.0).tolist() == [1, 0, -1]
    assert counterparts(sky((54, 50)), catalogue, [5, 5, 3.9]).tolist() == [-1, -1, -1]
    assert counterparts(sky((54, 50)), catalogue, [5, 5, 4.1]).tolist() == [-1, -1, 0]
    assert counterparts(catalogue.iloc[:0], catalogue, 5.0).tolist() == [-1, -1, -1]


def test_completeness_falls_where_objects_are_missed():
    rng = np.random.default_rng(0)
    places = np.stack(np.meshgrid(np.arange(20), np.arange(20)), axis=-1).reshape(-1, 2) * 40.0
    catalogue = sky(*places, magnitude=rng.uniform(15, 19, 400))
    seen = catalogue["magnitude"] < 17
    table = completeness(catalogue[seen], catalogue, 3.0, [15, 16, 17, 18, 19, 20])
    assert table["completeness"].tolist()[:4] == [1, 1, 0, 0] and table["n"].sum() == 400
    assert np.isnan(table["completeness"].iloc[4]) and (table["chance"][:4] == 0).all()
    inside = table.iloc[:4]
    assert (inside["lower"] <= inside["completeness"]).all()
    # Wilson's lower edge of n of n is n / (n + z^2).
    n = table["n"].iloc[0]
    assert table["lower"].iloc[0] == pytest.approx(n / (n + 1.959964**2), rel=1e-6)
    told = purity(sky(*places[:10], (13, 13)), catalogue, 3.0)
    assert told["purity"] == pytest.approx(10 / 11) and told["n"] == 11
    with pytest.raises(FewskyError, match="rising edges"):
        completeness(catalogue, catalogue, 3.0, [16, 15])


def test_chance_is_what_a_crowded_field_gives_for_nothing():
    rng = np.random.default_rng(1)
    catalogue = sky(*rng.uniform(0, 600, (300, 2)), magnitude=16.0)
    found = sky(*rng.uniform(0, 600, (2000, 2)))
    table = completeness(found, catalogue, 4.0, [15, 17])
    # 1 - exp(-2000 pi 4^2 / 600^2) = .24; neither list knows of the other.
    assert table["chance"].iloc[0] == pytest.approx(0.24, abs=0.04)
    assert table["completeness"].iloc[0] == pytest.approx(table["chance"].iloc[0], abs=0.06)


SIDE = 96


def galaxy_world(n=30):
    """Images with a bright disc near the middle and its box; half are for test."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:SIDE, :SIDE] + 0.5
    images = rng.normal(0.1, 0.01, (n, 3, SIDE, SIDE)).astype(np.float32)
    rows = []
    for k in range(n):
        cx, cy = 48 + rng.uniform(-2, 2, 2)
        images[k] += 0.8 * np.exp(-0.5 * ((x - cx) ** 2 + (y - cy) ** 2) / 5**2)
        rows.append((k, (cx - 14, cy - 14, cx + 14, cy + 14)))
    rows.append((0, (2, 2, 8, 8)))
    manifest = manifest_of(n)
    manifest.loc[: n // 2 - 1, "part"] = "pool"
    names = manifest["object_id"].to_numpy()
    draws = pd.DataFrame({"draw": 0, "object_id": names[: n // 2], "rank": np.arange(n // 2)})
    draws = draws.assign(role=np.where(draws["rank"] % 5 == 4, "val", "train"), label="object")
    catalog = pd.DataFrame({"object_id": names})
    return images.clip(0, 1), catalog, true_of(*rows), manifest, draws.assign(even=True)


def opponent(family, windows=None, options=None, budgets=(5, 10)):
    told = {"family": family, "options": options or {}}
    return fit_boxes(told, *galaxy_world(), TASK, 0, list(budgets), windows)


def test_the_central_box_is_the_median_of_the_labels_that_it_saw():
    _, _, boxes, _, draws = galaxy_world()
    table = opponent("central-box")
    assert sorted(set(table["budget"])) == [5, 10] and set(table["part"]) == {
        "train",
        "val",
        "test",
    }
    tested = table[table["part"] == "test"]
    assert tested.groupby("budget")["image"].nunique().tolist() == [15, 15]
    seen = boxes[boxes["image"].isin(draws["object_id"][:5]) & (boxes["x1"] > 20)]
    wanted = seen[["x0", "y0", "x1", "y1"]].median().to_numpy()
    first = tested[tested["budget"] == 5][["x0", "y0", "x1", "y1"]]
    np.testing.assert_allclose(first, np.tile(wanted, (15, 1)), rtol=1e-6)
    val = table[(table["part"] == "val") & (table["budget"] == 5)].iloc[0]
    without = seen[seen["image"] != draws["object_id"][4]][["x0", "y0", "x1", "y1"]].median()
    np.testing.assert_allclose(val[list(without.index)].astype(float), without, rtol=1e-6)


def test_opponents_are_scored_like_networks_and_off_centre_tells_them_apart():
    _, _, boxes, manifest, _ = galaxy_world()
    at = manifest[["object_id"]].rename(columns={"object_id": "image"})
    windows = at.assign(x0=np.where(np.arange(30) % 2, 0, 32), y0=0).assign(y1=64)
    windows["x1"] = windows["x0"] + 64
    frames = {
        (family, 0): opponent(family, windows, budgets=[10])
        for family in ("central-box", "segments")
    }
    table = score_detections(frames, boxes, manifest, TASK, SCORING, seed=0, windows=windows)
    one = table[(table["metric"] == "map_50") & (table["draw"] < 0) & (table["subset"] == "all")]
    told = one.set_index(["experiment", "part"])["value"]
    assert told["central-box", "test"] == 1 and told["central-box", OFF_CENTRE] == 0
    assert told["segments", "test"] == told["segments", OFF_CENTRE] == 1
    assert set(frames["segments", 0]["budget"]) == {0}


def test_segments_of_an_empty_image_are_a_row_of_nan():
    images, catalog, boxes, manifest, draws = galaxy_world()
    images[20] = 0.1
    told = {"family": "segments", "options": {}}
    table = fit_boxes(told, images, catalog, boxes, manifest, draws, TASK, 0, [5, 10])
    lone = table[table["image"] == "i020"]
    assert len(lone) == 1 and lone["score"].isna().all() and len(set(table["image"])) == 15


@pytest.mark.parametrize(
    ("family", "options", "line"),
    [
        ("forest", {}, "wanted one of central-box, segments; found forest"),
        ("central-box", {"grow": 2}, "wanted no options; found grow"),
    ],
)
def test_opponents_that_cannot_be_are_told_in_one_line(family, options, line):
    with pytest.raises(FewskyError, match=line):
        opponent(family, options=options)
