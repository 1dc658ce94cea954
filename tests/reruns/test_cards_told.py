"""The model cards of the tiny paper."""

import re

import pytest
import yaml

from fewsky.config import resolve
from fewsky.console import FewskyError
from fewsky.experiments import merge
from fewsky.files import load_json
from tests.conftest import TINY


@pytest.fixture(scope="module")
def cards(tiny):
    return {path.stem: path.read_text() for path in (tiny / "results/tiny/cards").glob("*.md")}


def plan_with(tiny, block):
    config = {}
    for name in TINY:
        config = merge(config, yaml.safe_load((tiny / name).read_text()))
    return resolve(merge(config, {"predict": {"new": block}}))


def test_every_trained_experiment_has_a_card(tiny, cards):
    folders = {
        path.parents[1].name for path in tiny.glob("results/tiny/models/*/*/model.safetensors")
    }
    assert folders - {"weights"} <= cards.keys()
    assert all("SIMULATED" in text and "nan" not in text for text in cards.values())


def test_a_card_has_the_digest_of_its_networks(tiny, cards):
    for path in tiny.glob("results/tiny/models/*/draw-*/provenance.json"):
        if path.parents[1].name in cards:
            outputs = load_json(path)["outputs"]
            assert outputs.get("model.safetensors", "") in cards[path.parents[1].name]


def test_the_command_of_a_card_is_one_that_predict_takes(tiny, cards):
    """A card without a command belongs to an experiment that cannot be applied by it."""
    for name, text in cards.items():
        block = {"experiment": name, "fields": ["8162-6-175"]}
        command = re.search(r"make predict .*", text)
        if command is None:
            with pytest.raises(FewskyError):
                plan_with(tiny, block)
            continue
        assert f"EXPERIMENT={name} " in command[0]
        if "IMAGES" in command[0]:
            block = {"experiment": name, "folder": "DIR"}
        elif "CATALOGUE" in command[0]:
            block["catalogue"] = "photoobj"
        assert plan_with(tiny, block).predict["new"]["task"]
