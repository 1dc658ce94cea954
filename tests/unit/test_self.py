"""Starts without labels: the losses by hand, the views that they see, and what they learn."""

import numpy as np
import pytest
import torch

from fewsky.console import FewskyError
from fewsky.files import load_arrays, load_json, load_table
from fewsky.losses import of_its_loss
from fewsky.machine import reproducible
from fewsky.models import parallel
from fewsky.models.augment import turned as turned_patch
from fewsky.models.contrastive import Contrastive, nt_xent, others, turned
from fewsky.models.masked import Masked
from fewsky.models.objectives import objective_of
from fewsky.models.sources import Held
from fewsky.models.train import train
from fewsky.models.views import Objects, Views
from fewsky.schema import fill, load_schema
from tests.unit.training_world import RECIPE, settings, world

SIZE, CHANNELS, N = 12, 2, 10
RAW = {"stretch": "raw", "bands": ["g", "r"], "psf": "none"}


def images(n=N, size=SIZE, seed=0):
    return torch.randn((n, CHANNELS, size, size), generator=torch.Generator().manual_seed(seed))


def views_of(pictures, seed=1, **recipe):
    """Views of images `(n, channel, y, x)` without targets."""
    n, size = len(pictures), pictures.shape[-1]
    pixels = pictures.reshape(n, CHANNELS, -1).permute(0, 2, 1).contiguous()
    objects = Objects(pixels, None, None, torch.zeros((n, 0)))
    generator = torch.Generator().manual_seed(seed)
    return Views(objects, size, RECIPE | recipe, RAW, generator)


def by_hand(outputs, temperature):
    """NT-Xent after equation 1 of Chen et al., a pair at a time."""
    z = outputs / np.linalg.norm(outputs, axis=1, keepdims=True)
    n, losses = len(z) // 2, []
    for i in range(2 * n):
        like = [np.exp(z[i] @ z[k] / temperature) for k in range(2 * n)]
        losses.append(-np.log(like[(i + n) % (2 * n)] / (sum(like) - like[i])))
    return losses


# --- contrastive ------------------------------------------------------------------------------
def test_nt_xent_is_that_of_the_paper():
    outputs = np.random.default_rng(0).normal(size=(8, 5))
    found = nt_xent(torch.tensor(outputs), 0.3)
    np.testing.assert_allclose(found, by_hand(outputs, 0.3), rtol=1e-9)


def test_nt_xent_of_unlike_and_alike_views():
    axes = torch.eye(4, dtype=torch.float64)
    alike = nt_xent(torch.cat([axes, 7 * axes]), 0.5)  # a length tells nothing
    unlike = nt_xent(torch.cat([axes, axes.roll(1, 0)]), 0.5)
    np.testing.assert_allclose(alike, -2 + np.log(np.e**2 + 6), rtol=1e-9)
    assert unlike.min() > alike.max()


def test_one_object_has_no_loss_and_no_nan():
    outputs = torch.ones((2, 3), requires_grad=True)
    loss = Contrastive(3, 0.1).loss(outputs, others(1, outputs.device)).mean()
    loss.backward()
    assert loss.item() == 0
    assert outputs.grad.abs().max() == 0


@pytest.mark.parametrize("setting", ["d4", "affine", "combined"])
def test_a_batch_holds_two_views_of_the_same_objects(setting):
    objective, pictures = Contrastive(8, 0.5), images() + 5 * torch.arange(N).view(-1, 1, 1, 1)
    views = views_of(pictures, augment=setting, brightness_nmgy=0.01)
    batch, extra, targets = objective.batch(views, torch.tensor([3, 7, 1]))
    assert (batch.shape, extra) == ((6, CHANNELS, SIZE, SIZE), None)
    assert targets.tolist() == [3, 4, 5, 0, 1, 2]
    # Levels are 5 apart, and the mean of 288 pixels of unit noise, moved or blurred, within 1.
    of_object = (batch.mean(dim=(1, 2, 3)) / 5).round().int()
    assert of_object.tolist() == [3, 7, 1, 3, 7, 1]
    assert not torch.equal(batch[:3], batch[3:])


def test_extra_scalars_stand_beside_both_views():
    views = views_of(images())
    views.objects.extra = torch.arange(N).float()[:, None]
    _, extra, _ = Contrastive(8, 0.5).batch(views, torch.tensor([4, 2]))
    assert extra[:, 0].tolist() == [4, 2, 4, 2]


