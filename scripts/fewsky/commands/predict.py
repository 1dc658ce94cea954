"""Apply a trained experiment to new fields or images, whose labels nobody knows.

    make predict NAME=new EXPERIMENT=sg-large-ours FIELDS="4510-4-30 4510-4-31" PROFILE=sample

or, with Snakemake's own words after `--`,

    python -m fewsky.commands.predict --name new --experiment sg-large-ours --fields 4510-4-30 \\
        -- --profile profiles/sample --cores all

The table, card and picture go to RESULTS/predicted/NAME.*, where RESULTS is the folder of the
profile, in which the experiment's models must lie already: nothing is trained here. Called again it
goes on where it was; after a kill, with --resume.
"""

import argparse
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from fewsky.commands import resume
from fewsky.config import Plan, resolve
from fewsky.console import FewskyError
from fewsky.experiments import merge
from fewsky.files import load_json
from fewsky.metrics.predicted import closing
from fewsky.schema import load_config
from fewsky.surveys.folder import CATALOGUE

ENDINGS = ("csv", "json", "png", "pdf")
# What must not have to run: a prediction reads models where they lie.
TRAINING = ("choose_pseudo_labels", "combine_predictions", "extract_features", "fit_probes",
            "prepare_weights", "search_settings", "train")  # fmt: skip


def parsed(arguments: list[str]) -> tuple[argparse.Namespace, list[str]]:
    """Our own options, and Snakemake's words, which stand after `--`."""
    cut = arguments.index("--") if "--" in arguments else len(arguments)
    parser = argparse.ArgumentParser(prog="python -m fewsky.commands.predict")
    parser.add_argument("--name", required=True, help="of the table that is written")
    parser.add_argument("--experiment", required=True, help="a trained network or linear probe")
    parser.add_argument("--fields", nargs="+", metavar="RUN-CAMCOL-FIELD")
    parser.add_argument("--catalogue", help="found (default), photoobj, calibobj or a CSV's path")
    parser.add_argument("--folder", help="a folder with catalog.csv and the images it names")
    parser.add_argument("--draws", choices=["all", "first"])
    parser.add_argument("--resume", action="store_true", help="unlock first, after a kill")
    return parser.parse_args(arguments[:cut]), arguments[cut + 1 :]


def block_of(options: argparse.Namespace) -> dict[str, Any]:
    """The entry of the block `predict` that the options stand for."""
    keys = ("experiment", "fields", "catalogue", "folder", "draws")
    return {key: value for key in keys if (value := getattr(options, key)) is not None}


def with_block(words: list[str], name: str, block: dict[str, Any]) -> list[str]:
    """Snakemake's words with one more setting, put beside those that they have already."""
    setting = f"predict={json.dumps({name: block})}"
    if "--config" in words:
        at = words.index("--config") + 1
        return [*words[:at], setting, *words[at:]]
    return [*words, "--config", setting]


def configured(words: list[str]) -> dict[str, Any]:
    """The configuration that Snakemake will read by its words: profile, files and settings."""
    told = values_of(words, "--configfile")
    if not told and (profile := values_of(words, "--profile")):
        path = Path(profile[0]) / "config.yaml"
        if not path.is_file():
            raise FewskyError(
                f"{path}: wanted a profile; found no such file. Name another PROFILE."
            )
        told = load_config(path)["configfile"]
    config: dict[str, Any] = {}
    for path in told or ["config.yaml"]:
        config = merge(config, load_config(Path(path)))
    for word in values_of(words, "--config"):
        key, _, value = word.partition("=")
        config = merge(config, {key: yaml.safe_load(value)})
    return config


def values_of(words: list[str], option: str) -> list[str]:
    """The values of an option among Snakemake's words."""
    if option not in words:
        return []
    rest = words[words.index(option) + 1 :]
    end = next((k for k, word in enumerate(rest) if word.startswith("--")), len(rest))
    return rest[:end]


def check_images(name: str, folder: str | None) -> None:
    """Raise FewskyError for a folder that does not list its images."""
    if folder is not None and not (Path(folder) / CATALOGUE).is_file():
        raise FewskyError(
            f"predict.{name}: wanted {folder}/{CATALOGUE} with columns object_id and file, a line "
            "an image; found none. Write it, or correct the folder."
        )


def check_trained(plan: Plan, name: str, results: str, words: list[str], own: list[str]) -> None:
    """Raise FewskyError where a prediction would have to train, and say what to run.

    `words` are Snakemake's as a person gave them, `own` those of the prediction, of which a dry run
    is made.
    """
    dry = run([*own, "--dry-run", "--quiet", "rules"], capture_output=True, text=True)
    if dry.returncode:
        lines = (dry.stderr + dry.stdout).strip().splitlines()
        ours = [line.removeprefix("fewsky: ") for line in lines if line.startswith("fewsky: ")]
        raise FewskyError((ours or lines or ["a dry run failed"])[-1])
    rows = dict(re.findall(r"^(\w+) +(\d+)$", dry.stdout + dry.stderr, re.M))
    found = {rule: int(rows[rule]) for rule in TRAINING if rule in rows}
    if found:
        experiment = plan.predict[name]["experiment"]
        told = ", ".join(f"{rule} {n}" for rule, n in found.items())
        base = " ".join(f"'{word}'" if re.search(r"[\s{}]", word) else word for word in words)
        raise FewskyError(
            f"predict.{name}: wanted {experiment} trained, in {results}/models/{experiment}; found "
            f"jobs still to be run ({told}). Run first: snakemake "
            f"{target_of(plan, experiment, results)} {base}"
        )


def target_of(plan: Plan, experiment: str, results: str) -> str:
    """A file of all draws of an experiment, as a shell expands it."""
    item = plan.experiments[experiment]
    draws = item["draws"] or plan.tasks[item["task"]]["split"]["draws"]
    names = ["all"] if "probe" in item else [str(k) for k in range(draws)]
    shown = names[0] if len(names) == 1 else f"{{{names[0]}..{names[-1]}}}"
    return f"{results}/models/{experiment}/draw-{shown}/model.json"


def run(words: list[str], **options: Any) -> subprocess.CompletedProcess:
    """Call Snakemake."""
    return subprocess.run([sys.executable, "-m", "snakemake", *words], **options)


def main(arguments: list[str]) -> int:
    """Check, predict, and say what the table holds; returns the exit status."""
    options, words = parsed(arguments)
    try:
        block = block_of(options)
        config = configured(words)
        plan = resolve(merge(config, {"predict": {options.name: block}}))
        results = config["pathvars"]["results"]
        check_images(options.name, options.folder)
        targets = [f"{results}/predicted/{options.name}.{ending}" for ending in ENDINGS]
        own = [*targets, *with_block(words, options.name, block)]
        check_trained(plan, options.name, results, words, own)
    except FewskyError as error:
        print(f"fewsky: {error}", file=sys.stderr)
        return 1
    status = resume.main(own) if options.resume else run(own).returncode
    if not status and not {"--dry-run", "-n"} & set(words):
        print(*closing(load_json(targets[ENDINGS.index("json")]), targets[0]), sep="\n")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
