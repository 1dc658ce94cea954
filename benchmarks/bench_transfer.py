"""Transfer learning on inception_resnet_v2 at 256 px: stored features and activations against the
way through the whole network.

Ours counts everything: the one pass over the images in eight views, and all fits. The slow side is
extrapolated from the rate of a few batches to the same number of runs and epochs, as the row says.
"""

import time

import numpy as np

MODEL, SIZE, BANDS, N = "timm-inception_resnet_v2", 256, 3, 64
BUDGETS = 2 * np.arange(5, 25)  # 20 budgets of 10 to 48, the whole pool: a quarter of N is tested
DRAWS, EPOCHS, BATCH, VIEWS = 5, 20, 16, 8
RUNS = 100  # ten draws of ten folds, which share one pass over the images


def rows() -> list[dict]:
    """The probe sweep and the fine-tune of the last three children, each with its accuracies."""
    import torch

    from fewsky.machine import reproducible
    from fewsky.networks import build

    with reproducible(threads=torch.get_num_threads()):
        network = build({"name": MODEL}, BANDS, SIZE, 2, torch.Generator().manual_seed(0)).eval()
        images, targets = _images()
        return [_probe_sweep(network, images, targets), _last_three(network, images, targets)]


def _probe_sweep(network, images, targets) -> dict:
    from fewsky.models.probe import fit_heads

    cut = len(network.trunk)
    seconds, features = _timed(lambda: _stored(network, cut, images))
    test = np.arange(N) % 4 == 3
    fits, heads = _timed(lambda: [fit_heads(features[rows], targets[rows], [0.01])[0]
                                  for rows in _draws(~test)])  # fmt: skip
    right = [(head.probabilities(features[test]).argmax(1) == targets[test]).mean()
             for head in heads[-DRAWS:]]  # fmt: skip
    seen = EPOCHS * sum(len(rows) for rows in _draws(~test))
    through = seen / _rate_through(network, cut, images, targets)
    peer_right = _accuracy_by_steps(features, targets, test)
    return {
        "name": "linear-probe-sweep",
        "unit": "s",
        "ours": seconds + fits,
        "peer": through,
        "peer_name": f"head through the frozen network, {EPOCHS} epochs, extrapolated; accuracy "
        f"{np.mean(right):.2f} against {peer_right:.2f}",
        "ratio": through / (seconds + fits),
    }


def _last_three(network, images, targets) -> dict:
    from fewsky.networks.backbone import first_trained

    cut = first_trained(network, 3)
    seconds, stored = _timed(lambda: _stored(network, cut, images))
    views = RUNS * EPOCHS * N
    apart = _difference(network, cut, stored, images, targets)
    rates = (
        _rate_stored(network, cut, stored, targets),
        _rate_through(network, cut, images, targets),
    )
    ours, through = seconds + views / rates[0], views / rates[1]
    single = (views / RUNS / rates[1]) / (seconds + views / RUNS / rates[0])
    return {
        "name": "last-three",
        "unit": "s",
        "ours": ours,
        "peer": through,
        "peer_name": f"through the network, {RUNS} runs of {EPOCHS} epochs, extrapolated "
        f"({single:.1f} for one run); outputs after the same steps differ by {apart:.0e}",
        "ratio": through / ours,
    }


def _images():
    """Images of 0 to 1 in two classes: a soft blob of another width on noise."""
    rng = np.random.default_rng(0)
    targets = np.arange(N) % 2
    y, x = np.mgrid[:SIZE, :SIZE] - SIZE / 2
    width = np.where(targets, 50, 20)[:, None, None]
    blob = np.exp(-(x**2 + y**2) / (2 * width**2))[:, None]
    noise = rng.random((N, BANDS, SIZE, SIZE), np.float32)
    return np.float32(0.5 * noise + 0.5 * blob), targets


