"""One augmented field against several plain ones: the test score of each way to train."""

import numpy as np

from fewsky.console import running
from fewsky.figures import style
from fewsky.paper.tables import load_metrics, one, scored
from fewsky.provenance import record, simulated

METRICS = {"mcc": "Matthews correlation", "accuracy": "Accuracy"}


def ways(ax, metrics, experiments, metric, colour, marker, label, shift):
    """Scores by augmentation: the mean over draws with its interval, and every draw as a dot."""
    means, draws = scored(metrics, experiments), scored(metrics, experiments, draws=True)
    for k, name in enumerate(experiments):
        value, lower, upper = one(means[means["experiment"] == name], metric)
        bars = np.nan_to_num([[value - lower], [upper - value]]).clip(0)
        ax.errorbar(k + shift, value, bars, color=colour, marker=marker, ms=4.5, capsize=2, lw=1,
                    label=label if k == 0 else None)  # fmt: skip
        own = draws[
            (draws["experiment"] == name) & (draws["metric"] == metric) & (draws["subset"] == "all")
        ]
        ax.plot(
            np.full(len(own), k + shift + 0.12), own["value"], ".", color=colour, ms=2.5, alpha=0.6
        )


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    metrics = load_metrics(snakemake.input.metrics)
    small, large = settings["small"], settings["large"]
    plain = [name for name, augment in large["experiments"].items() if augment == "none"]

    fig = style.figure(style.PAGE, 2.75)
    axes = fig.subplots(1, len(METRICS))
    for ax, (metric, words) in zip(axes, METRICS.items(), strict=True):
        ways(
            ax, metrics, list(small["experiments"]), metric, style.BLUE, "o", small["label"], -0.14
        )
        ways(
            ax,
            metrics,
            list(large["experiments"]),
            metric,
            style.VERMILLION,
            "s",
            large["label"],
            0.1,
        )
        if plain:
            value, lower, upper = one(scored(metrics, plain), metric)
            ax.axhline(value, color=style.VERMILLION, lw=0.8, ls="--", zorder=0,
                       label=f"{large['label']}, no augmentation")  # fmt: skip
            ax.axhspan(lower, upper, color=style.VERMILLION, alpha=0.10, lw=0, zorder=-1)
        augments = list(small["experiments"].values())
        ax.set(xticks=range(len(augments)), ylabel=f"{words}, test part", xlabel="Augmentation")
        ax.set_xticklabels(augments, rotation=25, ha="right", rotation_mode="anchor")
    fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    style.letter(axes)
    outputs = [snakemake.output.pdf, snakemake.output.png]
    style.save(fig, *outputs, simulated=simulated(*snakemake.input))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
