"""Tables: cells say what the inputs say, in CSV and in TeX that has no stray signs."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fewsky.metrics.measures import matthews
from fewsky.paper import tables
from tests.unit.small_results import AUGMENTS, ROOT, demo, run_script, sample

SCRIPTS = sorted(path.stem for path in (ROOT / "scripts").glob("tabulate_*.py"))
# Those have test files of their own.
CHAPTERS = ("_pn_", "_g10_", "_ssl_", "_det")
PARTS = ("_tried", "_distance", "_generated", "_told", "_4class", "_dedup")
PARTS = (*PARTS, "_claims", "_sota", "_leakage", "_resources")
ELSEWHERE = (*CHAPTERS, *PARTS)
HERE = [name for name in SCRIPTS if not any(part in name for part in ELSEWHERE)]
PUBLISHED = tables.load_published(ROOT / "report/published.csv")
CELL = re.compile(r"(?<!\\)&")
NUMBER = r"−?\d+\.\d+"


def made(results, script):
    """The CSV of a table as text cells."""
    folder, jobs = results
    outputs = run_script(folder, script, *jobs[script])
    return pd.read_csv(outputs.csv, dtype=str, keep_default_na=False), outputs


def test_each_script_has_its_rule_and_caption():
    rules = "".join(path.read_text() for path in (ROOT / "rules").glob("*.smk"))
    for script in SCRIPTS:
        name = script.replace("tabulate_", "tab_")
        assert f"rule {script}:" in rules and f'    "{name}",\n' in rules
        assert (ROOT / f"report/captions/{name}.rst").is_file()


def test_numbers_as_text():
    assert tables.number(-0.12345) == "−0.123" and tables.number(-0.0001) == "0.000"
    assert tables.interval(0.8991, 0.88, 0.9154) == "0.899 [0.880, 0.915]"
    assert tables.interval(0.8991, np.nan, np.nan) == "0.899"
    assert tables.interval(np.nan, 0, 1) == tables.UNKNOWN
    assert tables.spread([1.0, 2.0, 3.0]) == "2.000 ± 1.000" and tables.spread([2.0]) == "2.000"
    assert tables.share(0.315) == "31.5 %" and tables.share(np.nan) == tables.UNKNOWN


@pytest.mark.parametrize("sign", '&%$#_{}~^\\<>|"±−≥–')
def test_every_sign_is_escaped(sign):
    plain = re.sub(r"\\(text\w+\{\}|[&%$#_{}])|\$[^$]+\$|--", "", tables.escape(f"a{sign}b"))
    assert plain == "ab"


def test_tabular_has_equal_rows(tmp_path):
    table = pd.DataFrame({"A & B": ["x_1", "[y]"], "p < 1": ["50 %", "0.1 [0.0, 0.2]"]})
    tables.save(table, tmp_path / "t.csv", tmp_path / "t.tex", simulated=True)
    lines = (tmp_path / "t.tex").read_text().splitlines()
    rows = [line for line in lines if line.endswith(r"\\") and "multicolumn" not in line]
    assert [len(CELL.split(row)) for row in rows] == [3, 3, 3]
    assert lines[0] == r"\begin{tabular}{lll}" and lines[-1] == r"\end{tabular}"
    assert all(line.startswith("{} ") for line in rows)
    assert sum("SIMULATED" in line for line in lines) == 3


def test_published_rows_are_not_called_simulated(tmp_path):
    table = pd.DataFrame({"Row": ["ours", "theirs"], "MCC": ["0.7", "0.8"]})
    for simulated, word in ((True, "SIMULATED"), (False, "measured")):
        tables.save(table, tmp_path / "t.csv", tmp_path / "t.tex", simulated=simulated,
                    published=[False, True])  # fmt: skip
        assert pd.read_csv(tmp_path / "t.csv")["Data"].tolist() == [word, "published"]


def test_scored_takes_the_largest_budget_and_the_right_rows():
    common = {"part": "test", "reference": "catalogue", "subset": "all", "metric": "mcc", "n": 9}
    cells = [("b", -1, -1, 40, 0.5), ("a", -1, -1, 20, 0.1), ("a", -1, -1, 40, 0.2),
             ("a", -1, 0, 40, 0.9), ("a", 3, -1, 40, 0.3), ("a", 4, -1, 39, 0.4),
             ("a", 4, -1, 20, 0.6), ("c", -1, -1, 99, 0.8)]  # fmt: skip
    names = ["experiment", "draw", "fold", "budget", "value"]
    metrics = pd.DataFrame([common | dict(zip(names, cell, strict=True)) for cell in cells])
    assert tables.scored(metrics, ["a", "b"])["value"].tolist() == [0.2, 0.5]
    assert tables.scored(metrics, ["a", "b"], draws=True)["value"].tolist() == [0.3, 0.4]
    assert np.isnan(tables.one(metrics.assign(lower=0, upper=1), "auroc")).all()


def test_published_numbers_agree_with_each_other():
    cells = PUBLISHED[PUBLISHED["table"] == "confusion"]
    printed = {
        "base, small set": "base, small set",
        "improved, large set": "improved, large set (body)",
    }
    for row, main in printed.items():
        counts = cells.loc[cells["row"] == row, "value"].to_numpy(float).reshape(2, 2)
        accuracy = np.trace(counts) / counts.sum()
        assert accuracy == pytest.approx(
            tables.quoted(PUBLISHED, "main", main, "accuracy"), abs=6e-4
        )
        assert matthews(counts) == pytest.approx(
            tables.quoted(PUBLISHED, "main", main, "mcc"), abs=6e-4
        )
    assert PUBLISHED["claim"].is_unique and counts.sum() == 1221
    assert set(PUBLISHED.groupby("table").size().loc[["5.2", "5.3"]]) == {24}


@pytest.mark.parametrize("script", HERE)
@pytest.mark.parametrize("results", [demo, sample], ids=["demo", "sample"])
def test_every_table_of_any_results(script, results):
    table, outputs = made(results(), script)
    assert len(table) and not table.map(lambda cell: "nan" in cell.lower()).to_numpy().any()
    text = Path(outputs.tex).read_text()
    assert ("SIMULATED" in text) == (results is demo)
    rows = [line for line in text.splitlines() if line.endswith(r"\\") and "multicol" not in line]
    assert {len(CELL.split(row)) for row in rows} == {table.shape[1]}
    if results is demo:
        assert set(table["Data"]) <= {"SIMULATED", "published"}


def test_main_table_prints_the_metrics():
    folder, _ = demo()
    table, _ = made(demo(), "tabulate_sdss_main")
    metrics = pd.read_csv(folder / "metrics/star-galaxy-large.csv")
    rows = metrics.query("experiment == 'sg-large-forest' and budget == 40 and draw == -1")
    for reference in ("catalogue", "truth"):
        told = rows[(rows["reference"] == reference) & (rows["part"] == "test")]
        told = told[told["subset"] == "all"].set_index("metric").loc["mcc"]
        own = (table["Experiment"] == "sg-large-forest") & (table["Against"] == reference)
        shown = table["MCC"][own].item()
        numbers = [float(cell.replace("−", "-")) for cell in re.findall(NUMBER, shown)]
        assert numbers == pytest.approx(told[["value", "lower", "upper"]].tolist(), abs=5e-4)
    assert table["Kind"].tolist()[-1] == "published"
    assert table.query("Experiment == 'Ruhmer: base, small set'")["MCC"].item() == "0.257"


def test_augmentation_table_pairs_ours_with_the_printed_row():
    folder, _ = demo()
    table, _ = made(demo(), "tabulate_sdss_aug")
    assert len(table) == 2 * (2 * len(AUGMENTS) - 1)  # d4 is not among Ruhmer's
    ours, theirs = (
        table[(table["Training set"] == "large") & (table["Augmentation"] == "rotation") & kind]
        for kind in (table["Source"] == "ours, 2 draws", table["Source"] == "Ruhmer, table 5.3")
    )
    kept = [
        pd.read_csv(folder / f"models/sg-large-rotation/draw-{k}/history.csv").query("epoch == 7")
        for k in range(2)
    ]
    values = pd.concat(kept)["val_loss"]
    assert ours["Validation loss"].item() == f"{values.mean():.3f} ± {values.std():.3f}"
    assert theirs["Validation accuracy"].item() == "0.882"


def test_stats_count_every_object():
    folder, _ = demo()
    table, _ = made(demo(), "tabulate_sdss_stats")
    catalog = pd.read_parquet(folder / "cutouts/patches/94-1-0001/catalog.parquet")
    row = table[table["Field"] == "94-1-12"].iloc[0]
    galaxies = catalog[catalog["label"] == "galaxy"]
    assert int(row["Objects"]) == len(catalog) and int(row["Galaxies"]) == len(galaxies)
    larger = (2 * galaxies["petror90_r"] > 9.9).mean()
    assert row["Larger than patch"] == f"{100 * larger:.2f} %"
    assert int(table[table["Field"] == "all"]["Objects"].item()) == 320
