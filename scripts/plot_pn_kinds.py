"""What is mistaken for what: nebulae found and mimics turned down, by kind and by plate survey."""

from textwrap import fill

from fewsky.console import running
from fewsky.figures import style
from fewsky.figures.planetary_nebulae import PLATES, class_words, dots, kinds_of
from fewsky.paper.tables import load_metrics
from fewsky.provenance import record, simulated


def by_size(table):
    """The places of a table, the one with most objects first."""
    sizes = table.groupby("place")["n"].max()
    return sorted(sizes.index, key=lambda place: (-sizes[place], place))


def words(place, table):
    """A place with its number of objects, in lines of a few words."""
    n = table.loc[table["place"] == place, "n"].max()
    return fill(f"{place} ({n:.0f})", 18)


def panel(ax, table, experiments, places, title, xlabel):
    """Shares with their intervals, a line a place, the number of objects beside its name."""
    dots(ax, table, experiments, places)
    ax.set_yticklabels([words(place, table) for place in places])
    ax.set(title=title, xlabel=xlabel, xlim=(-0.03, 1.03))
    if not places:
        style.note(ax, "not known")


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    experiments, classes = settings["experiments"], settings["classes"]
    metrics = load_metrics(snakemake.input.metrics)
    kinds = kinds_of(metrics, experiments, "kind")
    kinds = kinds.assign(place=kinds["name"])
    plates = kinds_of(metrics, experiments, "field")
    plates = plates.assign(
        place=plates["name"].map(lambda name: PLATES.get(name, name))
        + plates["label"].map(lambda label: f", {class_words(label)}")
    )
    sides = {label: kinds[kinds["label"] == label] for label in classes[::-1]}

    lines = max([4, plates["place"].nunique(), *(s["place"].nunique() for s in sides.values())])
    fig = style.figure(style.PAGE, 1.0 + lines * max(0.28, 0.075 * len(experiments)))
    axes = fig.subplots(1, len(sides) + 1)
    for ax, (label, table) in zip(axes, sides.items(), strict=False):
        done = "found" if label == classes[-1] else "turned down"
        title = f"{class_words(label)}, by kind"
        panel(ax, table, experiments, by_size(table), title, f"Share {done}")
    places = sorted(plates["place"].unique())
    panel(axes[-1], plates, experiments, places, "By plate survey", "Share rightly decided")
    handles = next((ax.get_legend_handles_labels() for ax in axes if ax.containers), ([], []))
    fig.legend(*handles, loc="outside lower center", ncols=style.columns_fitting(experiments))
    style.letter(axes)
    outputs = [snakemake.output.pdf, snakemake.output.png]
    style.save(fig, *outputs, simulated=simulated(*snakemake.input))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
