"""The environments agree with their locks, with requirements.txt and with what is imported."""

import ast
import json
import re
import sys
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

from fewsky.commands import lock
from fewsky.console import FewskyError
from fewsky.environments import canonical, check_deployed, pinned, required
from fewsky.modules import found as source_of
from fewsky.modules import read
from fewsky.provenance import SCRIPTS
from tests.conftest import ROOT

ENVS = ROOT / "envs"
ROOMS = yaml.safe_load((ENVS / "rooms.yaml").read_text())
# Reached by name at run time: every module of these packages may be imported.
BY_NAME = ("fewsky.networks", "fewsky.surveys")


def script_of(room: str) -> str:
    return (ENVS / f"{room}.post-deploy.sh").read_text()


def requirements() -> dict[str, str]:
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    pairs = (line.split("==") for line in lines if "==" in line)
    return {canonical(name): version for name, version in pairs}


def rules() -> dict[str, tuple[str, str]]:
    """Room and script of every rule that has a script."""
    text = "".join(path.read_text() for path in (ROOT / "rules").glob("*.smk"))
    bodies = re.split(r"^rule (\w+):$", text, flags=re.M)[1:]
    found = {}
    for name, body in zip(bodies[::2], bodies[1::2], strict=True):
        room, script = (
            re.search(rf'"\.\./{p}"', body) for p in (r"envs/(\w+)\.yaml", r"(scripts/\w+\.py)")
        )
        found[name] = (room[1], script[1])
    return found


# --- every file agrees with the one it is made from ---------------------------------------------
def test_every_room_of_a_rule_is_locked():
    assert {room for room, _ in rules().values()} <= ROOMS.keys()
    wanted = {f"{room}{end}" for room in ROOMS for end in (
        ".yaml", ".conda-lock.yml", ".linux-64.pin.txt", ".post-deploy.sh"
    )}  # fmt: skip
    assert {path.name for path in ENVS.iterdir()} == wanted | {"rooms.yaml"}


@pytest.mark.parametrize("room", ROOMS)
def test_the_lock_answers_the_specification(room):
    asked = yaml.safe_load((ENVS / f"{room}.yaml").read_text())
    made = yaml.safe_load((ENVS / f"{room}.conda-lock.yml").read_text())
    assert [item["url"] for item in made["metadata"]["channels"]] == asked["channels"]
    versions = {item["name"]: item["version"] for item in made["package"]}
    for name, _, version in (text.partition(" =") for text in asked["dependencies"]):
        assert f"{versions[name]}.".startswith(f"{version}." if version else ""), name
    needed = {name for item in made["package"] for name in item["dependencies"]}
    assert {name for name in needed if not name.startswith("__")} <= versions.keys()
    named = {text.partition(" =")[0] for text in asked["dependencies"]}
    assert versions.keys() - needed <= named, "packages that nothing asks for"


@pytest.mark.parametrize("room", ROOMS)
def test_the_pin_is_that_of_the_lock(room):
    pin = (ENVS / f"{room}.linux-64.pin.txt").read_text()
    assert pin == lock.pin_of((ENVS / f"{room}.conda-lock.yml").read_text())
    assert pinned(pin)


@pytest.mark.parametrize("room", ROOMS)
def test_the_python_packages_are_those_of_the_list(room):
    """Those that the list names and all that these need, in the versions of requirements.txt."""
    found, versions = required(script_of(room)), requirements()
    cuda = {name for name in found if lock.CUDA.fullmatch(name)} - {"torch"}
    assert found.keys() - cuda == closure(ROOMS[room]) - lock.BY_CONDA
    for name in found.keys() - cuda - {"torch"}:
        assert found[name] == {versions[name]}, name
    if "torch" in found:
        assert found["torch"] == {versions["torch"], f"{versions['torch']}+cpu"}
        assert {"triton"} < cuda


def closure(names: list[str]) -> set[str]:
    """Distributions and all that they need here, by their own records."""
    found, todo = set(), [canonical(name) for name in names]
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            needs = map(Requirement, metadata.requires(name) or ())
            todo += [
                canonical(n.name) for n in needs if not n.marker or n.marker.evaluate({"extra": ""})
            ]
    return found


