"""Detectors in pairs on shared resamples, opponents of every draw, and the scripts of both."""

import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from fewsky.boxes.table import EDGES, make_boxes, save_boxes
from fewsky.console import FewskyError
from fewsky.files import load_json, load_table, save_arrays, save_table
from fewsky.metrics.comparisons import COLUMNS, list_pairs
from fewsky.metrics.detection import score_detections
from fewsky.metrics.detection_comparisons import METRIC, compare_detections
from fewsky.metrics.detection_tables import off_centre_windows
from fewsky.models import opponents_boxes
from fewsky.models.detect_crops import OFF_CENTRE, windows
from fewsky.models.opponents_boxes import fit_draws

ROOT = Path(__file__).resolve().parents[2]
SIDE, N, SEED = 96, 36, 3
SCORING = {"bootstrap": 100, "bin_mag": 1.0, "seed": 0}
BUDGET = 16


class Named(dict):
    """A rule's files: by name as Snakemake gives them, and iterated as paths."""

    __getattr__ = dict.__getitem__

    def __iter__(self):
        for value in self.values():
            yield from [value] if isinstance(value, str) else value


def task_of(folds=0, draws=2, off_centre=0.7):
    boxes = {"classes": ["galaxy"], "off_centre": off_centre}
    return {"boxes": boxes, "split": {"folds": folds, "draws": draws, "seed": SEED}}


