"""Kills, a bad mirror and broken inputs in one run, and what came of them: `make faults`."""

import argparse
import sys
import tempfile
from pathlib import Path

from fewsky.files import save_json
from tests.faults import corpus, kills, mirror

JOBS = 280  # of the tiny paper; kills are spread over them
LISTED = ("kills", "epochs_lost", "jobs_done_again", "files_written_by_two")
FILES = 60  # asked of the bad mirror


def killed(folder: Path, count: int, seed: int) -> dict:
    """What kills did to the tiny paper: epochs and jobs done twice, results that differ.

    The paper is made from nothing again as long as kills are left.
    """
    quiet = kills.quiet(folder / "quiet")
    wanted = kills.manifest(quiet / "results/tiny")
    todo, papers, differing, unrecorded = kills.plan(count, seed, JOBS), [], set(), set()
    while todo:
        where = folder / f"killed-{len(papers)}"
        papers.append(kills.disturbed(where, todo, seed + len(papers)))
        differing |= set(kills.differing(kills.manifest(where / "results/tiny"), wanted))
        unrecorded |= set(kills.unrecorded(where, quiet))
        if papers[-1]["status"] or not papers[-1]["kills"]:
            break
        todo = todo[len(papers[-1]["kills"]) :]
    told = {key: [row for paper in papers for row in paper[key]] for key in LISTED}
    return {
        **told,
        "kills_done": len(told["kills"]),
        "not_done": len(todo),
        "papers": len(papers),
        "runs": sum(paper["runs"] for paper in papers),
        "status": papers[-1]["status"],
        "most_epochs_lost": max((one["epochs"] for one in told["epochs_lost"]), default=0),
        "files_compared": len(wanted),
        "files_differing": sorted(name for name in differing if not kills.timed(name)),
        "files_that_hold_times": {
            name: kills.timed(name) for name in sorted(differing) if kills.timed(name)
        },
        "without_a_record": sorted(unrecorded),
    }


def lines_of(found: dict) -> list[str]:
    """The figures in words."""
    runs, served, inputs = found["kills"], found["mirror"], found["inputs"]
    refused = sum(one["line"] is not None for one in inputs)
    return [
        f"kills done            {runs['kills_done']} in {runs['runs']} runs",
        f"papers made           {runs['papers']}, one after the other",
        f"epochs lost at most   {runs['most_epochs_lost']} a kill",
        f"jobs done again       {len(runs['jobs_done_again'])} that had ended",
        f"files by two trainers {len(runs['files_written_by_two'])} written at once",
        f"files differing       {len(runs['files_differing'])} of {runs['files_compared']}",
        f"files that hold times {len(runs['files_that_hold_times'])}, named in the file",
        f"mirror faults served  {sum(served['faults'].values())}",
        f"files verified        {served['verified']} of {served['files']}",
        f"inputs refused        {refused} of {len(inputs)}",
    ]


def sound(killed: dict) -> bool:
    """Whether all kills were done and nothing was lost but an epoch each."""
    wrong = ("jobs_done_again", "files_written_by_two", "files_differing", "without_a_record",
             "status", "not_done")  # fmt: skip
    return not any(killed[key] for key in wrong) and killed["most_epochs_lost"] <= 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("results/faults.json"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fewsky-faults-") as name:
        folder = Path(name)
        found = {
            "seed": options.seed,
            "inputs": corpus.run(options.seed, folder / "inputs"),
            "mirror": mirror.run(options.seed, FILES, folder / "mirror"),
            "kills": killed(folder, options.kills, options.seed),
        }
    save_json(found, options.out)
    print(*lines_of(found), f"wrote {options.out}", sep="\n")
    return int(not sound(found["kills"]))


if __name__ == "__main__":
    sys.exit(main())
