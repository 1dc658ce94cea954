"""Figures and tables of the label-efficiency atlas."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from fewsky.console import FewskyError
from fewsky.figures import style
from fewsky.figures.atlas import (
    COLOURS,
    area,
    curve,
    load_curves,
    looks_of,
    moved,
    panels_of,
    starts_of,
    ticks,
)
from fewsky.metrics.paying import labels_saved
from fewsky.paper.captions import read_caption
from fewsky.studied import of_the_study, with_kinds
from tests.conftest import ROOT
from tests.unit.shipped import WITH_ATLAS, shipped
from tests.unit.small_atlas import BUDGETS, METRIC, WORTH, bare, demo, rows_of
from tests.unit.small_results import run_script

PLOTS = ("plot_atlas", "plot_ssl_lowdata")
TABLES = ("tabulate_ssl_starts", "tabulate_ssl_atlas")
SMALLEST_PT = 7


def drawn(results, script):
    """Run a script; its outputs and the figure as saved."""
    seen = []

    def save(fig, *paths, saved=style.save, **marks):
        seen.append(fig)
        saved(fig, *paths, **marks)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(style, "save", save)
        patch.setitem(style.RC, "savefig.dpi", 60)  # few pixels, for speed
        return run_script(results[0], script, *results[1][script]), seen[0]


@pytest.mark.parametrize("results", [demo, bare], ids=["demo", "bare"])
@pytest.mark.parametrize("script", PLOTS)
def test_every_figure(script, results):
    _, fig = drawn(results(), script)
    assert fig.get_size_inches()[0] in (style.COLUMN, style.PAGE)
    fig.draw_without_rendering()
    words = [t for t in fig.findobj(Text) if t.get_visible() and t.get_text().strip()]
    assert [t.get_text() for t in words if t.get_fontsize() < SMALLEST_PT] == []
    stamps = [t for t in words if t.get_text().startswith("SIMULATED")]
    assert len(stamps) == (results is demo)
    page, box = fig.get_size_inches(), fig.get_tightbbox()
    assert box.x0 > -0.01 and box.y0 > -0.01
    assert box.x1 < page[0] + 0.01 and box.y1 < page[1] + 0.01
    [legend] = [*fig.legends, *filter(None, (ax.get_legend() for ax in fig.axes))]
    place, filled = legend.get_window_extent(), [ax for ax in fig.axes if ax.axison]
    assert not any(place.overlaps(ax.get_tightbbox().padded(-1)) for ax in filled)
    assert len(filled) == len(results()[1][script][1]["tasks"])
    assert place.x0 >= 0 and place.x1 <= fig.bbox.x1


def test_a_panel_a_task_a_colour_a_start_a_line_a_way():
    _, fig = drawn(demo(), "plot_atlas")
    titles = [ax.get_title(loc="left")[4:] for ax in fig.axes if ax.axison]
    assert titles == list(BUDGETS)
    [rows] = panels_of(rows_of("mergers", WORTH)).values()
    looks = looks_of(rows)
    assert len({look["color"] for look in looks.values()}) == len(WORTH)
    assert len({look["marker"] for look in looks.values()}) == len(WORTH)
    [ax] = [ax for ax in fig.axes if ax.get_title(loc="left").endswith("mergers")]
    found = {(line.get_color(), line.get_linestyle()) for line in ax.lines}
    assert {line.get_marker() for line in ax.lines} == {look["marker"] for look in looks.values()}
    frozen = {line.get_markerfacecolor() for line in ax.lines if line.get_linestyle() == ":"}
    assert frozen == {"white"}, "a curve of frozen features can be told without its line"
    assert len(found) == len(ax.lines) == len(rows)
    assert (looks["none"]["color"], "--") in found and ax.get_xscale() == "log"
    assert len(ax.collections) == len(rows), "each curve has its band"


def test_panels_of_one_question_share_their_height():
    _, fig = drawn(demo(), "plot_atlas")
    limits = {ax.get_title(loc="left")[4:]: ax.get_ylim() for ax in fig.axes if ax.axison}
    others = {limit for title, limit in limits.items() if title != "mergers"}
    assert len(others) == 1 and limits["mergers"] not in others


def test_few_labels_show_the_starts_of_the_study():
    _, fig = drawn(demo(), "plot_ssl_lowdata")
    words = {text.get_text() for text in fig.legends[0].get_texts()}
    assert words == {"nothing", "ImageNet", "properties, catalogue", "contrastive",
                     "frozen, probe", "LP-FT", "fine-tuned"}  # fmt: skip
    assert len({ax.get_ylim() for ax in fig.axes}) == 1


def of_few_labels(kind):
    """The job of the figure of few labels with one start, by a name of its own."""
    folder, jobs = bare()
    inputs, told = jobs["plot_ssl_lowdata"]
    rows = [row | {"start": "ours", "kind": kind} if row["against"] else row
            for row in told["rows"]]  # fmt: skip
    return folder, {"plot_ssl_lowdata": (inputs, {**told, "rows": rows})}


def test_starts_of_the_study_are_those_by_what_they_learned():
    _, fig = drawn(of_few_labels("properties"), "plot_ssl_lowdata")
    assert [text.get_text() for text in fig.legends[0].get_texts()][:2] == ["nothing", "ours"]
    assert len(fig.axes[0].containers) == 3, "nothing, and the start frozen and by LP-FT"


def test_few_labels_without_a_start_of_the_study_are_refused():
    with pytest.raises(AssertionError, match=r"lowdata: wanted tasks with a start.*found true-pn"):
        drawn(of_few_labels("masked"), "plot_ssl_lowdata")


@pytest.fixture(scope="module", params=WITH_ATLAS)
def plan(request):
    return shipped(request.param)


def test_looks_differ_in_each_panel_of_what_is_shipped(plan):
    few = [row for row in plan.atlas if row["task"] in lowdata_of(plan)]
    for rows in (plan.atlas, of_the_study(with_kinds(plan, few))):
        panels = panels_of(rows)
        looks = looks_of([row for own in panels.values() for row in own])
        for title, own in panels.items():
            starts = starts_of(own)
            assert "none" in starts and len(starts) > 1, title
            for key in ("color", "marker"):
                assert len({looks[name][key] for name in starts}) == len(starts), title
            assert style.GREY not in {look["color"] for look in looks.values()}


def lowdata_of(plan):
    return plan.paper["self-supervision"]["lowdata"]


def test_few_labels_have_a_start_in_what_is_shipped(plan):
    tasks = lowdata_of(plan)
    rows = with_kinds(plan, [row for row in plan.atlas if row["task"] in tasks])
    found = of_the_study(rows)
    assert tasks and {row["task"] for row in found if row["start"] != "none"} == set(tasks)
    assert {row["start"] for row in rows if row["kind"] == "properties"} <= {
        row["start"] for row in found
    } | {row["start"] for row in rows if not row["against"].endswith("-none-tuned")}


def test_a_network_of_its_own_has_a_panel_with_its_own_nothing():
    own = [
        {"task": "t", "start": start, "way": "tuned", "experiment": start, "words": "",
         "against": against}
        for start, against in (("none", ""), ("none-timm-vgg16", ""), ("a", "none"),
                               ("b", "none-timm-vgg16"))
    ]  # fmt: skip
    panels = panels_of(own)
    assert {title: list(starts_of(rows)) for title, rows in panels.items()} == {
        "t": ["none", "a"], "t, vgg16": ["none", "b"]
    }  # fmt: skip


def test_more_starts_than_colours_differ_by_their_pair():
    rows = [{"start": f"s{k:02d}", "words": "", "panel": "t"} for k in range(14)]
    looks = looks_of(rows).values()
    assert len({tuple(look.values()) for look in looks}) == 14
    assert {look["color"] for look in looks} == set(COLOURS)


def test_curves_that_are_moved_stay_with_their_budget():
    every = [50, 100, 5000, 6000]
    places = np.array([moved(every, k, 9, every) for k in range(9)])
    assert (np.diff(places, axis=0) > 0).all() and places[4] == pytest.approx(every)
    assert (places[-1, :-1] < places[0, 1:]).all(), "no point passes one of the next budget"
    assert moved([30], 0, 1, [30]) == pytest.approx([30])


def test_unknown_starts_have_words_and_a_colour_of_their_own():
    rows = [{"start": name, "way": "probe", "words": words, "panel": "t"}
            for name, words in (("stars", "labels of stars"), ("none", ""), ("x", ""))]  # fmt: skip
    assert starts_of(rows) == {"none": "nothing", "stars": "labels of stars", "x": "x"}
    assert len({look["color"] for look in looks_of(rows).values()}) == 3


def test_ticks_keep_the_ends_apart():
    found = ticks([20, 50, 100, 200, 395])
    assert (found[0], found[-1]) == (20, 395) and 100 in found
    assert ticks([1000, 1010]) == [1000, 1010] and ticks([30]) == [30] and ticks([]) == []
    assert 350 not in ticks([20, 100, 350, 395])


def shown(task, start, way, read=curve):
    """What the figures read of one experiment of the synthetic atlas."""
    table = load_curves([demo()[0] / f"metrics/{task}.curves.csv"])
    return read(table, {"task": task, "experiment": f"atlas-{task}-{start}-{way}"}, METRIC)


def test_a_curve_leaves_out_its_area_and_other_measures():
    found = shown("mergers", "pretext", "tuned")
    assert found["budget"].tolist() == BUDGETS["mergers"] and (found["value"] > 0.4).all()
    assert found["value"].min() < shown("mergers", "pretext", "tuned", area)["value"] < 0.95
    with pytest.raises(FewskyError, match=r"mergers\.curves\.csv: wanted balanced_accuracy of"):
        shown("mergers", "pretext", "guessed")


def table_of(results, script):
    outputs = run_script(results[0], script, *results[1][script])
    return pd.read_csv(outputs.csv, dtype=str, keep_default_na=False)


def test_the_table_of_starts_is_that_of_the_largest_budget():
    table = table_of(demo(), "tabulate_ssl_starts")
    assert len(table) == len(BUDGETS) * len(WORTH) and set(table["Data"]) == {"SIMULATED"}
    [row] = table[(table["Task"] == "mergers") & (table["Start"] == "ImageNet")].to_dict("records")
    assert row["Labels"] == "3000" and row["Test objects"] == "400"
    one = shown("mergers", "imagenet", "lpft")
    value = one.loc[one["budget"] == 3000, "value"].iloc[0]
    assert row["LP-FT"] == f"{value:.3f} [{value - 0.02:.3f}, {value + 0.02:.3f}]"
    [nothing] = table[(table["Task"] == "mergers") & (table["Start"] == "nothing")].to_dict(
        "records"
    )
    assert nothing["Frozen, probe"] == "–" and nothing["Fine-tuned"].startswith("0.")


def test_the_table_of_the_atlas_agrees_with_its_curves():
    table = table_of(demo(), "tabulate_ssl_atlas")
    assert len(table) == len(BUDGETS) * (1 + 3 * (len(WORTH) - 1))
    own = table[(table["Task"] == "mergers") & (table["Way"] == "fine-tuned")].set_index("Start")
    none, start = shown("mergers", "none", "tuned"), shown("mergers", "pretext", "tuned")
    told, under = own.loc["properties, catalogue"], shown("mergers", "pretext", "tuned", area)
    gain = under["gain"]
    assert gain > 0.03, "the areas differ by what the start is worth"
    assert told["Area gained"] == f"{gain:.3f} [{gain - 0.02:.3f}, {gain + 0.02:.3f}]"
    assert told["Could be told"] == "0.028"
    assert told["Labels"] == "50–3,000" and told["Draws"] == "5"
    assert told["Labels saved"] == f"{labels_saved(start, none):,.0f}"
    assert labels_saved(start, none) == pytest.approx(WORTH["pretext"], rel=0.25)
    assert own.loc["nothing", "Area gained"] == own.loc["nothing", "Labels saved"] == "–"


def test_one_draw_has_no_interval_and_no_end_of_paying():
    table = table_of(bare(), "tabulate_ssl_atlas").set_index("Way")
    assert "Data" not in table
    assert "[" not in table.loc["LP-FT", "Area"] and table.loc["LP-FT", "Stops paying at"] == "–"


@pytest.mark.parametrize(
    "name", ["fig_atlas", "fig_ssl_lowdata", "tab_ssl_starts", "tab_ssl_atlas"]
)
def test_captions_can_be_shown(name):
    [paragraph] = read_caption(ROOT / f"report/captions/{name}.rst")
    assert {run["kind"] for run in paragraph} == {"text"}


@pytest.mark.parametrize("script", [*PLOTS, *TABLES])
def test_the_same_bytes_twice(script):
    def made():
        outputs = run_script(bare()[0], script, *bare()[1][script])
        return {end: Path(path).read_bytes() for end, path in outputs.items()}

    assert made() == made()
