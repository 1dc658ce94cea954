"""Shards read as one array: the same rows as in memory, and no more of them than were asked for."""

import json
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as some

from fewsky import shards
from fewsky.console import FewskyError
from fewsky.files import save_arrays
from fewsky.models.train import train
from fewsky.rooms import load_images, load_seen
from fewsky.shards import Shards, in_blocks
from tests.unit.training_world import settings, world

COUNTS = st.lists(st.integers(0, 6), min_size=1, max_size=4)
LOOKS = st.fixed_dictionaries(
    {},
    optional={
        "take": st.permutations(range(3)).flatmap(lambda p: st.sampled_from([p, p[:2], p[:1]])),
        "crop": st.sampled_from([1, 3]),
    },
)


def written(folder, counts, shape=(3, 5, 5), name="images"):
    """Shards of some rows each, beside another tensor, and what they hold in all."""
    rng = np.random.default_rng(sum(counts))
    parts = [rng.normal(size=(count, *shape)).astype(np.float32) for count in counts]
    paths = [Path(folder) / f"{k}.safetensors" for k in range(len(counts))]
    for path, part in zip(paths, parts, strict=True):
        save_arrays({name: part, "a": np.arange(3)}, path)
    return paths, np.concatenate(parts)


@given(COUNTS, LOOKS, st.integers(1, 400), st.data())
def test_rows_are_those_of_the_concatenated_shards(counts, looks, block, data):
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(shards, "BLOCK_BYTES", block * 4)
        patch.setattr(shards, "GAP", data.draw(st.integers(1, 3)))
        paths, whole = written(folder, counts)
        if "take" in looks:
            whole = whole[:, looks["take"]]
        whole = shards.middle(whole, looks.get("crop"))
        lazy, n = Shards(paths, **looks), len(whole)
        assert (lazy.shape, lazy.dtype, len(lazy)) == (whole.shape, whole.dtype, n)
        assert (lazy.nbytes, lazy.ndim) == (whole.nbytes, whole.ndim)
        index = data.draw(
            st.one_of(
                st.slices(n),
                some.arrays(bool, n),
                *([some.arrays(int, st.integers(0, 9), elements=st.integers(-n, n - 1)),
                   st.integers(-n, n - 1)] if n else []),
            )
        )  # fmt: skip
        found = lazy[index]
        assert found.dtype == np.float32 and type(found) is np.ndarray
        np.testing.assert_array_equal(found, whole[index])
        np.testing.assert_array_equal(np.asarray(lazy), whole)
        np.testing.assert_array_equal(np.concatenate([*in_blocks(lazy), whole[:0]]), whole)


def test_a_row_beyond_the_last_is_an_index_error(tmp_path):
    lazy = Shards(written(tmp_path, [2, 3])[0])
    with pytest.raises(IndexError):
        lazy[5]
    assert len(list(lazy)) == 5  # which also ends a loop


def test_a_block_is_all_that_a_read_brings(tmp_path, monkeypatch):
    paths, whole = written(tmp_path, [60, 40])
    lazy, seen, read = Shards(paths), [], shards.Part.read
    monkeypatch.setattr(shards, "BLOCK_BYTES", 10 * whole[0].nbytes)
    monkeypatch.setattr(
        shards.Part, "read", lambda part, *rows: seen.append(rows[1]) or read(part, *rows)
    )
    lazy[[99, 3, 3]]
    assert seen == [1, 1]
    seen.clear()
    for block in in_blocks(lazy):
        assert len(block) == 10
    assert sum(seen) == 100 and max(seen) == 10


def test_bands_and_middle_are_what_a_network_sees(tmp_path):
    paths, whole = written(tmp_path, [4, 2])
    assert np.array_equal(load_images(paths)[:], whole)
    seen = load_seen(paths, {"take": [2, 0], "crop": 3})
    assert np.array_equal(seen[1::2], whole[1::2, [2, 0], 1:4, 1:4])


@pytest.mark.parametrize("changes", [{}, {"model": {"name": "timm-test_resnet"},
                                          "unfreeze": "head", "augment": "none"}])  # fmt: skip
def test_a_training_from_shards_has_the_same_bytes(tmp_path, changes):
    images, *tables = world()
    paths = [tmp_path / name for name in ("a", "b")]
    for path, part in zip(paths, (images[:50], images[50:]), strict=True):
        save_arrays({"images": part}, path)
    given = {"memory": images, "shards": Shards(paths)}
    for name, one in given.items():
        train(settings(max_epochs=2, **changes), one, *tables, 0,
              tmp_path / name, tmp_path / f"resume-{name}", "cpu")  # fmt: skip
    for path in (tmp_path / "memory").iterdir():
        assert path.read_bytes() == (tmp_path / "shards" / path.name).read_bytes(), path.name
    names = [{path.name for path in (tmp_path / f"resume-{name}").iterdir() if path.is_dir()}
             for name in given]  # fmt: skip
    assert names[0] == names[1]  # unfinished work of the one is found by the other


def header(told, after=b"") -> bytes:
    text = json.dumps(told).encode()
    return len(text).to_bytes(8, "little") + text + after


FINE = {"dtype": "F32", "shape": [1, 1, 1, 2], "data_offsets": [0, 8]}


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "header longer than the file"),
        (b"<html>503 Service Unavailable</html>", "header longer than the file"),
        (b"\x04\0\0\0\0\0\0\0oops", "JSONDecodeError"),
        (b"\x02\0\0\0\0\0\0\0[]", "TypeError"),
        (header({"other": FINE}, b"12345678"), "KeyError 'images'"),
        (header({"images": FINE}, b"1234"), "ends early"),
        (header({"images": {**FINE, "dtype": "F64"}}, b"12345678"), "F64"),
        (header({"images": {**FINE, "shape": [1, 1, 1, -2]}}, b"12345678"), "shape"),
        (header({"images": {**FINE, "shape": ["1", 2]}}, b"12345678"), "shape"),
        (header({"images": {**FINE, "data_offsets": [0, 4]}}, b"12345678"), "shape"),
    ],
)
def test_what_is_no_shard_is_one_line(tmp_path, content, found):
    path = tmp_path / "images.safetensors"
    path.write_bytes(content)
    with pytest.raises(FewskyError, match=found) as caught:
        Shards([path])
    assert "\n" not in str(caught.value) and "wanted safetensors" in str(caught.value)


def test_a_shard_cut_short_meanwhile_or_of_another_shape_is_one_line(tmp_path):
    paths, whole = written(tmp_path, [2, 3])
    lazy = Shards(paths)
    paths[1].write_bytes(paths[1].read_bytes()[:-4])
    with pytest.raises(FewskyError, match="ends early"):
        lazy[:]
    assert np.array_equal(lazy[:2], whole[:2])
    save_arrays({"images": whole[:, :2]}, paths[1])
    with pytest.raises(FewskyError, match=r"wanted images of \(3, 5, 5\) each.*\(2, 5, 5\)"):
        Shards(paths)
