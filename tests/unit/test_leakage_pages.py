"""The leak price as it is shown: its table, and its section set in type."""

import pandas as pd
import pytest
from paper_run import FIGURES, REPORT, TABLES, make_paper, make_shown

from fewsky.files import save_json, save_table
from fewsky.paper.collect import collect
from fewsky.paper.typeset import read_content, set_paper
from tests.unit.small_results import run_script

ARMS = {"copied": ["random", "random-once"], "shared": ["random"], "hashed": ["random"],
        "single": []}  # fmt: skip
COPIES = {"copied": 12, "shared": 0, "hashed": 7, "single": 0}
VERDICTS = ["overstates", "cannot be told"]
TOLD = {"probes": {task: f"{task}-forest" for task in ARMS}, "metric": "mcc"}


def write_task(folder, task, draws):
    """The files of one task, under the names that the rules give them."""
    names = ["careful", *ARMS[task]]
    row = {"experiment": f"{task}-forest", "tested": "own", "metric": "mcc", "careful": 0.61,
           "n_replicates": draws, "n": 50}  # fmt: skip
    rows = [{**row, "protocol": "careful", "value": 0.61}]
    for k, name in enumerate(ARMS[task]):
        rows.append({**row, "protocol": name, "value": 0.7, "difference": 0.09, "lower": 0.05 - k,
                     "upper": 0.13, "p": 0.01, "minimum_detectable": 0.06,
                     "verdict": VERDICTS[k]})  # fmt: skip
    shares = {"n_train": 150, "n_test": 50, "test_copied": 0.1, "test_shared": 0.25}
    leaks = [{"protocol": name, "draw": k, **shares} for name in names for k in range(draws)]
    facts = {"arms": ARMS[task], "by": "radius", "copies": COPIES[task], "groups": 150,
             "in_company": 60, "largest_group": 3, "objects": 212,
             "magnitude": None if task == "hashed" else "modelmag_r"}  # fmt: skip
    paths = {
        "scores": folder / f"metrics/{task}.leakage.csv",
        "told": folder / f"splits/{task}/leakage.json",
        "leaks": folder / f"splits/{task}/leakage.csv",
    }
    for path in paths.values():
        path.parent.mkdir(parents=True, exist_ok=True)
        save_json({"outputs": {}, "simulated": True}, path.with_name("provenance.json"))
    save_table(pd.DataFrame(rows), paths["scores"])
    save_table(pd.DataFrame(leaks), paths["leaks"])
    save_json(facts, paths["told"])
    return paths


def write_all(folder, draws=20):
    found = {task: write_task(folder, task, draws) for task in ARMS}
    keys = ("scores", "told", "leaks")
    return {key: {task: str(found[task][key]) for task in ARMS} for key in keys}


def test_gaps_and_reasons_stand_in_the_table(tmp_path):
    files = write_all(tmp_path)
    inputs = {key: list(paths.values()) for key, paths in files.items()}
    made = run_script(tmp_path, "tabulate_leakage", inputs, TOLD)
    table = pd.read_csv(made.csv, dtype=str, keep_default_na=False).set_index("Task")
    assert list(table.index) == list(ARMS) and (table["MCC, grouped"] == "0.610").all()
    assert table.loc["copied", "Gap"] == "0.090 [0.050, 0.130]"
    assert table.loc["copied", "Verdict without copies"] == "cannot be told"
    assert table.loc["shared", "Verdict without copies"] == "no copies"
    assert table.loc["hashed", "Verdict without copies"] == "no price: only copies"
    assert table.loc["single", "Verdict"] == "no price: single objects"
    assert table.loc["single", ["Gap", "MCC, random", "Detectable"]].tolist() == ["–"] * 3
    assert (table["Draws"] == "20").all() and (table["Train / test"] == "150 / 50").all()


@pytest.mark.parametrize("draws", [20, 3])
def test_the_section_names_every_task_and_reason(tmp_path, draws):
    told, files = make_paper(tmp_path / "run")
    leakage = {**TOLD, "about": {name: "a forest" for name in TOLD["probes"].values()}}
    audit = {"claims": [], **write_all(tmp_path, draws)}
    found = collect({**told, "leakage": leakage}, {**files, "audit": audit})
    facts = found["facts"]["audit"]["leakage"]
    assert facts["few"] == (draws < 20)
    assert [one["gap"]["verdict"] for one in facts["tasks"]] == ["overstates"] * 3 + [""]
    assert found["numbers"]["leakage.copied.gap"]["text"] == "+0.090"
    assert found["numbers"]["leakage.hashed.copies"]["text"] == "7"
    assert not any(key.startswith("leakage.single.gap") for key in found["numbers"])
    found["facts"]["simulated"] = True
    save_json(found, tmp_path / "numbers.json")
    names = (FIGURES, [*TABLES, "tab_leakage"])
    shown = make_shown(tmp_path, True, *names)
    every = [*names[0], *names[1]]
    title = {"title": "A title", "chapters": ["star-galaxy"],
             "scripts": dict.fromkeys(every, "scripts/x.py"),
             "blocks": dict.fromkeys(every, "paper.audit")}  # fmt: skip
    content = read_content(tmp_path / "numbers.json", *shown, tmp_path / "captions", title)
    set_paper(REPORT, {**content, "versions": {"numpy": "2.4.6"}}, tmp_path / "paper.pdf")
    assert (tmp_path / "paper.pdf").stat().st_size > 10_000
