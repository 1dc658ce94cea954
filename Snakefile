# fewsky: what can be learned about the sky from few labels? A paper that builds itself.
# Seven rooms, one rule file each; data flows through them and never back.
from snakemake.utils import min_version

min_version("9.27")


configfile: "config.yaml"


include: "rules/common.smk"
include: "rules/common_paper.smk"
include: "rules/common_star_galaxy.smk"
include: "rules/common_scale.smk"
include: "rules/common_audit.smk"
include: "rules/common_leakage.smk"
include: "rules/download.smk"
include: "rules/align.smk"
include: "rules/cutouts.smk"
include: "rules/splits.smk"
include: "rules/train.smk"
include: "rules/metrics.smk"
include: "rules/figures.smk"


for chapter in PLAN.paper["chapters"]:

    include: f"rules/{chapter.replace('-', '_')}.smk"


for part in ("radial", "tried", "distance", "generated", "four_classes", "scale", "shift"):

    if part_of("star-galaxy", part):

        include: f"rules/star_galaxy_{part}.smk"


if "detection" in PLAN.paper["chapters"]:

    include: "rules/detection_named.smk"
    include: "rules/detection_frames.smk"


if "self-supervision" in PLAN.paper["chapters"]:

    include: "rules/self_supervision_embed.smk"
    include: "rules/self_supervision_nebulae.smk"
    include: "rules/self_supervision_targets.smk"


if PLAN.predict:

    include: "rules/predict.smk"

    rule predictions:
        input:
            expand(
                "<results>/predicted/{prediction}.{ending}",
                prediction=PLAN.predict,
                ending=["csv", "json", "pdf", "png"],
            ),


include: "rules/audit.smk"


if LEAKING:

    include: "rules/audit_leakage.smk"


include: "rules/common_cards.smk"
include: "rules/report.smk"
include: "rules/cards.smk"


remember()


report: "report/workflow.rst"


# What is drawn and written: made again of a bundle, by `make remake`.
rule paper:
    input:
        "<results>/paper.pdf",
        figures(),
        tables(),
        list(PAGES),
        cards(),


rule all:
    default_target: True
    input:
        rules.paper.input,
        aligned_lists(),


onstart:
    check_environments()
    spare(workflow.scheduler)


onsuccess:
    forget(f"{RESULTS}/models/.resume")
    closing_lines(summary())


onerror:
    closing_lines(faults(log))
