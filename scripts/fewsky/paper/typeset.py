"""The paper: text, numbers, figures and tables laid out in one folder and set by typst."""

import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from fewsky.console import FewskyError
from fewsky.files import load_json, load_table, published, save_json
from fewsky.paper.captions import read_caption
from fewsky.provenance import digest, record_of

SHOWN_INPUTS = 3
HEX = 8


def set_paper(sources: str | Path, content: Mapping[str, Any], pdf: str | Path) -> None:
    """Write the PDF of paper.typ in the folder `sources`; the same content gives the same bytes.

    `content` is what the text may read: `numbers`, `facts`, `makers`, `figures`, `tables` and more,
    as `read_content` returns it. Fonts of the machine are not used. Raises FewskyError, one line,
    where the text names something that the content does not hold.
    """
    import typst

    with tempfile.TemporaryDirectory() as folder:
        main = stage(sources, content, folder)
        try:
            pages = typst.compile(str(main), root=folder, ignore_system_fonts=True)
        except typst.TypstError as error:
            raise FewskyError(_one_line(error)) from None
    with published(pdf) as temporary:
        temporary.write_bytes(pages)


def stage(sources: str | Path, content: Mapping[str, Any], folder: str | Path) -> Path:
    """Lay out text, figures and content.json in a folder of their own; return its paper.typ."""
    shutil.copytree(sources, folder, dirs_exist_ok=True, ignore=_only_text)
    (Path(folder) / "figures").mkdir()
    for name, figure in content["figures"].items():
        shutil.copyfile(figure["path"], Path(folder) / "figures" / f"{name}.pdf")
    save_json(content, Path(folder) / "content.json")
    return Path(folder) / "paper.typ"


def _only_text(folder: str, names: list[str]) -> list[str]:
    keep = {".typ", ".bib"}
    return [n for n in names if Path(n).suffix not in keep and not (Path(folder) / n).is_dir()]


def _one_line(error: Any) -> str:
    """The fault of a text that typst could not set, with its place."""
    places = re.findall(r"─ \S*?((?:chapters/)?[\w-]+\.typ:\d+)", error.diagnostic)
    # The template is where a fault is found; the text that calls it is where it was written.
    place = next((p for p in places if not p.startswith("template")), "paper.typ")
    message = error.message.removeprefix("panicked with: ")
    fault = (
        message
        if message != error.message
        else f"wanted text that typst can set; found: {message}."
    )
    return f"report/{place}: {fault}"


def read_content(
    numbers: str | Path,
    figures: Iterable[str | Path],
    tables: Iterable[str | Path],
    captions: str | Path,
    settings: Mapping[str, Any],
) -> dict[str, Any]:
    """All that the text may read: numbers.json, the settings, and every figure and table by name.

    `figures` are PDF files, `tables` CSV files, each with its provenance record beside it;
    `captions` is the folder of NAME.rst; `settings["scripts"]` names the script of each, and
    `settings["blocks"]` the block of the configuration that chooses what it shows, and
    `settings["sources"]` is where the files of the repository lie, seen from the paper.
    """
    content = {**load_json(numbers), **settings}
    content["figures"] = {
        Path(path).stem: {"path": str(path), **_shown(path, captions, settings)} for path in figures
    }
    content["tables"] = {
        Path(path).stem: {**read_cells(path), **_shown(path, captions, settings)} for path in tables
    }
    return content


def _shown(path: str | Path, captions: str | Path, settings: Mapping[str, Any]) -> dict[str, Any]:
    name = Path(path).stem
    caption = Path(captions) / f"{name}.rst"
    if not caption.is_file():
        raise FewskyError(f"{caption}: wanted the caption of {name}; found no file. Write it.")
    told = [settings[key].get(name, "") for key in ("scripts", "blocks")]
    return {
        "caption": read_caption(caption),
        "origin": origin(path, *told, settings.get("sources", ".")),
    }


def origin(path: str | Path, script: str, block: str, sources: str = ".") -> dict[str, Any]:
    """Where a figure or table came from, from its record, in words fit for small type.

    Links lead from the paper's folder: to script and configuration in `sources`, where the files of
    the repository lie (a folder or an address), and to the inputs.
    `settings` and `inputs` hold the first 8 hexadecimal digits of SHA-256; of many inputs the first
    few are named and the rest are told by their number and one joint digest.
    """
    found = record_of(path)
    if found is None:
        raise FewskyError(
            f"{path}: wanted a record beside it; found none. Delete the file and run again."
        )
    record = load_json(found)
    inputs = sorted((Path(name).name, name, sha) for name, sha in record["inputs"].items())
    results = Path(path).parents[1]
    named = [
        {"name": _tail(name), "sha": sha[:HEX], "url": os.path.relpath(name, results)}
        for _, name, sha in inputs[:SHOWN_INPUTS]
    ]
    rest = inputs[SHOWN_INPUTS:]
    return {
        "script": script,
        "block": block,
        "urls": {"script": f"{sources}/{script}", "block": f"{sources}/config.yaml"},
        "settings": digest(record["settings"])[:HEX],
        "inputs": named,
        "others": {"count": len(rest), "sha": digest([sha for *_, sha in rest])[:HEX]},
        "simulated": record["simulated"],
    }


def _tail(name: str) -> str:
    """The last two parts of a path, which tell a file from its namesakes."""
    return "/".join(Path(name).parts[-2:])


def read_cells(path: str | Path) -> dict[str, list]:
    """Header and rows of a CSV table as text, and which columns hold numbers.

    The column `Data` is left out where all rows are simulated, since each page says so already.
    """
    table = load_table(path, dtype=str, keep_default_na=False)
    if set(table.get("Data", [])) == {"SIMULATED"}:
        table = table.drop(columns="Data")
    table = table.replace(r"(?<![\w.)])-(?=\d)", "−", regex=True)
    numeric = [bool(len(table)) and all(_is_number(cell) for cell in table[c]) for c in table]
    return {"header": list(table.columns), "rows": table.to_numpy().tolist(), "numeric": numeric}


def _is_number(cell: str) -> bool:
    return re.fullmatch(r"[-+−–±<.,;%\d\s()\[\]e]*", cell) is not None
