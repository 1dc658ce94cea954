"""Tables as pages of HTML, to be read in a browser where Snakemake's report offers a download."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

STYLE = """
body { font: 14px/1.45 system-ui, sans-serif; color: #222; margin: 1.2rem; }
h1 { font-size: 18px; font-weight: 600; margin: 0 0 .8rem; }
p.simulated { background: #FBE3D5; color: #8A3A00; padding: .3rem .6rem; }
div { overflow-x: auto; }
table { border-collapse: collapse; border-bottom: 2px solid #222; font-size: 13px; }
th { text-align: left; vertical-align: bottom; }
th { border-top: 2px solid #222; border-bottom: 1px solid #222; }
th, td { padding: .25rem .7rem .25rem .2rem; }
td { vertical-align: top; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
tr:nth-child(even) td { background: #f5f5f5; }
"""
SIMULATED = "SIMULATED: made from the demo sky; no number of ours here was measured on real data"


def page(title: str, cells: Mapping[str, Any], simulated: bool) -> str:
    """A page that needs no other file; `cells` are header, rows and numeric as of read_cells."""
    kinds = ["number" if numeric else "" for numeric in cells["numeric"]]
    lines = [
        "<!doctype html>",
        f'<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>',
        f"<style>{STYLE}</style></head><body>",
        f"<h1>{escape(title)}</h1>",
        *([f'<p class="simulated">{SIMULATED}</p>'] if simulated else []),
        "<div><table>",
        f"<thead>{_row('th', cells['header'], kinds)}</thead>",
        "<tbody>",
        *(_row("td", row, kinds) for row in cells["rows"]),
        "</tbody></table></div>",
        "</body></html>",
        "",
    ]
    return "\n".join(lines)


def _row(tag: str, cells: Sequence[str], kinds: Sequence[str]) -> str:
    told = [f' class="{kind}"' if kind else "" for kind in kinds]
    text = [escape(cell).replace(" [", "<br>[") for cell in cells]  # an interval below its value
    row = [f"<{tag}{c}>{cell}</{tag}>" for cell, c in zip(text, told, strict=True)]
    return f"<tr>{''.join(row)}</tr>"
