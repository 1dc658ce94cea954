"""Bring a survey's catalogue of objects into the store, verified, and list its files."""

from fewsky.console import running
from fewsky.files import load_table, save_table
from fewsky.provenance import record
from fewsky.raw.download import fetch_all, with_published
from fewsky.surveys import reader

CHECKSUMS = "checksums.csv"

with running(snakemake.log[0]):
    settings, place = snakemake.params.settings, snakemake.resources
    made = [load_table(path) for path in snakemake.input.sky]
    entries = reader(settings["reader"]).catalogue_files(settings)
    files = fetch_all(
        with_published(entries, made),
        place.store,
        mirror=place.mirror or None,
        offline=place.offline == "True",
        checksums=CHECKSUMS,
        rate_per_s=float(place.rate_per_s),
        timeout_s=float(place.timeout_s),
        tries=int(place.tries),
    )
    save_table(files, snakemake.output.files)
    record(
        snakemake.output.provenance,
        outputs=[snakemake.output.files],
        settings=settings,
        code="none: the bytes are the archive's",
        inputs=snakemake.input,
        simulated=files.attrs["simulated"] or bool(made),
    )
