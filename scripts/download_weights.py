"""Bring a published file of weights into the store, verified, and list it."""

from fewsky.console import running
from fewsky.files import save_table
from fewsky.provenance import record
from fewsky.raw.download import fetch_all

CHECKSUMS = "checksums.csv"

with running(snakemake.log[0]):
    settings, place = snakemake.params.settings, snakemake.resources
    entry = {"kind": "weights", "field": "", "band": "", "url": settings["url"]}
    if settings["sha256"] is not None:
        entry["published"] = f"sha256:{settings['sha256']}"
    files = fetch_all(
        [entry],
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
    )
