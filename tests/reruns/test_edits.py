"""A table of edits to the tiny paper and the jobs that must then run: those and no others."""

import os
import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest
import yaml

from tests.conftest import TINY, copy_repository, snakemake
from tests.usage_page import apply, broken, diffs

# Trainings of the tiny paper, two draws each: thirteen experiments of stars and galaxies, one of
# four classes, four of the nebulae with one pretext, five of Galaxy10, one of the atlas, one
# detector. Two more of one draw with and without generated patches, and two pretexts of one draw.
SKY = 2 * 13 + 2 + 2 * 4 + 1
FOUR = 2
GALAXIES = 2 * 5
ATLAS = 2
DETECTORS = 2
PRETEXTS = 2
TASKS = 11
LEAKING = 4  # tasks whose leaks are priced
# What a pretext's weights are rerun through, up to the probe that starts from them; what is made of
# the curves of the atlas, some of which decide printed claims, and of representations.
PRETEXT = Counter(
    train=1, prepare_weights=1, extract_features=1, fit_probes=1, tabulate_ssl_pretext=1,
    fit_leakage=1, score_leakage=1, tabulate_leakage=1,
)  # fmt: skip
AUDIT = Counter(audit_claims=1, tabulate_claims=1)
CURVES = AUDIT + Counter(
    score_curves=1,
    plot_atlas=1,
    plot_ssl_lowdata=1,
    plot_ssl_targets=1,
    tabulate_ssl_atlas=1,
    tabulate_ssl_starts=1,
)
SPLIT = Counter(make_split=1, tabulate_datasets=1)
MAPS = Counter(plot_ssl_embed=1, tabulate_ssl_embed=1)
SCORES = Counter(score=1, compare=1)
GROWTH = Counter(score_growth=1, plot_sdss_scale=1)
PAPER = Counter(collect_numbers=1, write_paper=1, tabulate_resources=1)


def without_cards(jobs: Counter) -> Counter:
    """The jobs but the model cards, which one job writes whenever a network or a score is new."""
    return Counter({name: n for name, n in jobs.items() if name != "write_cards"})


@pytest.fixture
def edited(tiny):
    """The tiny paper, given back as it was after each edit."""
    kept: dict[Path, tuple[bytes | None, os.stat_result | None]] = {}

    class Editor:
        folder = tiny

        def keep(self, name):
            path = tiny / name
            if path not in kept:
                there = path.exists()
                kept[path] = (path.read_bytes(), path.stat()) if there else (None, None)
            return path

        def replace(self, name, old, new):
            path = self.keep(name)
            text = path.read_text()
            assert len(re.findall(old, text)) >= 1, f"{old!r} is not in {name}"
            path.write_text(re.sub(old, new, text, count=1))

        def write(self, name, text):
            self.keep(name).write_text(text)

        def all_jobs(self, *arguments, configs=TINY) -> Counter:
            run = snakemake(tiny, "--dry-run", "--cores", "2", *arguments, configs=configs)
            assert run.code == 0, run.text[-3000:]
            jobs = run.rules
            # The pages of the report are made again where any table is, and at no other time.
            tables = any(name.startswith("tabulate_") for name in jobs)
            assert jobs.pop("show_tables", 0) == int(tables)
            return jobs

        def page(self, title) -> Counter:
            """Jobs after the diffs of a section of docs/usage.md."""
            for name, _ in diffs(title):
                self.keep(name)
            apply(title, tiny)
            return self.jobs()

        def jobs(self, *arguments, configs=TINY) -> Counter:
            return without_cards(self.all_jobs(*arguments, configs=configs))

        def config(self, change) -> Counter:
            self.write("tests/change.yaml", yaml.safe_dump(change))
            return self.jobs(configs=[*TINY, "tests/change.yaml"])

    yield Editor()
    for path, (content, status) in kept.items():
        if content is None:
            path.unlink(missing_ok=True)
        else:
            path.write_bytes(content)
            os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def test_a_second_run_does_nothing(edited):
    assert edited.all_jobs() == {}


