"""The figure, the tables, the numbers and the configuration of generated patches."""

import copy

import numpy as np
import pandas as pd
import pytest
import yaml

from fewsky.config import resolve
from fewsky.console import FewskyError
from fewsky.files import save_arrays, save_json, save_table
from fewsky.paper.numbers_star_galaxy_generated import collect
from tests.unit.small_results import ROOT, run_script

CLASSES = ["galaxy", "star"]
NAMES = ["none", "mixture", "sky"]


@pytest.fixture
def results(tmp_path):
    """Result files as the rules leave them: two budgets, two generators, two classes."""
    for folder in ("figures", "tables", "logs", "metrics/generated", "cut", "made"):
        (tmp_path / folder).mkdir(parents=True)
    rng = np.random.default_rng(0)
    n = 60
    table = pd.DataFrame(
        {"object_id": [f"o{k}" for k in range(n)], "label": np.resize(CLASSES, n), "noise_g": 0.02,
         "noise_r": 0.03, "budget": np.where(np.arange(n) < 40, 50, 150)}
    )  # fmt: skip
    images = rng.normal(0, 0.03, (n, 2, 25, 25)).astype(np.float32)
    images[:, :, 10:15, 10:15] += rng.uniform(0, 2, (n, 1, 1, 1)).astype(np.float32)
    draws = pd.DataFrame({"draw": 0, "object_id": table["object_id"], "rank": range(n)})
    save_table(draws.assign(role="train", label=table["label"]), tmp_path / "draws.parquet")
    for name in ("cut/real", "made/mixture", "made/sky"):
        save_arrays({"images": images}, tmp_path / f"{name}.safetensors")
        save_table(table, tmp_path / f"{name}.parquet")
    cell = {"draw": -1, "fold": -1, "part": "test", "reference": "catalogue", "subset": "all"}
    scores = [
        {**cell, "experiment": name, "budget": budget, "metric": metric, "n": 99,
         "value": 0.5 + k / 10, "lower": 0.4, "upper": 0.9}
        for k, name in enumerate(NAMES) for budget in (50, 150) for metric in ("mcc", "auroc")
    ]  # fmt: skip
    save_table(pd.DataFrame(scores), tmp_path / "metrics/task.csv")
    gains = [
        {"a": name, "b": "none", "metric": metric, "budget": budget, "difference": k / 10,
         "lower": k / 10 - 0.05, "upper": k / 10 + 0.05, "minimum_detectable": 0.04,
         "verdict": "better" if k == 2 else "cannot be told"}
        for k, name in enumerate(NAMES) if k for budget in (50, 150) for metric in ("mcc", "auroc")
    ]  # fmt: skip
    save_table(pd.DataFrame(gains), tmp_path / "metrics/generated/gains.csv")
    told = [
        {"generator": name, "label": label, "judge": judge, "value": 0.7, "lower": 0.6,
         "upper": 0.8, "real": 30, "generated": 30, "draws": 2}
        for name in ("mixture", "sky", "real") for label in CLASSES
        for judge in ("forest", "pixels")
    ]  # fmt: skip
    save_table(pd.DataFrame(told), tmp_path / "metrics/generated/told.csv")
    for path in (tmp_path / "metrics/task", tmp_path / "metrics/generated/gains"):
        save_json({"outputs": {}, "simulated": True}, f"{path}.provenance.json")
    return tmp_path


def test_the_figure_shows_each_kind_from_bright_to_faint(results):
    given = {
        "images": [str(results / "cut/real.safetensors")],
        "catalogs": [str(results / "cut/real.parquet")],
        "draws": str(results / "draws.parquet"),
        "patches": [str(results / f"made/{name}.safetensors") for name in NAMES[1:]],
        "tables": [str(results / f"made/{name}.parquet") for name in NAMES[1:]],
    }
    settings = {
        "bands": ["g", "r"], "band": "r", "classes": CLASSES, "budget": 50, "shown": 5,
        "kinds": {"mixture": "mixture", "sky": "sky"},
    }  # fmt: skip
    outputs = run_script(results, "plot_sdss_generated", given, settings)
    for path in (outputs.pdf, outputs.png):
        assert (results / "figures" / path).stat().st_size > 2000


