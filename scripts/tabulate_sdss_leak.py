"""The audit of each split: what stands on two sides, and what a random split would have leaked."""

from pathlib import Path

import pandas as pd

from fewsky.console import running
from fewsky.files import load_json
from fewsky.paper.tables import UNKNOWN, number, save, share
from fewsky.provenance import record, simulated

PARTS = ("pool", "val", "test", "guard", "duplicate", "excluded")


def told(audit):
    """Everything that the table says of one audit, by row."""
    leak = audit["random_split_leak"]
    apart = {
        f"Smallest separation, {pair} (arcsec)": UNKNOWN if value is None else number(value, 1)
        for pair, value in audit["min_separation_arcsec"].items()
    }
    return {
        "Audit": audit["mode"],
        "Verdict": audit["verdict"],
        **{f"Objects, {part}": sum(audit["counts"].get(part, {}).values()) for part in PARTS},
        **apart,
        "Guard band (arcsec)": number(audit["guard_arcsec"], 1),
        "Pairs of near-copies on two sides": audit["pairs_near_copy"],
        "Pairs that may share pixels on two sides": audit["pairs_sharing_pixels"],
        "Twin detections": audit["twins"],
        "Label agreement of twins": share_or_dash(audit["twin_label_agreement"]),
        "Label noise that this tells": share_or_dash(audit["label_noise"]),
        "Random split: pairs of near-copies": number(leak["pairs_near_copy"], 1),
        "Random split: pairs that may share pixels": number(leak["pairs_sharing_pixels"], 1),
        "Random split: test objects with a near-copy": share(leak["test_share_near_copy"]),
        "Random split: test objects with either": share(leak["test_share_leaked"]),
    }


def share_or_dash(value):
    return UNKNOWN if value is None else share(value)


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    columns = {Path(path).parent.name: told(load_json(path)) for path in snakemake.input.audits}
    table = pd.DataFrame(columns).rename_axis("Quantity").reset_index()
    outputs = [snakemake.output.csv, snakemake.output.tex]
    save(table, *outputs, simulated=simulated(*snakemake.input))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
