"""docs/config.md from the schema of config.yaml: python -m fewsky.config_docs [PATH]."""

import sys
from collections.abc import Iterator
from typing import Any

from fewsky.files import save_text
from fewsky.schema import SCHEMA, load_schema

DOCUMENT = SCHEMA.parents[1] / "docs" / "config.md"
HEAD = """# Every key of config.yaml

Made from `schemas/config.schema.yaml` by `make docs`; change the schema, not this page.
A profile lays its own `overrides.yaml` over `config.yaml`, key by key. An unknown key, a wrong type
or a name that does not exist ends a run before its first job, with one line. YAML reads `1e-3` as
text: write `0.001` or `1.0e-3`. **Bold** keys must be given; `NAME` is a name of your own.
"""
TABLE = "| key | type | default | what it says |\n|---|---|---|---|"


def render(schema: dict) -> str:
    """The text of docs/config.md: one section a block of config.yaml, one row a key."""
    blocks = schema["properties"]
    plain = {name: item for name, item in blocks.items() if not _keys(item, schema)}
    parts = [HEAD, _sentence(schema), "## Single keys", "\n".join([TABLE, *_rows(plain, schema)])]
    for name, item in blocks.items():
        if name not in plain:
            parts += _section(name, item, schema)
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _section(name: str, item: dict, root: dict) -> Iterator[str]:
    yield f"## {name}"
    yield _sentence(_whole(item, root))
    yield "\n".join([TABLE, *_walk(item, root, "")])


def _walk(item: dict, root: dict, prefix: str) -> Iterator[str]:
    """Rows of all keys below an item, depth first; the item itself has no row."""
    item = _mapping(item, root)
    required = item.get("required", [])
    for key, inner in item.get("properties", {}).items():
        yield from _row(f"{prefix}{key}", inner, root, key in required)
    others = item.get("additionalProperties")
    if isinstance(others, dict):
        yield from _row(f"{prefix}NAME", others, root, False)
    if "items" in item and _keys(item["items"], root):
        yield from _walk(item["items"], root, f"{prefix.rstrip('.')}[].")


def _row(path: str, item: dict, root: dict, required: bool) -> Iterator[str]:
    whole = _whole(item, root)
    shown = f"**`{path}`**" if required else f"`{path}`"
    words = _sentence(whole).replace("|", "\\|")
    yield f"| {shown} | {_type(whole, root)} | {_default(whole)} | {words} |"
    if _keys(item, root):
        yield from _walk(item, root, f"{path}.")


def _rows(items: dict, root: dict) -> Iterator[str]:
    for key, item in items.items():
        yield from _row(key, item, root, key in root.get("required", []))


def _keys(item: dict, root: dict) -> bool:
    """True if an item holds keys of its own that are worth a row each."""
    inner = _mapping(item, root)
    others = inner.get("additionalProperties")
    named = isinstance(others, dict) and ("$ref" in others or "properties" in others)
    listed = "items" in inner and _keys(inner["items"], root)
    return bool(inner.get("properties")) or named or listed


def _whole(item: dict, root: dict) -> dict:
    if "$ref" not in item:
        return item
    target = root["$defs"][item["$ref"].removeprefix("#/$defs/")]
    return {**target, **{key: value for key, value in item.items() if key != "$ref"}}


def _mapping(item: dict, root: dict) -> dict:
    """The item, or under oneOf the branch that holds keys."""
    item = _whole(item, root)
    options = [_whole(option, root) for option in item.get("oneOf", [])]
    return next((option for option in options if "properties" in option), item)


def _sentence(item: dict) -> str:
    return " ".join(item.get("description", "").split())


def _default(item: dict) -> str:
    if "default" not in item:
        return ""
    value = item["default"]
    if value in ({}, []):
        return "none"
    return f"`{_yaml(value)}`"


def _yaml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_yaml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_yaml, value)) + "]"
    if isinstance(value, float):
        return f"{value:g}"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value) or "''"


def _type(item: dict, root: dict) -> str:
    if "oneOf" in item:
        return " or ".join(dict.fromkeys(_type(_whole(one, root), root) for one in item["oneOf"]))
    if "enum" in item:
        return ", ".join(f"`{_yaml(value)}`" for value in item["enum"])
    kinds = item.get("type", "any")
    words = " or ".join(kinds if isinstance(kinds, list) else [kinds])
    if kinds == "array":
        words = f"list of {_type(_whole(item['items'], root), root)}" if "items" in item else "list"
    return words.replace("object", "mapping") + _range(item)


def _range(item: dict) -> str:
    words = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    limits = [f"{sign} {item[key]:g}" for key, sign in words.items() if key in item]
    return f" {', '.join(limits)}" if limits else ""


if __name__ == "__main__":
    save_text(render(load_schema()), sys.argv[1] if len(sys.argv) > 1 else DOCUMENT)
