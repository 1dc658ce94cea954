"""What starts gain over nothing at the fewest labels, by what they learned and the bands seen."""

from textwrap import fill

import pandas as pd

from fewsky.console import running
from fewsky.figures import self_supervision_targets as ssl
from fewsky.figures import style
from fewsky.figures.atlas import load_curves, metric_words, ways_of
from fewsky.paper.tables import number
from fewsky.provenance import record, simulated

STEP = 0.2  # of a line, from one way to the next


def wrapped(words):
    """Words in lines that leave room for the panel; a number stays with its bands."""
    return fill(words.replace(" bands", "\u00a0bands"), 26)


def panel(ax, rows, curves, metric, ways):
    """A line a start, a mark a way; at the right what nothing reaches."""
    words, table = ssl.labels(rows), ssl.gains(curves, rows, metric)
    place = {key: k for k, key in enumerate(words)}
    ways = [way for way in ways if way in set(table["way"])]
    for k, way in enumerate(ways):
        own = table[table["way"] == way]
        y = pd.Series([place[tuple(key)] for key in own[ssl.KEY].to_numpy()], dtype=float)
        ssl.points(ax, own, y + STEP * (k - (len(ways) - 1) / 2), way)
    for row in table.drop_duplicates(ssl.KEY).itertuples():
        ax.text(1.02, place[row.task, row.start], number(row.nothing), color=style.GREY,
                transform=ax.get_yaxis_transform(), va="center")  # fmt: skip
    ax.text(1.02, 1.02, "nothing", color=style.GREY, transform=ax.transAxes)
    ax.axvline(0, color=style.GREY, lw=0.8, zorder=0)
    ax.set_yticks(range(len(words)), [wrapped(told) for told in words.values()])
    title = f"{rows[0]['title']}, {ssl.budget_words(table['budget'])}"
    ax.set(title=title, xlabel=f"Gain over nothing, {metric_words(metric).lower()}")


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    rows, metric = settings["rows"], settings["metric"]
    curves = load_curves(snakemake.input.curves)
    groups, ways = list(ssl.panels(rows).values()), ways_of(rows)
    fig, axes = ssl.grid([len(ssl.labels(group)) for group in groups])
    for ax, group in zip(axes, groups, strict=True):
        panel(ax, group, curves, metric, list(ways))
    style.letter(axes)
    fig.legend(handles=ssl.handles(ways), loc="outside lower center", ncols=len(ways))
    outputs = [snakemake.output.pdf, snakemake.output.png]
    style.save(fig, *outputs, simulated=simulated(*snakemake.input))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
