"""Scores by number of training fields and by the side of the patch."""

from fewsky.console import running
from fewsky.figures import scale, style
from fewsky.figures.atlas import metric_words
from fewsky.files import load_table
from fewsky.paper.tables import load_metrics
from fewsky.provenance import record, simulated


def of_sizes(paths, names, metric):
    """Rows of the metrics tables for some experiments, against the catalogue."""
    table = load_metrics(paths)
    wanted = {"part": "test", "reference": "catalogue", "subset": "all", "metric": metric}
    for column, value in wanted.items():
        table = table[table[column] == value]
    return table[table["experiment"].isin(names)]


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    metric, fields, sizes = (settings[key] for key in ("metric", "fields", "sizes"))
    panels = [name for name in ("fields", "sizes") if settings[name]]
    fig = style.figure(style.PAGE if len(panels) > 1 else style.COLUMN, 2.9)
    axes = fig.subplots(1, len(panels), squeeze=False)[0]
    for ax, panel in zip(axes, panels, strict=True):
        if panel == "fields":
            scale.by_fields(ax, load_table(snakemake.input.growth[0]), list(fields))
        else:
            scale.by_sizes(ax, of_sizes(snakemake.input.sizes, list(sizes), metric), sizes)
        ax.set_ylabel(metric_words(metric))
    if len(panels) > 1:
        style.letter(axes)
    if fields:
        lines = [axes[0].get_legend_handles_labels()[0], list(fields.values())]
        fig.legend(*lines, loc="outside lower center", ncols=style.columns_fitting(lines[1]))
    outputs = [snakemake.output.pdf, snakemake.output.png]
    style.save(fig, *outputs, simulated=simulated(*snakemake.input))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
