"""What each rule of this run took: jobs, core-seconds, seconds, peak memory."""

from pathlib import Path

from fewsky.console import running
from fewsky.paper.spent import by_rule, load_benchmarks
from fewsky.paper.tables import save
from fewsky.provenance import record, simulated

with running(snakemake.log[0]):
    settings, outputs = snakemake.params.settings, [snakemake.output.csv, snakemake.output.tex]
    results = Path(snakemake.output.csv).parents[1]
    table = by_rule(load_benchmarks(results / settings["benchmarks"]))
    save(table, *outputs, simulated=simulated(*snakemake.input))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
