"""Networks: Ruhmer's counts and shapes, the same numbers as written out plainly, symmetry."""

import subprocess
import sys

import pytest
import torch
from torch import nn

from fewsky.console import FewskyError
from fewsky.networks import build, module_of
from fewsky.networks.layers import Dropout, use_generator


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
        ({"name": "resnet-18"}, 25, "found 'resnet-18'"),
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
