"""A bundle: what is in it, that it says where that comes from, and what is never taken over."""

import base64
import io
import json
import os
import stat
import subprocess
import zipfile
from types import SimpleNamespace

import pytest
from rocrate.rocrate import ROCrate
from snakemake.persistence import MetadataRecord
from snakemake.persistence.file import FilePersistence

from fewsky.bundle.accept import MADE, unbundle
from fewsky.bundle.archive import MANIFEST, checked, manifest_of, opened, read_manifest
from fewsky.bundle.contents import Item, sources
from fewsky.bundle.deposit import citation
from fewsky.bundle.make import bundle
from fewsky.bundle.records import read_records, write_records
from fewsky.console import FewskyError
from fewsky.files import save_text, sha256
from fewsky.provenance import record
from fewsky.sources import read_sources, source_of
from tests.conftest import ROOT

SURVEYS = {"plates": {"reader": "hash"}, "unused": {"reader": "efigi"}}
R = "results/main"
# Rule, inputs and outputs of each job, the first of its outputs being its provenance record.
JOBS = [
    ("download", [], [f"{R}/raw/plates/provenance.json", f"{R}/raw/plates/part-00.tsv"]),
    ("align", [f"{R}/raw/plates/part-00.tsv"],
     [f"{R}/aligned/plates/provenance.json", f"{R}/aligned/plates/part-00.tsv"]),
    ("cut", [f"{R}/aligned/plates/part-00.tsv"],
     [f"{R}/cutouts/a/provenance.json", f"{R}/cutouts/a/images.safetensors"]),
    ("train", [f"{R}/cutouts/a/images.safetensors"],
     [f"{R}/models/x/draw-0/provenance.json", f"{R}/models/x/draw-0/model.safetensors"]),
    ("plot", [f"{R}/models/x/draw-0/model.safetensors", f"{R}/aligned/plates/part-00.tsv"],
     [f"{R}/figures/fig.provenance.json", f"{R}/figures/fig.pdf"]),
    ("write_paper", [f"{R}/figures/fig.pdf"],
     [f"{R}/paper.provenance.json", f"{R}/paper.pdf"]),
]  # fmt: skip
SCRIPTS = [rule for rule, _, _ in JOBS]


def run_in(folder, simulated=False):
    """A clone with a small run in it, as rules leave it."""
    for name in ("CITATION.cff", "report/sources.csv", "config.yaml"):
        save_text((ROOT / name).read_text(), folder / name)
    for name in ("Snakefile", *(f"scripts/{rule}.py" for rule in SCRIPTS)):
        save_text(f"# {name}\n", folder / name)
    (folder / "link").symlink_to("scripts")
    save_text("field\n", folder / R / "aligned/plates/fields/f.fits")
    for number, job in enumerate(JOBS):
        make(folder, number, *job, simulated)
    return folder


def make(folder, number, rule, inputs, outputs, simulated):
    own, made = outputs
    text = "path\nfields/f.fits\n" if "aligned" in made else f"made by {rule}\n" * 50
    save_text(text, folder / made)
    sources = [folder / name for name in inputs]
    record(folder / own, outputs=[folder / made], settings={}, code="c", inputs=sources,
           simulated=simulated)  # fmt: skip
    entry = {
        "rule": rule,
        "input": inputs,
        "log": [f"{R}/logs/{rule}.log"],
        "input_checksums": {name: f"sha256:{sha256(folder / name)}" for name in inputs},
        "record_format_version": 6,
        "starttime": 1.7e9 + number,
        "endtime": 1.7e9 + number + 0.5,
    }
    write_records({name: entry for name in outputs}, folder)


@pytest.fixture
def clone(tmp_path, monkeypatch):
    folder = run_in(tmp_path / "clone")
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def made(clone):
    return bundle(clone, R, SURVEYS)


@pytest.fixture
def laptop(tmp_path):
    """Another clone, without results."""
    folder = run_in(tmp_path / "laptop")
    subprocess.run(["rm", "-r", "results", ".snakemake"], cwd=folder, check=True)
    return folder


# --- records ------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["a/b.csv", "a/" + "long-" * 200 + ".csv"])
def test_records_are_those_of_snakemake(tmp_path, name):
    """Snakemake reads what we write, and we what it writes."""
    own = FilePersistence(path=tmp_path / "own" / ".snakemake")
    own._write_record(name, MetadataRecord(rule="r", record_format_version=6))
    read = read_records(tmp_path / "own", "a")
    assert read[name]["rule"] == "r" and list(read) == [name]
    write_records(read, tmp_path / "other")
    other = FilePersistence(path=tmp_path / "other" / ".snakemake")
    assert other._read_record(name).rule == "r"
    assert not list((tmp_path / "other" / ".snakemake" / "incomplete").iterdir())