def world(folds=0, draws=2):
    """Images with one disc near the middle and its box: half are tested, or all in folds."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:SIDE, :SIDE] + 0.5
    images = rng.normal(0.1, 0.01, (N, 3, SIDE, SIDE))
    middle = 48 + rng.uniform(-2, 2, (N, 2))
    for image, (cx, cy) in zip(images, middle, strict=True):
        image += 0.8 * np.exp(-0.5 * ((x - cx) ** 2 + (y - cy) ** 2) / 5**2)
    names, k = [f"i{k:03d}" for k in range(N)], np.arange(N)
    boxes = make_boxes(names, np.hstack([middle - 14, middle + 14]), source="true")
    part = np.where((k % 2 == 0) | bool(folds), "pool", "test")
    fold = k // 2 % folds if folds else -1
    manifest = pd.DataFrame({"object_id": names, "group": [f"g{j}" for j in k // 2]})
    manifest = manifest.assign(label="object", part=part, fold=fold, ra=0.0, dec=0.0)
    pool = manifest.loc[part == "pool", "object_id"].to_numpy()
    rank = np.arange(len(pool))
    one = pd.DataFrame({"rank": rank, "role": np.where(rank % 4 == 3, "val", "train")})
    ranked = [one.assign(draw=d, object_id=np.roll(pool, d)) for d in range(draws)]
    table = pd.concat(ranked, ignore_index=True).assign(label="object", even=True)
    catalog = pd.DataFrame({"object_id": names})
    return images.clip(0, 1).astype(np.float32), catalog, boxes, manifest, table


def network(boxes, manifest, share, seed, budgets=(BUDGET,), at=None):
    """Detections of a network that finds a share of the boxes; off-centre a half of them fewer."""
    rng, tables = np.random.default_rng(seed), []
    for fold in sorted(set(manifest["fold"])):
        tested = manifest["fold"] == fold if fold >= 0 else manifest["part"] == "test"
        own = boxes[boxes["image"].isin(manifest["object_id"][tested])][["image", *EDGES]]
        for part, less in (("test", 1.0), (OFF_CENTRE, 0.5))[: 1 if at is None else 2]:
            for budget in budgets:
                seen = rng.random(len(own)) < share * less
                one = own.assign(part=part, budget=budget, fold=fold, label="galaxy")
                one["score"] = rng.random(len(own))
                if part == OFF_CENTRE:
                    edge = at.set_index("image").loc[own["image"], EDGES].to_numpy()
                    one[EDGES] = np.hstack([
                        np.maximum(one[EDGES], edge)[["x0", "y0"]],
                        np.minimum(one[EDGES], edge)[["x1", "y1"]],
                    ])  # fmt: skip
                one.loc[~seen, [*EDGES, "score"]] = np.nan
                tables.append(one.assign(label=np.where(seen, "galaxy", "")))
    return pd.concat(tables, ignore_index=True)


def frames_of(boxes, manifest, shares, draws, **told):
    """Predictions of several networks, each with draws of its own."""
    return {
        (name, d): network(boxes, manifest, share, 100 * k + d, **told)
        for k, (name, share) in enumerate(shares.items())
        for d in range(draws)
    }


def compared(frames, pairs, folds=0, at=None):
    _, _, boxes, manifest, _ = world(folds)
    told = boxes, manifest, task_of(folds), pairs, SCORING
    return compare_detections(frames, *told, seed=0, windows=at)


def scored(frames, boxes, manifest, folds=0, at=None):
    """The mean over draws of map_50, by experiment, budget, part and fold."""
    table = score_detections(
        frames, boxes, manifest, task_of(folds), SCORING, seed=0, windows=at
    )  # fmt: skip
    kept = (table["metric"] == "map_50") & (table["draw"] < 0) & (table["subset"] == "all")
    return table[kept].set_index(["experiment", "budget", "part", "fold"])["value"].sort_index()


# --- pairs ----------------------------------------------------------------------------------------
def test_detectors_are_paired_primary_first_and_corrected():
    _, _, boxes, manifest, _ = world()
    frames = frames_of(boxes, manifest, {"good": 0.95, "poor": 0.3}, 10)
    frames |= {("same", d): frames["good", d] for d in range(10)}
    primary = [{"a": "good", "b": "poor", "metric": "map_50"}]
    primary.append({"a": "good", "b": "same", "metric": "ar_1"})
    table = compared(frames, list_pairs(["good", "poor", "same"], primary, METRIC))
    assert list(table.columns) == COLUMNS and table["metric"].tolist()[2] == "map_50"
    assert table[["a", "b"]].iloc[2].tolist() == ["poor", "same"]
    assert table["verdict"].tolist() == ["better", "cannot be told", "worse"]
    assert table["p_holm"].notna().tolist() == [True, True, False]
    assert table["difference"].iloc[1] == 0 and (table["n_replicates"] == 10).all()
    assert (table[["budget_a", "budget_b"]] == BUDGET).all(axis=None)
    assert table["difference"].iloc[0] == -table["difference"].iloc[2] > 0.4


def test_an_opponent_of_many_draws_meets_a_network_of_few():
    _, _, boxes, manifest, _ = world()
    frames = frames_of(boxes, manifest, {"net": 0.9}, 3, budgets=(8, BUDGET))
    few = network(boxes, manifest, 0.5, 9, budgets=(0,))
    frames |= {("segments", d): few for d in range(8)}
    row = compared(frames, list_pairs(["net", "segments"], [], METRIC)).iloc[0]
    assert row["n_replicates"] == 3 and row["note"] == "exploratory: 3 replicates"
    # They share no budget: each is taken at its own largest.
    assert (row["budget_a"], row["budget_b"]) == (BUDGET, 0)
    alone = {key: frame for key, frame in frames.items() if key[1] < 3}
    value = scored(alone, boxes, manifest)[:, :, "test", -1]
    assert row["difference"] == pytest.approx(value["net", BUDGET] - value["segments", 0])


def test_a_replicate_of_a_cross_validation_is_a_draw_with_all_its_folds():
    _, _, boxes, manifest, _ = world(folds=3)
    frames = frames_of(boxes, manifest, {"good": 0.9, "poor": 0.5}, 2)
    table = compared(frames, list_pairs(["good", "poor"], [], METRIC), folds=3)
    value = scored(frames, boxes, manifest, folds=3)[:, BUDGET, "folds", -1]
    assert table["n_replicates"].tolist() == [2]
    assert table["difference"].iloc[0] == pytest.approx(value["good"] - value["poor"])


def test_off_centre_measures_are_of_the_windows():
    _, catalog, boxes, manifest, _ = world()
    at = off_centre_windows(task_of(), catalog["object_id"], SIDE)
    shares = {"good": 0.9, "poor": 0.4}
    frames = frames_of(boxes, manifest, shares, 2, at=at)
    pairs = [
        {"a": "good", "b": "poor", "metric": metric, "primary": False}
        for metric in ("map_50", "off_centre_map_50")
    ]
    table = compared(frames, pairs, at=at)
    value = scored(frames, boxes, manifest, at=at)[:, BUDGET, :, -1]
    for row, part in zip(table.itertuples(), ("test", OFF_CENTRE), strict=True):
        assert row.difference == pytest.approx(value["good", part] - value["poor", part])
    assert table["difference"].iloc[0] != pytest.approx(table["difference"].iloc[1])


@pytest.mark.parametrize(
    ("metric", "shown", "line"),
    [
        ("mcc", False, "compare a with b: wanted the measure mcc .*; found no such measure"),
        ("off_centre_map_50", False, "wanted a task with the part off-centre; found one without"),
        ("off_centre_map_50", True, "predictions of [ab]: wanted the part off-centre; found none"),
    ],
)
def test_pairs_that_cannot_be_compared_are_told_in_one_line(metric, shown, line):
    _, catalog, boxes, manifest, _ = world()
    frames = frames_of(boxes, manifest, {"a": 0.9, "b": 0.4}, 2)
    at = off_centre_windows(task_of(), catalog["object_id"], SIDE) if shown else None
    with pytest.raises(FewskyError, match=line) as told:
        compared(frames, [{"a": "a", "b": "b", "metric": metric, "primary": False}], at=at)
    assert "\n" not in str(told.value)


def test_draws_apart_cannot_be_paired():
    _, _, boxes, manifest, _ = world()
    frames = frames_of(boxes, manifest, {"a": 0.9, "b": 0.4}, 2)
    apart = {key: frames[key] for key in (("a", 0), ("b", 1))}
    with pytest.raises(FewskyError, match="draws that both have"):
        compared(apart, list_pairs(["a", "b"], [], METRIC))


# --- opponents of every draw ----------------------------------------------------------------------
def test_the_windows_of_a_task_are_those_of_its_networks():
    names = [f"i{k:03d}" for k in range(5)]
    found = off_centre_windows(task_of(), names, SIDE)
    # A network asks for its tested images alone, by the seed of the split (train.learning).
    pd.testing.assert_frame_equal(
        found.iloc[3:].reset_index(drop=True), windows(names[3:], SIDE, 0.7, SEED)
    )
    assert off_centre_windows(task_of(off_centre=0.0), names, SIDE) is None


def fitted(family, draws=2, folds=0, budgets=(8, "all"), **told):
    settings = {"family": family, "options": {}}
    given = world(folds, draws)
    return fit_draws(settings, *given, task_of(folds, draws, **told), list(budgets))


def by_draw(table):
    return {int(d): one.drop(columns="draw") for d, one in table.groupby("draw")}


def test_the_central_box_is_learned_anew_in_each_draw():
    tables = by_draw(fitted("central-box"))
    assert sorted(tables) == [0, 1]
    first = [
        one[(one["part"] == "test") & (one["budget"] == 8)][EDGES].iloc[0]
        for one in tables.values()
    ]
    assert not np.allclose(*first)
    shown = tables[0][tables[0]["part"] == OFF_CENTRE]
    at = off_centre_windows(task_of(), shown["image"].unique(), SIDE).set_index("image")
    corner = at.loc[shown["image"], EDGES].to_numpy()
    assert (shown[EDGES].to_numpy() >= np.tile(corner[:, :2], 2)).all()
    assert (shown[EDGES].to_numpy() <= np.tile(corner[:, 2:], 2)).all()
    assert OFF_CENTRE not in set(fitted("central-box", off_centre=0.0)["part"])


def test_budgets_of_one_size_are_one_and_no_box_stands_twice():
    _, _, boxes, manifest, _ = world()
    table = fitted("central-box", budgets=(8, 18, "all"))
    assert sorted(set(table["budget"])) == [8, 18]
    assert not table.duplicated(["draw", "budget", "part", "image"]).any()
    frames = {("central", d): one for d, one in by_draw(table).items()}
    assert scored(frames, boxes, manifest)["central", 18, "test", -1] == 1


def test_what_learns_nothing_is_run_once_for_all_draws(monkeypatch):
    asked, propose = [], opponents_boxes.propose
    monkeypatch.setattr(
        opponents_boxes, "propose", lambda image, told: asked.append(1) or propose(image, told)
    )
    table = fitted("segments", draws=4)
    assert len(asked) == 2 * N // 2  # each tested image as it is, and through its window
    one, *others = by_draw(table).values()
    assert len(others) == 3 and all(one.reset_index(drop=True).equals(
        other.reset_index(drop=True)) for other in others)  # fmt: skip
    _, _, boxes, manifest, _ = world()
    at = off_centre_windows(task_of(), manifest["object_id"], SIDE)
    value = scored({("segments", 0): one}, boxes, manifest, at=at)["segments", 0]
    assert value["test", -1] == value[OFF_CENTRE, -1] == 1


def test_opponents_test_every_fold():
    _, _, boxes, manifest, _ = world(folds=3)
    frames = {
        (family, d): one
        for family in ("central-box", "segments")
        for d, one in by_draw(fitted(family, draws=1, folds=3, budgets=["all"])).items()
    }
    value = scored(frames, boxes, manifest, folds=3)
    assert value["segments", 0, "folds", -1] == 1
    assert value["central-box", 24, "folds", -1] == 1
    table = compared(frames, list_pairs(["central-box", "segments"], [], METRIC), folds=3)
    assert table["difference"].tolist() == [0] and table["verdict"].tolist() == ["cannot be told"]


# --- the scripts ----------------------------------------------------------------------------------
def write_world(folder, draws=2):
    """The rooms that the scripts read, in two shards."""
    images, catalog, boxes, manifest, draws = world(draws=draws)
    paths = Named(manifest=str(folder / "manifest.csv"), draws=str(folder / "draws.parquet"))
    save_table(manifest, paths.manifest)
    save_table(draws, paths.draws)
    for key, file in (("images", "images.safetensors"), ("catalogs", "catalog.parquet"),
                      ("boxes", "boxes.parquet")):  # fmt: skip
        paths[key] = [str(folder / f"shard-{k}" / file) for k in range(2)]
    for k, rows in enumerate(np.array_split(np.arange(N), 2)):
        save_arrays({"images": images[rows]}, paths.images[k])
        save_table(catalog.iloc[rows], paths.catalogs[k])
        save_boxes(boxes[boxes["image"].isin(catalog["object_id"].iloc[rows])], paths.boxes[k])
    return paths


def run_script(name, folder, given, settings, **outputs):
    """Run a script as Snakemake would; return the paths of its outputs."""
    out = Named({key: str(folder / value) for key, value in outputs.items()})
    job = SimpleNamespace(
        input=given, output=out, log=[str(folder / "log")],
        params=SimpleNamespace(settings=settings, code="0"),
    )  # fmt: skip
    runpy.run_path(str(ROOT / f"scripts/{name}.py"), init_globals={"snakemake": job})
    assert set(load_json(out.provenance)["outputs"]) == {Path(p).name for p in list(out)[:-1]}
    return out


def test_scripts_take_opponents_and_networks_from_their_files(tmp_path):
    given, task = write_world(tmp_path, draws=3), task_of(draws=3)
    predictions = []
    for family in ("central-box", "segments"):
        place = f"models/{family}/draw-all"
        files = {"predictions": f"{place}/predictions.parquet", "card": f"{place}/model.json"}
        told = {"experiment": family, "budgets": ["all"], "task": task}
        told["opponent"] = {"family": family, "options": {}}
        out = run_script(
            "fit_box_opponent", tmp_path, given, told, **files,
            provenance=f"{place}/provenance.json",
        )  # fmt: skip
        predictions.append(out.predictions)
    _, catalog, boxes, manifest, _ = world()
    at = off_centre_windows(task, catalog["object_id"], SIDE)
    for d in range(2):
        path = tmp_path / f"models/net/draw-{d}/predictions.parquet"
        save_table(network(boxes, manifest, 0.5, d, budgets=(18,), at=at), path)
        predictions.append(str(path))
    given = Named(
        predictions=predictions, **{k: given[k] for k in ("boxes", "catalogs", "manifest")}
    )
    primary = [{"a": "net", "b": "segments", "metric": "off_centre_map_50"}]
    settings = {
        "task": task, "size": SIDE, "scoring": SCORING, "primary": primary,
        "ranked": ["central-box", "net", "segments"],
    }  # fmt: skip
    out = run_script(
        "score_boxes", tmp_path, given, settings, table="metrics/t.csv",
        provenance="metrics/t.provenance.json",
    )  # fmt: skip
    table = load_table(out.table)
    mean = table[(table["metric"] == "map_50") & (table["draw"] < 0) & (table["subset"] == "all")]
    value = mean.set_index(["experiment", "part"])["value"]
    assert value["central-box", "test"] == 1 and value["central-box", OFF_CENTRE] < 0.9
    assert value["segments", "test"] == value["segments", OFF_CENTRE] == 1
    out = run_script(
        "compare_boxes", tmp_path, given, settings, table="metrics/t.comparisons.csv",
        provenance="metrics/t.comparisons.provenance.json",
    )  # fmt: skip
    pairs = load_table(out.table).set_index(["a", "b"])
    named = [("net", "segments"), ("central-box", "net"), ("central-box", "segments")]
    assert list(pairs.index) == named
    assert pairs["n_replicates"].tolist() == [2, 2, 3]
    told = value["net", OFF_CENTRE] - value["segments", OFF_CENTRE]
    assert pairs["difference"].iloc[0] == pytest.approx(told) and told < 0
    assert pairs.loc[("central-box", "segments"), "difference"] == 0


def test_boxes_of_another_size_are_refused_by_the_scores(tmp_path):
    given, task = write_world(tmp_path), task_of()
    _, _, boxes, manifest, _ = world()
    path = tmp_path / "models/net/draw-0/predictions.parquet"
    save_table(network(boxes, manifest, 0.5, 0), path)
    given = Named(
        predictions=[str(path)], **{k: given[k] for k in ("boxes", "catalogs", "manifest")}
    )
    settings = {"task": task, "size": SIDE // 2, "scoring": SCORING, "primary": [], "ranked": []}
    with pytest.raises(SystemExit):
        run_script(
            "score_boxes", tmp_path, given, settings, table="t.csv", provenance="t.provenance.json"
        )
    last = (tmp_path / "log").read_text().splitlines()[-1]
    assert "wanted a box inside 48 x 48 pixels" in last and not (tmp_path / "t.csv").exists()
