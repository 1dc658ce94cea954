"""Digests see code and settings, not words about them; records carry checksums and SIMULATED."""

import pytest

from fewsky import modules, provenance
from fewsky.console import FewskyError, running
from fewsky.files import (
    load_arrays,
    load_json,
    load_table,
    published,
    save_arrays,
    save_json,
    save_table,
    save_text,
    sha256,
)


@pytest.fixture
def library(tmp_path, monkeypatch):
    """A library of three modules and a script that uses two of them, one of those by a third."""
    package = tmp_path / "scripts" / "fewsky"
    package.mkdir(parents=True)
    files = {
        "scripts/job.py": '"""Script."""\nfrom fewsky.a import f\n\nf(1)\n',
        "scripts/fewsky/__init__.py": "",
        "scripts/fewsky/a.py": (
            '"""A."""\nfrom fewsky import b\n\n\ndef f(x):\n    """F."""\n    return b.g(x)\n'
        ),
        "scripts/fewsky/b.py": "def g(x):\n    return x + 1\n",
        "scripts/fewsky/c.py": "H = 1\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(provenance, "SCRIPTS", tmp_path / "scripts")
    return tmp_path


def code(library, *named):
    for kept in (modules.read, modules.found):
        kept.cache_clear()
    return provenance.code_hash("scripts/job.py", *named)


@pytest.mark.parametrize(
    ("file", "old", "new", "counts"),
    [
        ("scripts/fewsky/b.py", "x + 1", "x + 2", True),
        ("scripts/fewsky/b.py", "x + 1", "(x  +  1)  # why", False),
        ("scripts/fewsky/a.py", '"""F."""', '"""Another word."""', False),
        ("scripts/fewsky/a.py", '"""A."""\n', "", False),
        ("scripts/fewsky/c.py", "H = 1", "H = 2", False),
        ("scripts/job.py", "f(1)", "f(2)", True),
    ],
)
def test_code_hash_sees_what_runs(library, file, old, new, counts):
    before = code(library)
    path = library / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    assert (code(library) != before) == counts


def test_code_hash_takes_modules_reached_by_name(library):
    before = code(library, "fewsky.c")
    assert before != code(library)
    (library / "scripts/fewsky/c.py").write_text("H = 2\n")
    assert code(library, "fewsky.c") != before


def test_record_copies_checksums_and_simulated(tmp_path):
    first, second = tmp_path / "a.csv", tmp_path / "b.csv"
    save_text("x\n", first)
    save_text("y\n", second)
    provenance.record(
        tmp_path / "a.provenance.json",
        outputs=[first], settings={}, code="c", inputs=[], simulated=True,
    )  # fmt: skip
    provenance.record(
        tmp_path / "b.provenance.json", outputs=[second], settings={}, code="c", inputs=[first]
    )
    found = load_json(tmp_path / "b.provenance.json")
    assert list(found["inputs"].values()) == [sha256(first)]
    assert found["simulated"] is True
    assert provenance.simulated(second)


def test_nothing_half_written_appears(tmp_path):
    path = tmp_path / "out.txt"
    with pytest.raises(RuntimeError), published(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_round_trips(tmp_path):
    import numpy as np
    import pandas as pd

    table = pd.DataFrame({"name": ["a", ""], "value": [0.1, np.nan], "n": [1, 2]})
    for suffix in (".csv", ".tsv", ".parquet"):
        save_table(table, tmp_path / f"t{suffix}")
        found = load_table(tmp_path / f"t{suffix}")
        assert found.value.equals(table.value) and found.n.equals(table.n)
    arrays = {"b": np.arange(6, dtype="f4").reshape(2, 3), "a": np.array([True])}
    save_arrays(arrays, tmp_path / "x.safetensors", {"k": "v"})
    save_arrays(dict(reversed(arrays.items())), tmp_path / "y.safetensors", {"k": "v"})
    assert sha256(tmp_path / "x.safetensors") == sha256(tmp_path / "y.safetensors")
    assert all((load_arrays(tmp_path / "x.safetensors")[k] == v).all() for k, v in arrays.items())
    save_json({"b": 1, "a": [None, 0.5]}, tmp_path / "j.json")
    assert load_json(tmp_path / "j.json") == {"a": [None, 0.5], "b": 1}


@pytest.mark.parametrize("name", ["t.json", "t.parquet", "t.safetensors"])
def test_broken_files_are_one_line(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"<html>not this</html>")
    loader = {"json": load_json, "parquet": load_table, "safetensors": load_arrays}
    with pytest.raises(FewskyError, match=r"wanted .*; found .*Delete it"):
        loader[name.split(".")[1]](path)


def test_a_fault_is_the_last_line_of_the_log(tmp_path):
    log = tmp_path / "job.log"
    with pytest.raises(SystemExit), running(log):
        print("progress")
        raise FewskyError("x.fits: wanted FITS;\n found HTML. Delete it.")
    assert log.read_text() == "progress\nfewsky: x.fits: wanted FITS; found HTML. Delete it.\n"


def test_what_was_read_is_remembered_by_content(library, monkeypatch):
    """A second run parses nothing; a changed file is parsed, and a record of others is not used."""
    monkeypatch.chdir(library)
    monkeypatch.setattr(modules, "_known", {})
    monkeypatch.setattr(modules, "_recalled", set())
    first = code(library)
    modules.remember()
    parsed = []
    parse = modules._parsed
    monkeypatch.setattr(modules, "_parsed", lambda *a: parsed.append(a[1]) or parse(*a))
    monkeypatch.setattr(modules, "_known", {})
    modules.recall()
    assert code(library) == first and parsed == []
    (library / "scripts/fewsky/b.py").write_text("def g(x):\n    return x + 2\n")
    assert code(library) != first and [path[-4:] for path in parsed] == ["b.py"]
    record = load_json(modules.KEPT)
    save_json({**record, "by": "another"}, modules.KEPT)
    monkeypatch.setattr(modules, "_known", {})
    modules.recall()
    assert modules._known == {}
    for damaged in ("{", "[]", "{}", '{"by": 1, "read": 1}'):
        modules.KEPT.write_text(damaged)
        modules.recall()
        assert modules._known == {}
