"""How true pseudo-labels are, what students gain from them, how their weight grows (Lee 2013)."""

from textwrap import fill

import numpy as np
import pandas as pd

from fewsky.console import running
from fewsky.figures import style
from fewsky.figures.planetary_nebulae import pseudo_words, ramps
from fewsky.figures.runs import looks
from fewsky.files import load_table
from fewsky.models.ramp import ramp
from fewsky.paper.tables import load_metrics, scored
from fewsky.provenance import record, simulated

PARTS = {"test": "test objects (inductive)", "unlabelled": "unlabelled half (transductive)"}


def judged(paths, teachers):
    """Accuracy of each teacher's pseudo-labels at its largest budget, the mean over draws."""
    table = pd.concat([load_table(path) for path in paths], ignore_index=True)
    table = table[table["experiment"].isin(teachers) & (table["draw"] == -1)]
    largest = table.groupby("experiment")["budget"].transform("max")
    table = table[table["budget"] == largest]
    return table[table["fold"] == table.groupby("experiment")["fold"].transform("min")]


def by_threshold(above, below, table, teachers):
    """Accuracy of what is kept with its interval, and the share kept, at each threshold."""
    thresholds = np.unique(table["threshold"])
    for name in teachers:
        own = table[table["experiment"] == name].sort_values("threshold")
        x, look = np.searchsorted(thresholds, own["threshold"]), looks(teachers)[name]
        above.fill_between(x, own["lower"], own["upper"], color=look["color"], alpha=0.15, lw=0)
        above.plot(x, own["accuracy"], label=name, **look)
        below.plot(x, own["share"], **look)
    below.set(xlabel="Threshold on the probability", ylabel="Share kept", ylim=(-0.03, 1.05))
    below.set_xticks(range(len(thresholds)), [f"{one:g}" for one in thresholds], rotation=45)
    above.set(title="Pseudo-labels", ylabel="Accuracy")
    if not table["accuracy"].notna().any():
        style.note(above, "no pseudo-labels judged")


def rows_of(students, teachers):
    """Every row of the middle panel: each teacher as it was, then its students, with its words."""
    rows = [(name, f"{fill(name, 20)}\n(teacher)") for name in teachers if name not in students]
    return rows + [
        (name, f"{fill(name, 20)}\n{pseudo_words(told)}") for name, told in students.items()
    ]


def gains(ax, metrics, rows):
    """MCC of teachers and students: full symbols on test objects, open ones on the unlabelled."""
    line = {name: k for k, (name, _) in enumerate(rows)}
    for part, words in PARTS.items():
        found = scored(metrics, list(line), part=part)
        found = found[(found["metric"] == "mcc") & (found["subset"] == "all")]
        y = found["experiment"].map(line).astype(float) + (-0.13 if part == "test" else 0.13)
        value = found["value"].to_numpy(float)
        bars = [value - found["lower"], found["upper"] - value]
        filled = {} if part == "test" else {"mfc": "white"}
        ax.errorbar(value, y, xerr=np.nan_to_num(bars).clip(0), ls="none", marker="o", ms=4,
                    color=style.BLACK if part == "test" else style.GREY, capsize=1.5,
                    elinewidth=0.8, label=words, **filled)  # fmt: skip
    ax.set(ylim=(len(rows) - 0.5, -0.5), xlabel="Matthews correlation", title="Students")
    ax.set_yticks(range(len(rows)), [words for _, words in rows])
    ax.tick_params(axis="y", length=0)
    for k in range(1, len(rows)):
        ax.axhline(k - 0.5, color="#DDDDDD", lw=0.5, zorder=0)


def schedules(ax, students):
    """The weight alpha(t) of the unlabelled loss, a line a distinct schedule."""
    found = ramps(students)
    units = sorted({told[0] for told in found})
    for k, ((unit, t1, t2, alpha), _) in enumerate(found.items()):
        t = np.unique([0, t1, t2, *np.linspace(0, 1.3 * max(t2, 1), 400)])
        look = {"color": style.CYCLE[(k + 2) % len(style.CYCLE)], "ls": ("-", "--", ":")[k % 3]}
        words = f"$T_1$ = {t1:g}, $T_2$ = {t2:g}, $\\alpha_f$ = {alpha:g}"
        words += f" ({unit}s)" if len(units) > 1 else ""
        ax.plot(t, [ramp(step, t1, t2, alpha) for step in t], label=words, **look)
    ax.set(title="Weight of pseudo-labels", ylabel="$\\alpha(t)$")
    ax.set_xlabel(f"t ({units[0]}s)" if len(units) == 1 else "t")
    if not found:
        style.note(ax, "no schedule")
        return
    ax.set_ylim(-0.03 * ax.get_ylim()[1], (1.12 + 0.12 * len(found)) * ax.get_ylim()[1])
    ax.legend(loc="upper left", handlelength=1.4, borderaxespad=0.1)


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    teachers, students = settings["teachers"], settings["students"]
    rows = rows_of(students, teachers)
    fig = style.figure(style.PAGE, max(3.3, 0.9 + 0.34 * len(rows)))
    axes = fig.subplot_mosaic([["a", "c", "d"], ["b", "c", "d"]], height_ratios=[1.5, 1])
    by_threshold(axes["a"], axes["b"], judged(snakemake.input.pseudo, teachers), teachers)
    axes["a"].sharex(axes["b"])
    axes["a"].tick_params(labelbottom=False)
    gains(axes["c"], load_metrics(snakemake.input.metrics), rows)
    schedules(axes["d"], students)
    handles = [axes[name].get_legend_handles_labels() for name in "ac"]
    shown, words = (a + b for a, b in zip(*handles, strict=True))
    fig.legend(shown, words, loc="outside lower center", ncols=style.columns_fitting(words))
    style.letter([axes[name] for name in "abcd"])
    outputs = [snakemake.output.pdf, snakemake.output.png]
    style.save(fig, *outputs, simulated=simulated(*snakemake.input))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