def test_views_come_from_their_generator_alone():
    picks = torch.arange(N)
    first = Contrastive(8, 0.5).batch(views_of(images()), picks)[0]
    torch.manual_seed(99)
    state = torch.get_rng_state()
    again = Contrastive(8, 0.5).batch(views_of(images()), picks)[0]
    other = Contrastive(8, 0.5).batch(views_of(images(), seed=2), picks)[0]
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(state, torch.get_rng_state())


JITTER = {"gain": 0.3, "offset": 0.1, "noise": 0.02}


def levels(jitter, seed=1):
    """Mean brightness of a band of both views, (view, object, channel): images of 0.2 to 0.6."""
    level = torch.linspace(0.2, 0.6, N).view(-1, 1, 1, 1)
    pictures = level.expand(N, CHANNELS, SIZE, SIZE).contiguous()
    batch, _, _ = Contrastive(8, 0.5, jitter).batch(views_of(pictures, seed), torch.arange(N))
    return batch, batch.mean(dim=(2, 3)).reshape(2, N, CHANNELS)


def found_by(brightness):
    """Share of views whose nearest in brightness, of all bands, is the other of their object."""
    apart = torch.cdist(*(brightness.reshape(2 * N, -1),) * 2)
    apart.fill_diagonal_(torch.inf)
    return (apart.argmin(dim=1) == others(N, apart.device)).double().mean().item()


def test_brightness_alone_does_not_tell_the_views_of_an_object():
    _, plain = levels(None)
    torch.testing.assert_close(plain[0], plain[1])
    _, brightness = levels(JITTER)
    assert (brightness[0] - brightness[1]).abs().median() > 0.02
    assert (brightness[:, :, 0] - brightness[:, :, 1]).abs().median() > 0.02  # each band in its own
    assert found_by(plain) == 1 and found_by(brightness) < 0.5
    gained = brightness / torch.linspace(0.2, 0.6, N).view(1, N, 1)
    assert gained.max() < 1.3 + 0.1 / 0.2 + 0.05 and gained.min() > 0.7 - 0.1 / 0.2 - 0.05


def test_jitter_is_drawn_from_the_views_generator_and_off_where_nothing_is_said():
    first, again, other = (levels(JITTER, seed)[0] for seed in (1, 1, 2))
    assert torch.equal(first, again) and not torch.equal(first, other)
    off = levels({"gain": 0.0, "offset": 0.0, "noise": 0.0})[0]
    assert torch.equal(off, levels(None)[0])
    plain = fill({"loss": "contrastive"}, load_schema()["$defs"]["recipe"], load_schema())
    assert plain["jitter"] == {"gain": 0.0, "offset": 0.0, "noise": 0.0}
    assert "jitter" in of_its_loss(plain) and "jitter" not in of_its_loss(plain | {"loss": "auto"})
    told = {"recipe": plain | {"jitter": JITTER}, "targets": {"columns": []}, "seed": 0}
    assert objective_of(told, SIZE, CHANNELS).jitter == JITTER


def test_held_objects_are_jittered_alike_at_every_look():
    held, objective = Held(images(9), None, torch.zeros((9, 0))), Contrastive(8, 0.5, JITTER)
    one, again = objective.held(held).inputs, objective.held(held).inputs
    plain = Contrastive(8, 0.5).held(held).inputs
    assert torch.equal(one, again) and (one - plain).abs().mean() > 0.02


@pytest.mark.parametrize("element", range(8))
def test_symmetries_are_those_of_the_augmentation(element):
    pictures = images(2)
    found = turned(pictures, element)[1, 0].numpy()
    np.testing.assert_array_equal(found, turned_patch(pictures[1, 0].numpy(), element))


def test_held_objects_stand_beside_another_self():
    pictures = images(9)
    held = Contrastive(8, 0.5).held(Held(pictures, None, torch.zeros((9, 0))))
    assert torch.equal(held.inputs[:9], pictures)
    assert held.targets.tolist() == [*range(9, 18), *range(9)]
    for k in range(9):
        assert torch.equal(held.inputs[9 + k], turned(pictures[k : k + 1], 1 + k % 7)[0])
        assert not torch.equal(held.inputs[9 + k], pictures[k])


def test_no_held_object_is_no_fault():
    held = Contrastive(8, 0.5).held(Held(images(0), None, torch.zeros((0, 0))))
    assert len(held) == 0


def test_held_objects_are_compared_in_groups_as_large_as_a_batch():
    objective, outputs = Contrastive(4, 0.2), torch.randn(20, 4)
    whole = objective.loss(outputs, others(10, outputs.device))
    torch.testing.assert_close(whole, nt_xent(outputs, 0.2))
    objective.batch(views_of(images()), torch.arange(5))
    found = objective.loss(outputs, others(10, outputs.device))
    for rows in ([*range(5), *range(10, 15)], [*range(5, 10), *range(15, 20)]):
        torch.testing.assert_close(found[rows], nt_xent(outputs[rows], 0.2))


