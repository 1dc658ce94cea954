"""Bring a published file of weights into the store, verified, and list it."""

from fewsky.console import running
from fewsky.files import save_table
from fewsky.provenance import record
from fewsky.raw.download import as_told, fetch_all

with running(snakemake.log[0]):
    settings = snakemake.params.settings
    entry = {"kind": "weights", "field": "", "band": "", "url": settings["url"]}
    if settings["sha256"] is not None:
        entry["published"] = f"sha256:{settings['sha256']}"
    files = fetch_all([entry], **as_told(dict(snakemake.resources.items())))
    save_table(files, snakemake.output.files)
    record(
        snakemake.output.provenance,
        outputs=[snakemake.output.files],
        settings=settings,
        code="none: the bytes are the archive's",
        inputs=snakemake.input,
    )
