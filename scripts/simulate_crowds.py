"""Write the demo sky of crowded images: a mirror's archive, its list, truth and true boxes."""

from pathlib import Path

from fewsky.console import running
from fewsky.files import save_table
from fewsky.provenance import record
from fewsky.sky.crowds import simulate_crowds

with running(snakemake.log[0]):
    settings, out = snakemake.params.settings, snakemake.output
    made = simulate_crowds(
        settings["sky"],
        settings["survey"],
        Path(snakemake.resources.store),
        seed=settings["seed"],
    )
    save_table(made.files, out.files)
    save_table(made.truth, out.truth)
    save_table(made.boxes, out.boxes)
    record(
        out.provenance,
        outputs=[out.files, out.truth, out.boxes],
        settings=settings,
        code=snakemake.params.code,
        inputs=[],
        simulated=True,
    )
