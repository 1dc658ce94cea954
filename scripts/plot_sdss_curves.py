"""Ruhmer's figure 5: loss and accuracy by epoch, each draw a thin line, the median a thick one."""

from fewsky.console import running
from fewsky.figures import style
from fewsky.figures.runs import joined, kept_epochs
from fewsky.provenance import record, simulated

PARTS = {"train": ("training", style.BLUE, "-"), "val": ("validation", style.VERMILLION, "--")}
QUANTITIES = {"loss": "Loss (cross entropy + L2)", "accuracy": "Accuracy"}


def curves(ax, history, quantity):
    """Training and validation curves; the median where at least half the draws still train."""
    for part, (words, colour, dash) in PARTS.items():
        table = history.pivot_table(
            index="epoch", columns=["draw", "fold"], values=f"{part}_{quantity}"
        )
        if table.empty:
            continue
        ax.plot(table.index, table, color=colour, ls=dash, lw=0.5, alpha=0.4)
        middle = table.median(axis=1)[table.notna().mean(axis=1) >= 0.5]
        ax.plot(middle.index, middle, color=colour, ls=dash, lw=1.6, label=words)
    ax.set(ylabel=QUANTITIES[quantity], xlabel="Epoch")


def marks(ax, kept, quantity):
    """Where each draw's weights were taken; on the training curve where nothing was validated."""
    height = kept[f"val_{quantity}"].fillna(kept[f"train_{quantity}"])
    ax.plot(kept["epoch"], height, "o", mfc="none", mew=0.8, ms=3.5, lw=0,
            color=style.BLACK, label="weights kept", zorder=5)  # fmt: skip


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    names = settings["experiments"]
    history = joined(snakemake.input.histories)
    kept = kept_epochs(snakemake.input.histories, snakemake.input.cards)

    fig = style.figure(style.PAGE if len(names) > 1 else style.COLUMN, 4.2)
    axes = fig.subplots(2, len(names), sharex="col", sharey="row", squeeze=False)
    for column, name in zip(axes.T, names, strict=True):
        for ax, quantity in zip(column, QUANTITIES, strict=True):
            curves(ax, history[history["experiment"] == name], quantity)
            marks(ax, kept[kept["experiment"] == name], quantity)
        column[0].set(title=name, xlabel="")
    losses = history[["train_loss", "val_loss"]].stack()
    if losses.max() > 10 * losses.median():
        axes[0, 0].set_yscale("log")  # one epoch far above the rest would press all curves flat
    else:
        axes[0, 0].set_ylim(bottom=0)
    for ax in axes.flat:
        ax.label_outer()
    fig.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    style.letter(axes.flat)
    outputs = [snakemake.output.pdf, snakemake.output.png]
    style.save(fig, *outputs, simulated=simulated(*snakemake.input))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
