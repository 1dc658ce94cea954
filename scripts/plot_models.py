"""Diagrams of the chapter's networks, and their numbers of weights beside the printed ones."""

from fewsky.console import running
from fewsky.figures import diagrams, style
from fewsky.files import load_json
from fewsky.paper.galaxy10 import AUTHORS
from fewsky.paper.tables import load_published, quoted
from fewsky.provenance import record, simulated

WORDS = {"parameters": "all weights", "trainable_parameters": "trained weights"}
PLACES = (0.0, 0.37, 0.51, 0.66, 0.8)  # of the columns of the audit, in widths of the page


def networks(paths):
    """By experiment the model, bands, size, outputs and what is trained, as the cards tell."""
    for card in map(load_json, paths):
        if "model" not in card:
            continue  # an ensemble has no network of its own
        n = len(card["classes"])
        outputs = 1 if n == 2 and card["recipe"]["loss"] in ("auto", "binary") else n
        model = {key: value for key, value in card["model"].items() if key != "bands"}
        shape = (model, len(card["bands"]), card["size"], outputs)
        yield card["experiment"], shape, card["recipe"].get("unfreeze", "all")


def verdict(told, ours):
    """Whether two numbers agree, and if not, whether one digit makes the difference."""
    wrong = sum(a != b for a, b in zip(told, ours, strict=False))
    if told == ours:
        return "agree"
    return "differ in one digit" if wrong == 1 and len(told) == len(ours) else "differ"


def audit(ax, published):
    """Every printed number of weights, the number that the layers have, and whether they agree."""
    ax.axis("off")
    rows = published[published["table"] == "g10-parameters"]
    lines = [("Network", "what is counted", "printed", "computed", "")]
    found = diagrams.audited()
    for item in rows.itertuples():
        told = int(quoted(published, "g10-parameters", item.row, item.metric))
        ours = found[item.row][item.metric]
        by = AUTHORS.get(item.study, "Ruhmer: ").split(":")[0]
        lines.append((f"{item.row} ({by})", WORDS[item.metric], f"{told:,}", f"{ours:,}",
                      verdict(f"{told}", f"{ours}")))  # fmt: skip
    for k, line in enumerate(lines):
        for place, cell, right in zip(PLACES, line, (0, 0, 1, 1, 0), strict=True):
            ax.text(place + 0.1 * right, 1 - (k + 0.5) / len(lines), cell, size=7, va="center",
                    ha="right" if right else "left", transform=ax.transAxes,
                    weight="bold" if k == 0 else "normal")  # fmt: skip


def legend(fig):
    """Colours of the kinds of layers, and the hatch of what is kept."""
    told = {"convolution": diagrams.KINDS["conv"], "dense layer": diagrams.KINDS["dense"],
            "output": diagrams.KINDS["head"]}  # fmt: skip
    handles = [style.Rectangle((0, 0), 1, 1, fc=c, ec="black", lw=0.6) for c in told.values()]
    handles.append(style.Rectangle((0, 0), 1, 1, fc="white", ec="black", lw=0.6, hatch="////"))
    fig.legend(handles, [*told, "not trained"], loc="outside lower center", ncols=4)


with running(snakemake.log[0]):
    settings = snakemake.params.settings
    published = load_published(snakemake.input.published)
    shown = {name: (shape, unfreeze) for name, shape, unfreeze in networks(snakemake.input.cards)}
    built = {name: diagrams.network_of(*shape) for name, (shape, _) in shown.items()}
    steps = {
        name: diagrams.layers_of(built[name], shape[1], shape[2], unfreeze)
        for name, (shape, unfreeze) in shown.items()
    }
    n_audit = 1 + (published["table"] == "g10-parameters").sum()
    heights = [*[0.86] * len(steps), 0.3 + 0.16 * n_audit]
    fig = style.figure(style.PAGE, 0.3 + sum(heights))
    axes = fig.subplots(len(heights), 1, height_ratios=heights)
    for ax, (name, layers) in zip(axes, steps.items(), strict=False):
        total, trained = diagrams.parameters_of(built[name], shown[name][1])
        diagrams.draw(ax, layers, max(map(len, steps.values())))
        words = f"{name} ({shown[name][0][0]['name']}): {total:,} weights"
        ax.set_title(words if trained == total else f"{words}, {trained:,} trained")
    axes[-1].set_title("Numbers of weights, printed and computed")
    audit(axes[-1], published)
    legend(fig)
    style.letter(axes)
    outputs = [snakemake.output.pdf, snakemake.output.png]
    style.save(fig, *outputs, simulated=simulated(*snakemake.input))
    record(snakemake.output.provenance, outputs=outputs, settings=settings,
           code=snakemake.params.code, inputs=snakemake.input)  # fmt: skip
