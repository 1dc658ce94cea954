"""Training Ruhmer's base network: our trainer against a bare PyTorch loop and against Keras.

Every measurement is a process of its own, on one thread; ours and a peer's take turns, and the
best epoch of each counts, so that other work on the machine disturbs both alike.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
KERAS = ROOT / ".venv-keras"
N, SIZE, BANDS, BATCH, EPOCHS, REPEATS = 4096, 25, list("ugriz"), 256, 5, 3


def rows() -> list[dict]:
    """Views a second: with all augmentations against ready tensors, and plain against Keras."""
    rates = _take_turns(
        {
            "augmented": [sys.executable, __file__, "combined"],
            "bare": [sys.executable, __file__, "bare"],
            "plain": [sys.executable, __file__, "none"],
            "keras": _keras_command(),
        }
    )
    keras = "Keras on TensorFlow (XLA)"
    if rates["keras"] is None:
        keras = "not measured: Keras could not be installed"
    return [
        _row("train-vs-bare-loop", rates["augmented"], rates["bare"], "forward/backward loop"),
        _row("train-vs-keras", rates["plain"], rates["keras"], keras),
    ]


def _row(name: str, ours: float, peer: float | None, peer_name: str) -> dict:
    """A row of the table; peer and ratio are 0 where the peer could not be measured."""
    return {
        "name": name,
        "unit": "images/s",
        "ours": ours,
        "peer": peer or 0.0,
        "peer_name": peer_name,
        "ratio": ours / peer if peer else 0.0,
    }


def _take_turns(commands: dict[str, list[str] | None]) -> dict[str, float | None]:
    """The best rate of each command over all turns; None for one that cannot run."""
    best: dict[str, float | None] = dict.fromkeys(commands)
    environment = os.environ | {"PYTHONPATH": str(ROOT / "scripts"), "OMP_NUM_THREADS": "1"}
    for _ in range(REPEATS):
        for name, command in commands.items():
            if command is None:
                continue
            result = subprocess.run(
                command, env=environment, capture_output=True, text=True, check=True
            )
            rate = json.loads(result.stdout.splitlines()[-1])["images_per_s"]
            best[name] = max(rate, best[name] or 0)
    return best


def _keras_command() -> list[str] | None:
    """The command that times Keras; its environment is made on the first call."""
    python = KERAS / "bin" / "python"
    pinned = ROOT / "benchmarks" / "requirements-keras.txt"
    if not (python.exists() and _has_keras(python)):
        made = subprocess.run([sys.executable, "-m", "venv", str(KERAS)], check=False)
        install = [str(python), "-m", "pip", "install", "-q", "-r", str(pinned)]
        if made.returncode or subprocess.run(install, check=False).returncode:
            return None
    script = str(ROOT / "benchmarks" / "keras_peer.py")
    sizes = {"n": N, "size": SIZE, "bands": len(BANDS), "batch": BATCH, "epochs": EPOCHS + 1}
    return [str(python), script, *(f"--{name}={value}" for name, value in sizes.items())]


def _has_keras(python: Path) -> bool:
    return subprocess.run([str(python), "-c", "import keras"], capture_output=True).returncode == 0


def ours(augment: str) -> float:
    """Views a second of the best epoch of our trainer's own loop, random views of one setting."""
    import numpy as np
    import pandas as pd
    import torch

    from fewsky.machine import reproducible
    from fewsky.models.loop import train_epoch
    from fewsky.models.objectives import objective
    from fewsky.models.schedule import Progress, make_optimiser
    from fewsky.models.sources import objects_on
    from fewsky.models.views import Views
    from fewsky.networks import build

    recipe = {
        "optimizer": "adam", "learning_rate": 1e-3, "weight_decay": 0.0, "epsilon": 1e-7,
        "batch_size": BATCH, "schedule": "constant", "warmup": 0.0, "augment": augment,
        "augment_mode": "random", "brightness_nmgy": 0.1, "blur_px": 1.0, "dtype": "float32",
    }  # fmt: skip
    statistics = {"stretch": "raw", "psf": "none", "bands": BANDS, "extra": []}
    images = np.random.default_rng(0).normal(size=(N, len(BANDS), SIZE, SIZE)).astype(np.float32)
    generator = torch.Generator().manual_seed(0)
    with reproducible(threads=1):
        network = build({"name": "ruhmer-base"}, len(BANDS), SIZE, 1, generator)
        device = torch.device("cpu")
        objects = objects_on(device, images, pd.DataFrame(), statistics, np.arange(N) % 2)
        views = Views(objects, SIZE, recipe, statistics, generator)
        optimiser = make_optimiser(network, recipe)
        progress, goal, total = Progress(), objective("auto", 2), 10**9

        def epoch():
            train_epoch(network, views, goal, None, optimiser, recipe, progress, total, generator)

        return _best_rate(epoch)


def bare() -> float:
    """Images a second of the same network in a plain loop over batches that are ready in memory."""
    import torch
    from torch.nn import functional as F

    from fewsky.networks import build

    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(0)
    network = build({"name": "ruhmer-base"}, len(BANDS), SIZE, 1, generator)
    images = torch.randn(N, len(BANDS), SIZE, SIZE, generator=generator)
    batches = images.contiguous(memory_format=torch.channels_last).split(BATCH)
    targets = (torch.arange(N) % 2).float().split(BATCH)
    optimiser = torch.optim.Adam(network.parameters(), 1e-3, fused=True)

    def epoch():
        for x, y in zip(batches, targets, strict=True):
            loss = F.binary_cross_entropy_with_logits(network(x)[:, 0], y)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()

    return _best_rate(epoch)


def _best_rate(epoch) -> float:
    seconds = []
    for _ in range(EPOCHS + 1):
        start = time.perf_counter()
        epoch()
        seconds.append(time.perf_counter() - start)
    return N / min(seconds[1:])


if __name__ == "__main__":
    setting = sys.argv[1]
    print(json.dumps({"images_per_s": bare() if setting == "bare" else ours(setting)}))