def test_cards_are_written_for_what_they_tell_and_for_nothing_else(edited):
    edited.replace("scripts/plot_atlas.py", r"\nwith running", "\nSPARE = 1\n\nwith running")
    assert "write_cards" not in edited.all_jobs()
    edited.replace("scripts/fewsky/metrics/measures.py", r"\n\n\ndef ", "\n\n\nSPARE = 1\n\n\ndef ")
    assert edited.all_jobs()["write_cards"] == 1


@pytest.mark.parametrize("name", ["scripts/fewsky/model_cards/words.py", "report/weights.csv"])
def test_how_cards_are_written_reruns_them_alone(edited, name):
    old, new = (
        (r"\n\n\ndef ", "\n\n\nSPARE = 1\n\n\ndef ") if name[-3:] == ".py" else ("BSD-3", "BSD-2")
    )
    edited.replace(name, old, new)
    assert edited.all_jobs() == Counter(write_cards=1)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("scripts/fewsky/models/train.py", r"\n\n\ndef ", "\n\n\n# A comment.\ndef "),
        ("scripts/fewsky/models/train.py", r'^"""', '"""In other words: '),
        (
            "scripts/fewsky/models/augment.py",
            r"import numpy as np\n",
            "import  numpy  as  np\n\n\n",
        ),
        ("scripts/train.py", r'"""\n', '"""\n\n# Another comment.\n'),
        ("scripts/fewsky/files.py", r"CHUNK = 1 << 20", "CHUNK = 1 << 21"),
        ("rules/train.smk", r"^#", "# More.\n#"),
    ],
    ids=["comment", "docstring", "reformat", "comment in a script", "how files are saved", "rule"],
)
def test_words_about_code_rerun_nothing(edited, name, old, new):
    edited.replace(name, old, new)
    assert edited.jobs() == {}


def test_a_network_added_reruns_nothing(edited):
    edited.write("scripts/fewsky/networks/another.py", "def network(name, **settings):\n    ...\n")
    assert edited.jobs() == {}


def test_a_reader_added_reruns_nothing(edited):
    source = edited.folder / "scripts/fewsky/surveys/efigi.py"
    edited.write("scripts/fewsky/surveys/another.py", source.read_text())
    assert edited.jobs() == {}


@pytest.mark.parametrize(
    ("module", "listed", "cut"),
    [
        ("galaxyzoo_table", {"galaxy-zoo-2"}, {"gz2"}),
        ("hash_catalogue", {"hash"}, {"pn-sss"}),
        ("specobj_table", {"specobj"}, {"specobj-32px"}),
    ],
)
def test_a_readers_code_reruns_its_surveys_alone(edited, module, listed, cut):
    path = f"scripts/fewsky/surveys/{module}.py"
    edited.replace(path, r"\n\n\ndef ", "\n\n\nSPARE = 1\n\n\ndef ")
    jobs = snakemake(edited.folder, "--dry-run", "--cores", "2").jobs
    assert {job.rpartition(" ")[2] for job in jobs if job.startswith("Select the")} == listed
    assert {job.split()[1] for job in jobs if job.startswith("Cut ")} == cut


def test_a_mirror_or_a_rate_reruns_nothing(edited):
    changes = {"mirror": "elsewhere", "download": {"rate_per_s": 9.0}, "compute": {"device": "cpu"}}
    assert edited.config(changes) == {}


def test_a_touched_file_reruns_nothing(edited):
    for name in (
        "scripts/train.py",
        "config.yaml",
        "results/tiny/splits/star-galaxy-large/manifest.csv",
        "results/tiny/raw/sdss/8162-6-0002.tsv",
    ):
        path = edited.keep(name)
        path.write_bytes(path.read_bytes())
    assert edited.jobs() == {}


@pytest.mark.parametrize(
    "script", ["plot_sdss_patches", "plot_atlas", "plot_ssl_embed", "tabulate_ssl_pretext"]
)
def test_a_plots_code_reruns_that_plot(edited, script):
    edited.replace(f"scripts/{script}.py", r"\nwith running", "\nSPARE = 1\n\nwith running")
    jobs = edited.jobs()
    assert jobs.pop(script) == 1
    assert set(jobs) <= set(PAPER)


