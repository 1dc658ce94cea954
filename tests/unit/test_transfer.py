"""Transfer learning: backbones cut in two, stored activations, probes, pseudo-labels."""

import json

import numpy as np
import pandas as pd
import pytest
import torch

from fewsky.console import FewskyError
from fewsky.files import load_arrays, save_arrays, save_json
from fewsky.models import features
from fewsky.models.cards import shared_card
from fewsky.models.probe import fit_heads, fit_probes, recipe_of
from fewsky.models.pseudo import choose_pseudo, true_labels
from fewsky.models.ramp import ramp
from fewsky.models.start import Start, load_start
from fewsky.models.train import train
from fewsky.models.trained import load_model, predict
from fewsky.models.weights import prepare
from fewsky.networks import build, module_of
from fewsky.networks.backbone import first_trained, keep_statistics
from fewsky.unfinished import forget
from tests.unit.training_world import RECIPE

SIZE, BANDS = 32, ["red", "green", "blue"]
CLASSES = ["not-pn", "true-pn"]
WEIGHTS = {
    "name": "toy", "model": "timm-test_resnet", "url": None, "file": None, "from": None,
    "random": 5, "mean": None, "std": None, "bands": 3, "threads": 1,
}  # fmt: skip


def settings(**changes):
    recipe = RECIPE | {
        "stretch": "card", "loss": "softmax", "optimizer": "sgd", "learning_rate": 0.02,
        "max_epochs": 3, "restore": "last", "unfreeze": 3,
    }  # fmt: skip
    top = {
        "experiment": "pn", "classes": CLASSES, "bands": BANDS, "budgets": ["all"], "folds": 0,
        "model": {"name": "timm-test_resnet", "extra": []}, "seed": 3, "pseudo": None, "depth": 0,
        "start": {"weights": "toy", "from": None, "about": "nothing",
                  "frozen": "../../weights/toy/model.safetensors"},
    }  # fmt: skip
    own = {key: changes.pop(key) for key in list(changes) if key in recipe}
    return top | changes | {"recipe": recipe | own}


def world(n=60, seed=0):
    """Images of 0 to 1: nebulae are red in the middle; a third of the pool is unlabelled."""
    rng = np.random.default_rng(seed)
    label = np.array(CLASSES)[np.arange(n) % 2]
    images = rng.random((n, 3, SIZE, SIZE), np.float32) * 0.6
    images[label == "true-pn", 0, 10:22, 10:22] += 0.4
    ids = np.array([f"pn-{k}" for k in range(n)])
    part = np.where(
        np.arange(n) % 5 == 4, "test", np.where(np.arange(n) % 3 == 0, "unlabelled", "pool")
    )
    manifest = pd.DataFrame({"object_id": ids, "label": label, "part": part, "fold": -1})
    pool = manifest[part == "pool"]["object_id"].to_numpy()
    draws = pd.concat(_draw(pool, manifest, k) for k in range(2))
    return images, pd.DataFrame({"object_id": ids, "field": "ukst"}), manifest, draws


def _draw(pool, manifest, draw):
    rank = np.arange(len(pool))
    ids = np.random.default_rng(draw).permutation(pool)
    label = manifest.set_index("object_id")["label"][ids].to_numpy()
    role = np.where(rank % 5 == 4, "val", "train")
    return pd.DataFrame(
        {"draw": draw, "object_id": ids, "rank": rank, "role": role, "label": label, "even": True}
    )


@pytest.fixture
def weights(tmp_path):
    """A folder of prepared weights beside the models, as the workflow lays them."""
    folder = tmp_path / "models" / "weights" / "toy"
    arrays, card = prepare(WEIGHTS, None)
    save_arrays(arrays, folder / "model.safetensors")
    save_json(card, folder / "model.json")
    return folder


def fit(tmp_path, weights, name="pn", data=None, stored=None, labels=None, stage=None, **changes):
    told = settings(experiment=name, **changes)
    out = tmp_path / "models" / name / "draw-0"
    start = load_start(weights, stage, 0)
    train(told, *(data or world()), 0, out, tmp_path / "resume", "cpu", start, stored, labels)
    forget(tmp_path / "resume")
    return out


def stored(data, weights, unfreeze):
    told = {"model": {"name": "timm-test_resnet"}, "bands": BANDS, "unfreeze": unfreeze,
            "threads": 1, "views": 8}  # fmt: skip
    return features.extract(told, data[0], data[1], load_start(weights, None, 0), "cpu")


# Backbones.


