"""The sections of a model card, each a list of lines made of what other jobs have written."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from fewsky.model_cards.words import interval, listed, number, settings, table

Told = Mapping[str, Any]
# Measures by what a task asks for, the first being that of the opponents' table.
MEASURES = {
    "boxes": ["map_50", "map_50_95", "ar_100"],
    "classes": ["mcc", "balanced_accuracy", "accuracy", "macro_f1", "auroc"],
}
SIMULATED = (
    "> **SIMULATED.** This network was trained and tested on a simulated sky. Its scores are no "
    "measurement, and it is not to be applied to real images."
)
TARGETS = re.compile(r"(r2|mae)_(?!over_).+")


def heading(told: Told, simulated: bool) -> list[str]:
    """Name and purpose."""
    warning = [SIMULATED, ""] if simulated else []
    about = f"{told['about']}." if told["about"] else ""
    return [f"# {told['experiment']}", "", *warning, about]


def what_it_is(told: Told, card: Told) -> list[str]:
    """Kind, architecture, parameters, input, and where its weights began."""
    if "of" in card:
        members = f"The mean probabilities of {listed(card['of'])}, weights from {card['weights']}."
        return ["", "## What it is", "", f"{members} See the cards of these."]
    run = card["runs"][0]
    rows = [
        ("kind", told["kind"]),
        ("architecture", card["model"]["name"]),
        ("parameters", number(run["parameters"])),
        ("parameters trained", number(run["trainable_parameters"])),
        ("image", f"{card['size']} by {card['size']} px, bands {listed(card['bands'])}"),
        ("numbers beside the image", listed(card["model"].get("extra", []))),
        ("answers", answers(card)),
        ("start", start(told)),
    ]
    if told["teacher"]:
        rows.append(("learned from the predictions of", told["teacher"]))
    if told["weights"] and told["weights"]["licence"]:
        rows.append(("licence of the starting weights", told["weights"]["licence"]))
    return ["", "## What it is", "", *table(["", ""], rows)]


def answers(card: Told) -> str:
    """What comes out."""
    if card.get("targets"):
        return f"values of {listed(card['targets']['columns'])}"
    if card.get("boxes"):
        return f"boxes, of {listed(card['boxes']['classes'])}"
    return f"probabilities of {listed(card['classes'])}"


def start(told: Told) -> str:
    """Where the weights began."""
    own = f"the trained {told['from']}" if told["from"] else ""
    weights = told["weights"]
    if not weights:
        return own or "random weights"
    source = weights["url"] or (f"experiment {weights['from']}" if weights["from"] else "")
    words = f"weights {weights['name']}, trained on {weights['about']}"
    return ", of ".join(filter(None, [own, words])) + (f" ({source})" if source else "")


def data(told: Told, card: Told, audit: Told | None) -> list[str]:
    """Survey, licence, citation, task, split, and the labels that were seen."""
    source = told["source"]
    rows = [
        ("survey", f"{told['survey']}: {source['name']}"),
        ("licence", source["licence"]),
        ("cite", source["citation"]),
        ("dataset", told["dataset"]),
        ("task", f"{told['task']}: {answers(card)}" if "of" not in card else told["task"]),
        ("labels", told["label"]),
        ("split", split_words(told, audit)),
    ]
    return ["", "## Data", "", *table(["", ""], rows), *labels_seen(card)]


def split_words(told: Told, audit: Told | None) -> str:
    """How parts were told apart, and what the audit found."""
    if audit is None:
        return f"by {told['split']}"
    found = [
        f"{audit[key]} {words}"
        for key, words in (
            ("groups_on_two_sides", "groups on two sides"),
            ("pairs_near_copy", "near copies"),
            ("pairs_sharing_pixels", "pairs that share pixels"),
        )
    ]
    verdict = f"audit ({audit['mode']}): {audit['verdict']}, {listed(found)}"
    return f"by {told['split']}; {verdict}; sky {audit['sky']}"


def labels_seen(card: Told) -> list[str]:
    """Labels by budget, for training and for validation; nothing of an ensemble."""
    runs = [run for run in card["runs"] if "labels_seen" in run]
    rows = {}
    for run in runs:
        seen = run["labels_seen"]
        sums = [number(sum(seen[part].values())) for part in ("train", "val")]
        rows[run["budget"], *sums] = [number(run["budget"]), *sums, number(run["tuned_with"])]
    if not rows:
        return []
    heads = ["budget", "trained on", "validated on", "tuned with"]
    words = "A budget counts every label that the recipe saw. Of the first draw:"
    return ["", words, "", *table(heads, rows.values())]


def recipe(card: Told) -> list[str]:
    """All settings of the training, or of the probe."""
    if "recipe" not in card:
        return []
    return ["", "## Recipe", "", *table(["setting", "value"], settings(card["recipe"]))]


def scores(told: Told, metrics) -> list[str]:
    """Scores of the test part, by budget, beside the opponents and controls of the same task.

    `metrics` is the metrics table of the task, or None where it has none.
    """
    if metrics is None:
        return ["", "## Scores", "", "None: it makes starting weights, and nothing was tested."]
    rows = metrics[
        (metrics["part"] == "test") & (metrics["subset"] == "all")
        & (metrics["draw"] == -1) & (metrics["fold"] == -1)
    ]  # fmt: skip
    own = rows[rows["experiment"] == told["experiment"]]
    names = measures(told, own)
    if not names:
        return ["", "## Scores", "", "None on the test part."]
    words = (
        "On the test part, over all draws; in brackets 95 % intervals by a bootstrap of sky "
        "groups, then draws."
    )
    if "truth" in set(own["reference"]):
        words += " `catalogue` is what the survey says, `truth` what was simulated."
    return ["", "## Scores", "", words, "", *own_scores(own, names), *beside(told, rows, names[0])]


def measures(told: Told, own) -> list[str]:
    """Which of an experiment's metrics a card prints."""
    there = set(own["metric"])
    if told["asks"] == "targets":
        return sorted(name for name in there if TARGETS.fullmatch(name))
    return [name for name in MEASURES[told["asks"]] if name in there]


def own_scores(own, names: Sequence[str]) -> list[str]:
    """The table of an experiment's own scores, a line a budget, reference and metric."""
    rows = [
        [number(row.budget), row.reference, row.metric, interval(row.value, row.lower, row.upper),
         number(row.n)]
        for name in names
        for row in own[own["metric"] == name].itertuples()
    ]  # fmt: skip
    return table(["budget", "against", "metric", "score", "objects"], rows)


def beside(told: Told, rows, name: str) -> list[str]:
    """The table of opponents and controls in one metric, at the budgets of the experiment."""
    others = told["opponents"]
    found = rows[rows["experiment"].isin(others) & (rows["metric"] == name)]
    if found.empty:
        return ["", "No opponent was fitted to this task."]
    lines = [
        [row.experiment, others[row.experiment], number(row.budget), row.reference,
         interval(row.value, row.lower, row.upper)]
        for row in found.itertuples()
    ]  # fmt: skip
    heads = ["opponent or control", "", "budget", "against", name]
    words = "What a simple method and what should not matter reach on the same objects:"
    return ["", words, "", *table(heads, lines)]
