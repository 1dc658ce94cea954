"""Bad input met by a real run: our one line is the last on the terminal and in the log."""

import bz2
import shutil

import pytest
import yaml

from fewsky.console import last_line
from tests.conftest import TINY, copy_repository, snakemake

FRAMES = "data.sdss.org/sas/dr17/eboss/photoObj/frames/301/8162/6"
LIST = "results/main/raw/sdss/8162-6-0010.tsv"
LOG = "results/main/logs/download_fields/sdss/8162-6-0010.log"
HTML = b"<!DOCTYPE html><html><body>503 Service Unavailable</body></html>"
CUT = bz2.compress(b"SIMPLE  =                    T" + bytes(9000))[:-20]


@pytest.fixture
def repository(tmp_path):
    return copy_repository(tmp_path / "repository")


@pytest.fixture
def site(tiny, tmp_path):
    """The tiny paper, to be spoilt."""
    return shutil.copytree(tiny, tmp_path / "site", symlinks=True)


def run_with(folder, change, target, *, base):
    (folder / "change.yaml").write_text(yaml.safe_dump(change))
    return snakemake(folder, "--cores", "1", target, configs=[*base, "change.yaml"])


def check(run, log, words):
    assert run.code != 0
    assert run.last_line.startswith("fewsky: "), run.text[-1500:]
    assert all(word in run.last_line for word in words), run.last_line
    assert last_line(log) == run.last_line
    assert log.read_text().rstrip().endswith(run.last_line)
    assert "Traceback" not in run.text


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, ["mirror nowhere", "wanted a folder", "found none"]),
        (HTML, ["frame-u-008162-6-0080.fits.bz2", "HTML"]),
        (CUT, ["frame-u-008162-6-0080.fits.bz2", "bz2"]),
    ],
    ids=["no such mirror", "HTML for FITS", "truncated bz2"],
)
def test_a_bad_mirror(repository, content, words):
    if content:
        path = repository / "mirror" / FRAMES / "frame-u-008162-6-0080.fits.bz2"
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
    change = {
        "mirror": "mirror" if content else "nowhere",
        "download": {"offline": True},
        "surveys": {"sdss": {"catalogue": {"default": "none"}}},
    }
    run = run_with(repository, change, LIST, base=["config.yaml"])
    check(run, repository / LOG, words)
    assert not (repository / LIST).exists()
    kept = repository / "store"
    assert not kept.exists() or not [path for path in kept.rglob("*.bz2") if path.is_file()]


def test_a_loss_that_is_not_a_number(site):
    change = {"experiments": {"sg-small-base": {"recipe": {"learning_rate": 1.0e30}}}}
    draw = site / "results/tiny/models/sg-small-base/draw-0"
    target = "results/tiny/models/sg-small-base/draw-0/predictions.parquet"
    run = run_with(site, change, target, base=TINY)
    log = site / "results/tiny/logs/train/sg-small-base/draw-0.log"
    check(run, log, ["sg-small-base", "loss", "learning"])
    assert not any(draw.glob("*"))


def test_a_manifest_that_lost_its_columns(site):
    manifest = site / "results/tiny/splits/star-galaxy-small/manifest.csv"
    manifest.write_text("object_id,part\n1,pool\n")
    target = "results/tiny/models/sg-small-base/draw-0/predictions.parquet"
    run = snakemake(site, "--cores", "1", target)
    log = site / "results/tiny/logs/train/sg-small-base/draw-0.log"
    check(run, log, ["manifest"])


@pytest.mark.parametrize(
    ("targets", "words"),
    [
        ({"columns": ["modelmag_y"]}, ["the column modelmag_y", "found none of that name"]),
        ({"low": 50, "high": 60}, ["target modelmag_u", "found none known"]),
        ({"columns": ["modelmag_r - modelmag_r"]}, ["that differ", "found 0 in all"]),
    ],
    ids=["missing", "never known", "constant"],
)
def test_a_target_that_teaches_nothing(site, targets, words):
    change = {"tasks": {"specobj-magnitudes": {"targets": {"errors": [], **targets}}}}
    target = "results/tiny/splits/specobj-magnitudes/manifest.csv"
    run = run_with(site, change, target, base=TINY)
    check(run, site / "results/tiny/logs/make_split/specobj-magnitudes.log", words)


@pytest.mark.parametrize(
    ("experiment", "draw", "log"),
    [
        ("atlas-sgq-none-tuned", "draw-0", "train/atlas-sgq-none-tuned/draw-0.log"),
        ("atlas-sgq-magnitudes-probe", "draw-all", "fit_probes/atlas-sgq-magnitudes-probe.log"),
    ],
)
def test_a_budget_of_the_atlas_beyond_the_labels(site, experiment, draw, log):
    change = {"atlas": {"tasks": {"sgq": {"budgets": [12, 5000]}}}}
    target = f"results/tiny/models/{experiment}/{draw}/predictions.parquet"
    run = run_with(site, change, target, base=TINY)
    check(run, site / "results/tiny/logs" / log, [experiment, "at most", "found 5000"])


BOMB = '<!DOCTYPE a [<!ENTITY b "c">]><annotation><filename>&b;</filename></annotation>'
OUTSIDE = """<annotation><filename>gz2-1.png</filename>
<size><width>64</width><height>64</height><depth>3</depth></size>
<object><name>galaxy</name><bndbox><xmin>9</xmin><ymin>9</ymin><xmax>99</xmax><ymax>20</ymax>
</bndbox></object></annotation>"""


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("gz2-1", BOMB, ["gz2-1.xml", "a document type or an entity"]),
        ("gz2-1", "<annotation>", ["gz2-1.xml", "wanted XML"]),
        ("gz2-1", OUTSIDE, ["gz2-1.xml", "wanted a box inside the image"]),
        ("other", OUTSIDE.replace("gz2-1", "other"), ["other.png, which it lacks"]),
    ],
    ids=["bomb", "malformed", "outside", "no image"],
)
def test_annotations_that_cannot_be(site, name, content, words):
    (site / "voc").mkdir()
    (site / "voc" / f"{name}.xml").write_text(content)
    change = {"tasks": {"galaxies": {"boxes": {"from": "folder", "folder": "voc"}}}}
    boxes = site / "results/tiny/splits/galaxies/boxes/part-00.parquet"
    run = run_with(site, change, str(boxes.relative_to(site)), base=TINY)
    check(run, site / "results/tiny/logs/find_boxes/galaxies/part-00.log", words)
    assert not boxes.exists()
