"""Every number that the text quotes: gathered from result files, formatted once, kept by key.

A number is {"text", "value", "source"}: what is printed, the value at full precision (None where
it is undefined) and the file that it was read from. Keys are dotted, ROOM.WHAT.
"""

import math
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from fewsky.files import load_json, load_table, save_text

Numbers = dict[str, dict[str, Any]]
UNDEFINED = "undefined"


def number(value: Any, form: str, source: str | Path) -> dict[str, Any]:
    """A number as {"text", "value", "source"}; `form` is a Python format such as ".3f" or ",d"."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return {"text": UNDEFINED, "value": None, "source": str(source)}
    value = round(value) if form.endswith("d") else float(value)
    return {"text": shown(value, form), "value": value, "source": str(source)}


def shown(value: float, form: str) -> str:
    """The value in a format, with a minus sign in place of a hyphen and no negative zero.

    A small positive value that would be printed as 0.000 is printed as <0.001.
    """
    text = format(value, form)
    if re.search("[1-9]", text):
        return text.replace("-", "−")
    text = text.lstrip("-")
    return f"<{text[:-1]}1" if value > 0 and re.fullmatch(r"0\.0+", text) else text


def keyed(values: Mapping[str, tuple[Any, str]], source: str | Path, room: str) -> Numbers:
    """Numbers of one file: `values` holds (value, form) by what they are."""
    return {f"{room}.{key}": number(*pair, source) for key, pair in values.items()}


def interval(room: str, row: Any, form: str, source: str | Path) -> Numbers:
    """A row with value, lower and upper as three numbers: ROOM, ROOM.lower and ROOM.upper."""
    ends = {
        f"{room}.{end}": number(float(getattr(row, end)), form, source)
        for end in ("lower", "upper")
    }
    return {room: number(float(row.value), form, source), **ends}


def printed(text: str, source: str) -> dict[str, Any]:
    """A number as somebody else printed it, such as "0.90" or "1,221"."""
    return {"text": text, "value": float(text.replace(",", "")), "source": source}


def published(path: str | Path) -> Numbers:
    """Numbers printed in publications, by the name of the claim."""
    table = load_table(path, dtype=str)
    return {f"published.{row.claim}": printed(row.value, row.source) for row in table.itertuples()}


def constants(path: str | Path) -> Numbers:
    """Facts about surveys and studies that are no result of anyone's."""
    table = load_table(path, dtype=str)
    return {f"constant.{row.key}": printed(row.value, row.source) for row in table.itertuples()}


def tex(numbers: Numbers) -> str:
    r"""A LaTeX file in which \fewsky{KEY} prints a number, and an unknown key is an error."""
    lines = [
        r"% Numbers of the text: \fewsky{KEY}. Made by collect_numbers; do not edit.",
        r"\newcommand{\fewsky}[1]{\ifcsname fewsky@#1\endcsname\csname fewsky@#1\endcsname",
        r"  \else\PackageError{fewsky}{no number #1}{See numbers.json.}\fi}",
    ]
    for key, item in sorted(numbers.items()):
        text = item["text"].replace("%", r"\%").replace("−", "$-$")
        lines.append(rf"\expandafter\def\csname fewsky@{key}\endcsname{{{text}}}")
    return "\n".join(lines) + "\n"


def save_tex(numbers: Numbers, path: str | Path) -> None:
    """Write the macro file for those who write LaTeX."""
    save_text(tex(numbers), path)


def versions_of(records: Iterable[str | Path]) -> dict[str, str]:
    """Versions of all software named in provenance records, by package."""
    found: dict[str, set[str]] = {}
    for path in records:
        for name, version in load_json(path)["versions"].items():
            found.setdefault(name, set()).add(version)
    return {name: " and ".join(sorted(found[name])) for name in sorted(found)}
