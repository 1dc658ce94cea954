"""The printed claims, read from their file, and what of our experiments decides each; light.

A claim is a mapping: id, study, where it is printed, the claim in our words, what is printed; then
a `check` (fewsky.audit.check), or what was `read` in a public text, or both; and `runs`, the
experiments that decide it. Runs have a rule of RULES:

    near       experiment, metric, printed, n (objects that the printed share was measured on)
    above      experiment, metric, printed
    better     a, b, metric: a comparison, or a contrast of the atlas where both are its starts
    no_better  of, against, metric, margin: each of some experiments against one
    gain       experiment: a start of the atlas against training from nothing, at fewest labels
    ordered    experiment, metrics: the first is below the second in one experiment

`fields` are the survey's fields that a claim is about: runs on others do not decide it. `archive`
names what a claim would need that is not public: no run of ours decides it.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fewsky.audit.verdicts import VERDICTS
from fewsky.console import FewskyError

STUDIES = ("S0", "S1", "S2", "S3", "astroNN")
NEEDED = ("id", "study", "where", "claim", "printed")
OPTIONAL = ("check", "read", "runs", "fields", "archive", "reason")
RULES = {
    "near": ("experiment", "metric", "printed"),
    "above": ("experiment", "metric", "printed"),
    "better": ("a", "b"),
    "no_better": ("of", "against", "margin"),
    "gain": ("experiment",),
    "ordered": ("experiment", "metrics"),
}
Claim = Mapping[str, Any]


def load_claims(path: str | Path) -> list[dict[str, Any]]:
    """The claims of a file, checked; raises FewskyError, one line, for the first fault."""
    claims = load_rows(path, "claims")
    for claim in claims:
        _check(f"{path}: {claim.get('id', 'a claim')}", claim)
    names = [claim["id"] for claim in claims]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise FewskyError(f"{path}: wanted each id once; found {twice} twice. Rename one.")
    return claims


def load_rows(path: str | Path, what: str) -> list[dict[str, Any]]:
    """A YAML file that holds a list of mappings under the one key `what`."""
    import yaml

    try:
        found = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except OSError:
        raise FewskyError(
            f"config: paper.audit: wanted the file {path}; found none. Write it, or write null."
        ) from None
    except yaml.YAMLError as error:
        line = " ".join(str(error).split())
        raise FewskyError(f"{path}: wanted YAML; found {line}. Mend it.") from None
    rows = found.get(what) if isinstance(found, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise FewskyError(f"{path}: wanted a list under the key '{what}'; found none. Write one.")
    return rows


def _check(where: str, claim: Claim) -> None:
    _keys(where, claim, NEEDED, OPTIONAL)
    if claim["study"] not in STUDIES:
        raise FewskyError(
            f"{where}: wanted a study among {', '.join(STUDIES)}; found {claim['study']}. Name one."
        )
    if not {"check", "read", "runs"} & set(claim):
        raise FewskyError(f"{where}: wanted check, read or runs; found none of them. Add one.")
    if "read" in claim:
        _keys(f"{where}: read", claim["read"], ("found", "verdict", "source"), ())
        if claim["read"]["verdict"] not in VERDICTS:
            raise FewskyError(
                f"{where}: read: wanted a verdict among {', '.join(VERDICTS)}; found "
                f"{claim['read']['verdict']}. Choose one."
            )
    if "runs" in claim:
        rule = claim["runs"].get("rule")
        if rule not in RULES:
            raise FewskyError(
                f"{where}: runs: wanted a rule among {', '.join(RULES)}; found {rule}. Choose one."
            )
        _keys(f"{where}: runs", claim["runs"], ("rule", *RULES[rule]), ("metric", "n", "part"))


def _keys(where: str, block: Claim, needed: Sequence[str], optional: Sequence[str]) -> None:
    missing = next((key for key in needed if key not in block), None)
    if missing:
        raise FewskyError(f"{where}: wanted the key '{missing}'; found none. Add it.")
    unknown = next((key for key in block if key not in (*needed, *optional)), None)
    if unknown:
        known = ", ".join((*needed, *optional))
        raise FewskyError(f"{where}: wanted keys among {known}; found '{unknown}'. Take it out.")


def experiments_of(claim: Claim, families: Mapping[str, Sequence[str]]) -> list[str]:
    """Every experiment that a claim names, `vary` carried out by the plan's families."""
    runs = claim.get("runs", {})
    written = [runs[key] for key in ("experiment", "a", "b", "against") if key in runs]
    written += runs.get("of", [])
    return [name for one in written for name in families.get(one, [one])]


def resolved(
    claims: Sequence[Claim], plan: Any, scored: Sequence[str], curved: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """The claims with what of this run decides each, under `ours`; None where nothing does.

    `plan` is the resolved configuration, `scored` the tasks whose metrics the paper's chapters
    show, `curved` those whose curves of the atlas they show. `ours` has the runs with `of` carried
    out, the `task`, the table of it that decides (`reads`), `complete` (whether all experiments
    that the claim names are run) and `elsewhere` (whether they are on other fields than its own).
    """
    return [{**claim, "ours": _ours(claim, plan, scored, curved)} for claim in claims]


def _ours(
    claim: Claim, plan: Any, scored: Sequence[str], curved: Sequence[str]
) -> dict[str, Any] | None:
    if "runs" not in claim:
        return None
    names = experiments_of(claim, plan.families)
    run = [n for n in names if n in plan.experiments and plan.experiments[n]["task"] in scored]
    runs = dict(claim["runs"])
    if "of" in runs:
        runs["of"] = [name for name in run if name != runs["against"]]
    fixed = {runs[key] for key in ("experiment", "a", "b", "against") if key in runs}
    tasks = {plan.experiments[name]["task"] for name in run}
    if not fixed <= set(run) or runs.get("of") == [] or len(tasks) != 1:
        return None
    [task] = tasks
    reads = _table_of(runs["rule"], fixed <= {row["experiment"] for row in plan.atlas})
    if reads in ("curves", "contrasts") and task not in curved:
        return None
    survey = plan.surveys[plan.datasets[plan.tasks[task]["dataset"]]["survey"]]
    elsewhere = not set(claim.get("fields", [])) <= set(survey.get("fields", []))
    whole = len(run) == len(names)
    return {**runs, "task": task, "reads": reads, "complete": whole, "elsewhere": elsewhere}


def _table_of(rule: str, of_atlas: bool) -> str:
    """Which table of a task decides by a rule."""
    if rule == "better":
        return "contrasts" if of_atlas else "comparisons"
    return {"no_better": "comparisons", "gain": "curves"}.get(rule, "metrics")


def tasks_read(claims: Sequence[Claim], reads: str) -> list[str]:
    """Tasks of which some resolved claims read a table."""
    ours = [claim["ours"] for claim in claims if claim["ours"]]
    return sorted({one["task"] for one in ours if one["reads"] == reads})