# --- what is in a bundle ------------------------------------------------------------------------
def test_a_bundle_has_results_what_they_are_drawn_from_and_the_workflow(made):
    names = {path.relative_to(made.folder).as_posix() for path in made.folder.rglob("*")}
    there = {f"{R}/paper.pdf", f"{R}/figures/fig.pdf", f"{R}/models/x/draw-0/model.safetensors"}
    there |= {f"{R}/aligned/plates/part-00.tsv", f"{R}/aligned/plates/fields/f.fits"}
    assert there | {"Snakefile", "scripts/train.py", MANIFEST, ".zenodo.json"} <= names
    assert not any(name.startswith((f"{R}/raw/plates/part", f"{R}/cutouts")) for name in names)
    assert "link" not in names
    with zipfile.ZipFile(made.archive) as archive:
        files = {name for name in names if (made.folder / name).is_file()}
        assert set(archive.namelist()) == files and made.files == len(files)


def test_the_workflow_in_a_bundle_is_what_git_knows():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("no clone: git knows nothing of these files")
    names = {name for name in listed.stdout.split("\0") if name}
    assert names - {"slurm"} <= set(sources(ROOT))


def test_equal_results_make_equal_bytes(clone, made):
    first = made.archive.read_bytes()
    os.utime(clone / "Snakefile")
    again = bundle(clone, R, SURVEYS)
    assert again.archive.read_bytes() == first
    assert made.archive.with_name("fewsky-main.zip.sha256").read_text().split()[0] == again.sha256


def test_a_simulated_file_is_refused_and_nothing_is_left(tmp_path, monkeypatch):
    folder = run_in(tmp_path / "demo", simulated=True)
    monkeypatch.chdir(folder)
    with pytest.raises(FewskyError, match=r"wanted results of real data; found .* SIMULATED"):
        bundle(folder, R, SURVEYS)
    assert [path.name for path in (folder / "results").iterdir()] == ["main"]
    made = bundle(folder, R, SURVEYS, allow_simulated=True)
    told = json.loads((made.folder / ".zenodo.json").read_text())
    root = ROCrate(made.folder).root_dataset
    for text in (told["title"], told["description"], root["name"], root["description"]):
        assert "SIMULATED" in text
    assert "simulated" in told["keywords"]


def test_a_result_changed_by_hand_is_refused(clone):
    save_text("another figure\n", clone / R / "figures/fig.pdf")
    with pytest.raises(FewskyError, match=r"figures/fig\.pdf: wanted sha256 .* by hand"):
        bundle(clone, R, SURVEYS)


def test_a_run_that_has_not_ended_is_refused(clone):
    os.rename(clone / R / "paper.pdf", clone / R / "later.pdf")
    with pytest.raises(FewskyError, match=r"found no results/main/paper\.pdf"):
        bundle(clone, R, SURVEYS)


def test_results_without_snakemakes_records_are_refused(clone):
    subprocess.run(["rm", "-r", ".snakemake"], cwd=clone, check=True)
    with pytest.raises(FewskyError, match="wanted Snakemake's record"):
        bundle(clone, R, SURVEYS)


# --- the crate ----------------------------------------------------------------------------------
def test_the_crate_has_what_its_profiles_ask(made):
    crate = ROCrate(made.folder)
    root, workflow = crate.root_dataset, crate.mainEntity
    profiles = {one.id for one in root["conformsTo"]}
    kinds = ("process", "workflow", "provenance")
    assert {f"https://w3id.org/ro/wfrun/{kind}/0.5" for kind in kinds} < profiles
    asked = ("name", "description", "datePublished", "license", "author")
    assert all(root.get(key) for key in asked)
    assert root["datePublished"] == "2023-11-14T22:13:25+00:00"  # of the paper, not of the bundle
    assert {"File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"} == set(workflow.type)
    assert workflow.id == "Snakefile" and workflow["programmingLanguage"]["name"] == "Snakemake"
    assert {tool.id for tool in workflow["hasPart"]} == {
        f"scripts/{rule}.py" for rule in ("align", "plot", "train", "write_paper")
    }
    steps = {step["name"]: step["workExample"].id for step in workflow["step"]}
    assert steps["train"] == "scripts/train.py"
    runs = [one for one in crate.get_by_type("CreateAction") if one["instrument"] is workflow]
    assert [one.id for one in runs[0]["result"]] == [f"{R}/paper.pdf"]
    (order,) = crate.get_by_type("OrganizeAction")
    assert order["result"] is runs[0] and len(order["object"]) == len(steps)


