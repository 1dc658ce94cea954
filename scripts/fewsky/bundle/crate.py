"""The RO-Crate of a bundle: what each file is, and which script made it from which other files.

Profiles: Process Run, Workflow Run and Provenance Run Crate 0.5 (https://w3id.org/ro/wfrun), on
Workflow RO-Crate 1.0 and RO-Crate 1.1.
"""

import base64
import mimetypes
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from rocrate.model.contextentity import ContextEntity
from rocrate.rocrate import ROCrate

from fewsky.bundle.contents import Item
from fewsky.bundle.deposit import described, keywords, name_of, titled
from fewsky.bundle.records import Job

CRATE = "https://w3id.org/ro/crate/1.1"
WORKFLOW_CRATE = "https://w3id.org/workflowhub/workflow-ro-crate/1.0"
RUNS = [f"https://w3id.org/ro/wfrun/{name}/0.5" for name in ("process", "workflow", "provenance")]
TERMS = {"sha256": "https://w3id.org/ro/terms/workflow-run#sha256"}
SNAKEMAKE = "https://w3id.org/workflowhub/workflow-ro-crate#snakemake"
COMPLETED = {"@id": "http://schema.org/CompletedActionStatus"}
FORMATS = {
    ".fits": "application/fits", ".parquet": "application/vnd.apache.parquet",
    ".rst": "text/x-rst", ".safetensors": "application/octet-stream", ".smk": "text/plain",
    ".tex": "application/x-tex", ".tsv": "text/tab-separated-values", ".typ": "text/plain",
    ".yaml": "application/yaml", ".md": "text/markdown",
}  # fmt: skip
KNOWN = mimetypes.MimeTypes()  # those of Python, whatever the machine has


def crate_of(
    items: Iterable[Item],
    jobs: Sequence[Job],
    cited: Mapping[str, Any],
    used: Iterable[Mapping[str, str]],
    about: Mapping[str, Any],
) -> dict[str, Any]:
    """The content of ro-crate-metadata.json.

    `used` are the rows of report/sources.csv of the surveys, `about` is what the bundle says of
    itself: results, simulated, made, snakemake. A rule's script has the rule's name.
    """
    crate = ROCrate(version="1.1")
    crate.metadata["conformsTo"] = [{"@id": CRATE}, {"@id": WORKFLOW_CRATE}]
    crate.metadata.extra_terms.update(TERMS)
    files = {item.path: _file(crate, item) for item in items}
    _describe_root(crate, cited, used, about)
    tools = _describe_workflow(crate, jobs, cited, about)
    digests = {item.path: item.sha256 for item in items}
    actions = [_action(crate, job, tools[job.rule], files, digests) for job in jobs]
    _describe_run(crate, jobs, actions, about)
    return crate.metadata.generate()


def _file(crate: ROCrate, item: Item) -> Any:
    """The entity of a file."""
    ending = "." + item.path.rpartition(".")[2]
    guess = FORMATS.get(ending) or KNOWN.guess_type(item.path)[0] or "text/plain"
    told = {
        "name": item.path.rpartition("/")[2],
        "contentSize": str(item.bytes),
        "encodingFormat": guess,
        "sha256": item.sha256,
    }
    return crate.add_file(dest_path=item.path, properties=told)


def add(crate: ROCrate, identifier: str, kind: str | list[str], /, **told: Any) -> Any:
    """Add an entity that is no file."""
    return crate.add(ContextEntity(crate, identifier, properties={"@type": kind, **told}))


def ref(*entities: Any) -> list[dict[str, str]]:
    """References to entities."""
    return [{"@id": getattr(entity, "id", entity)} for entity in entities]


def _describe_root(crate, cited, used, about) -> None:
    """Name, authors, licence and sources of the whole."""
    root = crate.root_dataset
    profiles = [*RUNS, WORKFLOW_CRATE]
    for profile in profiles:
        name = profile.rsplit("/", 2)[-2].replace("-", " ")
        add(crate, profile, ["CreativeWork", "Profile"], name=name, version=profile[-3:])
    licence = f"https://spdx.org/licenses/{cited['license']}"
    add(crate, licence, "CreativeWork", name=cited["license"], identifier=licence)
    authors = [
        add(crate, f"#author-{k}", "Person" if "family-names" in one else "Organization",
            name=name_of(one))
        for k, one in enumerate(cited["authors"])
    ]  # fmt: skip
    root["name"] = titled(cited, about["results"], about["simulated"])
    root["description"] = described(cited, about["simulated"])
    root["conformsTo"] = ref(*profiles)
    root["license"] = {"@id": licence}
    root["author"] = ref(*authors)
    root["datePublished"] = about["made"]
    root["version"] = cited["version"]
    root["keywords"] = ", ".join(keywords(cited, about["simulated"]))
    root["isBasedOn"] = [entity for row in used for entity in ref(_source(crate, row))]


