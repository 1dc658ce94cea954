"""The tiny paper given away, taken over by another clone, and drawn again there."""

import os
import re
import subprocess
import sys

import pytest

from fewsky.bundle.make import bundle
from fewsky.commands.predict import configured
from fewsky.config import resolve
from tests.conftest import ROOT, TINY, copy_repository, environment, snakemake

R = "results/tiny"
WORDS = ["--profile", "profiles/demo", "--configfile", *TINY, "--cores", "2"]
# What a laptop may run: no GPU, no archive.
DRAWN = re.compile("plot_.*|tabulate_.*|collect_numbers|write_paper|show_tables|write_cards")


def command(folder, name, *own, words=WORDS):
    """One of our commands in a folder: its exit status and what it said."""
    line = [sys.executable, "-m", f"fewsky.commands.{name}", *own]
    done = subprocess.run(
        [*line, *(["--", *words] if words else [])], cwd=folder, capture_output=True, text=True,
        env={**environment(), "PYTHONPATH": "scripts"},
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def made(tiny, tmp_path_factory):
    """The archive, out of the way of the run that it was made from."""
    before = os.getcwd()
    os.chdir(tiny)
    try:
        archive = bundle(tiny, R, resolve(configured(WORDS)).surveys, True).archive
    finally:
        os.chdir(before)
    target = tmp_path_factory.mktemp("bundle") / archive.name
    archive.rename(target)
    subprocess.run(["rm", "-r", archive.with_suffix(""), f"{archive}.sha256"], check=True)
    return target


@pytest.fixture
def laptop(made, tmp_path):
    folder = copy_repository(tmp_path / "laptop")
    code, text = command(folder, "unbundle", str(made), words=None)
    assert code == 0 and "SIMULATED" in text and "differ" not in text, text
    return folder


def test_simulated_results_are_not_given_away(tiny):
    code, text = command(tiny, "bundle")
    assert code == 1 and text.count("\n") == 1
    assert re.match(rf"fewsky: {R}: wanted results of real data; found \d+ SIMULATED", text)
    assert not list((tiny / "results").glob("fewsky-*"))


def test_nothing_is_made_again_of_what_was_taken_over(laptop):
    code, text = command(laptop, "remake")
    assert code == 0 and "nothing has changed" in text, text


def test_a_style_is_changed_without_a_gpu(laptop):
    """All figures of that style and the paper would be made again, and no network trained."""
    style = laptop / "scripts/fewsky/figures/style.py"
    style.write_text(style.read_text().replace("CYCLE = (BLUE,", "CYCLE = (BLACK, BLUE,"))
    jobs = snakemake(laptop, "--dry-run", "--cores", "2", "paper").rules
    assert jobs.pop("paper") == 1
    assert len(jobs) > 30 and all(DRAWN.fullmatch(rule) for rule in jobs), jobs


def test_one_figure_and_the_paper_are_drawn_again(laptop):
    script = laptop / "scripts/plot_sdss_patches.py"
    script.write_text(script.read_text().replace("\nwith running", "\nSPARE = 1\n\nwith running"))
    caption = laptop / "report/captions/tab_datasets.rst"
    caption.write_text(caption.read_text() + "\nOne more sentence.\n")
    code, text = command(laptop, "remake")
    assert code == 0, text
    assert {rule for rule in re.findall(r"^(\w+) +1$", text, re.M)} == {
        "plot_sdss_patches", "write_paper", "tabulate_resources", "show_tables", "paper"
    }  # fmt: skip
    assert "nothing has changed" in command(laptop, "remake")[1]


def test_a_change_that_needs_the_data_is_refused_by_name(laptop):
    tiny = laptop / "tests/tiny.yaml"
    text = tiny.read_text()
    tiny.write_text(re.sub(r"max_epochs: \d+", "max_epochs: 1", text))
    code, told = command(laptop, "remake")
    assert code == 1 and told.count("\n") == 1
    assert re.match(r"fewsky: .* found jobs that need the data \(.*train \d+", told) or (
        "other rules" in told
    )


def test_other_sources_are_told(made, tmp_path):
    folder = copy_repository(tmp_path / "other")
    (folder / "config.yaml").write_text((ROOT / "config.yaml").read_text() + "\n# Mine.\n")
    code, text = command(folder, "unbundle", str(made), words=None)
    assert code == 0 and "1 differ from those of the bundle, the first config.yaml" in text
