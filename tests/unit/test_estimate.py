"""The cost of the paper: classes from the rules, hours from benchmarks."""

import pytest

from fewsky.commands.estimate import Cost, classes, seconds_by_rule, table


def test_hours_are_jobs_times_the_mean_of_benchmarks(tmp_path):
    for draw, seconds in (("0", 1800.0), ("1", 5400.0)):
        path = tmp_path / "train" / "a" / f"draw-{draw}.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"s\th:m:s\tmax_rss\n{seconds}\t0:30:00\t900\n")
    seconds = seconds_by_rule(tmp_path)
    assert seconds == {"train": pytest.approx(3600)}
    lines = table([Cost("train", "gpu", 140, seconds["train"]), Cost("score", "large", 2, None)])
    assert lines[-2:] == [
        "gpu: 140 jobs, 140.00 GPU-hours",
        "large: 2 jobs, 0.00 hours; 2 jobs without a benchmark",
    ]


def test_every_rule_has_the_class_it_asks_for():
    found = classes()
    assert found["train"] == "gpu"
    assert found["align_fields"] == found["score"] == "large"
    assert found["fit_opponent"] == "small"
    assert found["write_paper"] == found["download_fields"] == "here"
    assert {*found.values()} == {"gpu", "large", "small", "here"}
