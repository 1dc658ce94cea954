"""Influence profiles in the paper: the figure, the numbers and the text, the settings checked."""

import copy
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import LogNorm
from matplotlib.text import Text
from paper_run import FIGURES, REPORT, TABLES, make_paper, make_shown

from fewsky.chapters_radial import check_radial
from fewsky.console import FewskyError
from fewsky.figures import star_galaxy_radial as drawing
from fewsky.figures import style
from fewsky.files import save_arrays, save_json, save_table
from fewsky.models.influence_measured import COLUMNS, TESTS
from fewsky.models.influence_neighbours import SUBSETS
from fewsky.paper import numbers_star_galaxy_radial
from fewsky.paper.collect import collect
from fewsky.paper.typeset import read_content, set_paper
from tests.unit.shipped import SHIPPED, shipped
from tests.unit.small_results import run_script

NAMES = ["large-combined", "large-ours"]
EDGES = [0.0, 1.0, 3.0, 6.0, 18.7]
BLOCK = {"experiments": NAMES, "draws": 2, "objects": 100, "radii_px": [1, 3, 6], "repeats": 2,
         "steps": 24, "neighbours": {"radius_px": 4, "core_px": 3}}  # fmt: skip
STATES = {"trained": (0,), "randomised": (1, 4), "light": (0,)}
ENDS = {"influences": "parquet", "influence_tests": "csv", "influence_neighbours": "neighbours.csv",
        "influence_maps": "safetensors", "influence_told": "json"}  # fmt: skip


def row(state, layers, method, measure, value, low=0.0, high=np.nan):
    told = {"experiment": "x", "draw": -1, "state": state, "layers": layers, "method": method,
            "measure": measure, "band": "all", "class": "all", "r_low_px": low, "r_high_px": high,
            "n": 100}  # fmt: skip
    return told | {"value": value, "lower": value - 0.01, "upper": value + 0.01}


def profile_rows(state, layers, method):
    """An influence that falls with the radius, faster where the network is as trained."""
    steep = 1.5 if state == "trained" else 0.5
    edges = pairwise(EDGES)
    found = [
        row(state, layers, method, "density", 5 * np.exp(-steep * k), *edge)
        for k, edge in enumerate(edges)
    ]
    values = {"half_px": 3.4 - steep, "half_fwhm": 1.1 - steep / 3, "within_fwhm": steep / 2}
    values |= {"gap": 0.002, "total": 4.0, "likeness": 0.1}
    return found + [row(state, layers, method, key, value) for key, value in values.items()]


def table_of():
    rows = [
        one
        for state, steps in STATES.items()
        for method in (["light"] if state == "light" else ["gradients", "occlusion"])
        for layers in steps
        for one in profile_rows(state, layers, method)
    ]
    rows.append(row("trained", 0, "whole", "accuracy", 0.9))
    for k, edge in enumerate(EDGES[1:]):
        rows.append(row("trained", 0, "only-inside", "accuracy", 0.6 + 0.1 * k, 0.0, edge))
        rows.append(row("trained", 0, "no-inside", "accuracy", 0.8 - 0.1 * k, 0.0, edge))
    return pd.DataFrame(rows)[COLUMNS]


def judged(verdict):
    table = pd.DataFrame({"test": list(TESTS), "measure": "within_fwhm", "verdict": verdict})
    return table.assign(difference=0.21, lower=0.1, upper=0.3, p=0.01, minimum_detectable=0.05)


