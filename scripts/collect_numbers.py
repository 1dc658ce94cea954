"""Gather every number that the paper's text quotes, as JSON and as LaTeX macros."""

from pathlib import Path

from fewsky.console import running
from fewsky.files import save_json
from fewsky.paper.chapter_star_galaxy import collect
from fewsky.paper.numbers import save_tex
from fewsky.provenance import record, simulated


def by_folder(paths):
    return {Path(path).parent.name: path for path in paths}


def by_name(paths):
    return {Path(path).name.split(".")[0]: path for path in paths}


with running(snakemake.log[0]):
    given = snakemake.input
    found = collect(
        snakemake.params.settings,
        {
            **{name: given[name] for name in ("raw", "aligned", "sharpness", "catalogs")},
            "audits": by_folder(given.audits),
            "metrics": by_name(given.metrics),
            "comparisons": by_name(given.comparisons),
            "cards": {Path(path).parts[-3]: path for path in given.cards},
            "published": given.published,
            "constants": given.constants,
        },
    )
    found["facts"]["simulated"] = simulated(*given)
    save_json(found, snakemake.output.json)
    save_tex(found["numbers"], snakemake.output.tex)
    record(
        snakemake.output.provenance,
        outputs=[snakemake.output.json, snakemake.output.tex],
        settings=snakemake.params.settings,
        code=snakemake.params.code,
        inputs=given,
    )
