"""Do the stated probabilities come true? Share of galaxies against what was stated, and CAL."""

import numpy as np
import pandas as pd

from fewsky.console import running
from fewsky.figures import style
from fewsky.figures.runs import joined, looks
from fewsky.paper.tables import interval, load_metrics, one, scored
from fewsky.provenance import record, simulated

EDGES = np.linspace(0, 1, 11)
FEWEST = 5  # objects in a bin, averaged over draws, below which nothing is drawn
Z = 1.96  # standard deviations of a 95 % interval


def reliability(predictions, label):
    """By bin of the stated probability: its mean, the share that came true and a Wilson interval.

    Shares are taken over all draws; since draws test the same objects, the interval is that of one
    draw's number of objects.
    """
    stated = predictions[f"p_{label}"].to_numpy(float)
    came = (predictions["label"] == label).to_numpy(float)
    table = pd.DataFrame(
        {"bin": np.clip(np.digitize(stated, EDGES) - 1, 0, 9), "stated": stated, "value": came}
    )
    found = table.groupby("bin").mean()
    n = table.groupby("bin").size() / predictions[["draw", "fold"]].drop_duplicates().shape[0]
    p = found["value"]
    middle = (p + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z * np.sqrt(p * (1 - p) / n + Z**2 / (4 * n**2)) / (1 + Z**2 / n)
    return found.assign(lower=middle - half, upper=middle + half, n=n)[n >= FEWEST]


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    names, label = settings["experiments"], settings["label"]
    predictions = joined(snakemake.input.predictions)
    predictions = predictions[predictions["part"] == "test"]
    rows = scored(load_metrics(snakemake.input.metrics), names)

    fig = style.figure(style.COLUMN, 4.3)
    upper, lower = fig.subplots(2, 1, height_ratios=(3, 1), sharex=True)
    upper.plot([0, 1], [0, 1], color=style.GREY, lw=0.6, ls=":")
    for name, look in looks(names).items():
        own = predictions[predictions["experiment"] == name]
        found = reliability(own, label)
        cal = interval(*one(rows[rows["experiment"] == name], "cal"))
        style.error_bars(
            upper, found["stated"], found, ms=3.5, lw=0.5, label=f"{name}: CAL {cal}", **look
        )
        counts, _ = np.histogram(own[f"p_{label}"], EDGES)
        lower.stairs(counts / max(counts.sum(), 1), EDGES, color=look["color"], lw=1.1)
    upper.set(ylabel=f"Share that are {settings['plural']}", xlim=(-0.02, 1.02), ylim=(-0.03, 1.03))
    lower.set(
        xlabel=f"Stated probability of {label}", ylabel="Share of test\nobjects", ylim=(0, None)
    )
    fig.legend(*upper.get_legend_handles_labels(), loc="outside lower center")
    style.letter([upper, lower])
    outputs = [snakemake.output.pdf, snakemake.output.png]
    style.save(fig, *outputs, simulated=simulated(*snakemake.input))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
