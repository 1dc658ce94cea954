"""The paper: captions, origins, the same bytes twice, and one line where something is missing."""

import json

import pytest
import typst
from paper_run import FIGURES, REPORT, TABLES, make_paper, make_shown

from fewsky.console import FewskyError
from fewsky.files import save_json
from fewsky.paper.captions import read_caption
from fewsky.paper.collect import collect
from fewsky.paper.typeset import origin, read_cells, read_content, set_paper, stage

NAMES = [*FIGURES, *TABLES]
TITLE = {
    "title": "A title",
    "chapters": ["star-galaxy"],
    "scripts": dict.fromkeys(NAMES, "scripts/x.py"),
    "blocks": dict.fromkeys(NAMES, "paper.star-galaxy"),
}


def content_of(folder, simulated=True, **run):
    found = collect(*make_paper(folder, truth=simulated, **run))
    found["facts"]["simulated"] = simulated
    save_json(found, folder / "numbers.json")
    figures, tables = make_shown(folder, simulated)
    content = read_content(folder / "numbers.json", figures, tables, folder / "captions", TITLE)
    return {**content, "versions": {"numpy": "2.4.6"}}


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    return content_of(tmp_path_factory.mktemp("run"))


def test_the_same_content_gives_the_same_bytes(content, tmp_path):
    for name in ("a.pdf", "b.pdf"):
        set_paper(REPORT, content, tmp_path / name)
    assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "b.pdf").read_bytes()


@pytest.mark.parametrize(
    "case", [{"simulated": False}, {"simulated": False, "by": "sky"}, {"by": "sky"}]
)
def test_the_text_holds_for_real_data_and_for_tiles(case, tmp_path):
    set_paper(REPORT, content_of(tmp_path, **case), tmp_path / "paper.pdf")
    assert (tmp_path / "paper.pdf").stat().st_size > 10_000


def test_every_figure_and_table_is_in_the_text(content):
    text = "".join(path.read_text() for path in REPORT.rglob("*.typ"))
    for name in [*content["figures"], *content["tables"]]:
        assert f'("{name}"' in text


def test_a_missing_number_ends_with_its_key_and_its_maker(content, tmp_path):
    numbers = {k: v for k, v in content["numbers"].items() if k != "split.large.test"}
    with pytest.raises(FewskyError) as error:
        set_paper(REPORT, {**content, "numbers": numbers}, tmp_path / "paper.pdf")
    line = str(error.value)
    assert "split.large.test" in line and "rule make_split" in line
    assert line.startswith("report/chapters/star-galaxy.typ")
    assert "\n" not in line
    assert not (tmp_path / "paper.pdf").exists()


def test_a_missing_figure_ends_with_its_name(content, tmp_path):
    figures = {k: v for k, v in content["figures"].items() if k != "fig_sdss_mag"}
    with pytest.raises(FewskyError, match=r"wanted fig_sdss_mag among the results"):
        set_paper(REPORT, {**content, "figures": figures}, tmp_path / "paper.pdf")


@pytest.mark.parametrize("simulated", [True, False])
def test_every_page_of_a_simulated_paper_says_so_and_no_other(simulated, tmp_path):
    (tmp_path / "staged").mkdir()
    main = str(stage(REPORT, content_of(tmp_path, simulated), tmp_path / "staged"))
    marks = json.loads(typst.query(main, "<mark>", root=str(tmp_path / "staged")))
    pages = typst.compile(main, root=str(tmp_path / "staged"), format="png", ppi=8)
    assert len(pages) > 3
    assert len(marks) == (len(pages) if simulated else 0)


def test_a_caption_becomes_runs(tmp_path):
    path = tmp_path / "a.rst"
    path.write_text("One *two* ``3`` & [four]\nof `five <https://x.org>`_.\n\nNext.\n")
    first, second = read_caption(path)
    assert [run["kind"] for run in first] == [
        "text",
        "emph",
        "text",
        "code",
        "text",
        "link",
        "text",
    ]
    assert first[5] == {"kind": "link", "text": "five", "url": "https://x.org"}
    assert first[4]["text"] == " & [four] of "
    assert second == [{"kind": "text", "text": "Next."}]


@pytest.mark.parametrize("text", ["", "Title\n=====\n\ntext", "- a\n- b\n", "a :math:`x` b"])
def test_a_caption_that_cannot_be_shown_is_one_line(tmp_path, text):
    path = tmp_path / "a.rst"
    path.write_text(text)
    with pytest.raises(FewskyError, match=r"a\.rst: wanted"):
        read_caption(path)


def test_the_origin_names_a_few_inputs_and_counts_the_rest(content, tmp_path):
    figures, _ = make_shown(tmp_path)
    found = origin(figures[0], "scripts/plot.py", "paper.x", "../..")
    first = found["inputs"][0]
    assert (first["name"], first["sha"]) == ("metrics/task-0.csv", "00000000")
    assert first["url"].endswith("metrics/task-0.csv")  # from the paper's folder
    assert found["urls"] == {"script": "../../scripts/plot.py", "block": "../../config.yaml"}
    assert (len(found["inputs"]), found["others"]["count"]) == (3, 2)
    assert found["simulated"]


def test_a_figure_without_record_is_refused(tmp_path):
    with pytest.raises(FewskyError, match="wanted a record beside it"):
        origin(tmp_path / "fig_x.pdf", "", "")


def test_cells_keep_their_text_and_tell_numbers_from_words(tmp_path):
    text = 'Name,MCC,n,Share,Data\na-1,"-0.5 [-0.6, 0.6]",10,31.5 %,SIMULATED\nb,–,12,–,SIMULATED\n'
    (tmp_path / "a.csv").write_text(text)
    cells = read_cells(tmp_path / "a.csv")
    assert cells["header"] == ["Name", "MCC", "n", "Share"]
    assert cells["numeric"] == [False, True, True, True]
    assert cells["rows"] == [["a-1", "−0.5 [−0.6, 0.6]", "10", "31.5 %"], ["b", "–", "12", "–"]]


def test_a_table_of_published_rows_says_which(tmp_path):
    (tmp_path / "a.csv").write_text("n,Data\n1,SIMULATED\n2,published\n")
    assert read_cells(tmp_path / "a.csv")["header"] == ["n", "Data"]
