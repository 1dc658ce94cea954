"""Starting weights, stages and teachers of config.yaml: what follows, and what is refused."""

import copy

import pytest
import yaml

from fewsky.config import resolve
from fewsky.console import FewskyError
from fewsky.lineage import cut_name
from tests.conftest import ROOT

CONFIG = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))


def with_changes(**blocks):
    config = copy.deepcopy(CONFIG)
    for block, changes in blocks.items():
        for name, change in changes.items():
            config[block][name] = change
    return config


def test_a_stage_knows_its_backbone_and_whether_its_frozen_part_is_stored():
    made = resolve(CONFIG).experiments
    told = {name: (made[name]["weights"], made[name]["frozen"]) for name in made}
    assert told["pn-lp"] == ("pn-backbone", True)
    assert told["pn-lpft"] == told["pn-lpft-pl-0p0"] == ("pn-backbone", True)
    assert told["pn-ft"] == told["pn-lpft-all"] == ("pn-backbone", False)
    assert told["sg-large-ours"] == (None, False)
    assert made["pn-lpft"]["model"]["name"] == "timm-inception_resnet_v2"
    # The dense layer was trained before, block 5 with it now: all before block 5 is as published.
    assert told["g10-vgg"] == told["g10-vgg-tuned"] == ("g10-vgg16", True)


def test_a_stage_behind_one_that_trained_more_has_nothing_stored():
    config = with_changes(
        experiments={
            "deeper": {"task": "true-pn", "start": {"from": "pn-lpft-all"},
                       "recipe": {"use": "fine-tune", "unfreeze": 3}},
        }
    )  # fmt: skip
    assert resolve(config).experiments["deeper"]["frozen"] is False


def test_null_takes_out_what_another_file_names():
    config = with_changes(experiments={"pn-lp-pl": None})
    config["paper"]["planetary-nebulae"]["main"].remove("pn-lp-pl")
    assert "pn-lp-pl" not in resolve(config).experiments


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"experiments": {"new": {"task": "true-pn", "start": {"weights": "nowhere"}}}},
         r"experiments.new: wanted weights of this file; found 'nowhere'"),
        ({"experiments": {"new": {"task": "true-pn", "start": {"from": "pn-lq"}}}},
         r"experiments.new.start.from: wanted an experiment of this file; found 'pn-lq'"),
        ({"experiments": {"new": {"task": "true-pn", "start": {"from": "pn10-lp"}}}},
         r"wanted an experiment of the task true-pn; found pn10-lp of true-pn-folds"),
        ({"experiments": {"new": {"task": "true-pn", "start": {"from": "pn-densenet201-lpft"}}}},
         r"wanted all draws in pn-densenet201-lpft, too; found 5 there"),
        ({"experiments": {"new": {"task": "true-pn", "start": {"from": "pn-forest"}}}},
         r"wanted an experiment with weights; found the opponent pn-forest"),
        ({"experiments": {"new": {"task": "true-pn", "start": {"from": "pn-lp"}}}},
         r"experiments.new.recipe.loss: wanted softmax, as that of pn-lp, .* found auto"),
        ({"experiments": {"new": {"task": "true-pn", "start": {"from": "new"}}}},
         r"experiments.new: wanted starts, teachers and members that lead to.*circle through new"),
        ({"experiments": {"pn-cl-1": {**CONFIG["experiments"]["pn-cl-1"], "teacher": "pn-cl-3"}}},
         r"experiments.pn-cl-1: wanted starts, teachers and members.*pn-cl-3, pn-cl-2"),
        ({"experiments": {"new": {"task": "true-pn", "start": {"weights": "pn-vgg16"},
                                  "model": {"name": "compact"}}}},
         r"experiments.new.model: wanted timm-vgg16, the network of the weights"),
        ({"experiments": {"new": {"task": "true-pn", "start": {"weights": "pn-vgg16"},
                                  "teacher": "pn-lp"}}},
         r"experiments.new: wanted pseudo beside a teacher that it uses"),
        ({"experiments": {"new": {"task": "true-pn", "start": {"weights": "pn-vgg16"},
                                  "pseudo": {"labels": "soft"}}}},
         r"experiments.new: wanted a teacher for those pseudo-labels"),
        ({"experiments": {"new": {"task": "true-pn-shift", "start": {"weights": "pn-vgg16"},
                                  "pseudo": {"labels": "self"}}}},
         r"experiments.new.pseudo: wanted unlabelled objects in the task true-pn-shift"),
        ({"experiments": {"new": {"task": "true-pn", "probe": {"weights": "pn-vgg16"},
                                  "opponent": {"family": "forest"}}}},
         r"a model \(or a start\), a probe, an opponent or an ensemble; found opponent and probe"),
        ({"experiments": {"new": {"task": "true-pn", "probe": {"weights": "pn-vgg16"},
                                  "model": {"name": "timm-vgg16"}, "start": {"from": "pn-lp"}}}},
         r"a model \(or a start\), a probe, an opponent or an ensemble; found probe and start"),
        ({"experiments": {"new": {"task": "true-pn", "probe": {"weights": "pn-vgg16"},
                                  "model": {"name": "compact"}}}},
         r"experiments.new.model: wanted timm-vgg16, the network of the weights pn-vgg16"),
        ({"weights": {"new": {"model": "timm-vgg16"}}},
         r"weights.new: wanted one of url, file, from, random; found none"),
        ({"weights": {"new": {"model": "timm-vgg16", "random": 0, "mean": [0.5]}}},
         r"weights.new: wanted mean and std together"),
        ({"weights": {"new": {"model": "timm-vgg16", "from": "pn-forest"}}},
         r"weights.new.from: wanted an experiment with a network of its own; found pn-forest"),
        ({"weights": {"new": {"model": "timm-vgg16", "from": "pn-ft"}}},
         r"weights.new.from: wanted an experiment without starting weights; found pn-ft"),
    ],
)  # fmt: skip
def test_one_line_for_a_fault(changes, message):
    with pytest.raises(FewskyError, match=message) as caught:
        resolve(with_changes(**changes))
    assert "\n" not in str(caught.value)


def test_cuts_have_names_that_serve_as_files():
    assert [cut_name(cut) for cut in ("head", 3, ["conv2d_7b", "head"])] == [
        "head", "last-3", "conv2d_7b-head",
    ]  # fmt: skip
