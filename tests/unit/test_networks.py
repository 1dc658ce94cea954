"""Networks: Ruhmer's counts and shapes, the same numbers as written out plainly, symmetry."""

import subprocess
import sys

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from fewsky.console import FewskyError
from fewsky.networks import build, module_of
from fewsky.networks.backbone import first_trained
from fewsky.networks.layers import Dropout, use_generator
from fewsky.networks.vgg16 import published_weights
from fewsky.networks.vision_ops import prepare_torchvision


def made(name="ruhmer-base", bands=5, size=25, outputs=1, extra=0, seed=0, **model):
    generator = torch.Generator().manual_seed(seed)
    return build({"name": name, **model}, bands, size, outputs, generator, extra)


def counts(network):
    return [
        sum(weight.numel() for weight in layer.parameters())
        for layer in network.modules()
        if isinstance(layer, nn.Conv2d | nn.Linear)
    ]


@pytest.mark.parametrize("name", ["ruhmer-base", "ruhmer-regularised"])
def test_weights_are_ruhmers(name):
    assert counts(made(name)) == [1472, 18496, 131200, 129]
    assert sum(counts(made(name))) == 151_297


def test_maps_are_23_11_9_4_px_wide():
    network, seen = made().eval(), []
    for layer in (network.conv1, network.conv2):
        layer.register_forward_hook(lambda _, i, o: seen.extend([i[0].shape[-1], o.shape[-1]]))
    network.dense.register_forward_hook(lambda _, i, o: seen.append(i[0].shape[1]))
    network(torch.zeros(2, 5, 25, 25), None)
    assert seen == [25, 23, 11, 9, 1024]
    assert 1024 == 64 * 4 * 4


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("size", [25, 24, 31, 10])
def test_base_equals_the_plain_order_of_layers(training, size):
    """Rectifying after pooling, and cutting rows that no output sees, must change nothing."""
    network = made(size=size).train(training)
    plain = nn.Sequential(
        network.conv1, nn.ReLU(), nn.MaxPool2d(2), network.conv2, nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), network.dense, nn.ReLU(), network.head,
    )  # fmt: skip
    images = torch.randn(8, 5, size, size, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(network(images, None), plain(images), rtol=1e-5, atol=1e-5)
    ours = torch.autograd.grad(network(images, None).sum(), list(network.parameters()))
    theirs = torch.autograd.grad(plain(images).sum(), list(network.parameters()))
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)


def test_penalty_is_on_the_second_convolution_only():
    assert made().penalty() == 0
    network = made("ruhmer-regularised")
    expected = 0.01 * network.conv2.weight.detach().square().sum().item()
    assert network.penalty().item() == pytest.approx(expected)


def test_regularised_places_its_dropouts():
    network = made("ruhmer-regularised")
    drops = [(m.rate, m.whole_channels) for m in network.modules() if isinstance(m, Dropout)]
    assert drops == [(0.1, True), (0.1, False), (0.5, False)]
    calls = []
    network.drop.register_forward_hook(lambda *_: calls.append("pool"))
    network.head_drop.register_forward_hook(lambda *_: calls.append("head"))
    use_generator(network, torch.Generator().manual_seed(0))
    network(torch.zeros(2, 5, 25, 25), None)
    assert calls == ["pool", "pool", "head"]


def test_first_weights_are_glorot_uniform_and_leave_global_randomness_alone():
    torch.manual_seed(5)
    before = torch.get_rng_state()
    network = made(seed=3)
    assert torch.equal(before, torch.get_rng_state())
    bound = (6 / (9 * 32 + 9 * 64)) ** 0.5
    weights = network.conv2.weight
    assert 0.99 * bound < weights.abs().max() <= bound
    assert weights.std().item() == pytest.approx(bound / 3**0.5, rel=0.02)
    assert not network.conv2.bias.any()
    assert torch.equal(weights, made(seed=3).conv2.weight)
    assert not torch.equal(weights, made(seed=4).conv2.weight)


@pytest.mark.parametrize("whole", [True, False])
def test_dropout_keeps_the_mean_and_repeats_with_its_generator(whole):
    layer = Dropout(0.3, whole_channels=whole).train()
    values = torch.ones(200, 50, 4, 4)

    def dropped():
        use_generator(layer, torch.Generator().manual_seed(2))
        return layer(values)

    found = dropped()
    assert torch.equal(found, dropped())
    assert found.mean().item() == pytest.approx(1, abs=0.03)
    by_channel = (found == 0).float().mean(dim=(2, 3))
    assert set(by_channel.unique().tolist()) == {0.0, 1.0} or not whole
    assert torch.equal(layer.eval()(values), values)


@pytest.mark.parametrize("size", [25, 13, 27, 32])
def test_compact_with_even_kernels_does_not_see_a_turn(size):
    """Layers, pooling and read-out must treat the four sides alike: only kernels may not."""
    network = made("compact", size=size).eval()
    with torch.no_grad():
        for layer in network.convolutions:
            kernel = layer.weight
            views = [torch.rot90(v, k, (2, 3)) for v in (kernel, kernel.flip(3)) for k in range(4)]
            layer.weight.copy_(sum(views) / 8)
    images = torch.randn(4, 5, size, size, generator=torch.Generator().manual_seed(1))
    for turned in (images.rot90(1, (2, 3)), images.flip(2), images.transpose(2, 3)):
        torch.testing.assert_close(network(turned), network(images), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["ruhmer-base", "compact"])
def test_extra_scalars_and_several_outputs(name):
    network = made(name, outputs=4, extra=3).eval()
    images, extra = torch.zeros(2, 5, 25, 25), torch.tensor([[0.0, 0, 0], [1, 2, 3]])
    found = network(images, extra)
    assert found.shape == (2, 4)
    assert not torch.equal(found[0], found[1])


