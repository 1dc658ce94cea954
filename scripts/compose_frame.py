"""Show a whole aligned frame as a colour picture."""

from pathlib import Path

from fewsky.console import running
from fewsky.cutouts.frames import compose
from fewsky.files import load_table, save_arrays
from fewsky.provenance import record

with running(snakemake.log[0]):
    settings = snakemake.params.settings
    fields = load_table(snakemake.input.fields, keep_default_na=False)
    folder = Path(snakemake.input.fields).parent
    image = compose(fields, folder, settings["field"], settings["composite"])
    save_arrays({"image": image}, snakemake.output.image)
    record(
        snakemake.output.provenance,
        outputs=[snakemake.output.image],
        settings=settings,
        code=snakemake.params.code,
        inputs=snakemake.input,
    )
