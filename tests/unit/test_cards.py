"""Model cards say what their files say, and warn where they must."""

import pandas as pd
import pytest

from fewsky.console import FewskyError
from fewsky.model_cards.page import page
from fewsky.model_cards.words import interval, number, table
from fewsky.sources import NO_LICENCE, licence_of, read_sources, source_of
from tests.conftest import ROOT

SOURCE = source_of(read_sources(ROOT / "report/sources.csv"), {"reader": "sdss"})
TOLD = {
    "about": "a small network", "asks": "classes", "command": "make predict NAME=new",
    "dataset": "patches", "experiment": "x", "from": None, "kind": "network",
    "label": "the column l",
    "opponents": {"forest": "opponent", "seeing": "nuisance control"}, "source": SOURCE,
    "split": "sky", "survey": "sdss", "task": "t", "teacher": None, "weights": None,
}  # fmt: skip
CARD = {
    "bands": ["g", "r"], "classes": ["galaxy", "star"], "experiment": "x", "seed": 3, "size": 25,
    "model": {"name": "net", "extra": []}, "recipe": {"loss": "softmax", "affine": {"flip": True}},
    "runs": [{"budget": 1200, "fold": -1, "parameters": 5678, "trainable_parameters": 78,
              "labels_seen": {"train": {"galaxy": 500, "star": 460}, "val": {"galaxy": 240}},
              "tuned_with": 9600, "prefix": "p/"}],
}  # fmt: skip
RECORD = {"outputs": {"model.safetensors": "a" * 64, "model.json": "b" * 64}}
AUDIT = {"mode": "enforce", "verdict": "clean", "groups_on_two_sides": 0, "pairs_near_copy": 0,
         "pairs_sharing_pixels": 0, "sky": "auditable"}  # fmt: skip


def row(experiment, metric, value, part="test", subset="all", draw=-1, budget=1200):
    return {"experiment": experiment, "draw": draw, "fold": -1, "budget": budget, "part": part,
            "reference": "catalogue", "subset": subset, "metric": metric, "value": value,
            "lower": value - 0.1, "upper": value + 0.1, "n": 50}  # fmt: skip


METRICS = pd.DataFrame(
    [row("x", "mcc", 0.512), row("x", "mcc", 0.999, draw=0), row("x", "mcc", 0.888, part="val"),
     row("x", "mcc", 0.6, subset="r 14.0-15.0"), row("x", "mcc", 0.4, subset="r 21.5-22.0"),
     row("forest", "mcc", 0.777), row("seeing", "mcc", 0.123), row("y", "mcc", 0.666)]
)  # fmt: skip


def card(told=(), audit=(), metrics=METRICS, simulated=False, **changes):
    draws = [("results/main/models/x/draw-0", CARD | changes, RECORD)]
    audit = None if audit is None else AUDIT | dict(audit)
    return page(TOLD | dict(told), draws, audit, metrics, simulated)


def test_a_card_says_what_its_files_say():
    text = card()
    for part in (
        "| parameters | 5,678 |", "| parameters trained | 78 |", "25 by 25 px, bands g, r",
        "probabilities of galaxy, star", "| 1,200 | 960 | 240 | 9,600 |",
        "| `affine.flip` | True |",
        "audit (enforce): clean, 0 groups on two sides", SOURCE["licence"], SOURCE["citation"],
        "| 1,200 | catalogue | mcc | 0.512 [0.412, 0.612] | 50 |", "Objects of r 14 to 22 mag",
        "| forest | opponent | 1,200 | catalogue | 0.777 [0.677, 0.877] |",
        "| seeing | nuisance control | 1,200 | catalogue | 0.123", "a" * 64,
        "| start | random weights |",
        "make predict NAME=new", 'load_model("results/main/models/x/draw-0", budget=1200, fold=-1)',
    ):  # fmt: skip
        assert part in text, part
    for other in ("0.999", "0.888", "0.666", "SIMULATED"):
        assert other not in text


def test_what_is_simulated_says_so_first_and_is_for_no_real_image():
    text = card(simulated=True)
    assert text.index("SIMULATED") < text.index("## What it is")
    assert "On any real image" in text.split("## Not for")[1]


def test_a_card_warns_of_its_split_and_its_start():
    text = card(
        told={"weights": {"name": "w", "about": "ImageNet", "url": "https://a/b", "from": None,
                          "licence": "MIT"}, "from": "probe", "teacher": "tutor"},
        audit={"mode": "report", "sky": "not auditable"},
    )  # fmt: skip
    limits = text.split("## Limits")[1]
    assert "reported, not enforced" in limits and "No positions" in limits
    assert "published starting weights" in limits
    assert "the trained probe, of weights w, trained on ImageNet (https://a/b)" in text
    assert "| licence of the starting weights | MIT |" in text
    assert "| learned from the predictions of | tutor |" in text


def test_a_pretext_without_scores_says_so():
    text = card(told={"command": None}, audit=None, metrics=None)
    assert "nothing was tested" in text and "```\nmake" not in text


@pytest.mark.parametrize(
    ("asks", "change", "metric", "answers"),
    [
        ("boxes", {"boxes": {"classes": ["galaxy"]}}, "map_50", "boxes, of galaxy"),
        ("targets", {"targets": {"columns": ["u", "g"]}}, "r2_u", "values of u, g"),
    ],
)
def test_other_tasks_have_their_own_scores(asks, change, metric, answers):
    metrics = pd.DataFrame([row("x", metric, 0.5), row("x", "mae_over_error_u", 0.3)])
    text = card(told={"asks": asks}, metrics=metrics, **change)
    assert answers in text and metric in text and "over_error" not in text
    assert "No opponent was fitted" in text


def test_numbers_and_tables_as_printed():
    assert [number(v) for v in (1234567, 0.123456, 2.0, None)] == ["1,234,567", "0.1235", "2", ""]
    nan = float("nan")
    assert interval(0.5, nan, nan) == "0.500" and interval(nan, nan, nan) == "not defined"
    assert table(["a"], [["x|y"]])[-1] == "| x\\|y |"


def test_licences_of_published_weights():
    rows = read_sources(ROOT / "report/weights.csv")
    assert (
        licence_of(rows, "https://huggingface.co/timm/vgg16.tv_in1k/resolve/main/x")
        == "BSD-3-Clause"
    )
    assert licence_of(rows, None) == "" and licence_of(rows, "https://other") == NO_LICENCE
    with pytest.raises(FewskyError):
        source_of([], {"reader": "sdss"})


def test_every_published_weight_of_the_paper_has_its_licence():
    import yaml

    rows = read_sources(ROOT / "report/weights.csv")
    weights = yaml.safe_load((ROOT / "config.yaml").read_text())["weights"]
    urls = [block["url"] for block in weights.values() if block.get("url")]
    assert len(urls) > 5 and all(licence_of(rows, url) != NO_LICENCE for url in urls)
