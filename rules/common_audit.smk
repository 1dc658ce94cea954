# Functions only: what the audit of printed claims reads. No rule stands here.
from fewsky.audit.claims import load_claims, resolved, tasks_read
from fewsky.audit.sota import load_sota, placed


def part_of_audit(key):
    """A part of paper.audit; None where the paper leaves it out."""
    return (PLAN.paper["audit"] or {}).get(key)


def read_audit(key, load):
    """The rows of a file that paper.audit names; none where it names none."""
    path = part_of_audit(key)
    if not path:
        return []
    try:
        return load(Path(workflow.basedir) / path)
    except FewskyError as error:
        sys.exit(f"fewsky: {error}")


def tasks_scored():
    """Tasks that the paper's chapters show and that have experiments."""
    return [name for name in tasks_shown() if PLAN.of_task(name)]


def claims_audited():
    """The printed claims, each with what of this run decides it."""
    chapter = "self-supervision"
    curved = tasks_of_atlas(chapter) if chapter in PLAN.paper["chapters"] else []
    return resolved(read_audit("claims", load_claims), PLAN, tasks_scored(), curved)


def tables_of_claims(claims):
    """Tables of the metrics room that some claims read, by their kind."""
    endings = {"metrics": "", "comparisons": ".comparisons", "curves": ".curves"}
    endings["contrasts"] = ".contrasts"
    return {
        kind: expand(f"<results>/metrics/{{task}}{ending}.csv", task=tasks_read(claims, kind))
        for kind, ending in endings.items()
    }


def of_audit():
    """Files of the audit that the text quotes."""
    claims = ["<results>/metrics/claims.csv"] if part_of_audit("claims") else []
    return {"claims": claims}
