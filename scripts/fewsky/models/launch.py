"""A draw's training from its files: in this process, or in several of this node by torchrun."""

import os
import signal
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

import torch
from torch import distributed

from fewsky.console import FewskyError, say, unwound_by
from fewsky.files import load_json, load_table, save_json
from fewsky.machine import choose_device, end_with_parent
from fewsky.models.extra import load_extra
from fewsky.models.results import paths_in
from fewsky.models.start import load_start
from fewsky.models.train import train
from fewsky.rooms import load_boxes, load_catalog, load_manifest, load_seen
from fewsky.shards import Shards

SCRIPTS = Path(__file__).resolve().parents[2]


def launch(told: dict[str, Any], processes: int) -> dict[str, Path]:
    """Train one draw by some processes, each with a GPU of its own where there are GPUs.

    Parameters
    ----------
    told : dict
        `settings`, `draw`, `device` and `code` as for `train.train`; paths of `images`,
        `catalogs` and, where targets may be among it, `measured` (lists), `manifest`, `draws`,
        `out`, `resume`, and `weights` (a folder), `stage`, `stored` and `pseudo` or None; `boxes`
        (a list, empty for a task without) and `generated` (patches and their table, or empty).
        It is handed on as JSON.
    processes : int
        1 trains here. More are started by torchrun's launcher; the first one writes.

    Returns the paths of the four files written. Raises FewskyError as `train.train` does, and where
    there are fewer GPUs than processes or one of them was ended from outside.
    """
    if processes == 1:
        return train_files(told)
    found = torch.cuda.device_count()
    if choose_device(told["device"]).type == "cuda" and found < processes:
        raise FewskyError(
            f"recipe.processes: wanted {processes} GPUs on this node; found {found}. Lower "
            "recipe.processes, or ask for a node that has them."
        )
    with tempfile.TemporaryDirectory() as folder, _inherited_output():
        save_json(told, Path(folder) / "told.json")
        _torchrun(Path(folder), processes)
    return paths_in(Path(told["out"]))


def train_files(told: dict[str, Any]) -> dict[str, Path]:
    """Load what `launch` is told and train on it."""
    settings, draw = told["settings"], told["draw"]
    return train(
        settings,
        load_seen(told["images"], settings),
        load_catalog(told["catalogs"], told.get("measured", ())),
        load_manifest(told["manifest"]),
        load_table(told["draws"]),
        draw,
        told["out"],
        told["resume"],
        told["device"],
        load_start(told["weights"], told["stage"], draw),
        told["stored"] and Shards([told["stored"]], "activations"),
        told["pseudo"] and load_table(told["pseudo"]),
        boxes=load_boxes(told["boxes"]) if told.get("boxes") else None,
        extra=load_extra(told.get("generated", ()), settings["take"]),
        code=told["code"],
    )


def _torchrun(folder: Path, processes: int) -> None:
    """Run `main` in some processes, as `torchrun --standalone` would; end when all have ended."""
    from torch.distributed.elastic.multiprocessing import DefaultLogsSpecs, SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    config = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=processes,
        rdzv_backend="c10d",
        rdzv_endpoint="127.0.0.1:0",
        local_addr="127.0.0.1",
        run_id=uuid.uuid4().hex,
        max_restarts=0,
        logs_specs=DefaultLogsSpecs(log_dir=str(folder)),
    )
    worker = (sys.executable, "-m", "fewsky.models.launch", folder / "told.json")
    try:
        elastic_launch(config, "env")(f"PYTHONPATH={SCRIPTS}", *worker)
    except ChildFailedError as error:
        raise _fault(error.failures.values()) from None
    except SignalException as error:
        say(f"ended from outside by {error.sigval.name}")
        sys.exit(128 + error.sigval)


def _fault(failures) -> Exception:
    """The fault of the process that failed first; that of the others follows from it."""
    first = min(failures, key=lambda failure: (failure.error_file == "<N/A>", failure.timestamp))
    said = first.message if isinstance(first.message, str) else first.message["message"]
    kind, _, line = said.partition(": ")
    if kind == FewskyError.__name__:
        return FewskyError(line)
    if first.exitcode < 0:
        return FewskyError(
            f"wanted all processes of this training to finish; found one ended: {said}. Look "
            "whether memory was short and run again; it goes on where it was."
        )
    return RuntimeError(said)


@contextmanager
def _inherited_output() -> Iterator[None]:
    """Let child processes print where this one prints, which in a script is its log."""
    sys.stdout.flush()
    kept = [os.dup(number) for number in (1, 2)]
    for number, stream in ((1, sys.stdout), (2, sys.stderr)):
        os.dup2(stream.fileno(), number)
    try:
        yield
    finally:
        for number, before in zip((1, 2), kept, strict=True):
            os.dup2(before, number)
            os.close(before)


# --- one of several processes -------------------------------------------------------------------
def main(path: str) -> int:
    """Take part in the training that a file of `launch` tells; returns the exit status.

    A FewskyError goes to a file of the launcher, which says it once for all processes.
    """
    from torch.distributed.elastic.multiprocessing.errors import record

    end_with_parent()
    silent = open(os.devnull, "w") if int(os.environ["RANK"]) else sys.stdout  # noqa: SIM115
    with redirect_stdout(silent), unwound_by(signal.SIGTERM):
        try:
            record(_take_part)(load_json(path))
        except FewskyError:
            return 1
    return 0


def _take_part(told: dict[str, Any]) -> None:
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")  # all processes are on this node
    device = choose_device(told["device"])
    if device.type == "cuda":
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        train_files(told)
    except FewskyError as error:
        raise FewskyError(str(error)) from None  # one name for all that derive from it
    distributed.destroy_process_group()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
