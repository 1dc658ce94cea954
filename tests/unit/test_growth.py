"""What is told of growth: ratios, what is flat, what a stage took; and one small run of it."""

import json

import pytest

from benchmarks import bench_memory, growth
from benchmarks.growth_figure import draw
from benchmarks.growth_told import figure, figures
from fewsky.surveys.sdss import shards


def measured(fields, a_field=2.0, start=10.0, **memory):
    """A run whose jobs take a time a field and whose Snakemake takes the same at each call."""
    calls = {name: {"cpu_s": start + a_field * fields, "wall_s": start + a_field * fields / 2,
                    "peak_mb": 150.0} for name in growth.STAGES}  # fmt: skip
    dry = {"cpu_s": start, "wall_s": start, "peak_mb": 150.0}
    jobs = {name: {"jobs": fields // 10, "peak_mb": memory.get(name, 300.0)} for name in calls}
    return {"fields": fields, "dry_run": dry, "stages": calls, "jobs": jobs}


@pytest.mark.parametrize(
    ("values", "flat", "grows"),
    [([5, 5.9, 4.1], True, False), ([5, 6.1], False, True), ([5, 3.9, 5], False, False)],
)
def test_flat_is_within_a_fifth_of_the_fewest_fields(values, flat, grows):
    found = figure("cpu", "s a field", [10, 100, 1000][: len(values)], values)
    assert (found["flat"], found["grows"]) == (flat, grows)
    assert found["ratios"] == [value / 5 for value in values]


def test_one_more_field_costs_what_lies_between_two_numbers():
    told = {row["name"]: row for row in figures([measured(10), measured(100), measured(1000)])}
    for stage in growth.STAGES:
        row = told[f"cpu of one more field, {stage}"]
        assert row["values"] == [2.0, 2.0] and row["fields"] == [100, 1000] and row["flat"]
    assert told["cpu of one more field"]["values"] == [6.0, 6.0]
    assert told["wall of one more field"]["values"] == [3.0, 3.0]
    # The configuration is read once for all stages: 10 s in all, of which a field has its share.
    assert told["cpu of the workflow"]["values"] == [7.0, 6.1, 6.01]
    assert told["wall of the workflow"]["values"] == [4.0, 3.1, 3.01]


def test_what_grows_is_told():
    more = measured(1000, a_field=2.5, cut_patches=900.0)
    told = {row["name"]: row for row in figures([measured(10), measured(100), more])}
    grown = {name for name, row in told.items() if row["grows"]}
    assert grown == {*(f"cpu of one more field, {name}" for name in growth.STAGES),
                     "cpu of one more field", "wall of one more field",
                     "memory of a job of cut_patches"}  # fmt: skip


def test_all_fields_are_there_once_and_fill_their_shards():
    for count in (10, 130):
        layout = growth.laid_out(count)
        names = growth.fields_of(layout)
        assert len(set(names)) == len(names) == count
        assert len({(run["ra_start"], run["dec"]) for run in layout}) == len(layout)
        survey = growth.overlaid(layout, 1)["surveys"]["growth"]
        asked = growth.targets_of(layout)["cut_patches"]
        assert [path.split("/")[-2] for path in asked] == sorted(shards(survey))
        assert len(asked) == count // growth.SHARD


def test_the_figure_is_marked_and_drawn_twice_alike(tmp_path):
    runs = [measured(10), measured(100)]
    told = {"simulated": True, "frame_px": [256, 256], "runs": runs, "figures": figures(runs)}
    for name in ("a", "b"):
        draw(told, tmp_path / f"{name}.pdf", tmp_path / f"{name}.png")
    for ending in ("pdf", "png"):
        assert (tmp_path / f"a.{ending}").read_bytes() == (tmp_path / f"b.{ending}").read_bytes()


@pytest.mark.slow
def test_ten_fields_come_to_cutouts(tmp_path):
    growth.main(["--fields", "10", "--seed", "3", "--out", str(tmp_path)])
    told = json.loads((tmp_path / "growth.json").read_text())
    assert told["simulated"] and told["seed"] == 3
    (run,) = told["runs"]
    assert {name: job["jobs"] for name, job in run["jobs"].items()} == dict.fromkeys(
        growth.STAGES, 1
    )
    assert all(row["values"][0] > 0 and row["ratios"] == [1.0] for row in told["figures"])
    assert run["stages"]["simulate_scan"]["cpu_s"] > run["dry_run"]["cpu_s"]
    assert (tmp_path / "growth.png").stat().st_size > 10_000


def test_a_bound_kept_has_a_ratio_above_one():
    kept, broken = (bench_memory.row("cut", 10, used, 3.2) for used in (24.0, 96.0))
    assert (kept["name"], kept["ratio"], broken["ratio"]) == ("memory-cut-10-fields", 2.0, 0.5)
    assert sum(len(fields) for _, fields in bench_memory.shards(23)) == 23
