"""What careless splits add to a score or take from it: padding, overlap, duplicates, no groups."""

from fewsky.console import running
from fewsky.figures import scale, style
from fewsky.figures.atlas import metric_words
from fewsky.files import load_table
from fewsky.paper.careless import WARNING
from fewsky.provenance import record, simulated

with running(snakemake.log[0]):
    settings = snakemake.params.settings
    metric, probes = settings["metric"], settings["probes"]
    table = load_table(snakemake.input.price)
    table = table[table["metric"] == metric]
    fig = style.figure(style.PAGE, 1.2 + 0.55 * table["protocol"].nunique())
    ax = fig.subplots()
    scale.costs(ax, table, list(probes))
    ax.set_xlabel(f"{metric_words(metric)}, careless less careful split")
    ax.set_title(WARNING, color=style.GREY, fontsize=7, loc="right")
    words = scale.handles(probes)
    fig.legend(handles=words, loc="outside lower center", ncols=2)
    outputs = [snakemake.output.pdf, snakemake.output.png]
    style.save(fig, *outputs, simulated=simulated(*snakemake.input))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