@pytest.mark.parametrize(
    ("name", "size", "last_three"),
    [
        ("inception_resnet_v2", 96, 5_236_450),
        ("densenet201", 64, None),
        ("resnet50", 64, None),
        ("vgg16", 64, None),
        ("convnext_nano", 64, None),
        ("test_efficientnet", 64, None),
    ],
)
def test_a_chain_of_children_is_the_network(name, size, last_three):
    from fewsky.networks import timm as family

    with torch.random.fork_rng():
        torch.manual_seed(1)
        whole = family.timm.create_model(name, num_classes=2).eval()
        images = torch.randn(2, 3, size, size)
    chain = family.Backbone(*family._chained(whole)).eval()
    cut = first_trained(chain, 3)
    with torch.inference_mode():
        told = whole(images)
        assert torch.equal(chain(images), told)
        assert torch.equal(chain.tail(cut)(chain.stem(cut)(images)), told)
    if last_three:
        counts = [sum(w.numel() for w in chain.tail(first_trained(chain, k)).parameters())
                  for k in ("head", 3)]  # fmt: skip
        assert counts == [3074, last_three]


def test_first_weights_follow_the_generator_and_leave_the_global_one_alone():
    before = torch.random.get_rng_state()
    one, same, other = (
        build({"name": "timm-test_resnet"}, 3, SIZE, 2, torch.Generator().manual_seed(k))
        for k in (0, 0, 1)
    )
    assert torch.equal(torch.random.get_rng_state(), before)
    images = torch.zeros(1, 3, SIZE, SIZE)
    told = [net.eval()(images) for net in (one, same, other)]
    assert torch.equal(told[0], told[1]) and not torch.equal(told[0], told[2])


@pytest.mark.parametrize(
    ("unfreeze", "message"),
    [(["nowhere"], r"unfreeze: wanted children among .*; found nowhere"), (2, "cannot be cut")],
)
def test_a_wrong_cut_is_refused(unfreeze, message):
    name = "timm-test_resnet" if isinstance(unfreeze, list) else "ruhmer-base"
    network = build({"name": name}, 3, 25, 2, torch.Generator().manual_seed(0))
    with pytest.raises(FewskyError, match=message):
        first_trained(network, unfreeze)


def test_an_unknown_timm_network_is_refused():
    with pytest.raises(FewskyError, match=r"timm has no resnet5000"):
        build({"name": "timm-resnet5000"}, 3, SIZE, 2, torch.Generator())
    assert module_of("timm-resnet5000").endswith(".timm")


def test_frozen_statistics_stay_in_training_mode():
    network = build({"name": "timm-test_resnet"}, 3, SIZE, 2, torch.Generator().manual_seed(0))
    keep_statistics(network)
    before = {name: value.clone() for name, value in network.named_buffers()}
    network.train()(torch.rand(4, 3, SIZE, SIZE))
    assert all(torch.equal(before[name], value) for name, value in network.named_buffers())


# Stored activations.


@pytest.mark.parametrize("unfreeze", ["head", 3])
def test_stored_activations_give_the_weights_of_the_way_through_the_network(
    tmp_path, weights, unfreeze, monkeypatch
):
    """The same steps; the tolerance is fp32 rounding: batches of another size sum otherwise."""
    data = world()
    short = fit(
        tmp_path, weights, "short", data, stored(data, weights, unfreeze), unfreeze=unfreeze
    )
    kept = load_arrays(short / "model.safetensors")
    monkeypatch.setattr("fewsky.models.train.first_trained", lambda network, unfreeze: 0)
    long = _through_the_network(tmp_path, weights, data, unfreeze, monkeypatch)
    for name, array in kept.items():
        np.testing.assert_allclose(array, long[name], rtol=2e-4, atol=2e-6, err_msg=name)


def _through_the_network(tmp_path, weights, data, unfreeze, monkeypatch):
    """Train the whole network with its stem frozen by hand: no gradient, statistics kept."""
    from fewsky.models import train as trainer

    def frozen(job, run, statistics, plain=trainer._network):
        network = plain(job, run, statistics)
        stem = network.stem(first_trained(network, unfreeze))
        keep_statistics(stem)
        stem.requires_grad_(False)
        return network

    monkeypatch.setattr(trainer, "_network", frozen)
    folder = fit(tmp_path, weights, "long", data, unfreeze="all")
    return load_arrays(folder / "model.safetensors")


def test_a_model_with_a_frozen_part_loads_and_predicts(tmp_path, weights):
    data = world()
    folder = fit(tmp_path, weights, "pn", data, test_views=8)
    network, card = load_model(folder)
    told = pd.read_parquet(folder / "predictions.parquet")
    rows = pd.Index(data[1]["object_id"]).get_indexer(told["object_id"])
    found = predict(network, card, data[0][rows], data[1].iloc[rows])
    np.testing.assert_allclose(found[:, 1], told["p_true-pn"], atol=1e-5)
    assert card["trainable_parameters"] < card["parameters"]
    (weights / "model.safetensors").write_bytes(b"other")
    with pytest.raises(FewskyError, match="wanted the weights that this model was trained on"):
        load_model(folder)