@pytest.mark.parametrize("room", ROOMS)
def test_every_requirement_has_its_hash_and_the_script_its_form(room):
    text = script_of(room)
    blocks = re.findall(r"<<'REQUIREMENTS'\n(.*?)\nREQUIREMENTS\n", text, re.S)
    items = [
        dict(re.findall(r"^(\S+)==(\S+ \\\n    --hash=sha256:[0-9a-f]{64})$", block, re.M))
        for block in blocks
    ]
    wheels = [
        {name: tuple(item.split(" \\\n    --hash=sha256:")) for name, item in block.items()}
        for block in items
    ]
    common, cpu, cuda = [*wheels, {}, {}][:3]
    assert text == lock.post_deploy(room, common | cuda, cpu)


# --- what is imported ---------------------------------------------------------------------------
def imported(script: str) -> set[str]:
    """Top-level names of what a script and the library below it may import, ours left out."""
    by_name = [
        f"{top}.{path.stem}"
        for top in BY_NAME
        for path in SCRIPTS.joinpath(*top.split(".")).glob("*.py")
    ]
    seen, names, todo = set(), set(), [ROOT / script]
    while todo:
        path = todo.pop()
        if path in seen:
            continue
        seen.add(path)
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names.add(node.module.split(".")[0])
        found, _ = read(path)
        found += tuple(name for name in by_name if name.rpartition(".")[0] in found)
        todo += [source for name in found if (source := source_of(SCRIPTS, name))]
    return names - {"fewsky"} - sys.stdlib_module_names


@pytest.mark.parametrize("rule", rules())
def test_a_room_has_what_its_scripts_import(rule):
    """Snakemake would lend its own packages, in other versions, without a word."""
    room, script = rules()[rule]
    named = metadata.packages_distributions()
    wanted = {canonical(named[name][0]) for name in imported(script)}
    assert wanted <= {canonical(name) for name in ROOMS[room]}


# --- the check before a run ---------------------------------------------------------------------
PIN = f"@EXPLICIT\nhttps://c/noarch/pip-26.1-0.conda#sha256:{'a' * 64}\n"
SCRIPT = f"install\nnumpy==2.4.6 \\\n    --hash=sha256:{'b' * 64}\n"


@pytest.fixture
def made(tmp_path):
    """A list of environments and one that Snakemake has made of it."""
    (tmp_path / "envs").mkdir()
    for folder, name in (("envs", "a.linux-64"), (".", "0f_")):
        (tmp_path / folder / f"{name}.pin.txt").write_text(PIN)
        script = f"{name.removesuffix('.linux-64')}.post-deploy.sh"
        (tmp_path / folder / script).write_text(SCRIPT)
    (tmp_path / "0f_" / "conda-meta").mkdir(parents=True)
    conda(tmp_path, "pip", "26.1", "a" * 64)
    python(tmp_path, "numpy", "2.4.6")
    return tmp_path


def conda(made: Path, name: str, version: str, digest: str) -> None:
    record = {"name": name, "version": version, "build": "0", "sha256": digest}
    (made / "0f_" / "conda-meta" / f"{name}.json").write_text(json.dumps(record))


def python(made: Path, name: str, version: str) -> None:
    about = made / "0f_" / "lib" / "python3.11" / "site-packages" / f"{name}-1.dist-info"
    about.mkdir(parents=True, exist_ok=True)
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")


def test_what_was_installed_as_locked_passes(made):
    check_deployed(made / "envs", made)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda made: conda(made, "pip", "26.2", "a" * 64), "pip-26.1-0 missing"),
        (lambda made: conda(made, "pip", "26.1", "c" * 64), "pip-26.1-0 "),
        (lambda made: conda(made, "wheel", "0.4", "c" * 64), "wheel-0.4-0 "),
        (lambda made: python(made, "numpy", "2.4.5"), "numpy 2.4.5"),
        (lambda made: python(made, "numpy", "2.4.5") or (made / "0f_/conda-meta/pip.json").unlink(),
         "pip-26.1-0 missing"),
    ],
)  # fmt: skip
def test_another_package_is_named(made, change, words):
    change(made)
    with pytest.raises(FewskyError, match=rf"^envs/a\.yaml: wanted .* found {re.escape(words)}"):
        check_deployed(made / "envs", made)


def test_the_environment_of_another_lock_is_left_alone(made):
    conda(made, "pip", "26.2", "a" * 64)
    (made / "0f_.pin.txt").write_text(PIN.replace("26.1", "26.2"))
    check_deployed(made / "envs", made)