def neighbours_of(verdict):
    shares = ["right_before", "right_neighbour", "changed_neighbour", "right_control"]
    shares += ["changed_control", "change_neighbour", "change_control"]
    kinds = ["changed", "log-odds", "accuracy"]
    shares += [f"{kind}: neighbour less control" for kind in kinds]
    shares += ["accuracy: erased less whole"]
    rows = [
        {"experiment": "x", "subset": subset, "measure": measure, "value": 0.1 + 0.01 * k,
         "lower": 0.05, "upper": 0.3, "n": 40, "p": 0.2, "minimum_detectable": 0.06,
         "n_replicates": 2, "verdict": verdict, "note": "exploratory: 2 replicates"}
        for subset in SUBSETS
        for k, measure in enumerate(shares)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def write(folder, verdict="higher", neighbours=True, simulated=True, changed=None):
    """What the rule measure_influence leaves, by kind and experiment."""
    files = {kind: {} for kind in ENDS}
    y, x = np.indices((25, 25)) - 12
    light = np.exp(-(x**2 + y**2) / 20).astype(np.float32)
    maps = {f"{state}/all": light / light.sum() for state in STATES}
    told = {"draws": [0, 1], "objects": {"galaxy": 50, "star": 50}, "fwhm_px": 3.0}
    for name in NAMES:
        near = neighbours_of(verdict)
        if changed is not None:
            near.loc[near["measure"].str.startswith("changed_"), "value"] = changed
        tables = (table_of(), judged(verdict), near if neighbours else near[:0])
        place = folder / "models" / name
        paths = [place / f"influence.{end}" for end in ENDS.values()]
        for table, path in zip(tables, paths, strict=False):
            save_table(table.assign(experiment=name), path)
        save_arrays(maps, paths[3])
        save_json({**told, "experiment": name, "pixel_arcsec": 0.396}, paths[4])
        save_json({"outputs": {}, "simulated": simulated}, place / "influence.provenance.json")
        for kind, path in zip(ENDS, paths, strict=True):
            files[kind][name] = path
    return files


# --- the figure -----------------------------------------------------------------------------------
def draw(folder, monkeypatch, **case):
    files = write(folder, **case)
    seen = []
    monkeypatch.setitem(style.RC, "savefig.dpi", 60)
    saved = style.save
    monkeypatch.setattr(style, "save", lambda fig, *a, **k: (seen.append(fig), saved(fig, *a, **k)))
    inputs = {kind: [str(path) for path in own.values()] for kind, own in files.items()}
    run_script(folder, "plot_sdss_radial", inputs, {"experiments": NAMES})
    return seen[0]


@pytest.mark.parametrize("simulated", [True, False])
def test_the_figure_of_two_networks(simulated, tmp_path, monkeypatch):
    fig = draw(tmp_path, monkeypatch, simulated=simulated)
    words = [t for t in fig.findobj(Text) if t.get_visible() and t.get_text().strip()]
    assert any("SIMULATED" in t.get_text() for t in words) == simulated
    fig.draw_without_rendering()
    assert [t.get_text() for t in words if t.get_fontsize() < 7] == []
    page, box = fig.get_size_inches(), fig.get_tightbbox()
    assert min(box.x0, box.y0) > -0.01 and box.x1 < page[0] + 0.01 and box.y1 < page[1] + 0.01
    names = [ax.get_title(loc="left") for ax in fig.axes]
    assert "(a) large-combined" in names and "(b) large-ours" in names


def test_profiles_are_drawn_with_all_weights_anew(tmp_path, monkeypatch):
    fig = draw(tmp_path, monkeypatch)
    [ax] = [ax for ax in fig.axes[:8] if ax.get_ylabel().startswith("Influence")][:1]
    lines = {line.get_label(): line for line in ax.lines}
    assert set(lines) >= {words for words, _ in drawing.PROFILES.values()}
    x, y = lines["gradients, as trained"].get_data()
    assert np.allclose(x, [0.5, 2, 4.5, 12.35]) and y[0] == pytest.approx(5)
    assert isinstance(fig.axes[0].images[0].norm, LogNorm)


def test_a_run_without_neighbours_says_so(tmp_path, monkeypatch):
    fig = draw(tmp_path, monkeypatch, neighbours=False)
    assert any("no neighbours" in t.get_text() for t in fig.findobj(Text))


# --- numbers and text -----------------------------------------------------------------------------
def told_of(tmp_path, **case):
    settings, files = make_paper(tmp_path, truth=case.get("simulated", True))
    settings["star-galaxy"]["chapter"]["radial"] = BLOCK
    return settings, {**files, **write(tmp_path, **case)}


def test_numbers_are_those_of_the_tables(tmp_path):
    numbers, facts = numbers_star_galaxy_radial.collect(
        {"chapter": {"radial": BLOCK}}, write(tmp_path)
    )
    told = {key: numbers[f"radial.large-ours.{key}"]["value"] for key in (
        "gradients.half_px", "gradients.half_arcsec", "anew.gradients.half_px", "gap",
        "without.px", "without", "alone", "neighbours.all.n", "n",
    )}  # fmt: skip
    assert told == pytest.approx({
        "gradients.half_px": 1.9, "gradients.half_arcsec": 1.9 * 0.396,
        "anew.gradients.half_px": 2.9, "gap": 0.0005, "without.px": 3.0,
        "without": 0.7, "alone": 0.7, "neighbours.all.n": 40, "n": 100,
    })  # fmt: skip
    assert "radial.large-ours.enough.px" not in numbers  # the best radius is the whole patch
    assert facts["verdicts"]["large-ours"]["gradients-anew"] == "higher"


def test_without_the_block_there_is_nothing(tmp_path):
    for block in ({}, {"radial": None}):
        assert numbers_star_galaxy_radial.collect({"chapter": block}, {}) == ({}, None)
    found = collect(*make_paper(tmp_path))
    assert found["facts"]["star-galaxy"]["radial"] is None


@pytest.mark.parametrize("case", [
    {}, {"verdict": "lower"}, {"verdict": "cannot be told", "simulated": False},
    {"neighbours": False}, {"changed": 0.0},
])  # fmt: skip
def test_the_text_holds_for_every_verdict(case, tmp_path):
    found = collect(*told_of(tmp_path, **case))
    found["facts"]["simulated"] = case.get("simulated", True)
    save_json(found, tmp_path / "numbers.json")
    names = (*FIGURES, "fig_sdss_radial")
    shown = make_shown(tmp_path, case.get("simulated", True), names, TABLES)
    told = {"title": "A title", "chapters": ["star-galaxy"],
            "scripts": dict.fromkeys((*names, *TABLES), "scripts/x.py"),
            "blocks": dict.fromkeys((*names, *TABLES), "paper.star-galaxy")}  # fmt: skip
    content = read_content(tmp_path / "numbers.json", *shown, tmp_path / "captions", told)
    set_paper(REPORT, {**content, "versions": {"numpy": "2.4.6"}}, tmp_path / "paper.pdf")
    assert (tmp_path / "paper.pdf").stat().st_size > 10_000


# --- settings -------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_settings_pass_and_broken_ones_are_one_line(name):
    plan = shipped(name)
    block = plan.paper["star-galaxy"]["radial"]
    where = "paper.star-galaxy.radial"
    check_radial(where, block, plan)
    check_radial(where, None, plan)
    broken = {
        "wanted radii that grow": {"radii_px": [3, 1]},
        "wanted an experiment with a network of its own": {"experiments": ["sg-large-forest"]},
        "radial.experiments: .*found 'nobody'": {"experiments": ["nobody"]},
    }
    for words, change in broken.items():
        with pytest.raises(FewskyError, match=words):
            check_radial(where, {**block, **change}, plan)


def test_networks_that_cannot_be_asked():
    plan = copy.deepcopy(shipped("config"))
    block = plan.paper["star-galaxy"]["radial"]
    for name, words in (("g10-simple", "on patches of frames"), ("g10cv-scratch", "without folds")):
        with pytest.raises(FewskyError, match=words):
            check_radial("x", {**block, "experiments": [name]}, plan)
    plan.experiments["sg-large-none"]["model"]["bands"] = ["g", "i"]
    with pytest.raises(FewskyError, match="the reference band r; found sg-large-none"):
        check_radial("x", {**block, "experiments": ["sg-large-none"]}, plan)
