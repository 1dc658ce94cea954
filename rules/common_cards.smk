# Functions only: what the model cards are told of each experiment. No rule stands here.


def carded():
    """Experiments that leave a network: those of the tasks shown, and what their weights come from."""
    shown = [name for task in TASKS_SHOWN for name in PLAN.of_task(task) if name not in OPPONENTS]
    return list(dict.fromkeys([*shown, *sources_of(weights_of(shown))]))


def asks_of(task):
    """What a task asks for, by which its scores are chosen."""
    return next((key for key in ("boxes", "targets") if key in task), "classes")


def labels_of(task):
    """Where a task's labels come from."""
    if asks_of(task) == "classes":
        return f"the column {task['label']} of the catalogue, {len(task['classes'])} classes"
    return {"boxes": "boxes found in the image", "targets": "columns of the catalogue"}[
        asks_of(task)
    ]


def command_of(name):
    """The command that applies an experiment to new data; none where `make predict` refuses it."""
    item, task = PLAN.experiments[name], PLAN.tasks[task_of_experiment(name)]
    dataset = PLAN.datasets[task["dataset"]]
    survey = PLAN.surveys[dataset["survey"]]
    if name in ENSEMBLES or asks_of(task) != "classes":
        return None
    profile = {"main": "slurm"}.get(Path(RESULTS).name, Path(RESULTS).name)
    told = f"make predict NAME=new EXPERIMENT={name} PROFILE={profile}"
    if dataset["survey"] in FIELDS:
        catalogue = " CATALOGUE=photoobj" if any(read_of_catalogue(item)) else ""
        return f'{told} FIELDS="{survey["fields"][-1]}"{catalogue}'
    pictures = len(survey["bands"]) in (1, 3) and not dataset.get("composite")
    return f"{told} IMAGES=DIR" if pictures else None


def task_of_experiment(name):
    return PLAN.experiments[name]["task"]


def card_of(name):
    """What the configuration says of an experiment, for its card."""
    item, task = PLAN.experiments[name], PLAN.tasks[task_of_experiment(name)]
    survey = PLAN.datasets[task["dataset"]]["survey"]
    others = PLAN.of_task(task_of_experiment(name))
    return {
        "about": item["about"],
        "asks": asks_of(task),
        "command": command_of(name),
        "dataset": task["dataset"],
        "experiment": name,
        "from": (item.get("start") or {}).get("from"),
        "kind": "linear probe" if name in PROBES else "network",
        "label": labels_of(task),
        "opponents": {other: kind_of(other) for other in others if other in OPPONENTS},
        "split": task["split"]["by"],
        "survey": survey,
        "survey_block": {key: PLAN.surveys[survey].get(key) for key in ("reader", "release")},
        "task": task_of_experiment(name),
        "teacher": item.get("teacher"),
        "weights": weights_told(item["weights"]),
    }


def weights_told(name):
    """What a card says of starting weights; None of random ones."""
    if name is None or PLAN.weights[name]["random"] is not None:
        return None
    return {"name": name, **{key: PLAN.weights[name][key] for key in ("about", "from", "url")}}


def cards():
    return [f"<results>/cards/{name}.md" for name in CARDS]