def test_each_job_names_its_script_its_inputs_and_its_outputs(made):
    crate = ROCrate(made.folder)
    actions = {one["instrument"].id: one for one in crate.get_by_type("CreateAction")}
    plot, train = actions["scripts/plot.py"], actions["scripts/train.py"]
    assert {one.id for one in plot["object"]} == set(JOBS[4][1])
    assert {one.id for one in plot["result"]} == set(JOBS[4][2])
    assert plot["subjectOf"][0].id == f"{R}/figures/fig.provenance.json"
    assert (plot["startTime"], plot["endTime"]) == ("2023-11-14T22:13:24+00:00",) * 2
    # What was left behind is named by its digest.
    (outside,) = train["object"]
    left = sha256(made.folder.parents[1] / JOBS[3][1][0])
    code = base64.urlsafe_b64encode(bytes.fromhex(left)).decode().rstrip("=")
    assert outside.id == f"ni:///sha-256;{code}" and outside["name"] == JOBS[3][1][0]
    assert {one.id for one in crate.root_dataset["mentions"]} == {
        one.id for one in actions.values()
    }


def test_every_file_of_the_crate_is_there_with_its_digest(made):
    crate = ROCrate(made.folder)
    files = [one for one in crate.data_entities if "File" in one.type]
    for one in files:
        path = made.folder / one.id
        assert sha256(path) == one["sha256"] and str(path.stat().st_size) == one["contentSize"]
    own = {MANIFEST, "bundle.json", "snakemake.json", ".zenodo.json", "ro-crate-metadata.json"}
    there = {path.relative_to(made.folder).as_posix() for path in made.folder.rglob("*")
             if path.is_file()}  # fmt: skip
    assert {one.id for one in files} == there - own
    graph = json.loads((made.folder / "ro-crate-metadata.json").read_text())["@graph"]
    known = {entity["@id"] for entity in graph}
    assert len(known) == len(graph)
    assert {found for entity in graph for found in references(entity)} <= known


def references(value):
    """Every identifier that an entity names, those of the web aside."""
    if isinstance(value, list):
        for item in value:
            yield from references(item)
    elif isinstance(value, dict):
        if set(value) == {"@id"} and not value["@id"].startswith(("http://", "https://")):
            yield value["@id"]
        for key, item in value.items():
            yield from references(item) if key != "@id" else ()


def test_the_deposit_names_authors_licence_and_the_surveys_used(made):
    told = json.loads((made.folder / ".zenodo.json").read_text())
    cited = citation(ROOT)
    assert told["creators"] == [{"name": "The fewsky authors"}]
    assert told["license"] == cited["license"] and told["publication_date"] == "2023-11-14"
    assert "HASH" in told["notes"] and "EFIGI" not in told["notes"]


def test_every_survey_has_a_source():
    rows = read_sources(ROOT / "report/sources.csv")
    readers = {path.stem for path in (ROOT / "scripts/fewsky/surveys").glob("*.py")}
    assert {row["reader"] for row in rows} <= readers
    assert all(row["name"] and row["licence"] and row["citation"] for row in rows)
    assert "DECaLS" in source_of(rows, {"reader": "galaxy10", "release": "decals"})["name"]
    with pytest.raises(FewskyError, match=r"wanted a row of reader other"):
        source_of(rows, {"reader": "other"})


# --- taking over --------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", ["archive", "folder"])
def test_results_lie_where_they_were_and_snakemake_knows_them(made, laptop, kind):
    save_text("# another\n", laptop / "scripts/plot.py")
    told = unbundle(getattr(made, kind), laptop)
    for name in read_manifest_of(made):
        if name.startswith(R):
            path = laptop / name
            assert path.read_bytes() == (made.folder / name).read_bytes()
            assert path.stat().st_mtime == MADE
    assert told["differing"] == ["scripts/plot.py"] and not told["simulated"]
    assert read_records(laptop, R) == read_records(made.folder.parents[1], R)
    assert not list(laptop.glob(".bundle-*"))


def read_manifest_of(made):
    with opened(made.archive) as reader:
        return read_manifest(reader)


def test_results_that_are_there_are_not_touched(made, laptop):
    save_text("mine\n", laptop / R / "mine.txt")
    with pytest.raises(FewskyError, match="wanted no results there"):
        unbundle(made.archive, laptop)
    assert [path.name for path in (laptop / R).iterdir()] == ["mine.txt"]


