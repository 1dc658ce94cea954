"""The arithmetic of a claim carried out, and held against what is printed.

A check is a mapping: `by` names a function of this package as MODULE.FUNCTION, `printed` what it is
held against (text, whose decimals are the precision), `rule` how, `told` how the result is shown,
a format such as "{:.3f}"; all else are arguments of the function.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from fewsky.audit import counts, layers, matrices, orbits, reports, samples, sky, splits
from fewsky.audit.verdicts import HOLDS, OPEN, SLIP, SPREAD, UNTOLD

MODULES = {
    "counts": counts, "layers": layers, "matrices": matrices, "orbits": orbits,
    "reports": reports, "samples": samples, "sky": sky, "splits": splits,
}  # fmt: skip
OWN = ("by", "printed", "rule", "told")


def carried_out(check: Mapping[str, Any]) -> tuple[str, str]:
    """What the arithmetic of a claim gives, as text, and the verdict."""
    found = derived(check)
    return shown(found, check), RULES[check.get("rule", "equal")](found, _printed(check))


def derived(check: Mapping[str, Any]) -> Any:
    """What the function of a check gives for its arguments."""
    module, function = check["by"].split(".")
    arguments = {key: value for key, value in check.items() if key not in OWN}
    return getattr(MODULES[module], function)(**arguments)


def shown(found: Any, check: Mapping[str, Any]) -> str:
    """A result as text: by the format `told`, or to the decimals of what is printed."""
    values = list(found) if isinstance(found, Sequence) else [found]
    if "told" in check:
        return check["told"].format(*values)
    form = f",.{max(map(decimals, _printed(check)))}f"
    return (" to " if isinstance(found, tuple) else ", ").join(format(v, form) for v in values)


def decimals(text: str) -> int:
    """Decimals of a printed number."""
    return len(text.partition(".")[2])


def _printed(check: Mapping[str, Any]) -> list[str]:
    printed = check["printed"]
    return [str(item) for item in (printed if isinstance(printed, list) else [printed])]


def _number(text: str) -> float:
    return float(text.replace(",", ""))


def agrees(value: float, text: str) -> bool:
    """Whether a value would be printed so, half a unit of the last decimal either way."""
    return abs(value - _number(text)) <= 0.5 * 10 ** -decimals(text) * (1 + 1e-9)


def equal(found: Any, printed: Sequence[str]) -> str:
    """Every value is what is printed."""
    values = list(found) if isinstance(found, Sequence) else [found]
    same = len(values) == len(printed) and all(map(agrees, values, printed))
    return HOLDS if same else SLIP


def near(found: Sequence[float], printed: Sequence[str]) -> str:
    """Every value is what is printed to one unit of the last decimal: rounded or cut off."""
    pairs = zip(found, printed, strict=True)
    return HOLDS if all(abs(v - _number(t)) <= 10 ** -decimals(t) for v, t in pairs) else SLIP


def inside(found: tuple[float, float], printed: Sequence[str]) -> str:
    """What is printed lies in a range that rounding leaves open."""
    half = 0.5 * 10 ** -decimals(printed[0])
    return HOLDS if found[0] - half <= _number(printed[0]) <= found[1] + half else SLIP


def spread(found: tuple[float, float], printed: Sequence[str]) -> str:
    """What is printed lies in the interval of another printed value."""
    return SPREAD if found[0] <= _number(printed[0]) <= found[1] else SLIP


def apart(found: tuple[float, float], printed: Sequence[str]) -> str:
    """What is printed lies outside of the interval of another printed value, as is claimed."""
    return UNTOLD if found[0] <= _number(printed[0]) <= found[1] else HOLDS


def reached(found: float, printed: Sequence[str]) -> str:
    """A bound that is printed can be reached by what cannot be smaller than `found`."""
    return HOLDS if found < _number(printed[0]) else SLIP


def undecided(found: Any, printed: Sequence[str]) -> str:
    """Arithmetic makes a claim more or less likely, and does not decide it."""
    return OPEN


RULES = {
    "equal": equal,
    "near": near,
    "inside": inside,
    "spread": spread,
    "apart": apart,
    "reached": reached,
    "open": undecided,
}
