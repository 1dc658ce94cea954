"""What comes from outside stays data: it is never run, never written elsewhere, never unbounded."""

import ast
import logging
import shlex

import numpy as np
import pandas as pd
import pytest
import yaml

from fewsky.addresses import check_secrets
from fewsky.boxes.table import make_boxes
from fewsky.boxes.voc_folder import files_of, write_folder
from fewsky.config import resolve
from fewsky.console import FewskyError
from fewsky.cutouts.images import cut_shard
from fewsky.models.checkpoint import load_state
from fewsky.provenance import record
from fewsky.raw.answers import Hiccup
from fewsky.raw.download import fetch_all, locate
from fewsky.raw.sia import rows_of
from fewsky.sky.properties_files import png_bytes
from fewsky.surveys import folder
from fewsky.surveys.folder_images import select_objects
from fewsky.surveys.object_table import load_objects
from tests.conftest import ROOT
from tests.faults.sound import pixels

SOURCES = sorted(
    path for place in ("scripts", "benchmarks", "tests") for path in (ROOT / place).rglob("*.py")
)
RULES = [ROOT / "Snakefile", *sorted((ROOT / "rules").glob("*.smk"))]
UNSAFE_MODULES = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve",
                  "marshal"}  # fmt: skip
UNSAFE_CALLS = {
    "eval", "exec", "yaml.unsafe_load", "yaml.full_load", "os.system", "os.popen",
    "subprocess.getoutput", "subprocess.getstatusoutput",
}  # fmt: skip
STARTERS = {"subprocess.run", "subprocess.Popen", "subprocess.check_output"}
ARCHIVES = {"tarfile", "zipfile"}
SAFE_LOADERS = {"LOADER", "yaml.SafeLoader", "yaml.CSafeLoader"}
# It runs lines of rules/common.smk, to look at the resources that they name.
RUNS_OUR_OWN = {"tests/slurm/test_words.py"}
XML = {"xml.etree", "xml.etree.ElementTree", "xml.dom", "xml.sax", "lxml"}


def calls(tree):
    """Every call of a module: its name with dots, its keywords, the call."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), {k.arg: ast.unparse(k.value) for k in node.keywords}, node


def imported(tree):
    """Modules that a module imports, with names taken from them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def faults(tree) -> list[str]:
    """What of a module would run what it reads, or give it to a shell."""
    modules = set(imported(tree))
    found = [name for name in modules if name.split(".")[0] in UNSAFE_MODULES]
    for name, words, _ in calls(tree):
        last = name.rpartition(".")[2]
        bad = (
            name in UNSAFE_CALLS or last in ("read_pickle", "to_pickle") or name in ("eval", "exec")
        )
        bad |= name == "torch.load" and words.get("weights_only") != "True"
        bad |= last in ("load", "loadtxt", "genfromtxt") and words.get("allow_pickle") == "True"
        bad |= name == "yaml.load" and words.get("Loader") not in SAFE_LOADERS
        bad |= words.get("shell", "False") != "False" or last == "extractall"
        bad |= last == "extract" and bool(modules & ARCHIVES)
        found += [f"{name}({', '.join(f'{k}={v}' for k, v in words.items())})"] if bad else []
    return found


@pytest.mark.parametrize("code", [
    "import pickle", "from joblib import load", "torch.load(x)",
    "torch.load(x, weights_only=False)", "import zipfile; archive.extract(x)",
    "np.load(x, allow_pickle=True)", "pd.read_pickle(x)", "yaml.load(x, Loader=yaml.Loader)",
    "eval(x)", "subprocess.run(x, shell=True)", "os.system(x)", "archive.extractall(x)",
])  # fmt: skip
def test_the_look_finds_what_it_looks_for(code):
    assert faults(ast.parse(code))