@pytest.mark.parametrize(
    ("model", "size", "said"),
    [
        ({"name": "resnet-18"}, 25, "there is no resnet-18"),
        ({"name": "ruhmer-deep"}, 25, "there is no ruhmer-deep"),
        ({"name": "ruhmer-base", "width": 8}, 25, "found {'width': 8}"),
        ({"name": "ruhmer-base"}, 9, "at least 10 px"),
    ],
)
def test_what_cannot_be_built_is_said_in_one_line(model, size, said):
    with pytest.raises(FewskyError, match="wanted") as caught:
        build(model, 5, size, 1, torch.Generator())
    assert said in str(caught.value)


def test_names_are_resolved_without_heavy_imports():
    assert module_of("ruhmer-base") == "fewsky.networks.ruhmer"
    code = (
        "import sys; from fewsky.networks import build, module_of; module_of('compact')\n"
        "assert 'torch' not in sys.modules\n"
        "import torch; build({'name': 'compact'}, 5, 25, 1, torch.Generator())\n"
        "assert not {'torchvision', 'timm'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": "scripts"})


# --- networks for galaxies ------------------------------------------------------------------------
def trainable(network, names):
    return sum(w.numel() for name, w in network.named_parameters() if name.startswith(names))


def test_vgg16_has_the_counts_of_the_report():
    """14,846,409; above the convolutions 131,721; from block 5 on 7,211,145 (not 7,221,145)."""
    network = made("vgg16", bands=3, size=69, outputs=9)
    dense = ("trunk.dense", "head")
    assert sum(w.numel() for w in network.parameters()) == 14_846_409
    assert trainable(network, dense) == 131_721
    assert trainable(network, (*dense, "trunk.block5")) == 7_211_145
    tail = network.tail(first_trained(network, ["block5"]))
    assert sum(w.numel() for w in tail.parameters()) == 7_211_145


def test_vgg16_reads_a_published_file_and_equals_that_network(tmp_path):
    prepare_torchvision()
    from torchvision.models import vgg16

    with torch.random.fork_rng():
        torch.manual_seed(0)
        theirs = vgg16(weights=None).eval()
    save_file(theirs.state_dict(), tmp_path / "vgg16.safetensors")
    found = published_weights("vgg16", tmp_path / "vgg16.safetensors", 3)
    ours = made("vgg16", bands=3, size=64, outputs=9).eval()
    lacking, unknown = ours.load_state_dict(found, strict=False)
    assert sorted(lacking) == [
        "head.bias",
        "head.weight",
        "trunk.dense.0.bias",
        "trunk.dense.0.weight",
    ]
    assert not unknown
    images = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        torch.testing.assert_close(ours.trunk[:5](images), theirs.features(images))


def test_a_file_of_another_network_is_one_line(tmp_path):
    save_file({"features.0.weight": torch.zeros(8, 3, 3, 3)}, tmp_path / "other.safetensors")
    with pytest.raises(FewskyError, match=r"wanted features.0.weight of shape \(64, 3, 3, 3\)"):
        published_weights("vgg16", tmp_path / "other.safetensors", 3)
    (tmp_path / "page.safetensors").write_text("<html>")
    with pytest.raises(FewskyError, match="found no file of named tensors"):
        published_weights("vgg16", tmp_path / "page.safetensors", 3)


def test_scratch_networks_have_the_layers_that_they_name():
    simple, bigger = (
        made("scratch-simple", bands=3, size=69, outputs=9),
        made("scratch-bigger", bands=3, size=69, outputs=9),
    )
    assert counts(simple) == [3 * 9 * 32 + 32, 32 * 9 * 64 + 64, 64 * 17 * 17 * 64 + 64, 65 * 9]
    assert sum(isinstance(m, nn.Conv2d) for m in bigger.modules()) == 4
    two = made("scratch-two", bands=3, size=32, outputs=9, filters=[5, 7], kernels=[5, 3], dense=11)
    assert counts(two) == [3 * 25 * 5 + 5, 5 * 9 * 7 + 7, 7 * 64 * 11 + 11, 12 * 9]


def test_scratch_penalty_is_keras_l1_l2_over_kernels():
    network = made("scratch-two", bands=3, size=8, outputs=3, l1=0.5, l2=0.25)
    kernels = [m.weight for m in network.modules() if isinstance(m, nn.Conv2d | nn.Linear)][:-1]
    wanted = sum(0.5 * k.abs().sum() + 0.25 * (k**2).sum() for k in kernels)
    torch.testing.assert_close(network.penalty(), wanted)
    assert made("scratch-two", bands=3, size=8, outputs=3).penalty() == 0


def test_batch_norm_starts_with_fresh_statistics_whatever_memory_held():
    network = made("scratch-simple", bands=3, size=16, outputs=3, batch_norm=True)
    norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm2d)]
    assert len(norms) == 2
    for norm in norms:
        assert torch.equal(norm.running_mean, torch.zeros_like(norm.running_mean))
        assert torch.equal(norm.running_var, torch.ones_like(norm.running_var))
        assert int(norm.num_batches_tracked) == 0
        assert torch.equal(norm.weight, torch.ones_like(norm.weight))


@pytest.mark.parametrize(
    ("name", "size", "settings"),
    [("scratch-bigger", 15, {}), ("scratch-two", 32, {"kernels": [3]}), ("vgg16", 31, {})],
)
def test_settings_that_a_network_cannot_take_are_one_line(name, size, settings):
    with pytest.raises(FewskyError, match=f"wanted settings that {name} takes"):
        made(name, bands=3, size=size, outputs=3, **settings)
