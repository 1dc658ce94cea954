"""Documents agree with what they describe, and the paper's text holds no result."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from fewsky.config import resolve
from fewsky.config_docs import DOCUMENT, render
from fewsky.schema import load_schema
from tests.conftest import copy_repository
from tests.usage_page import apply, diffs, titles

ROOT = Path(__file__).parents[2]
RULES = sorted((ROOT / "rules").glob("*.smk"))
ONE_AFTER_ANOTHER = (
    "A pretext on columns of your own",
    "A start of the atlas",
    "A task of the atlas",
)  # sections that go on from the one before
RESOLVE = """
import sys, yaml
sys.path.insert(0, "scripts")
from fewsky.config import resolve
resolve(yaml.safe_load(open("config.yaml")))
"""
KEYWORDS = {
    "$ref", "additionalProperties", "default", "description", "enum", "exclusiveMaximum",
    "exclusiveMinimum", "items", "maximum", "maxItems", "maxProperties", "minimum", "minItems",
    "minProperties", "not", "oneOf", "pattern", "patternProperties", "properties",
    "propertyNames", "required", "type", "uniqueItems", "const", "anyOf",
}  # fmt: skip


def nodes(item, path="config"):
    """Every sub-schema that describes a key, with its place."""
    for key, inner in item.get("properties", {}).items():
        yield f"{path}.{key}", inner
        yield from nodes(inner, f"{path}.{key}")
    for key in ("additionalProperties", "items"):
        if isinstance(item.get(key), dict):
            yield from nodes(item[key], f"{path}[]")


def every_key():
    schema = load_schema()
    yield from nodes(schema)
    for name, inner in schema["$defs"].items():
        yield from nodes(inner, name)


def test_the_page_of_the_configuration_is_that_of_the_schema():
    assert DOCUMENT.read_text(encoding="utf-8") == render(load_schema()), "run: make docs"


def test_every_key_is_described_and_no_word_is_lost_to_yaml():
    """An unquoted comma or question mark in a flow mapping would cut a description short."""
    for path, item in every_key():
        assert set(item) <= KEYWORDS, f"{path}: {set(item) - KEYWORDS}"
        assert "$ref" in item or item.get("description"), path


def test_defaults_bounds_and_choices_reach_the_page():
    schema = {
        "description": "All.",
        "required": ["a"],
        "properties": {
            "a": {"type": "integer", "minimum": 2, "description": "A | b."},
            "block": {
                "description": "Block.",
                "properties": {
                    "on": {"type": "boolean", "default": False, "description": "On."},
                    "list": {
                        "type": "array",
                        "items": {"properties": {"x": {"enum": [1, "y"], "description": "X."}}},
                    },
                },
            },
        },
        "$defs": {},
    }
    page = render(schema)
    assert "| **`a`** | integer ≥ 2 |  | A \\| b. |" in page
    assert "| `on` | boolean | `false` | On. |" in page
    assert "| `list[].x` | `1`, `y` |  | X. |" in page


def patterns():
    """Every output that a rule declares."""
    text = "".join(path.read_text() for path in RULES)
    blocks = re.findall(r"^    output:\n((?:^        .*\n)+)", text, re.M)
    return sorted(set(re.findall(r'"(<results>/[^"]+)"', "".join(blocks))))


@pytest.mark.parametrize("pattern", patterns())
def test_every_output_is_on_the_page_of_outputs(pattern):
    page = (ROOT / "docs" / "output.md").read_text()
    folder, _, name = pattern.rpartition("/")
    if folder in ("<results>/figures", "<results>/tables") and "numbers" not in name:
        stem, ending = name.split(".", 1)
        assert f"{folder}/NAME.{ending}" in page
        assert f"`{stem}`" in page
    else:
        assert f"`{pattern}`" in page


def test_the_tables_of_figures_name_all_that_have_a_caption():
    page = (ROOT / "docs" / "output.md").read_text()
    for path in (ROOT / "report" / "captions").glob("*.rst"):
        assert f"`{path.stem}`" in page


NAMED = ("Galaxy10", "galaxy10", "Galaxy Zoo 2", "VGG16", "HDF5", "F1")


def literal_text(source):
    """What a chapter's source prints as it stands: no code, keys, labels, citations or comments."""
    text = re.sub(r"//[^\n]*", "", source)
    text = re.sub(r'"[^"\n]*"', "", text)
    text = re.sub(r"@[\w-]+|<[\w-]+>", "", text)
    text = re.sub(r"(?<![\w.])-?\d+(\.\d+)?(pt|em|mm|cm|fr|deg|%)", "", text)
    text = re.sub(r"\.(len|at|first|last)\(\d*\)\s*[<>=!]=?\s*\d+", "", text)
    return re.sub(r"value\(\)\s*[<>=!]=?\s*\d+", "", text)