def test_unfrozen_children_follow_frozen_weights_and_the_rest_stays_away(tmp_path, weights):
    names = set(load_arrays(fit(tmp_path, weights) / "model.safetensors"))
    assert {name.split("/")[2].split(".")[1] for name in names} >= {"layer3", "layer4"}
    assert not any(".layer2." in name for name in names)


def test_augmentation_outside_the_square_is_refused_behind_a_frozen_part(tmp_path, weights):
    with pytest.raises(FewskyError, match=r"recipe.augment: wanted one of .*; found blur"):
        fit(tmp_path, weights, augment="blur")


def test_a_learning_rate_is_chosen_on_validation(tmp_path, weights):
    rates = [1e-9, 0.02, 1e12]  # the last one diverges
    folder = fit(tmp_path, weights, learning_rates=rates)
    run = json.loads((folder / "model.json").read_text())["runs"][0]
    assert run["learning_rate"] == 0.02 and run["learning_rates_tried"] == rates
    with pytest.raises(FewskyError, match="wanted a finite val_loss"):
        fit(tmp_path, weights, "lost", learning_rates=[1e12, 1e13])


# Probes.


def probe(tmp_path, weights, data, **changes):
    told = settings(**changes) | {"probe": {"c": [1e-3, 1.0], "views": 8}, "draws": 2, "size": SIZE}
    given = load_start(weights, None, 0).card
    found = fit_probes(told, stored(data, weights, "head"), *data[1:], given)
    folder = tmp_path / "models" / told["experiment"] / "draw-all"
    card = shared_card(told | {"recipe": recipe_of(told)}, SIZE) | {"runs": found[1]}
    save_arrays(found[0], folder / "model.safetensors")
    save_json(card, folder / "model.json")
    return folder, found


def test_a_probe_is_scikit_learns_regression_as_an_output_layer(tmp_path, weights):
    data = world()
    folder, (_, runs, table) = probe(tmp_path, weights, data, experiment="lp")
    assert {run["trainable_parameters"] for run in runs} == {2 * 96 + 2}
    assert set(table["draw"]) == {0, 1}
    test = table[table["part"] == "test"]
    assert ((test["p_true-pn"] > 0.5) == (test["label"] == "true-pn")).mean() > 0.8
    network, card = load_model(folder, draw=1)
    own = table[table["draw"] == 1]
    rows = pd.Index(data[1]["object_id"]).get_indexer(own["object_id"])
    found = predict(network, card, data[0][rows], data[1].iloc[rows])
    np.testing.assert_allclose(found[:, 1], own["p_true-pn"], atol=1e-4)


def test_a_stronger_penalty_gives_smaller_weights():
    rng = np.random.default_rng(0)
    values, targets = rng.normal(size=(40, 1, 5)), np.arange(40) % 2
    weak, strong = fit_heads(values, targets, [1e-3, 10.0])
    assert np.abs(weak.weight).max() < np.abs(strong.weight).max()
    assert weak.weight.sum() == pytest.approx(0)


def test_fine_tuning_starts_from_the_probe_of_its_own_draw(tmp_path, weights):
    data = world()
    folder, (arrays, runs, _) = probe(tmp_path, weights, data, experiment="lp")
    stage = folder / "model.safetensors"
    out = fit(tmp_path, weights, "lpft", data, stage=stage, learning_rate=1e-12, max_epochs=1)
    kept = load_arrays(out / "model.safetensors")
    name = f"{runs[0]['prefix']}head.weight"
    np.testing.assert_allclose(kept[name.removeprefix("draw-0/")], arrays[name], atol=1e-8)
    with pytest.raises(FewskyError, match="wanted weights of draw 7; found other draws"):
        load_start(weights, stage, 7)


# Pseudo-labels.


def test_lees_ramp():
    told = [ramp(t, 100, 600, 3.0) for t in (99, 100, 350, 600)]
    assert told == [0.0, 0.0, 1.5, 3.0]


def stated(p):
    n = len(p)
    table = pd.DataFrame({"object_id": [f"u{k}" for k in range(n)], "part": "unlabelled"})
    table = table.assign(budget=10, fold=-1, label="")
    return table.assign(**{"p_not-pn": 1 - np.array(p), "p_true-pn": p})


def chosen(p, **told):
    base = {"labels": "hard", "threshold": 0.0, "top_share": None}
    return choose_pseudo(stated(p), CLASSES, base | told)