@pytest.mark.parametrize("module", ["models/loop", "losses"])
def test_the_trainers_code_reruns_training_and_what_reads_it(edited, module):
    edited.replace(f"scripts/fewsky/{module}.py", r"\n\n\ndef ", "\n\n\nSPARE = 1\n\n\ndef ")
    jobs = edited.jobs()
    assert jobs["train"] == SKY + FOUR + GALAXIES + ATLAS + DETECTORS + PRETEXTS
    assert jobs["search_settings"] == jobs["explain"] == 1
    assert jobs["score"] == jobs["compare"] == TASKS
    assert upstream(jobs) == {}
    assert "fit_opponent" not in jobs


def upstream(jobs):
    rooms = ("simulate_scan", "download_fields", "align_fields", "cut_patches", "make_split")
    return {name: jobs[name] for name in rooms if name in jobs}


def test_one_experiments_learning_rate_reruns_that_experiment(edited):
    change = {"experiments": {"sg-large-ours": {"recipe": {"learning_rate": 0.003}}}}
    jobs = edited.config(change)
    assert jobs["train"] == 2
    assert jobs["score"] == jobs["compare"] == 1
    assert upstream(jobs) == {}


def test_what_stands_for_a_missing_redshift_reruns_that_network(edited):
    change = {"experiments": {"sg-distance-drawn": {"model": {"drawn_by": "modelmag_g"}}}}
    jobs = edited.config(change)
    assert jobs["train"] == 2 and jobs["tabulate_sdss_distance"] == 1
    assert jobs["score"] == jobs["compare"] == jobs["tabulate_sdss_distance_pairs"] == 1
    assert upstream(jobs) == {} and "fit_opponent" not in jobs


def test_what_a_mixture_is_made_with_reruns_its_patches_and_its_training(edited):
    change = {"experiments": {"sg-gen-mixture": {"generated": {"mixture": {"basis": 6}}}}}
    jobs = edited.config(change)
    assert jobs["generate_patches"] == jobs["train"] == 1
    assert jobs["tell_generated"] == jobs["compare_generated"] == jobs["plot_sdss_generated"] == 1
    assert jobs["score"] == jobs["compare"] == 1
    assert upstream(jobs) == {}
    other = {"experiments": {"sg-gen-mixture": {"generated": {"sky": {"neighbours": 1.0}}}}}
    assert not {"generate_patches", "train"} & set(edited.config(other))


def test_other_budgets_of_fields_refit_their_experiment(edited):
    jobs = edited.config({"experiments": {"sg-fields-forest": {"budgets": ["2 fields"]}}})
    assert jobs == Counter(fit_opponent=1) + SCORES + GROWTH + PAPER


def test_the_experiments_tested_in_other_runs_rerun_their_scores_and_no_training(edited):
    told = {"experiments": ["sg-shift-kernel"], "recipe": "sg-shift-kernel"}
    jobs = edited.config({"paper": {"star-galaxy": {"shift": told}}})
    assert jobs.pop("score_shift") == 1
    assert set(jobs) == {"plot_sdss_shift", "tabulate_sdss_shift", *PAPER}


def test_a_probes_strength_reruns_the_probe_and_what_starts_from_it(edited):
    jobs = edited.config({"experiments": {"pn-lp": {"probe": {"c": [0.5]}}}})
    assert jobs["fit_probes"] == 1 and jobs["choose_pseudo_labels"] == 2
    assert jobs["train"] == 2 * 3  # all but the one that starts from the backbone itself
    assert not {"extract_features", "prepare_weights", "align_plates"} & set(jobs)
    assert upstream(jobs) == {}


@pytest.mark.parametrize(
    ("change", "chosen"), [({"t2": 5}, 0), ({"top_share": 0.5}, 2)], ids=["ramp", "share"]
)
def test_how_pseudo_labels_are_used_or_chosen_reruns_their_student(edited, change, chosen):
    jobs = edited.config({"experiments": {"pn-lpft-pl": {"pseudo": change}}})
    assert jobs["train"] == 2 and jobs["score"] == 1
    assert jobs.get("choose_pseudo_labels", 0) == chosen
    assert "fit_probes" not in jobs


def test_a_depth_of_fine_tuning_reruns_its_cut_and_its_chain(edited):
    jobs = edited.config({"experiments": {"pn-lpft": {"recipe": {"unfreeze": 2}}}})
    assert jobs["extract_features"] == 1
    assert jobs["train"] == 2 * 2  # itself and its student
    assert "fit_probes" not in jobs


