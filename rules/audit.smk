# Metrics and figures rooms: what the studies printed, held against arithmetic and against our runs.
if part_of_audit("claims"):
    TABLES += [
        "tab_claims",
    ]
    CLAIMS = claims_audited()

    rule audit_claims:
        input:
            **tables_of_claims(CLAIMS),
        output:
            table="<results>/metrics/claims.csv",
            provenance="<results>/metrics/claims.provenance.json",
        log:
            "<results>/logs/audit_claims.log",
        localrule: True
        conda:
            "../envs/torch.yaml"
        resources:
            **SMALL,
        params:
            settings={"claims": CLAIMS},
            code=code_hash("scripts/audit_claims.py"),
        message:
            "Hold printed claims against arithmetic and our runs"
        script:
            "../scripts/audit_claims.py"

    rule tabulate_claims:
        input:
            claims="<results>/metrics/claims.csv",
        output:
            csv=report(
                "<results>/tables/tab_claims.csv",
                caption="../report/captions/tab_claims.rst",
                category="What was claimed",
                labels={"table": "printed claims and verdicts"},
            ),
            tex="<results>/tables/tab_claims.tex",
            provenance="<results>/tables/tab_claims.provenance.json",
        log:
            "<results>/logs/tabulate_claims.log",
        localrule: True
        conda:
            "../envs/plots.yaml"
        resources:
            **SMALL,
        params:
            settings={},
            code=code_hash("scripts/tabulate_claims.py"),
        message:
            "Tabulate printed claims"
        script:
            "../scripts/tabulate_claims.py"


if part_of_audit("sota"):
    TABLES += [
        "tab_sota",
    ]
    COMPARED = placed(read_audit("sota", load_sota), PLAN, tasks_scored())

    rule tabulate_sota:
        input:
            metrics=expand(
                "<results>/metrics/{task}.csv",
                task=sorted({row["task"] for row in COMPARED} - {None}),
            ),
            published=PUBLISHED,
        output:
            csv=report(
                "<results>/tables/tab_sota.csv",
                caption="../report/captions/tab_sota.rst",
                category="What was claimed",
                labels={"table": "study, ours and the best published"},
            ),
            tex="<results>/tables/tab_sota.tex",
            provenance="<results>/tables/tab_sota.provenance.json",
        log:
            "<results>/logs/tabulate_sota.log",
        localrule: True
        conda:
            "../envs/plots.yaml"
        resources:
            **SMALL,
        params:
            settings={"rows": COMPARED},
            code=code_hash("scripts/tabulate_sota.py"),
        message:
            "Tabulate study, ours and the best published"
        script:
            "../scripts/tabulate_sota.py"