def test_right_counts_objects_whose_other_view_is_nearest():
    axes = torch.eye(4)
    mixed = torch.cat([axes, axes[[0, 1, 3, 2]]])
    found = Contrastive(4, 0.5).right(mixed, others(4, mixed.device))
    assert found.tolist() == [True, True, False, False]


@pytest.mark.parametrize(
    ("recipe", "words"),
    [
        ({"augment": "none"}, "found augment: none"),
        ({"augment_mode": "product"}, "found augment_mode: product"),
    ],
)
def test_two_views_alike_are_refused(recipe, words):
    with pytest.raises(FewskyError, match=words):
        Contrastive(8, 0.5).batch(views_of(images(), **recipe), torch.arange(3))


def test_a_frozen_part_and_several_processes_are_refused(monkeypatch):
    with pytest.raises(FewskyError, match=r"recipe.unfreeze: wanted all with loss: contrastive"):
        Contrastive(8, 0.5).batch(object(), torch.arange(3))
    monkeypatch.setattr(parallel, "processes", lambda: 2)
    with pytest.raises(FewskyError, match=r"recipe.processes: wanted 1 .* found 2"):
        Contrastive(8, 0.5).batch(views_of(images()), torch.arange(3))


# --- masked -----------------------------------------------------------------------------------
def test_outputs_are_one_a_square_and_channel():
    assert Masked(64, 3, 8, 0.5, 0).n_outputs == 3 * 64
    assert Masked(13, 2, 4, 0.5, 0).n_outputs == 2 * 16
    assert [Masked(16, 1, 4, share, 0).n_hidden for share in (0.0, 0.25, 0.6, 1.0)] == [
        1,
        4,
        10,
        15,
    ]


@pytest.mark.parametrize(("size", "cell"), [(12, 4), (13, 4), (12, 5)])
def test_hidden_squares_are_zero_and_their_means_are_the_targets(size, cell):
    pictures = images(6, size) + 3
    objective = Masked(size, CHANNELS, cell, 0.4, 0)
    masked, _, targets = objective.batch(views_of(pictures, augment="none"), torch.arange(6))
    grid = targets.reshape(6, CHANNELS, objective.side, objective.side)
    n_hidden = round(0.4 * objective.side**2)
    assert (grid.isfinite().sum(dim=(2, 3)) == n_hidden).all()
    for n, c, y, x in np.ndindex(*grid.shape):
        square = slice(y * cell, (y + 1) * cell), slice(x * cell, (x + 1) * cell)
        before, after = pictures[n, c][square], masked[n, c][square]
        if torch.isnan(grid[n, c, y, x]):
            assert torch.equal(before, after)
        else:
            assert after.abs().max() == 0
            torch.testing.assert_close(grid[n, c, y, x], before.mean())


def test_the_mask_moves_on_and_the_objects_stay():
    pictures, objective = images(), Masked(SIZE, CHANNELS, 4, 0.5, 0)
    kept, views = pictures.clone(), views_of(pictures, augment="none")
    one, two = (objective.batch(views, torch.arange(N))[0] for _ in range(2))
    again = objective.batch(views_of(pictures, augment="none"), torch.arange(N))[0]
    assert not torch.equal(one, two)
    assert torch.equal(one, again)
    assert torch.equal(pictures, kept)


def test_what_is_hidden_of_held_objects_goes_by_their_place():
    pictures, objective = images(), Masked(SIZE, CHANNELS, 4, 0.5, 3)
    whole, some = (
        objective.held(Held(part, None, torch.zeros((len(part), 0))))
        for part in (pictures, pictures[:4])
    )
    assert torch.equal(whole.inputs[:4], some.inputs)
    assert torch.equal(whole.targets[:4].nan_to_num(9), some.targets.nan_to_num(9))
    other = Masked(SIZE, CHANNELS, 4, 0.5, 4).held(Held(pictures, None, None))
    assert not torch.equal(whole.inputs, other.inputs)
    assert len({tuple(row) for row in whole.targets[:, :9].isnan().tolist()}) > 1


