"""What an experiment is, as the text tells experiments apart."""

from collections.abc import Mapping
from typing import Any

FAMILIES = {"definition": "definition", "mode": "trivial", "random": "trivial"}


def kind_of(item: Mapping[str, Any]) -> str:
    """network, opponent, nuisance, definition or trivial (the mode, or chance)."""
    opponent = item.get("opponent")
    if opponent is None:
        return "network"
    if opponent["control"] == "nuisance":
        return "nuisance"
    return FAMILIES.get(opponent["family"], "opponent")