def _source(crate: ROCrate, row: Mapping[str, str]) -> Any:
    """The entity of a survey."""
    told = {"name": row["name"], "license": row["licence"], "citation": row["citation"]}
    identifier = row["url"] or f"#survey-{row['reader']}"
    return add(crate, identifier, "CreativeWork", **told)


def _describe_workflow(crate, jobs, cited, about) -> dict[str, Any]:
    """The Snakefile, its language, its steps and tools; the tool of each rule by its name."""
    language = add(
        crate, SNAKEMAKE, "ComputerLanguage", name="Snakemake", version=about["snakemake"],
        identifier={"@id": "https://doi.org/10.1093/bioinformatics/bts480"},
        url={"@id": "https://snakemake.readthedocs.io"},
    )  # fmt: skip
    workflow = crate.get("Snakefile")
    workflow._jsonld["@type"] = ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"]
    workflow["name"], workflow["version"] = cited["title"], cited["version"]
    workflow["programmingLanguage"] = ref(language)[0]
    workflow["license"] = crate.root_dataset._jsonld["license"]
    crate.root_dataset["mainEntity"] = {"@id": "Snakefile"}
    rules = sorted({job.rule for job in jobs})
    tools = {rule: _tool(crate, f"scripts/{rule}.py") for rule in rules}
    steps = [
        add(crate, f"Snakefile#{rule}", "HowToStep", name=rule, position=str(k),
            workExample=ref(tools[rule])[0])
        for k, rule in enumerate(rules)
    ]  # fmt: skip
    workflow["step"] = ref(*steps)
    workflow["hasPart"] = ref(*dict.fromkeys(tool.id for tool in tools.values()))
    return tools


def _tool(crate: ROCrate, script: str) -> Any:
    """The entity of a rule's script."""
    tool = crate.get(script)
    tool._jsonld["@type"] = ["File", "SoftwareSourceCode"]
    tool["programmingLanguage"] = "Python"
    return tool


def _action(crate, job: Job, tool: Any, files: Mapping[str, Any], digests) -> Any:
    """The entity of a job: its script, what it read and what it made.

    Inputs that are not in the bundle are named by their digests, as RFC 6920 writes them.
    """
    read = [
        files.get(name) or _elsewhere(crate, name, job.checksums.get(name)) for name in job.inputs
    ]
    made = [files[name] for name in job.outputs if name in files]
    records = [entity for entity in made if entity.id.endswith("provenance.json")]
    told = {"subjectOf": ref(*records)} if records else {}
    return add(
        crate,
        f"#{job.log[0] if job.log else job.outputs[0]}",
        "CreateAction",
        name=f"{job.rule} {made[0].id}",
        instrument=ref(tool)[0],
        object=ref(*read),
        result=ref(*made),
        startTime=_time(job.start),
        endTime=_time(job.end),
        actionStatus=COMPLETED,
        **told,
    )


def _elsewhere(crate: ROCrate, name: str, digest: str | None) -> Any:
    """The entity of an input that is not in the bundle."""
    identifier = f"#{name}"
    told = {}
    if digest is not None:
        code = base64.urlsafe_b64encode(bytes.fromhex(digest)).decode().rstrip("=")
        identifier, told = f"ni:///sha-256;{code}", {"sha256": digest}
    return crate.get(identifier) or add(crate, identifier, "CreativeWork", name=name, **told)


def _describe_run(crate, jobs, actions, about) -> None:
    """The run as a whole: what Snakemake was given, what came out, and which steps were taken."""
    results = about["results"]
    finals = [crate.get(f"{results}/{name}") for name in ("paper.pdf", "report.html")]
    times = {"startTime": _time(min(job.start for job in jobs)), "endTime": about["made"]}
    run = add(
        crate, "#run", "CreateAction", name=f"Run of the workflow into {results}",
        instrument={"@id": "Snakefile"}, object=ref("config.yaml"),
        result=ref(*(entity for entity in finals if entity)), actionStatus=COMPLETED, **times,
    )  # fmt: skip
    engine = add(
        crate, "#snakemake", "SoftwareApplication", name="Snakemake",
        softwareVersion=about["snakemake"], url="https://snakemake.github.io",
    )  # fmt: skip
    controls = [
        add(crate, f"#control-{rule}", "ControlAction", name=f"Jobs of {rule}",
            instrument={"@id": f"Snakefile#{rule}"},
            object=ref(*(act for job, act in zip(jobs, actions, strict=True) if job.rule == rule)))
        for rule in sorted({job.rule for job in jobs})
    ]  # fmt: skip
    add(
        crate, "#organized", "OrganizeAction", name="Snakemake orders the jobs",
        instrument=ref(engine)[0], object=ref(*controls), result=ref(run)[0], **times,
    )  # fmt: skip
    crate.root_dataset["mentions"] = ref(run, *actions)


def _time(seconds: float) -> str:
    """ISO 8601, to the second, in UTC."""
    return datetime.fromtimestamp(int(seconds), UTC).isoformat()
