"""Export a trained detector as ONNX, and compare it."""

from pathlib import Path

from fewsky.console import running
from fewsky.models.export_detector import export_detector
from fewsky.provenance import record
from fewsky.rooms import load_catalog, load_seen

with running(snakemake.log[0]):
    given, out = snakemake.input, snakemake.output
    settings = snakemake.params.settings
    export_detector(
        Path(given.model).parent,
        load_seen(given.images, settings),
        load_catalog(given.catalogs),
        {name: out[name] for name in ("onnx", "table", "latency")},
    )
    record(
        out.provenance,
        outputs=[out.onnx, out.table],  # seconds are no result
        settings=settings,
        code=snakemake.params.code,
        inputs=given,
    )