def test_the_loss_is_the_mean_over_hidden_squares():
    nan = torch.nan
    targets = torch.tensor([[1.0, nan, 3.0], [nan, nan, -2.0]])
    outputs = torch.tensor([[0.0, 50.0, 1.0], [9.0, 9.0, 1.0]], requires_grad=True)
    loss = Masked(SIZE, 1, 4, 0.5, 0).loss(outputs, targets)
    assert loss.tolist() == [2.5, 9.0]
    loss.sum().backward()
    assert outputs.grad.isfinite().all()
    assert outputs.grad[targets.isnan()].abs().max() == 0


def test_inputs_that_are_no_such_image_and_squares_too_large_are_refused():
    with pytest.raises(FewskyError, match=r"wanted images \(2, 12, 12\) for masked; found"):
        Masked(SIZE, CHANNELS, 4, 0.5, 0).held(Held(images(size=8), None, None))
    with pytest.raises(FewskyError, match=r"recipe.mask_cell: .* image of 12 px; found 12"):
        Masked(SIZE, CHANNELS, 12, 0.5, 0)


# --- both -------------------------------------------------------------------------------------
@pytest.mark.parametrize("made", [lambda: Contrastive(8, 0.2), lambda: Masked(SIZE, 2, 4, 0.5, 0)])
def test_a_small_network_learns_without_labels(made):
    """Blobs at random places: the loss on held objects falls to less than 0.8 of the first."""
    torch.manual_seed(0)
    y, x = torch.meshgrid(torch.arange(SIZE), torch.arange(SIZE), indexing="ij")
    place = torch.randint(2, SIZE - 2, (64, 2, 1, 1)).float()
    blobs = torch.exp(-((x - place[:, :1]) ** 2 + (y - place[:, 1:]) ** 2) / 8.0)
    pictures = 3 * blobs.expand(-1, CHANNELS, -1, -1) * torch.rand((64, CHANNELS, 1, 1))
    objective = made()
    network = torch.nn.Sequential(
        torch.nn.Flatten(), torch.nn.Linear(CHANNELS * SIZE**2, 64), torch.nn.ReLU(),
        torch.nn.Linear(64, objective.n_outputs),
    )  # fmt: skip
    optimiser = torch.optim.Adam(network.parameters(), lr=3e-3)
    views = views_of(pictures)
    held = objective.held(Held(pictures, None, None))

    def held_loss():
        with torch.inference_mode():
            return float(objective.loss(network(held.inputs), held.targets).mean())

    with reproducible(1):
        before = held_loss()
        for _ in range(150):
            batch, _, targets = objective.batch(views, torch.randperm(64))
            optimiser.zero_grad()
            objective.loss(network(batch), targets).mean().backward()
            optimiser.step()
        assert held_loss() < 0.8 * before


# --- by the trainer ---------------------------------------------------------------------------
def trained(folder, **recipe):
    """A training without labels in the trainer's small world: its card, history and weights."""
    images, catalog, manifest, draws = world(48)
    told = settings(
        classes=[], model={"name": "timm-test_resnet"}, targets={"columns": [], "missing": "mask"}
    )
    told["targets"] |= {
        "low": None,
        "high": None,
        "scale": "standard",
        "divide_by": 35.0,
        "errors": [],
    }
    told["recipe"] |= {"projection": 5, "temperature": 0.5, "mask_cell": 4, "mask_share": 0.5}
    told["recipe"] |= {"max_epochs": 3, "restore": "last", "stretch": "raw"} | recipe
    manifest["label"] = "object"
    paths = train(told, images, catalog, manifest, draws, 0, folder / "out", folder / "resume")
    return load_json(paths["card"]), load_table(paths["history"]), load_arrays(paths["weights"])


@pytest.mark.parametrize(("loss", "n_outputs"), [("contrastive", 5), ("masked", 2 * 16)])
def test_the_trainer_makes_a_start_that_is_the_same_each_time(tmp_path, loss, n_outputs):
    _, history, weights = trained(tmp_path / "one", loss=loss)
    assert len(history) == 3 and history["val_loss"].notna().all()
    [head] = [array for name, array in weights.items() if name.endswith("head.weight")]
    assert len(head) == n_outputs
    torch.manual_seed(5)
    _, again, same = trained(tmp_path / "two", loss=loss)
    assert history.equals(again)
    assert all(np.array_equal(array, same[name]) for name, array in weights.items())
    _, _, other = trained(tmp_path / "three", loss=loss, augment="rotation")
    assert any(not np.array_equal(array, other[name]) for name, array in weights.items())


def test_the_trainer_refuses_views_alike_before_anything_is_published(tmp_path):
    with pytest.raises(FewskyError, match="found augment: none"):
        trained(tmp_path, loss="contrastive", augment="none")
    assert not (tmp_path / "out").exists()
