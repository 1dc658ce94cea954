"""What an experiment is, as the text tells experiments apart."""

from collections.abc import Mapping
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
