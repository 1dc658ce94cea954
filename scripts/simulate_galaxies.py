"""Write the demo sky of galaxies: a mirror's HDF5 file, the list of it, and the truth."""

from pathlib import Path

from fewsky.console import running
from fewsky.files import save_table
from fewsky.provenance import record
from fewsky.sky.galaxies import simulate_galaxies

with running(snakemake.log[0]):
    settings = snakemake.params.settings
    files, truth = simulate_galaxies(
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