def _draws(pool):
    """Rows of every budget of every draw."""
    rows = np.flatnonzero(pool)
    for budget in BUDGETS:
        for draw in range(DRAWS):
            order = np.random.default_rng(draw).permutation(rows)
            yield np.concatenate([order[order % 2 == k][: max(2, budget // 2)] for k in (0, 1)])


def _stored(network, cut, images):
    from fewsky.models.features import activations

    return activations(network.stem(cut), _source(images), np.arange(N), VIEWS)


def _source(images):
    import pandas as pd
    import torch

    from fewsky.models.features import PLAIN
    from fewsky.models.sources import Pixels

    statistics = {"stretch": "card", "psf": "none", "bands": list("rgb"), "extra": [],
                  "mean": [0.5] * 3, "std": [0.5] * 3}  # fmt: skip
    return Pixels(images, pd.DataFrame(index=range(N)), statistics, PLAIN, torch.device("cpu"))


def _rate_stored(network, cut, stored, targets) -> float:
    """Views a second of training steps on the tail, from stored activations."""
    import torch

    from fewsky.models.features import PLAIN
    from fewsky.models.sources import Activations

    source = Activations(stored, PLAIN, torch.device("cpu"))
    views = source.training(np.arange(N), targets, torch.Generator().manual_seed(0))
    tail = network.tail(cut)
    return _rate(tail, lambda picks: tail(views.batch(picks)[0]), targets, steps=6)


def _rate_through(network, cut, images, targets) -> float:
    """Views a second of the same steps through the frozen part, which keeps no gradient."""
    import torch

    views = _source(images).training(np.arange(N), targets, torch.Generator().manual_seed(0))
    stem, tail = network.stem(cut).eval(), network.tail(cut)

    def outputs(picks):
        with torch.no_grad():
            values = stem(views.batch(picks)[0])
        return tail(values)

    return _rate(tail, outputs, targets, steps=3)


def _difference(network, cut, stored, images, targets) -> float:
    """Largest difference of outputs after the same four steps from the same weights, both ways."""
    import torch

    from fewsky.models.features import PLAIN
    from fewsky.models.sources import Activations

    first = {name: value.clone() for name, value in network.tail(cut).state_dict().items()}
    told = []
    for source in (Activations(stored, PLAIN, torch.device("cpu")), _source(images)):
        tail, stem = network.tail(cut), network.stem(cut).eval()
        tail.load_state_dict(first)
        views = source.training(np.arange(N), targets, torch.Generator().manual_seed(1))

        def outputs(picks, views=views, tail=tail, stem=stem):
            values = views.batch(picks)[0]
            if values.shape[-1] == SIZE:
                with torch.no_grad():
                    values = stem(values)
            return tail(values)

        _rate(tail, outputs, targets, steps=3)
        with torch.no_grad():
            told.append(outputs(torch.arange(BATCH)))
    network.tail(cut).load_state_dict(first)
    return float((told[0] - told[1]).abs().max())


def _rate(trained, outputs, targets, steps: int) -> float:
    import torch
    from torch.nn import functional as F

    optimiser = torch.optim.SGD(trained.parameters(), lr=1e-4, momentum=0.9)
    wanted = torch.from_numpy(targets)

    def step(k):
        picks = (torch.arange(BATCH) + k * BATCH) % N
        optimiser.zero_grad()
        F.cross_entropy(outputs(picks), wanted[picks]).backward()
        optimiser.step()

    step(0)
    seconds, _ = _timed(lambda: [step(k) for k in range(steps)])
    return steps * BATCH / seconds


def _accuracy_by_steps(features, targets, test) -> float:
    """What the slow side reaches: the same steps of SGD on the head, in random views."""
    import torch
    from torch.nn import functional as F

    found = []
    for rows in list(_draws(~test))[-DRAWS:]:
        flat = features[rows].reshape(-1, features.shape[2])
        mean, spread = flat.mean(0), flat.std(0) + 1e-6
        values = torch.from_numpy((features - mean) / spread)
        head = torch.nn.Linear(features.shape[2], 2)
        torch.nn.init.zeros_(head.weight)
        optimiser = torch.optim.SGD(head.parameters(), lr=1e-3, momentum=0.9)
        picks = np.random.default_rng(0)
        for _ in range(EPOCHS):
            for batch in np.array_split(picks.permutation(rows), -(-len(rows) // BATCH)):
                seen = values[batch, picks.integers(VIEWS, size=len(batch))]
                optimiser.zero_grad()
                F.cross_entropy(head(seen), torch.from_numpy(targets[batch])).backward()
                optimiser.step()
        with torch.no_grad():
            told = head(values[np.flatnonzero(test)]).mean(1).argmax(1).numpy()
        found.append((told == targets[test]).mean())
    return float(np.mean(found))


def _timed(work):
    started = time.perf_counter()
    done = work()
    return time.perf_counter() - started, done
