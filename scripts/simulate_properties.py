"""Write the demo sky of properties: a survey's mirror, the list of its files, and the truth."""

from pathlib import Path

from fewsky.console import running
from fewsky.files import save_table
from fewsky.provenance import record
from fewsky.sky.properties import simulate_properties

with running(snakemake.log[0]):
    settings = snakemake.params.settings
    files, truth = simulate_properties(
        settings["sky"],
        settings["survey"],
        Path(snakemake.resources.store),
        seed=settings["seed"],
    )
    save_table(files, snakemake.output.files)
    save_table(truth, snakemake.output.truth)
    record(
        snakemake.output.provenance,
        outputs=[snakemake.output.files, snakemake.output.truth],
        settings=settings,
        code=snakemake.params.code,
        inputs=[],
        simulated=True,
    )
