"""A model card of every trained experiment, from the files that other jobs have written."""

from collections import defaultdict
from pathlib import Path

from fewsky.console import running
from fewsky.files import load_json, load_table, save_text
from fewsky.model_cards.page import page
from fewsky.provenance import record, simulated
from fewsky.sources import licence_of, read_sources, source_of


def complete(told, sources, weights):
    """What the configuration says of an experiment, with whose data and weights it used."""
    start = told["weights"]
    licence = start and {**start, "licence": licence_of(weights, start["url"])}
    return {**told, "source": source_of(sources, told["survey_block"]), "weights": licence}


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    terms = [read_sources(path) for path in (snakemake.input.sources, snakemake.input.weights)]
    metrics = {
        Path(path).stem: load_table(path, dtype={"reference": str})
        for path in snakemake.input.metrics
    }
    audits = {Path(path).parent.name: load_json(path) for path in snakemake.input.audits}
    draws = defaultdict(list)
    for path in map(Path, snakemake.input.cards):
        folder = path.parent
        files = (load_json(path), load_json(folder / "provenance.json"))
        draws[folder.parent.name].append((folder.as_posix(), *files))
    for path in map(Path, snakemake.output.pages):
        told = complete(settings[path.stem], *terms)
        found = draws[path.stem]
        made = simulated(*(f"{folder}/model.json" for folder, *_ in found))
        task = told["task"]
        save_text(page(told, found, audits.get(task), metrics.get(task), made), path)
    record(snakemake.output.provenance, outputs=snakemake.output.pages, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
