"""The schema of config.yaml at work: one clear line for a fault, defaults filled in."""

import copy
import difflib
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from fewsky.console import FewskyError

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast where it is built
SCHEMA = Path(__file__).resolve().parents[2] / "schemas" / "config.schema.yaml"


def load_schema() -> dict:
    """The JSON schema of config.yaml, the one source of defaults and of docs/config.md."""
    return yaml.load(SCHEMA.read_text(encoding="utf-8"), Loader=LOADER)


def load_config(text: str | Path) -> dict:
    """The settings in a file of YAML, or in a text of it.

    Raises FewskyError, one line, on what is no YAML or no block of keys.
    """
    where = str(text) if isinstance(text, Path) else "config"
    try:
        read = text.read_text(encoding="utf-8") if isinstance(text, Path) else text
        found = yaml.load(read, Loader=LOADER)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise FewskyError(f"{where}: wanted YAML; found {error}. Mend it.") from None
    if not isinstance(found, dict):
        raise FewskyError(
            f"{where}: wanted YAML with keys such as surveys; found {_kind(found)}. Mend it."
        )
    return found


def _kind(value: Any) -> str:
    return "nothing" if value is None else f"a {type(value).__name__}"


def check(value: Any, schema: dict, root: dict, where: str = "") -> None:
    """Raise FewskyError for the most telling fault of a value against a schema."""
    validator = jsonschema.Draft202012Validator({**schema, "$defs": root["$defs"]})
    errors = sorted(validator.iter_errors(value), key=lambda error: [str(p) for p in error.path])
    if errors:
        raise FewskyError(_explain(_deepest(errors), where))


def _deepest(errors: list) -> jsonschema.ValidationError:
    error = errors[0]
    while error.context:
        # Under oneOf the branch whose fault lies deepest is the one that was meant.
        error = max(
            error.context, key=lambda item: (len(item.absolute_path), item.validator != "type")
        )
    return error


def _explain(error: jsonschema.ValidationError, where: str) -> str:
    path = ".".join(str(part) for part in [*filter(None, [where]), *error.absolute_path])
    place = f"config: {path or 'top level'}"
    if error.validator == "additionalProperties" and isinstance(error.instance, dict):
        return _unknown_key(error, place)
    if error.validator == "required":
        missing = next(key for key in error.validator_value if key not in error.instance)
        return f"{place}: wanted the key '{missing}'; found only {listed(error.instance)}. Add it."
    if error.validator == "type":
        return f"{place}: wanted {_type(error)}; found {_shown(error.instance)}. {_hint(error)}"
    if error.validator == "enum":
        choices = listed(error.validator_value)
        return f"{place}: wanted one of {choices}; found {_shown(error.instance)}. Choose one."
    if error.validator == "not":
        return f"{place}: wanted an odd number; found {error.instance}. Write an odd one."
    wanted = f"{error.validator} {error.validator_value}"
    return f"{place}: wanted {wanted}; found {_shown(error.instance)}. Change it."


def _unknown_key(error: jsonschema.ValidationError, place: str) -> str:
    known = list(error.schema.get("properties", {}))
    key = next(key for key in error.instance if key not in known)
    near = difflib.get_close_matches(key, known, 1)
    advice = f"Did you mean '{near[0]}'?" if near else "See docs/config.md."
    return f"{place}: wanted keys among {listed(known)}; found '{key}'. {advice}"


def _type(error: jsonschema.ValidationError) -> str:
    types = error.validator_value
    return " or ".join(types) if isinstance(types, list) else f"a value of type {types}"


def _hint(error: jsonschema.ValidationError) -> str:
    if isinstance(error.instance, str):
        try:
            number = float(error.instance)
        except ValueError:
            return "Mend the value; docs/config.md describes the key."
        text = error.instance.lower()
        if "e" in text and "." not in text:
            mantissa, exponent = text.split("e", 1)
            return f"YAML reads {error.instance} as text; write {mantissa}.0e{exponent}."
        return f"Write {number:g} without quotes."
    return "Mend the value; docs/config.md describes the key."


def listed(items: Any) -> str:
    return ", ".join(str(item) for item in items) or "nothing"


def _shown(value: Any) -> str:
    return f"the text '{value}'" if isinstance(value, str) else repr(value)


def fill(value: Any, schema: dict, root: dict) -> Any:
    """The value with the schema's defaults filled in, at any depth; numbers typed as declared."""
    schema = _resolve_reference(schema, root)
    if "oneOf" in schema and isinstance(value, dict):
        options = (_resolve_reference(option, root) for option in schema["oneOf"])
        schema = next((option for option in options if option.get("type") == "object"), schema)
    if isinstance(value, dict):
        return _fill_mapping(value, schema, root)
    if isinstance(value, list) and "items" in schema:
        return [fill(item, schema["items"], root) for item in value]
    if schema.get("type") == "number" and isinstance(value, int):
        return float(value)
    return value


def _fill_mapping(value: dict, schema: dict, root: dict) -> dict:
    properties = schema.get("properties", {})
    others = schema.get("additionalProperties")
    filled = {}
    for key, item in value.items():
        inner = properties.get(key) or (others if isinstance(others, dict) else {})
        filled[key] = fill(item, inner, root)
    for key, inner in properties.items():
        inner = _resolve_reference(inner, root)
        if key not in filled and "default" in inner:
            filled[key] = fill(copy.deepcopy(inner["default"]), inner, root)
    return filled


def _resolve_reference(schema: dict, root: dict) -> dict:
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/$defs/")
        return {**root["$defs"][name], **{k: v for k, v in schema.items() if k != "$ref"}}
    return schema


def nearest(name: str, among: Any) -> str:
    """The name that was probably meant, or the first few known ones, as advice in one sentence."""
    near = difflib.get_close_matches(name, list(among), 1)
    return f"Did you mean '{near[0]}'?" if near else f"Known: {listed(list(among)[:8])}."


def known(where: str, name: str, among: Any, kind: str) -> None:
    """Raise FewskyError where a name is not among those of its block; `kind` says what it names."""
    if name not in among:
        article = "an" if kind[0] in "aeiou" else "a"
        raise FewskyError(
            f"config: {where}: wanted {article} {kind} of this file; found '{name}'. "
            f"{nearest(name, among)}"
        )