def test_swapped_values_are_seen(edited):
    recipe = {"brightness_nmgy": 1.0, "blur_px": 0.1}
    assert edited.config({"recipes": {"ruhmer2023": recipe}})["train"] == 2 * 7


def test_one_datasets_patch_size_reruns_from_its_cutouts_on(edited):
    jobs = edited.config({"datasets": {"sdss-ugriz-25px": {"size": 27}}})
    assert jobs["cut_patches"] == 2
    assert jobs["make_split"] == 6
    assert jobs["train"] == SKY  # the nebulae start from weights that these patches taught
    assert not {"simulate_scan", "download_fields", "align_fields"} & set(jobs)


def test_a_field_added_leaves_other_shards_alone(edited):
    fields = ["8162-6-80", "8162-6-120", "8162-6-174", "8162-6-175", "8162-6-250"]
    jobs = edited.config({"surveys": {"sdss": {"fields": fields}}})
    assert jobs["align_fields"] == 1
    assert jobs["cut_patches"] == 2  # of objects, and of four classes


def test_what_counts_as_shown_recuts_the_four_classes_alone(edited):
    jobs = edited.config({"datasets": {"sdss-scenes-25px": {"scene": {"faintest_mag": 21.5}}}})
    assert jobs["cut_patches"] == jobs["measure_patches"] == 2
    assert jobs["train"] == FOUR and jobs["make_split"] == jobs["score"] == 1
    assert jobs["map_catalogue"] == jobs["map_field"] == jobs["plot_sdss_4class"] == 1
    assert "align_fields" not in jobs and "plot_sdss_patches" not in jobs


def test_a_finer_map_trains_nothing(edited):
    jobs = edited.config({"paper": {"star-galaxy": {"four_classes": {"step_px": 15}}}})
    shown = Counter(plot_sdss_4class=1, tabulate_sdss_4class=1)
    assert jobs == Counter(map_catalogue=1, map_field=1, score_map=1) + shown + PAPER


def test_a_prediction_added_reruns_nothing_else(edited):
    """New fields, and more of them, run their own jobs: no training, and no limit a second time."""
    block = {"experiment": "sg-large-ours", "fields": ["8162-6-120"]}
    assert edited.config({"predict": {"new": block}}) == Counter()
    found = edited.jobs("results/tiny/predicted/new.png", configs=[*TINY, "tests/change.yaml"])
    own = ("download_fields", "align_fields", "cut_patches", "measure_patches", "fit_domain")
    own += ("predict_shard", "join_predictions", "plot_prediction")
    assert found == Counter(own)


def test_a_new_weight_in_the_scores_trains_nothing(edited):
    jobs = edited.config({"paper": {"scoring": {"bin_mag": 0.5}}})
    assert jobs["score"] == TASKS
    assert "train" not in jobs and "fit_opponent" not in jobs


def test_what_was_tried_is_judged_anew_without_training(edited):
    jobs = edited.config({"paper": {"star-galaxy": {"tried": {"margin": 0.03}}}})
    assert jobs == Counter(tabulate_sdss_tried=1) + PAPER


def test_more_draws_of_random_splits_refit_the_probes_and_nothing_else(edited):
    jobs = edited.config({"paper": {"audit": {"leakage": {"draws": 2}}}})
    own = Counter(split_leakage=LEAKING, fit_leakage=LEAKING, score_leakage=LEAKING)
    assert jobs == own + Counter(tabulate_leakage=1) + PAPER
    jobs = edited.config({"paper": {"audit": {"leakage": {"metric": "macro_f1"}}}})
    assert jobs == Counter(score_leakage=LEAKING, tabulate_leakage=1) + PAPER


def test_another_probe_of_a_leak_splits_nothing(edited):
    probes = {"star-galaxy-large": "sg-large-logistic"}
    jobs = edited.config({"paper": {"audit": {"leakage": {"probes": probes}}}})
    assert jobs == Counter(fit_leakage=1, score_leakage=1, tabulate_leakage=1) + PAPER


