"""Split the detections of some fields carefully and carelessly, in every draw."""

from fewsky.console import running
from fewsky.files import save_table
from fewsky.provenance import record
from fewsky.rooms import load_catalog
from fewsky.splits.price import make_priced

with running(snakemake.log[0]):
    settings = snakemake.params.settings
    parts, leaks = make_priced(
        load_catalog(snakemake.input.catalogs),
        settings,
        draws=settings["draws"],
        seed=settings["seed"],
    )
    save_table(parts, snakemake.output.parts)
    save_table(leaks, snakemake.output.leaks)
    record(
        snakemake.output.provenance,
        outputs=[snakemake.output.parts, snakemake.output.leaks],
        settings=settings,
        code=snakemake.params.code,
        inputs=snakemake.input,
    )
