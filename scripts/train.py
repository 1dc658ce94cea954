"""Train one experiment on one draw: all its budgets and folds."""

from pathlib import Path

from fewsky.console import running
from fewsky.files import load_json
from fewsky.models.found import with_found
from fewsky.models.launch import launch
from fewsky.provenance import record

with running(snakemake.log[0]):
    given, found = snakemake.input, next(iter(snakemake.input.found), None)
    settings = with_found(snakemake.params.settings, found and load_json(found))
    weights = next(iter(given.weights), None)
    told = {
        "settings": settings,
        "images": list(given.images),
        "catalogs": list(given.catalogs),
        "measured": list(given.measured),
        "manifest": given.manifest,
        "draws": given.draws,
        "draw": int(snakemake.wildcards.draw),
        "out": str(Path(snakemake.output.model).parent),
        "resume": snakemake.resources.resume,
        "device": snakemake.resources.device,
        "weights": weights and str(Path(weights).parent),
        **{name: next(iter(given[name]), None) for name in ("stage", "stored", "pseudo")},
        "boxes": list(given.boxes),
        "generated": list(given.generated),
        "code": snakemake.params.code,
    }
    written = launch(told, settings["recipe"]["processes"])
    record(
        snakemake.output.provenance,
        outputs=written.values(),
        settings=settings,
        code=snakemake.params.code,
        inputs=given,
    )
