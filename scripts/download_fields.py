"""Bring a shard's files into the store, verified, and list them."""

from fewsky.console import running
from fewsky.files import load_table, save_table
from fewsky.provenance import record
from fewsky.raw.download import fetch_all, locate
from fewsky.surveys import reader

CHECKSUMS = "checksums.csv"

with running(snakemake.log[0]):
    settings, place = snakemake.params.settings, snakemake.resources
    entries = reader(settings["reader"]).files(settings)
    for path in snakemake.input.sky:
        made = load_table(path).set_index("path").sha256
        for entry in entries:
            if "://" in entry["url"] and locate(entry["url"]) in made:
                entry["published"] = f"sha256:{made[locate(entry['url'])]}"
    files = fetch_all(
        entries,
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
        simulated=files.attrs["simulated"],
    )
