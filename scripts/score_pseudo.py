"""Score the pseudo-labels that the teachers of a task would give."""

from fewsky.console import running
from fewsky.files import save_table
from fewsky.metrics.pseudo import score_pseudo
from fewsky.provenance import record
from fewsky.rooms import load_manifest, load_predictions

with running(snakemake.log[0]):
    settings = snakemake.params.settings
    found = load_predictions(snakemake.input.predictions)
    table = score_pseudo(
        {key: frame for key, frame in found.items() if key[0] in settings["teachers"]},
        load_manifest(snakemake.input.manifest),
        settings["task"],
        seed=settings["scoring"]["seed"],
        bootstrap=settings["scoring"]["bootstrap"],
    )
    save_table(table, snakemake.output.table)
    record(
        snakemake.output.provenance,
        outputs=[snakemake.output.table],
        settings=settings,
        code=snakemake.params.code,
        inputs=snakemake.input,
    )
