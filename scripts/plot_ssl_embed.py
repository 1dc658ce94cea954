"""What starting weights see before any label is used: maps of held-out objects, a row a task."""

from math import ceil

from fewsky.console import running
from fewsky.figures import style
from fewsky.figures.embeddings import draw_map, load_seen, title_of, words_of
from fewsky.provenance import record, simulated

ROW, LINE = 0.55, 0.15  # inches of a row besides its maps; of each line of its titles and legend
NAMES = 0.25  # inches left of the maps, for the name of the task


def height(starts, classes, width):
    """Inches of a row of maps so many inches wide, with titles and legend."""
    titles = max(title_of(words, width).count("\n") + 1 for words in starts.values())
    legend = ceil(len(classes) / style.columns_fitting([*map(words_of, classes)]))
    return width + ROW + LINE * (titles + legend)


def draw(row, task, starts, seen, classes, width):
    """A row of maps, one a start, with the legend of the task's classes below them."""
    axes = row.subplots(1, round((style.PAGE - NAMES) / width), squeeze=False)[0]
    for ax, (weights, words) in zip(axes, starts.items(), strict=False):
        draw_map(ax, seen[task, weights], classes, words, width)
    for ax in axes[len(starts) :]:
        ax.set_axis_off()
    axes[0].set_ylabel(f"{task}\n(n = {len(seen[task, next(iter(starts))].points):,})")
    handles, words = axes[0].get_legend_handles_labels()
    legend = row.legend(handles, words, loc="outside lower center", handletextpad=0.2,
                        ncols=style.columns_fitting(words))  # fmt: skip
    for handle in legend.legend_handles:
        handle.set(sizes=[16], alpha=1)
    return list(axes[: len(starts)])


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    seen = load_seen(snakemake.input.points, snakemake.input.tables)
    tasks, classes = settings["starts"], settings["classes"]
    width = (style.PAGE - NAMES) / max(3, *map(len, tasks.values()))
    heights = [height(starts, classes[task], width) for task, starts in tasks.items()]
    fig = style.figure(style.PAGE, sum(heights))
    rows = fig.subfigures(len(tasks), 1, squeeze=False, height_ratios=heights)[:, 0]
    axes = [
        ax
        for row, (task, starts) in zip(rows, tasks.items(), strict=True)
        for ax in draw(row, task, starts, seen, classes[task], width)
    ]
    style.letter(axes)
    outputs = [snakemake.output.pdf, snakemake.output.png]
    style.save(fig, *outputs, simulated=simulated(*snakemake.input))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
