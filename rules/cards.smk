# Model cards: what every trained experiment is, learned from, scored and is for, on a page of its own.
# One job writes all: it takes a second, nothing is made of a card, and an edit of one experiment
# leaves the bytes of the others' cards as they were.
SOURCES = f"{REPORT}/sources.csv"
LICENCES = f"{REPORT}/weights.csv"
CARDS = carded()


rule write_cards:
    input:
        cards=runs_of(CARDS, "model.json"),
        records=runs_of(CARDS, "provenance.json"),
        metrics=expand("<results>/metrics/{task}.csv", task=SCORED),
        audits=expand("<results>/splits/{task}/audit.json", task=SCORED),
        sources=SOURCES,
        weights=LICENCES,
    output:
        pages=cards(),
        provenance="<results>/cards/provenance.json",
    log:
        "<results>/logs/write_cards.log",
    localrule: True
    conda:
        "../envs/report.yaml"
    resources:
        **SMALL,
    params:
        settings={name: card_of(name) for name in CARDS},
        code=code_hash("scripts/write_cards.py"),
    message:
        "Write the model cards"
    script:
        "../scripts/write_cards.py"
