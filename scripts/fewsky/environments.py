"""What an environment of the workflow is to hold, and whether it does. Imports nothing heavy."""

import json
import re
import sys
from importlib import metadata
from pathlib import Path
from types import ModuleType

from fewsky.console import FewskyError

REQUIREMENT = re.compile(r"^([A-Za-z0-9][\w.-]*)==(\S+) \\$", re.M)


def canonical(name: str) -> str:
    """A distribution's name as PyPI compares it: lower case, one hyphen between words."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pinned(text: str) -> dict[str, str]:
    """The packages of an explicit pin: file name without its ending, and SHA-256."""
    found = re.findall(r"^\S+/([^/#]+?)(?:\.conda|\.tar\.bz2)#sha256:([0-9a-f]{64})$", text, re.M)
    wanted = [line for line in text.splitlines() if line and line[0] not in "#@"]
    if len(found) != len(wanted):
        raise FewskyError("a pin: wanted URL#sha256:DIGEST in every line; found another. make lock")
    return dict(found)


def required(text: str) -> dict[str, set[str]]:
    """The Python packages that a post-deploy script installs, with the versions it may take."""
    versions: dict[str, set[str]] = {}
    for name, version in REQUIREMENT.findall(text):
        versions.setdefault(canonical(name), set()).add(version)
    return versions


# --- before a run: the environments that Snakemake has made -------------------------------------
def check_deployed(envs: Path, made: Path) -> None:
    """Compare the environments below `made` that Snakemake made from the pins of `envs` with them.

    Raises FewskyError if one holds something else: where a pin fails, Snakemake solves the
    specification anew and says so in a warning only.
    """
    for pin in sorted(envs.glob("*.linux-64.pin.txt")):
        name = pin.name.removesuffix(".linux-64.pin.txt")
        script = pin.with_name(f"{name}.post-deploy.sh")
        for copy in sorted(made.glob("*.pin.txt")):
            prefix = copy.with_name(copy.name.removesuffix(".pin.txt"))
            if not (_same(copy, pin) and _same(Path(f"{prefix}.post-deploy.sh"), script)):
                continue
            if fault := _fault(prefix, pin.read_text(), script.read_text()):
                raise FewskyError(
                    f"envs/{name}.yaml: wanted what its lock names; found {fault} in {prefix}. "
                    "Delete that folder, see Snakemake's warning on the pin, and run again."
                )


def _same(one: Path, other: Path) -> bool:
    return one.exists() and other.exists() and one.read_bytes() == other.read_bytes()


def _fault(prefix: Path, pin: str, script: str) -> str | None:
    """What an environment has too much, too little or in another version; None if nothing."""
    wanted, found = pinned(pin), _conda_packages(prefix)
    differ = {name for name in wanted if found.get(name, wanted[name]) != wanted[name]}
    if differ := sorted(differ | (wanted.keys() ^ found.keys())):
        missing = " missing" if differ[0] not in found else ""
        return f"{differ[0]}{missing} (of {len(differ)} that differ)"
    places = [str(path) for path in prefix.glob("lib/python3*/site-packages")]
    has = {canonical(d.name): d.version for d in metadata.distributions(path=places)}
    always = required(script.partition("\nif ")[0])
    for name, versions in required(script).items():
        if has.get(name, "missing" if name in always else min(versions)) not in versions:
            return f"{name} {has.get(name, 'missing')}"
    return None


def _conda_packages(prefix: Path) -> dict[str, str]:
    """The packages that conda has put into a prefix: name-version-build and SHA-256."""
    records = [json.loads(path.read_text()) for path in (prefix / "conda-meta").glob("*.json")]
    return {f"{r['name']}-{r['version']}-{r['build']}": r.get("sha256", "") for r in records}


# --- in a job: nothing comes from outside its environment ---------------------------------------
def check_own_modules() -> None:
    """Stop a script whose packages come from elsewhere than its own conda environment.

    Snakemake puts its own packages at the end of `sys.path`, so that one that is missing in the
    environment would be taken from there, silently and in another version.
    """
    prefix = Path(sys.prefix)
    if not (prefix / "conda-meta").is_dir():
        return
    sys.path[:] = [path for path in sys.path if not _foreign(path, prefix)]
    for name in sorted(_used()):
        origin = getattr(sys.modules.get(name), "__file__", None)
        if origin and _foreign(origin, prefix):
            raise FewskyError(
                f"{name}: wanted it from the environment {prefix}; found {origin}. Add it to "
                "envs/rooms.yaml, call make lock, and run again."
            )


def _foreign(path: str, prefix: Path) -> bool:
    return "site-packages" in Path(path).parts and not Path(path).is_relative_to(prefix)


def _used() -> set[str]:
    """Top-level names of what the script and the library have imported."""
    ours = [
        module
        for name, module in sys.modules.items()
        if name == "__main__" or name.split(".")[0] == "fewsky"
    ]
    names = (
        value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
        for module in ours
        for value in list(vars(module).values())
    )
    return {name.split(".")[0] for name in names if isinstance(name, str)} - {"snakemake"}
