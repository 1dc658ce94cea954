"""Make figures, tables, cards and the paper again from results that are there, and nothing else.

    make remake RESULTS=results/main

or, with Snakemake's own words of the run after `--`,

    python -m fewsky.commands.remake -- --profile profiles/slurm --executor local --cores all

No archive is asked and nothing is trained: a change that would need it ends with one line that
names the jobs.
"""

import re
import sys

from fewsky.commands.predict import configured, run
from fewsky.console import FewskyError

TARGET = "paper"  # the rule of Snakefile that asks for all that is drawn and written
WORKS = ("collect_numbers", "write_paper", "write_cards", "show_tables")
DRAWS = ("plot_", "tabulate_")
# Another machine has other environments; what they hold stands in requirements.txt, which is code.
TRIGGERS = ["--rerun-triggers", "mtime", "params", "input"]


def split(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Our own options, and Snakemake's words, which stand after `--`."""
    cut = arguments.index("--") if "--" in arguments else len(arguments)
    return arguments[:cut], arguments[cut + 1 :]


def jobs_left(targets: list[str], words: list[str]) -> dict[str, int]:
    """Jobs by rule that a run would start, by a dry run; FewskyError where that fails."""
    dry = run([*targets, *words, "--dry-run", "--quiet", "rules"], capture_output=True, text=True)
    text = dry.stdout + dry.stderr
    if dry.returncode:
        lines = [line for line in text.strip().splitlines() if line.strip()]
        ours = [line.removeprefix("fewsky: ") for line in lines if line.startswith("fewsky: ")]
        raise FewskyError((ours or lines or ["a dry run failed"])[-1])
    rows = re.findall(r"^(\w+) +(\d+)$", text, re.M)
    return {name: int(n) for name, n in rows if name not in ("total", "all", TARGET)}


def in_words(jobs: dict[str, int], shown: int = 6) -> str:
    """Jobs by rule, the first few by name."""
    told = [f"{rule} {n}" for rule, n in list(jobs.items())[:shown]]
    return ", ".join(told) + (f" and {len(jobs) - shown} other rules" if len(jobs) > shown else "")


def check_drawn(results: str, jobs: dict[str, int]) -> None:
    """Raise FewskyError where more than figures, tables, cards and the paper would be made."""
    other = {
        rule: n for rule, n in jobs.items() if rule not in WORKS and not rule.startswith(DRAWS)
    }
    if other:
        raise FewskyError(
            f"{results}: wanted changes of figures, tables, captions or text; found jobs that need "
            f"the data ({in_words(other)}). Run them with snakemake where the data are, or undo "
            "that change."
        )


def main(arguments: list[str]) -> int:
    """Check, then let Snakemake draw and write; returns the exit status."""
    _, words = split(arguments)
    words = [*words, *TRIGGERS]
    try:
        results = configured(words)["pathvars"]["results"]
        jobs = jobs_left([TARGET], words)
        check_drawn(results, jobs)
    except FewskyError as error:
        print(f"fewsky: {error}", file=sys.stderr)
        return 1
    if not jobs:
        print(f"{results}: nothing has changed that figures, tables or the paper show")
        return 0
    return run([TARGET, *words]).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