def test_a_claim_reruns_the_audit_alone_and_a_question_its_table(edited):
    edited.replace("report/claims.yaml", "# --- planetary nebulae -", "# --- Nebulae -")
    assert edited.jobs() == {}
    edited.replace("report/claims.yaml", r"printed: '287'\n    check", "printed: '286'\n    check")
    assert edited.jobs() == AUDIT + PAPER
    edited.replace("report/sota.yaml", "measure: mAP", "measure: mean AP")
    assert edited.jobs() == AUDIT + PAPER + Counter(tabulate_sota=1)


def test_without_the_audit_only_the_paper_is_written_anew(edited):
    assert edited.config({"paper": {"audit": None}}) == PAPER


def test_a_search_space_reruns_the_search_and_its_experiment(edited):
    space = {"model.dropout": {"low": 0.0, "high": 0.3}}
    jobs = edited.config({"experiments": {"g10-search": {"search": {"space": space}}}})
    assert jobs["search_settings"] == jobs["export_model"] == 1
    assert jobs["train"] == 2
    assert "combine_predictions" not in jobs and upstream(jobs) == {}


def test_another_member_of_an_ensemble_retrains_none(edited):
    members = ["g10-dropout-bn", "g10-vgg-tuned", "g10-simple"]
    jobs = edited.config({"experiments": {"g10-ensemble": {"ensemble": {"of": members}}}})
    assert jobs["combine_predictions"] == jobs["score"] == 1
    assert not {"train", "search_settings", "export_model", "explain"} & set(jobs)


def test_how_classes_are_balanced_reruns_what_shares_the_recipe(edited):
    jobs = edited.config({"recipes": {"scratch-cnn": {"rebalance": 0.25}}})
    assert jobs["train"] == GALAXIES - 2 * 2  # VGG16 has recipes of its own
    assert jobs["search_settings"] == 1
    assert upstream(jobs) == {}


@pytest.mark.parametrize(("script", "made"), [("explain", "gradcam"), ("export_model", "export")])
def test_what_is_made_of_a_network_does_not_train_it(edited, script, made):
    edited.replace(f"scripts/{script}.py", r"\nwith running", "\nSPARE = 1\n\nwith running")
    jobs = edited.jobs()
    assert jobs[script] == 1
    assert not {"train", "score", "search_settings"} & set(jobs)
    assert any(made in name for name in jobs if name != script)


@pytest.mark.parametrize("change", [{"repeats": 2}, {"neighbours": {"core_px": 2}}])
def test_how_influence_is_measured_trains_nothing(edited, change):
    jobs = edited.config({"paper": {"star-galaxy": {"radial": change}}})
    assert jobs == Counter(measure_influence=1, plot_sdss_radial=1) + PAPER


@pytest.mark.parametrize(
    "change",
    [{"columns": ["modelmag_g", "modelmag_r"], "errors": []}, {"scale": "divide"}],
    ids=["columns", "scale"],
)
def test_a_pretexts_targets_rerun_it_and_what_starts_from_it(edited, change):
    jobs = edited.config({"tasks": {"specobj-magnitudes": {"targets": change}}})
    own = SPLIT + PRETEXT + Counter(fit_opponent=1)
    assert jobs == own + SCORES + SCORES + CURVES + PAPER


def test_another_window_off_centre_finds_no_boxes_anew(edited):
    jobs = edited.config({"tasks": {"galaxies": {"boxes": {"off_centre": 0.5}}}})
    assert jobs["train"] == DETECTORS and jobs["fit_box_opponent"] == 2
    assert jobs["score_boxes"] == jobs["compare_boxes"] == jobs["detect_frame"] == 1
    assert not {"find_boxes", "make_split", "score"} & set(jobs)


def test_how_boxes_are_found_reruns_what_rests_on_them(edited):
    edited.replace("scripts/fewsky/boxes/find.py", r"\n\n\ndef ", "\n\n\nSPARE = 1\n\n\ndef ")
    jobs = edited.jobs()
    assert jobs["find_boxes"] == 2 and jobs["train"] == DETECTORS
    assert not {"cut_images", "make_split", "compose_frame", "score"} & set(jobs)


def test_what_a_classifier_sees_of_a_detection_trains_nothing(edited):
    jobs = edited.config({"paper": {"detection": {"named": {"context": 1.5}}}})
    named = Counter(name_detections=1, name_frame=1, score_named=1, plot_det_e2e=1)
    assert jobs == named + PAPER


