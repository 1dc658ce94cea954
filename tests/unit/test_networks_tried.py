"""Networks around Ruhmer's: the defaults are his to the bit, counts are those written out."""

from itertools import pairwise

import pytest
import torch
from test_networks import made

from fewsky.console import FewskyError
from fewsky.networks.layers import use_generator
from fewsky.networks.ruhmer_varied import receptive, sides_of

SIDES = (25, 49, 65)


def weights(network):
    return sum(weight.numel() for weight in network.parameters())


def patches(size, n=4, bands=5):
    return torch.randn(n, bands, size, size, generator=torch.Generator().manual_seed(1))


def answer(network, images, training=False):
    use_generator(network, torch.Generator().manual_seed(7))
    return network.train(training)(images, None)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("size", [25, 24, 31, 65])
def test_defaults_are_ruhmers_network(training, size):
    ours, his = made("ruhmer_varied", size=size), made("ruhmer-regularised", size=size)
    for one, other in zip(ours.parameters(), his.parameters(), strict=True):
        assert torch.equal(one, other)
    images = patches(size)
    assert torch.equal(answer(ours, images, training), answer(his, images, training))
    assert torch.equal(ours.penalty(), his.penalty())


def test_defaults_have_ruhmers_weights():
    assert weights(made("ruhmer_varied")) == 151_297


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        # Convolutions, then the dense layer on what is left, then 129.
        ({"batch_norm": True}, 151_297 + 2 * (32 + 64)),
        ({"blocks": 1}, 1472 + (11 * 11 * 32 + 1) * 128 + 129),
        ({"blocks": 3}, 1472 + 18_496 + (9 * 64 + 1) * 128 + (128 + 1) * 128 + 129),
        ({"width": 64}, (45 + 1) * 64 + (9 * 64 + 1) * 128 + (16 * 128 + 1) * 128 + 129),
        ({"kernel": 5}, (125 + 1) * 32 + (25 * 32 + 1) * 64 + (9 * 64 + 1) * 128 + 129),
        ({"kernel": 7}, (245 + 1) * 32 + (49 * 32 + 1) * 64 + (64 + 1) * 128 + 129),
        ({"pool_px": 3}, 1472 + 18_496 + (64 + 1) * 128 + 129),
        ({"pool": "mean"}, 151_297),
        ({"dense": 64}, 1472 + 18_496 + 1025 * 64 + 65),
        ({"l2": 0.0, "dropout": 0.0, "spatial_dropout": 0.0, "head_dropout": 0.0}, 151_297),
    ],
)
def test_one_option_at_a_time(model, expected):
    network = made("ruhmer_varied", **model)
    assert weights(network) == expected
    images = patches(25)
    for training in (True, False):
        assert answer(network, images, training).shape == (4, 1)


@pytest.mark.parametrize("pool", ["max", "mean"])
@pytest.mark.parametrize("model", [{}, {"kernel": 5}, {"pool_px": 3}, {"blocks": 3}])
def test_what_training_cuts_off_is_seen_by_no_output(pool, model):
    off = {"spatial_dropout": 0.0, "dropout": 0.0, "head_dropout": 0.0}
    network = made("ruhmer_varied", pool=pool, **off, **model)
    images = patches(25)
    torch.testing.assert_close(answer(network, images, True), answer(network, images))
    edge = images.clone()
    edge[..., network.seen :, :] = 9.0
    assert torch.equal(answer(network, images), answer(network, edge))


def test_without_options_only_the_stated_layers_are_punished():
    assert made("ruhmer_varied", l2=0.0).penalty() == 0.0
    network = made("ruhmer_varied", l2=0.5, blocks=3)
    kernels = network.conv2.weight.square().sum() + network.conv3.weight.square().sum()
    torch.testing.assert_close(network.penalty(), 0.5 * kernels)


def test_a_unet_has_the_originals_weights():
    """Two convolutions a level from 1 band to 64, ..., 1024 channels: 18,842,048 in all."""
    doubled = [1, 64, 128, 256, 512, 1024]
    by_hand = sum(9 * a * b + b + 9 * b * b + b for a, b in pairwise(doubled))
    assert by_hand == 18_842_048
    network = made("unet-encoder", bands=1, size=65, width=64, blocks=5)
    assert weights(network) == by_hand + 1024 + 1


@pytest.mark.parametrize("side", SIDES)
def test_a_unet_takes_every_side(side):
    # 5 -> 16 -> 32 -> 64 -> 128 channels, whatever the side of the patch.
    doubled = [5, 16, 32, 64, 128]
    by_hand = sum(9 * a * b + b + 9 * b * b + b for a, b in pairwise(doubled))
    assert weights(made("unet-encoder", size=side)) == by_hand + 129
    normed = made("unet-encoder", size=side, batch_norm=True)
    assert weights(normed) == by_hand + 129 + 4 * sum(doubled[1:])


def test_a_resnet_has_the_originals_weights():
    """ResNet-20 for CIFAR-10: 269,722 weights (He et al. 2016 print 0.27 million)."""
    assert weights(made("resnet", bands=3, size=32, outputs=10, blocks=3)) == 269_722


@pytest.mark.parametrize("side", SIDES)
def test_a_resnet_takes_every_side(side):
    # A convolution of 5 bands, blocks 16-16, 16-32, 32-64, each with two normalisations.
    by_hand = 9 * 5 * 16 + 2 * 16
    by_hand += sum(9 * a * b + 9 * b * b + 4 * b for a, b in ((16, 16), (16, 32), (32, 64)))
    network = made("resnet", size=side)
    assert weights(network) == by_hand + 65
    assert answer(network, patches(side), True).shape == (4, 1)


@pytest.mark.parametrize("name", ["ruhmer_varied", "unet-encoder", "resnet"])
def test_weights_follow_from_the_seed(name):
    model = {} if name == "resnet" else {"batch_norm": True}
    one, again, other = (made(name, seed=seed, **model) for seed in (3, 3, 4))
    images = patches(25)
    assert torch.equal(answer(one, images), answer(again, images))
    assert not torch.equal(answer(one, images), answer(other, images))


def test_sides_are_those_of_ruhmers_maps():
    assert sides_of(25, 2, 3, 2) == [25, 11, 4] and receptive(4, 2, 3, ("max", 2)) == 22
    with pytest.raises(FewskyError, match="vanish"):
        made("ruhmer_varied", blocks=4)
    with pytest.raises(FewskyError, match="vanish"):
        made("unet-encoder", size=10, blocks=5)