def test_nothing_that_is_read_is_run():
    found = {}
    for path in SOURCES:
        name = str(path.relative_to(ROOT))
        bad = faults(ast.parse(path.read_text(encoding="utf-8")))
        bad = [item for item in bad if not (name in RUNS_OUR_OWN and item.startswith("exec"))]
        found |= {name: bad} if bad else {}
    assert not found


def test_no_rule_has_a_shell():
    for path in RULES:
        lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
        assert not [line for line in lines if line.startswith(("shell:", "run:", "shell("))], path


def test_commands_of_other_programs_are_lists_of_words():
    for path in SOURCES:
        for name, _, call in calls(ast.parse(path.read_text(encoding="utf-8"))):
            if name in STARTERS and call.args:
                assert not isinstance(call.args[0], ast.JoinedStr | ast.Constant), (path, name)


def test_xml_from_outside_is_read_without_entities():
    readers = {
        "fewsky/raw/sia.py",
        "fewsky/boxes/voc.py",
    }  # the first refuses them, this one writes
    for path in (ROOT / "scripts").rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if set(imported(tree)) & XML:
            assert str(path.relative_to(ROOT / "scripts")) in readers, path
            parsed = [name for name, _, _ in calls(tree) if name.startswith("ElementTree.")]
            assert not {"ElementTree.fromstring", "ElementTree.parse"} & set(parsed)


LAUGHS = "".join(f'<!ENTITY a{k} "{f"&a{k - 1};" * 10 if k else "ha" * 50}">' for k in range(12))


@pytest.mark.parametrize(
    "declared", [LAUGHS, '<!ENTITY a11 SYSTEM "file:///etc/passwd">', '<!ENTITY % a11 "x">']
)
def test_a_table_of_a_service_with_entities_is_refused(declared):
    page = f"<!DOCTYPE VOTABLE [{declared}]><VOTABLE><TR><TD>&a11;</TD></TR></VOTABLE>"
    with pytest.raises(Hiccup, match="instead of a table of images"):
        rows_of(page.encode())
    old = b'<!DOCTYPE VOTABLE SYSTEM "http://us-vo.org/xml/VOTable.dtd"><VOTABLE/>'
    assert rows_of(old) == []


# --- names ----------------------------------------------------------------------------------------
HOSTILE = ["a; rm -rf /", "$(touch hit)", "`touch hit`", "a'b\"c", "a\nb", "../../up", "/etc/x",
           "-rf", "a|b&c", "{0}%s", "*", "\u202etxt", "a" * 300]  # fmt: skip


@pytest.fixture
def images(tmp_path):
    """A folder of pictures whose objects have hostile names."""
    place = tmp_path / "images"
    place.mkdir()
    for k in range(len(HOSTILE)):
        (place / f"{k}.png").write_bytes(png_bytes(pixels(16, k)))
    table = pd.DataFrame({"object_id": HOSTILE, "label": "a", "status": HOSTILE})
    table.insert(1, "file", [f"{k}.png" for k in range(len(HOSTILE))])
    table.to_csv(place / "catalog.csv", index=False)
    return place


def test_hostile_names_go_from_the_folder_to_the_cutouts_as_text(images, tmp_path):
    before = set(tmp_path.parent.rglob("*"))
    survey = {"reader": "folder", "folder": str(images), "bands": ["red", "green", "blue"]}
    listed = fetch_all(folder.catalogue_files(survey), tmp_path / "store")
    select_objects(listed, tmp_path / "store", {}).to_csv(tmp_path / "objects.csv", index=False)
    objects = load_objects(tmp_path / "objects.csv")
    assert objects["object_id"].tolist() == HOSTILE
    shard = folder.shards(survey)["all"]
    pictures = fetch_all(folder.files(shard, objects.to_dict("records")), tmp_path / "store")
    scale = {"by": "fixed", "low": 0.0, "high": 255.0}
    dataset = {"survey": "own", "size": 16, "edge": "drop", "scale": scale}
    cut, catalog = cut_shard(pictures, objects, tmp_path / "store", dataset, survey)
    assert len(cut) == len(HOSTILE) and catalog["object_id"].tolist() == HOSTILE
    allowed = (tmp_path / "store", tmp_path / "objects.csv")
    new = set(tmp_path.parent.rglob("*")) - before
    assert all(path.is_relative_to(allowed[0]) or path == allowed[1] for path in new)


