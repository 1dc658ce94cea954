"""Broken inputs end in one line each; bytes that are broken at random never in a traceback."""

from collections import Counter

import pytest

from tests.faults.corpus import CASES, refusal, run
from tests.faults.fuzz import fuzz
from tests.faults.sound import put, sounds

FORMATS = sorted(sounds())
SLOW = {"config"}  # a second each


@pytest.mark.parametrize("name", FORMATS)
def test_the_sound_ones_are_read(name, tmp_path):
    sounds()[name].read(put(sounds()[name], tmp_path))


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_broken_one_ends_in_its_line(name, tmp_path):
    refusal(name, 1, tmp_path)


def test_every_format_is_broken_in_some_way():
    counts = Counter(case.of for case in CASES.values())
    assert set(counts) == set(FORMATS) and len(CASES) >= 60


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2, 3])
def test_other_bytes_are_hit_with_another_seed(seed, tmp_path):
    rows = run(seed, tmp_path)
    assert len(rows) == len(CASES)
    assert all(set(row) == {"name", "format", "line"} for row in rows)


@pytest.mark.parametrize("name", [name for name in FORMATS if name not in SLOW])
def test_a_few_random_breaks_of_each_format(name, tmp_path):
    found = fuzz(name, 1, 15, tmp_path)
    assert not found["faults"], f"seed 1: {next(iter(found['faults']))}"


@pytest.mark.slow
@pytest.mark.parametrize("seed", [11, 12])
@pytest.mark.parametrize("name", FORMATS)
def test_many_random_breaks_of_each_format(name, seed, tmp_path):
    print(f"seed {seed}")
    found = fuzz(name, seed, 10_000, tmp_path, seconds=5.0)
    print(found)
    assert not found["faults"], f"seed {seed}: {next(iter(found['faults']))}"