def test_the_table_holds_every_budget_and_its_gain(results):
    given = {"metrics": [str(results / "metrics/task.csv")],
             "gains": str(results / "metrics/generated/gains.csv")}  # fmt: skip
    settings = {"control": "none", "experiments": NAMES, "metrics": ["mcc", "auroc"]}
    outputs = run_script(results, "tabulate_sdss_generated", given, settings)
    table = pd.read_csv(outputs.csv, dtype=str, keep_default_na=False)
    assert table["Labels"].tolist() == ["50"] * 3 + ["150"] * 3
    assert table["Experiment"].tolist() == NAMES * 2
    assert table["Gain in MCC"].tolist()[:3] == [
        "–", "0.100 [0.050, 0.150]", "0.200 [0.150, 0.250]"
    ]  # fmt: skip
    assert table["Verdict on MCC"].tolist()[:3] == ["control", "cannot be told", "better"]


def test_the_other_table_names_the_control_first(results):
    given = {"told": str(results / "metrics/generated/told.csv")}
    settings = {"with": NAMES[1:], "classes": CLASSES}
    outputs = run_script(results, "tabulate_sdss_told", given, settings)
    table = pd.read_csv(outputs.csv, dtype=str)
    assert (
        table["Told from real"].tolist() == ["real (control)"] * 2 + ["mixture"] * 2 + ["sky"] * 2
    )
    assert set(table["forest on shapes"]) == {"0.700 [0.600, 0.800]"}


# --- the configuration --------------------------------------------------------------------------
def config():
    return yaml.safe_load((ROOT / "config.yaml").read_text())


def test_every_number_of_the_text_has_its_key(results):
    plan = resolve(config())
    files = {key: results / f"metrics/generated/{key}.csv" for key in ("gains", "told")}
    block = plan.paper["star-galaxy"]["generated"]
    experiments = {"none": plan.experiments[block["control"]]}
    experiments |= dict(
        zip(NAMES[1:], (plan.experiments[name] for name in block["with"]), strict=True)
    )
    chapter = {"generated": {**block, "control": "none", "with": NAMES[1:]}}
    settings = {"chapter": chapter, "experiments": experiments, "tasks": plan.tasks}
    numbers, facts = collect(settings, {"generated": files})
    assert numbers["gain.sky.mcc.50"]["text"] == "+0.200"
    assert numbers["told.real.star.pixels.upper"]["text"] == "0.80"
    assert facts["budgets"] == ["50", "150"] and facts["verdicts"]["better"] == 4
    assert facts["kinds"] == {"mixture": "mixture", "sky": "sky"}
    assert collect({"chapter": {"generated": None}}, {}) == ({}, None)


SPACE = {"recipe.learning_rate": {"choices": [0.1]}}
FAULTS = {
    "a search": (("sg-gen-sky", "search", {"space": SPACE}), "no search"),
    "another task": (("sg-gen-sky", "task", "star-galaxy-small"), "star-galaxy-generated"),
    "another recipe": (("sg-gen-sky", "recipe", {"learning_rate": 0.1}), "extend the control"),
    "another budget": (("sg-gen-none", "budgets", [50, "all"]), "wanted a budget of sg-gen-none"),
    "other steps": (("sg-gen-none", "recipe", {"use": "few-labels"}), "min_steps equal"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_told_in_one_line(fault):
    (name, key, value), words = FAULTS[fault]
    changed = copy.deepcopy(config())
    changed["experiments"][name][key] = value
    with pytest.raises(FewskyError) as error:
        resolve(changed)
    assert words in str(error.value) and "\n" not in str(error.value)
