"""The configurations that are shipped, as Snakemake lays their files over each other."""

import yaml
from snakemake.utils import update_config

from fewsky.config import Plan, resolve
from tests.conftest import ROOT

SHIPPED = {
    "config": (),
    "demo": ("profiles/demo/overrides.yaml",),
    "detection": ("profiles/sample/overrides.yaml", "profiles/sample/detection.yaml"),
    "mergers": ("profiles/sample/overrides.yaml", "profiles/sample/mergers.yaml"),
}

WITH_ATLAS = [name for name in SHIPPED if name != "detection"]


def shipped(name: str) -> Plan:
    """The resolved plan: the files of a profile first, all of them over the Snakefile's own."""
    config, overlay = _written("config.yaml"), _written("config.yaml")
    for path in SHIPPED[name]:
        update_config(overlay, _written(path))
    update_config(config, overlay)
    return resolve(config)


def _written(name: str) -> dict:
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))
