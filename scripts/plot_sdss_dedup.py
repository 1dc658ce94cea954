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
    fig = style.figure(style.PAGE, 1.2 + 0.4 * table["protocol"].nunique())
    axes = scale.panels(fig, table, probes)
    for ax in axes:
        ax.set_xlabel(f"{metric_words(metric)}, careless less careful")
    style.letter(axes)
    words = scale.handles()
    fig.legend(handles=words, loc="outside lower center", ncols=len(words), title=WARNING)
    outputs = [snakemake.output.pdf, snakemake.output.png]
    style.save(fig, *outputs, simulated=simulated(*snakemake.input))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
