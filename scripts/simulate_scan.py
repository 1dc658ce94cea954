"""Write one scan of the demo sky: a mirror's files, the list of them, and the truth."""

from pathlib import Path

from fewsky.console import running
from fewsky.files import save_table
from fewsky.provenance import record
from fewsky.sky.sdss import simulate_run

with running(snakemake.log[0]):
    settings = snakemake.params.settings
    files, truth = simulate_run(
        settings["sky"],
        settings["run"],
        Path(snakemake.resources.store),
        seed=settings["seed"],
        asked=settings.get("asked"),
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