@pytest.mark.parametrize("name", ["../../up", "/etc/x", "a\nb", "a\\b"])
def test_a_name_that_leads_elsewhere_is_no_name_of_a_picture(name, tmp_path):
    boxes = make_boxes(name, np.array([[1, 1, 9, 9]]), label="galaxy", source="catalogue")
    with pytest.raises(FewskyError, match="wanted"):
        write_folder(tmp_path / "out", boxes, files_of([name], 16))
    assert not list(tmp_path.rglob("*.xml"))


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_word_stays_one_word_of_make_predict(name):
    text = (ROOT / "Makefile").read_text()
    for key in ("NAME", "EXPERIMENT", "CATALOGUE", "IMAGES"):
        assert f'"$({key})"' in text
    assert shlex.split(shlex.quote(name)) == [name]


# --- secrets --------------------------------------------------------------------------------------
SECRETS = ["https://me:hunter2@h/a.fits", "https://hunter2@h/a.fits", "https://h/a?token=hunter2",
           "https://h/a?x=1&access_token=hunter2", "https://h/a?api_key=hunter2",
           "https://h/a?X-Amz-Signature=hunter2", "https://h/a?sig=hunter2"]  # fmt: skip


@pytest.mark.parametrize("url", SECRETS)
def test_a_secret_in_an_address_is_refused_and_not_repeated(url, tmp_path, capsys, caplog):
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    config["surveys"]["sdss"]["urls"]["frame"] = url
    lines = []
    with caplog.at_level(logging.DEBUG):
        for call in (
            lambda: resolve(config),
            lambda: locate(url),
            lambda: fetch_all([{"kind": "", "field": "", "band": "", "url": url}], tmp_path),
            lambda: fetch_all([], tmp_path, mirror=url),
        ):
            with pytest.raises(FewskyError) as caught:
                call()
            lines.append(str(caught.value))
    said = [*lines, *capsys.readouterr(), caplog.text, *map(str, tmp_path.rglob("*"))]
    assert not [text for text in said if "hunter2" in text]


@pytest.mark.parametrize("text", ["https://h/a?ra=1&dec=2", "me@example.org", "a/b@c", "key=1",
                                  "SELECT 'x@y' FROM t WHERE a=1"])  # fmt: skip
def test_other_texts_are_no_secrets(text):
    check_secrets({"surveys": {"a": text, "b": [text]}})


def test_nothing_of_the_environment_is_recorded(tmp_path, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://me:hunter2@proxy:3128")
    monkeypatch.setenv("GITHUB_TOKEN", "hunter2")
    (tmp_path / "a.txt").write_text("a")
    record(tmp_path / "a.provenance.json", outputs=[tmp_path / "a.txt"], settings={}, code="c",
           inputs=[])  # fmt: skip
    assert "hunter2" not in (tmp_path / "a.provenance.json").read_text()
    with pytest.raises(FewskyError) as caught:
        fetch_all([{"kind": "", "field": "", "band": "", "url": "https://h.invalid/a.fits"}],
                  tmp_path / "store", tries=1, timeout_s=0.2)  # fmt: skip
    assert "hunter2" not in str(caught.value)


# --- states ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("content", [b"", b"\xff" * 100, b"\2\0\0\0\0\0\0\0{}"])
def test_a_damaged_state_of_a_training_is_one_line(content, tmp_path):
    (tmp_path / "s.safetensors").write_bytes(content)
    with pytest.raises(FewskyError, match=r"s\.safetensors: wanted the state of a training"):
        load_state(tmp_path / "s.safetensors", None, None, {})
