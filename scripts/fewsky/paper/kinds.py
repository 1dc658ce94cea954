"""What an experiment is and starts from, as the text tells experiments apart."""

from collections.abc import Iterable, Mapping
from typing import Any

FAMILIES = {"definition": "definition", "mode": "trivial", "random": "trivial"}
# As tables print it, in the order of their rows.
WORDS = {
    "network": "network",
    "opponent": "opponent",
    "trivial": "opponent",
    "nuisance": "nuisance control",
    "definition": "definition of the label, not ranked",
}
RANKED = tuple(dict.fromkeys(WORDS.values()))


def kind_of(item: Mapping[str, Any]) -> str:
    """network, opponent, nuisance, definition or trivial (the mode, or chance)."""
    opponent = item.get("opponent")
    if opponent is None:
        return "network"
    if opponent["control"] == "nuisance":
        return "nuisance"
    return FAMILIES.get(opponent["family"], "opponent")


def kind_in_words(item: Mapping[str, Any]) -> str:
    """The same as tables print it: of the guesses nothing is said, they are opponents."""
    return WORDS[kind_of(item)]


def weights_used(settings: Mapping[str, Any], names: Iterable[str]) -> list[dict[str, str]]:
    """The starting weights of some experiments, each once: name, model, about, kind, from.

    `settings` has the plan's `experiments` and `weights`. The kind is experiment, random or
    published; `from` names the experiment.
    """
    items, weights = settings["experiments"], settings["weights"]
    used = [items[name].get("weights") for name in names]
    return [
        {
            "name": name,
            "model": weights[name]["model"],
            "about": weights[name].get("about") or "",
            "kind": _source(weights[name]),
            "from": weights[name].get("from") or "",
        }
        for name in dict.fromkeys(filter(None, used))
    ]


def _source(weights: Mapping[str, Any]) -> str:
    if weights.get("from"):
        return "experiment"
    return "random" if weights.get("random") is not None else "published"