@pytest.mark.parametrize(
    "path", [ROOT / "report" / "paper.typ", *sorted((ROOT / "report" / "chapters").glob("*.typ"))],
    ids=lambda path: path.name,
)  # fmt: skip
def test_the_text_holds_no_literal_number(path):
    """Names may hold digits: a data release, a checksum, an address."""
    text = literal_text(path.read_text())
    for name in ("Data Release 17", "SHA-256", "sdss4.org", "V/163", "$T_1$", "$T_2$", *NAMED):
        text = text.replace(name, "")
    found = [line.strip() for line in text.splitlines() if re.search(r"\d", line)]
    assert not found


def test_no_semicolon_of_the_text_is_lost():
    """Typst reads a semicolon right after a call as the end of the call, and prints none."""
    for path in (ROOT / "report").rglob("*.typ"):
        assert not re.findall(r"^[^\n]*#[\w.-]+\([^()\n]*\);.*$", path.read_text(), re.M), path


def test_the_readme_shows_seven_rooms_and_every_command():
    text = (ROOT / "README.md").read_text()
    assert re.findall(r"    \w+.*?--> (\w+)\[", text) == [
        "aligned", "cutouts", "splits", "models", "metrics", "figures",
    ]  # fmt: skip
    targets = re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(), re.M)
    for target in set(targets) - {"help", "docs", "test-slurm"}:
        assert f"make {target}" in text, target


def test_the_licence_and_the_citation_agree():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["license"] == "BSD-3-Clause"
    assert "The fewsky authors" in (ROOT / "LICENSE").read_text()
    assert citation["authors"] == [{"name": "The fewsky authors"}]


def test_links_between_documents_lead_somewhere():
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


@pytest.mark.parametrize("title", [title for title in titles() if diffs(title)])
def test_every_diff_of_the_page_of_usage_is_applied(title, tmp_path):
    """Each by itself, to the files as they are; what it makes is Python or YAML that parses."""
    copy = copy_repository(tmp_path / "copy")
    before = (
        ONE_AFTER_ANOTHER[: ONE_AFTER_ANOTHER.index(title)] if title in ONE_AFTER_ANOTHER else ()
    )
    for name in [*before, title]:
        changed = apply(name, copy)
    for name in changed:
        text = (copy / name).read_text()
        if name.endswith(".py"):
            ast.parse(text)
        if name.endswith(".yaml"):
            yaml.safe_load(text)
    if "config.yaml" in changed:
        done = subprocess.run(
            [sys.executable, "-c", RESOLVE], cwd=copy, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr


def test_the_sections_on_the_atlas_make_a_configuration(tmp_path):
    """Pretext, start and task, one after the other, with all that their diffs leave unsaid."""
    copy = copy_repository(tmp_path / "copy")
    for title in ONE_AFTER_ANOTHER:
        apply(title, copy)
        plan = resolve(yaml.safe_load((copy / "config.yaml").read_text()))
    found = {(row["task"], row["start"], row["way"]) for row in plan.atlas}
    assert {("sgq", "mine", "probe"), ("sgq", "mine", "lpft")} <= found
    assert {("my-types", "magnitudes", "lpft"), ("my-types", "none", "tuned")} <= found
    assert plan.tasks["my-properties"]["split"]["keep_out"]["tasks"] == ["sgq"]


def test_every_citation_is_in_the_bibliography_and_used():
    entries = set(
        re.findall(r"^@\w+\{(\w+),", (ROOT / "report" / "references.bib").read_text(), re.M)
    )
    text = "".join(path.read_text() for path in (ROOT / "report").rglob("*.typ"))
    used = set(re.findall(r"(?<!\w)@([a-z]\w+)", text)) | set(re.findall(r"cite\(<(\w+)>", text))
    assert used == entries
