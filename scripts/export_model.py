"""Export a trained network as ONNX, in floats and in integers, and compare them."""

from pathlib import Path

from fewsky.console import running
from fewsky.models.export import export_model
from fewsky.provenance import record
from fewsky.rooms import load_catalog, load_seen

with running(snakemake.log[0]):
    given, out = snakemake.input, snakemake.output
    settings = snakemake.params.settings
    export_model(
        Path(given.model).parent,
        load_seen(given.images, settings),
        load_catalog(given.catalogs),
        {name: out[name] for name in ("onnx", "int8", "table", "latency")},
    )
    record(
        out.provenance,
        outputs=[out.onnx, out.int8, out.table],  # seconds are no result
        settings=settings,
        code=snakemake.params.code,
        inputs=given,
    )