def test_pseudo_labels_by_threshold_and_by_share():
    p = [0.97, 0.9, 0.6, 0.45, 0.05]
    assert list(chosen(p)["label"]) == ["true-pn"] * 3 + ["not-pn"] * 2
    assert list(chosen(p, threshold=0.95)["object_id"]) == ["u0", "u4"]
    assert list(chosen(p, top_share=0.4)["object_id"]) == ["u0", "u4"]  # one of each class
    assert list(chosen(p, top_share=0.8)["label"]) == ["true-pn"] * 2 + ["not-pn"] * 2
    hard, soft = chosen(p), chosen(p, labels="soft")
    assert list(hard["p_true-pn"]) == [1, 1, 1, 0, 0]
    np.testing.assert_allclose(soft["p_true-pn"], p, rtol=1e-6)
    with pytest.raises(FewskyError, match=r"probability 0.99 or more.*the surest has 0.970"):
        chosen(p, threshold=0.99)
    with pytest.raises(FewskyError, match="unlabelled objects; found none"):
        choose_pseudo(stated(p).assign(part="test"), CLASSES, {})


PSEUDO = {"labels": "hard", "t1": 0, "t2": 2, "alpha": 1.0, "unit": "step", "batch_size": 16}


def test_hidden_labels_are_never_used(tmp_path, weights):
    """Scrambled hidden labels leave every byte of teacher, pseudo-labels and student alike."""
    kept = []
    for seed in (0, 1):
        images, catalog, manifest, draws = world()
        hidden = (manifest["part"] == "unlabelled").to_numpy()
        shuffled = np.random.default_rng(seed).permutation(manifest["label"][hidden].to_numpy())
        manifest.loc[hidden, "label"] = shuffled
        data, place = (images, catalog, manifest, draws), tmp_path / str(seed)
        teacher = fit(place, weights, "teacher", data)
        table = pd.read_parquet(teacher / "predictions.parquet")
        assert (table["part"] == "unlabelled").sum() == hidden.sum()
        labels = choose_pseudo(table, CLASSES, {**PSEUDO, "threshold": 0, "top_share": None})
        student = fit(place, weights, "student", data, labels=labels, pseudo=PSEUDO)
        alone = fit(place, weights, "alone", data, pseudo={**PSEUDO, "labels": "self"})
        kept += [(folder / "model.safetensors").read_bytes() for folder in (student, alone)]
    assert kept[0] == kept[2] and kept[1] == kept[3]
    assert kept[0] != kept[1]


def test_the_ceiling_takes_the_hidden_labels(tmp_path):
    _, _, manifest, _ = world()
    hidden = manifest[manifest["part"] == "unlabelled"]
    table = hidden[["object_id", "part"]].assign(budget=5, fold=-1)
    found = true_labels(manifest, table, CLASSES).set_index("object_id")["label"]
    assert (found[hidden["object_id"]].to_numpy() == hidden["label"].to_numpy()).all()


def test_pseudo_labels_of_other_objects_are_refused(tmp_path, weights):
    labels = chosen([0.9, 0.1]).assign(budget=32)
    with pytest.raises(FewskyError, match="wanted pseudo-labels of unlabelled objects, 32 labels"):
        fit(tmp_path, weights, labels=labels, pseudo=PSEUDO)


# Prepared weights.


def test_published_weights_come_back_under_our_names(tmp_path):
    from safetensors.torch import save_file

    from fewsky.networks import timm as family

    whole = family.timm.create_model("test_resnet", num_classes=7)
    path = tmp_path / "model.safetensors"
    save_file(whole.state_dict(), path)
    found, card = prepare(WEIGHTS | {"random": None, "file": str(path)}, path)
    assert card["mean"] == [0.5, 0.5, 0.5] and len(card["sha256"]) == 64
    for name, array in found.items():
        np.testing.assert_array_equal(array, whole.state_dict()[name.removeprefix("trunk.")])
    with pytest.raises(FewskyError, match="wanted weights of timm-test_convnext; found others"):
        prepare(WEIGHTS | {"random": None, "file": "f", "model": "timm-test_convnext"}, path)
    path.write_bytes(b"<html>not weights</html>")
    with pytest.raises(FewskyError, match="found no file of named tensors"):
        prepare(WEIGHTS | {"random": None, "file": str(path)}, path)


def test_grey_images_do_not_fit_weights_of_three_colours(tmp_path, weights):
    images, *rest = world()
    with pytest.raises(FewskyError, match=r"weights: wanted 3 bands.*found 1 \(grey\)"):
        fit(tmp_path, weights, data=(images[:, :1], *rest), bands=["grey"])


def test_a_start_without_weights_is_refused():
    with pytest.raises(FewskyError, match="wanted prepared weights; found none"):
        Start().of_backbone()
