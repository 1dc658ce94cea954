"""Choose the pseudo-labels of a student from its teacher's predictions."""

from fewsky.console import running
from fewsky.files import save_table
from fewsky.models.pseudo import choose_pseudo, true_labels
from fewsky.provenance import record
from fewsky.rooms import load_manifest, load_predictions

with running(snakemake.log[0]):
    settings = snakemake.params.settings
    draw = int(snakemake.wildcards.draw)
    taught = {k: t for (_, k), t in load_predictions(snakemake.input.predictions).items()}
    if settings["labels"] == "truth":
        manifest = load_manifest(snakemake.input.manifest)
        table = true_labels(manifest, taught[draw], settings["classes"])
    else:
        table = choose_pseudo(taught[draw], settings["classes"], settings)
    save_table(table, snakemake.output.table)
    record(
        snakemake.output.provenance,
        outputs=[snakemake.output.table],
        settings=settings,
        code=snakemake.params.code,
        inputs=snakemake.input,
    )
