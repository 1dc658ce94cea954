"""Write the demo sky of planetary nebulae: a mirror's files, the list of them, and the truth."""

from pathlib import Path

from fewsky.console import running
from fewsky.files import save_table
from fewsky.provenance import record
from fewsky.sky.plates import simulate_plates

with running(snakemake.log[0]):
    settings = snakemake.params.settings
    files, truth = simulate_plates(
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