def rewritten(archive, change):
    """A copy of an archive whose entries `change` has made others: a dict by name."""
    with zipfile.ZipFile(archive) as old:
        entries = {one.filename: (one, old.read(one)) for one in old.infolist()}
    change(entries)
    other = archive.with_name("other.zip")
    with zipfile.ZipFile(other, "w") as new:
        for name, (info, content) in entries.items():
            info.filename = name
            new.writestr(info, content)
    return other


def flipped(entries):
    info, content = entries[f"{R}/paper.pdf"]
    entries[f"{R}/paper.pdf"] = info, content[:-1] + b"!"


def longer(entries):
    info, content = entries[f"{R}/paper.pdf"]
    entries[f"{R}/paper.pdf"] = info, content + b"!"


def led_out(entries):
    entries["../outside.txt"] = zipfile.ZipInfo("../outside.txt"), b"x"


def absolute(entries):
    entries["/tmp/outside.txt"] = zipfile.ZipInfo("/tmp/outside.txt"), b"x"


def linked(entries):
    info = zipfile.ZipInfo(f"{R}/link")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    entries[info.filename] = info, b"/etc/passwd"


def added(entries):
    entries["more.txt"] = zipfile.ZipInfo("more.txt"), b"x"


def missing(entries):
    del entries[f"{R}/figures/fig.pdf"]


def listed_out(entries):
    info, content = entries[MANIFEST]
    entries[MANIFEST] = info, content + b"../outside.txt,1,00\n"


def unlisted(entries):
    del entries[MANIFEST]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (flipped, r"results/main/paper\.pdf: wanted sha256 .* of the manifest; found"),
        (longer, r"results/main/paper\.pdf: wanted \d+ bytes; found \d+"),
        (led_out, r"'\.\./outside\.txt': wanted a name inside of the bundle"),
        (absolute, r"'/tmp/outside\.txt': wanted a name inside of the bundle"),
        (listed_out, r"'\.\./outside\.txt': wanted a name inside of the bundle"),
        (linked, r"results/main/link: wanted a plain file; found a link"),
        (added, r"more\.txt: wanted the files of the manifest; found it in no line"),
        (missing, r"results/main/figures/fig\.pdf: wanted .*; found it in the manifest only"),
        (unlisted, r"manifest\.csv: wanted the list of files; found none"),
    ],
)
def test_a_bundle_that_was_tampered_with_is_not_taken_over(made, laptop, change, words):
    before = sorted(laptop.rglob("*"))
    with pytest.raises(FewskyError, match=f"^{words}"):
        unbundle(rewritten(made.archive, change), laptop)
    assert sorted(laptop.rglob("*")) == before


def test_a_link_in_the_folder_of_a_bundle_is_refused(made, laptop):
    (made.folder / "results/link").symlink_to("/etc")
    with pytest.raises(FewskyError, match="wanted a plain file; found a link"):
        unbundle(made.folder, laptop)


def test_no_more_is_read_than_the_manifest_says(made):
    item = read_manifest_of(made)[f"{R}/paper.pdf"]
    with opened(made.archive) as reader:
        endless = SimpleNamespace(stream=lambda _: io.BytesIO(b"x" * (item.bytes + 1)))
        with pytest.raises(FewskyError, match=r"wanted \d+ bytes; found more"):
            checked(endless, item)
        checked(reader, item)


def test_what_a_bundle_says_of_itself_is_checked(made, laptop):
    """Records are read by Snakemake, and the folder of the results is written to."""
    for name, change in (
        ("bundle.json", lambda told: told.update(format=2)),
        ("bundle.json", lambda told: told.update(results=".git/hooks")),
        ("snakemake.json", lambda told: told.update({"scripts/train.py": {"rule": "r"}})),
        ("snakemake.json", lambda told: told[f"{R}/paper.pdf"].update(record_format_version=5)),
    ):
        other = laptop / "other"
        subprocess.run(["cp", "-r", made.folder, other], check=True)
        told = json.loads((other / name).read_text())
        change(told)
        (other / name).write_text(json.dumps(told))
        items = [one for one in read_manifest_of(made).values() if one.path != name]
        items.append(Item(name, (other / name).stat().st_size, sha256(other / name)))
        (other / MANIFEST).write_bytes(manifest_of(items))
        with pytest.raises(FewskyError, match=rf"^{name}: wanted"):
            unbundle(other, laptop)
        subprocess.run(["rm", "-r", other], check=True)
        assert not (laptop / "results").exists()


@pytest.mark.parametrize("found", ["no.zip", "config.yaml"])
def test_what_is_no_bundle_is_named(made, laptop, found):
    with pytest.raises(FewskyError, match="wanted a bundle, a zip; found"):
        unbundle(laptop / found, laptop)
