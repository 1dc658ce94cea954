"""The workflow as Snakemake sees it: it parses, it is light, its faults are one line."""

import json
import re
import subprocess
import sys

import pytest
import yaml

from fewsky.config import resolve
from tests.conftest import ROOT, copy_repository, environment, snakemake


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    return copy_repository(tmp_path_factory.mktemp("repository"))


def dry(folder, *arguments, configs=("config.yaml",)):
    return snakemake(folder, "--dry-run", "--cores", "2", *arguments, configs=configs)


def test_the_whole_paper_dry_runs(repository):
    run = dry(repository)
    assert run.code == 0, run.text[-2000:]
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    plan = resolve(config)
    trained = [item for item in plan.experiments.values() if "recipe" in item]
    draws = (item["draws"] or plan.tasks[item["task"]]["split"]["draws"] for item in trained)
    assert run.rules["train"] == sum(draws)
    assert sum(job.startswith("Train atlas-") for job in run.jobs) == tuned_in(config)
    # Three jobs in five are trainings, of every network, draw and way of the config.
    assert sum(run.rules.values()) <= 2700


def tuned_in(config):
    """Trainings of the atlas: each network from nothing, each start but its probe, every draw."""
    atlas, found = config["atlas"], 0
    for block in atlas["tasks"].values():
        chosen = {start: atlas["starts"][start] for start in block["starts"]}
        weights = {start: one["weights"] for start, one in chosen.items()}
        weights |= block.get("weights", {})
        networks = {config["weights"][name]["model"] for name in weights.values()}
        networks.add(block.get("model") or atlas["model"])
        found += len(networks) * (block.get("draws") or atlas["draws"])
        for start, one in chosen.items():
            limits = [one.get("ways"), block.get("ways", {}).get(start)]
            every = {"lpft", "tuned"}.intersection(*(limit for limit in limits if limit))
            found += len(every) * (block.get("draws") or atlas["draws"])
    return found


def test_the_literal_slurm_profile_dry_runs(repository):
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--profile", "slurm", "--dry-run"],
        cwd=repository, env=environment(), capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]


def test_a_prediction_on_slurm_is_a_job_a_shard_and_measures_what_its_network_reads(repository):
    """New fields of two runs for a network of measured columns: two shards, one limit."""
    block = {"experiment": "sg-shift-kernel", "fields": ["4510-4-31", "1992-1-87"]}
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "results/main/predicted/new.png", "--profile", "slurm",
         "--dry-run", "--config", f"predict={json.dumps({'new': block})}"],
        cwd=repository, env=environment(), capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    jobs = re.findall(r"^ *Job \d+: (.+)$", done.stdout + done.stderr, re.M)
    own = [job for job in jobs if "predict-new" in job or job.startswith("Predict new")]
    for words in ("Cut predict-new", "Measure predict-new", "Predict new"):
        assert sum(job.startswith(words) for job in own) == 2, own


def test_ten_thousand_fields_are_a_few_hundred_lists(repository, tmp_path):
    fields = [f"8162-{camcol}-{field}" for camcol in range(1, 6) for field in range(11, 2011)]
    many = tmp_path / "many.yaml"
    many.write_text(yaml.safe_dump({"surveys": {"sdss": {"fields": fields, "shard_fields": 50}}}))
    shown = {"field": "8162-1-80", "four_classes": {"field": "8162-1-80"}}
    shown |= {"scale": {"fields": []}, "shift": None}  # about fields, not tiles of the sky
    changes = {"paper": {"star-galaxy": shown}, "tasks": {"star-galaxy-fields": None}}
    changes["experiments"] = {f"sg-fields-{name}": None for name in ("ruhmer", "ours", "forest")}
    parts = ["small", "large", "rgb", "tried", "four", "distance", "generated", "sizes", "shift"]
    for task in [f"star-galaxy-{part}" for part in parts]:
        changes["tasks"][task] = {"split": {"by": "sky", "train": [], "val": [], "test": []}}
    rest = tmp_path / "rest.yaml"
    rest.write_text(yaml.safe_dump(changes))
    run = dry(repository, configs=("config.yaml", str(many), str(rest)))
    assert run.code == 0, run.text[-2000:]
    # And the frame that detectors search, and the shards of fields in pairs.
    assert run.rules["align_fields"] == 5 * 41 + 1 + 9


def test_the_snakefile_imports_nothing_heavy(repository):
    probe = (
        "import sys; sys.path.insert(0, 'scripts'); import fewsky.config, fewsky.provenance, "
        "fewsky.networks, yaml; fewsky.config.resolve(yaml.safe_load(open('config.yaml'))); "
        "print([m for m in ('torch', 'numpy', 'pandas', 'astropy', 'sklearn') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe], cwd=repository, capture_output=True, text=True
    )
    assert done.stdout.strip() == "[]", done.stderr


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"surveys": {"sdss": {"bandz": ["r"]}}}, ["surveys.sdss", "bandz", "bands"]),
        ({"recipes": {"ruhmer2023": {"learning_rate": "1e-3"}}}, ["learning_rate", "1.0e-3"]),
        (
            {"tasks": {"star-galaxy-small": {"dataset": "nope"}}},
            ["tasks.star-galaxy-small", "nope"],
        ),
        (
            {"experiments": {"sg-small-base": {"extends": "sg-small-base"}}},
            ["circle", "sg-small-base -> sg-small-base"],
        ),
        (
            {"experiments": {"splus-magnitudes-5": {"model": {"bands": ["u", "y"]}}}},
            ["experiments.splus-magnitudes-5.model.bands", "f378", "found y"],
        ),
        (
            {"atlas": {"tasks": {"splus-sgq": {"starts": ["splus", "label-the-sky", "imagenet"]}}}},
            ["weights.pn-resnet50", "one number of bands", "found 3, 12"],
        ),
    ],
)
def test_a_config_fault_ends_the_run_with_one_line(repository, tmp_path, change, words):
    fault = tmp_path / "fault.yaml"
    fault.write_text(yaml.safe_dump(change))
    run = dry(repository, configs=("config.yaml", str(fault)))
    assert run.code != 0
    assert run.last_line.startswith("fewsky: config")
    assert all(word in run.last_line for word in words), run.last_line
    assert "Traceback" not in run.text


def test_lint_and_format(repository):
    for command in (
        ["-m", "snakemake", "--lint", "--configfile", "config.yaml"],
        ["-m", "snakefmt", "--check", "Snakefile", "rules"],
        ["-m", "ruff", "check", "."],
        ["-m", "ruff", "format", "--check", "."],
    ):
        done = subprocess.run(
            [sys.executable, *command],
            cwd=repository, env=environment(), capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


def test_schema_describes_every_key():
    schema = yaml.safe_load((ROOT / "schemas" / "config.schema.yaml").read_text())
    missing = []

    def walk(node, path):
        for key, inner in node.get("properties", {}).items():
            reference = "$ref" in inner or "description" in inner
            missing.extend([] if reference else [f"{path}.{key}"])
            walk(inner, f"{path}.{key}")
        for inner in (node.get("items"), node.get("additionalProperties")):
            if isinstance(inner, dict):
                walk(inner, path)

    walk(schema, "config")
    for name, inner in schema["$defs"].items():
        walk(inner, name)
    assert missing == []