def test_bins_of_a_frames_scores_search_no_frame(edited):
    jobs = edited.config({"paper": {"detection": {"frames": {"bin_mag": 0.5}}}})
    assert jobs == Counter(score_frame=1, plot_det_frame=1) + PAPER


def test_a_pretexts_learning_rate_reruns_it_and_what_starts_from_it(edited):
    jobs = edited.config({"recipes": {"pretext": {"learning_rate": 0.002}}})
    assert jobs == PRETEXT + SCORES + SCORES + CURVES + PAPER


def test_who_is_kept_out_of_a_pretext_reruns_its_split_and_on(edited):
    change = {"keep_out": {"tasks": ["sgq"], "radius_arcsec": 30}}
    jobs = edited.config({"tasks": {"specobj-free": {"split": change}}})
    own = Counter(train=1, prepare_weights=1, extract_features=1, measure_representation=1)
    assert jobs == SPLIT + own + SCORES + MAPS + PAPER  # no start of the atlas


def test_a_budget_of_the_atlas_reruns_its_task(edited):
    jobs = edited.config({"atlas": {"tasks": {"sgq": {"budgets": [12, "all"]}}}})
    assert jobs == Counter(train=ATLAS, fit_probes=1) + SCORES + CURVES + PAPER


def test_fewer_draws_of_the_atlas_are_only_scored(edited):
    jobs = edited.config({"atlas": {"draws": 1}})
    assert jobs == SCORES + CURVES + PAPER


def test_another_start_of_the_atlas_reruns_its_probe(edited):
    change = {"atlas": {"starts": {"magnitudes": {"weights": "ssl-contrastive"}}}}
    change["paper"] = {"self-supervision": {"targets": []}}  # it has no start any more
    jobs = edited.config(change)
    assert jobs["fit_probes"] == jobs["score_curves"] == 1
    assert not {"train", "prepare_weights", "make_split"} & set(jobs)


def test_a_representation_added_is_measured_alone(edited):
    pairs = [{"task": "sgq", "weights": name} for name in ("ssl-contrastive", "pixels")]
    jobs = edited.config({"paper": {"self-supervision": {"representations": pairs}}})
    assert jobs == Counter(measure_representation=1) + MAPS + PAPER


def test_how_curves_are_scored_reruns_them_and_no_network(edited):
    edited.replace("scripts/fewsky/metrics/curves.py", r"\n\n\ndef ", "\n\n\nSPARE = 1\n\n\ndef ")
    assert edited.jobs() == CURVES + GROWTH + PAPER


# --- the changes of a newcomer, by docs/usage.md -----------------------------------------------
@pytest.mark.parametrize(
    ("title", "trained"),
    [
        ("A network of your own", 2),
        ("Fewer labels", 4),
        ("A figure of your own", 0),
        ("A sentence, a figure", 0),
    ],
)
def test_a_change_by_the_page_reruns_what_it_promises(edited, title, trained):
    jobs = edited.page(title)
    assert broken(title, [*jobs, "show_tables"]) == ([], [])
    assert jobs["train"] == trained and upstream(jobs) == {}


def test_a_survey_added_runs_what_the_page_promises_and_no_other_is_read_anew(edited):
    title = "A survey of your own"
    assert set(edited.page(title)) <= set(PAPER)  # the text counts surveys and experiments
    jobs = edited.jobs("results/tiny/metrics/my-rings.csv")
    assert broken(title, jobs) == ([], [])
    assert jobs["train"] == 3


def test_a_fresh_clone_over_old_results_reruns_nothing(tiny, tmp_path):
    """Every source file gets a new time stamp; results and Snakemake's records move along."""
    clone = copy_repository(tmp_path / "clone")
    for path in clone.rglob("*"):
        if path.is_file() and not path.is_symlink():
            os.utime(path)
    for name in ("results", ".snakemake"):
        subprocess.run(["cp", "-a", tiny / name, clone / name], check=True)
    run = snakemake(clone, "--dry-run", "--cores", "2")
    assert run.code == 0 and run.rules == {}, run.text[-3000:]
