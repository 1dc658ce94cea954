"""What the report shows besides the paper: tables as pages, and what the run took."""

import pytest

from fewsky.console import FewskyError
from fewsky.paper.pages import page
from fewsky.paper.spent import EVERY, by_rule, load_benchmarks

HEADER = "s\th:m:s\tmax_rss\tcpu_time\n"


def measured(folder, **jobs):
    """Benchmark files RULE/NAME.tsv of (seconds, memory in MB, core-seconds)."""
    for place, (s, rss, cpu) in jobs.items():
        rule, _, name = place.partition("__")
        path = folder / rule / "some" / f"{name}.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{HEADER}{s}\t0:00:01\t{rss}\t{cpu}\n")
    return folder


def test_jobs_are_summed_by_rule_and_the_largest_stands_first(tmp_path):
    folder = measured(
        tmp_path, score__a=(2, 90, 3), train__0=(10, 700, 40), train__1=(20, 500, 30),
        cut__a=(1, "NA", "NA"),
    )  # fmt: skip
    table = by_rule(load_benchmarks(folder)).set_index("Rule")
    assert table.index.tolist() == ["train", "score", "cut", EVERY]
    assert table.loc["train"].tolist() == ["2", "70", "40", "30", "20", "700"]
    assert table.loc["cut"].tolist() == ["1", "–", "–", "1", "1", "–"]
    assert table.loc[EVERY].tolist() == ["4", "73", "40", "33", "20", "700"]


def test_a_run_without_benchmarks_and_a_strange_file_are_one_line(tmp_path):
    with pytest.raises(FewskyError, match="wanted the benchmarks of a run; found none"):
        load_benchmarks(tmp_path)
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / "a.tsv").write_text("s\n1\n")
    with pytest.raises(FewskyError, match="found no cpu_time, max_rss"):
        load_benchmarks(tmp_path)


def test_a_page_holds_every_cell_as_text():
    cells = {"header": ["Name", "MCC"], "rows": [["a < b", "0.5 [0.4, 0.6]"]], "numeric": [0, 1]}
    text = page("A & B", cells, simulated=True)
    assert "<td>a &lt; b</td>" in text and "<h1>A &amp; B</h1>" in text
    assert '<td class="number">0.5<br>[0.4, 0.6]</td>' in text and "SIMULATED" in text
    assert "SIMULATED" not in page("A", cells, simulated=False)
    assert "http" not in text  # it needs no other file
