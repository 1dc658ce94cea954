# `make paper` and `make test` need Python 3.11 and nothing else; see README.md.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
SNAKEMAKE := $(BIN)/snakemake
PROFILE ?= demo
CORES ?= all
MIRROR ?= ../shared/mirror
FOLDER ?= ../shared/images/planetary-nebulae-dss
# Real images for the sample: mergers of FOLDER where it is given, else those of this folder where it
# exists; those of Galaxy Zoo 2 likewise.
MERGERS = $(if $(filter file,$(origin FOLDER)),$(wildcard ../shared/images/galaxy-mergers),$(FOLDER))
GALAXIES ?= $(wildcard ../shared/images/galaxy-zoo-2-sample)
COMMA := ,
CHAPTERS = star-galaxy$(if $(GALAXIES),$(COMMA) detection)$(if $(MERGERS),$(COMMA) self-supervision)
FOLDERS = $(if $(GALAXIES),galaxy-zoo-2: {folder: $(GALAXIES)}$(COMMA))$(if $(MERGERS),mergers: {folder: $(MERGERS)})
WITH_IMAGES = --configfile config.yaml profiles/sample/overrides.yaml \
	$(if $(GALAXIES),profiles/sample/detection.yaml) $(if $(MERGERS),profiles/sample/mergers.yaml) \
	--config mirror=$(MIRROR) 'surveys={$(FOLDERS)}' 'paper={chapters: [$(CHAPTERS)]}'
# What a profile is told beside its files: where the files of this machine lie.
OWN_sample = $(if $(MERGERS)$(GALAXIES),$(WITH_IMAGES),--config mirror=$(MIRROR))
OWN_folder = --config 'surveys={my-images: {folder: $(FOLDER)}}'
RESUMED = profiles/$(PROFILE) $(if $(filter slurm%,$(PROFILE)),,--cores $(CORES)) $(OWN_$(PROFILE))
RESULTS ?= results/main
# Snakemake's words of the run that made RESULTS, on this machine.
RUN_OF = $(if $(filter main,$(notdir $(RESULTS))),--profile profiles/slurm --executor local,--profile profiles/$(notdir $(RESULTS)) $(OWN_$(notdir $(RESULTS))))
# Tests run two at a time; those that share the tiny paper stay together.
WORKERS ?= -n 2 --no-loadscope-reorder
KILLS ?= 50
SEED ?= 1
# Extra words for Snakemake, for example ARGS="--dry-run".
ARGS ?=
export PYTHONDONTWRITEBYTECODE := 1
DRY = $(filter --dry-run -n,$(ARGS))
# What a run ends with: the report, and where both documents lie. A dry run makes neither.
define ends
@$(if $(DRY),,$(MAKE) --no-print-directory results/$(1)/report.html $(2))
@$(if $(DRY),,echo "paper   results/$(1)/paper.pdf"; echo "report  results/$(1)/report.html")
endef

.PHONY: help paper sample folder predict resume bundle unbundle remake test test-all test-slurm faults bench growth urls fetch verify-science lint docs lock estimate

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 24

$(VENV)/.done: requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet -r requirements.txt
	touch $@

paper: $(VENV)/.done  ## the demo sky, the chapters, paper.pdf and report.html
	$(SNAKEMAKE) --profile profiles/demo --cores $(CORES) $(ARGS)
	$(call ends,demo,)

sample: $(VENV)/.done  ## the same on real SDSS files: make sample MIRROR=DIR FOLDER=DIR-OF-MERGERS GALAXIES=DIR
	$(SNAKEMAKE) --profile profiles/sample --cores $(CORES) $(OWN_sample) $(ARGS)
	$(call ends,sample,)

folder: $(VENV)/.done  ## the chapter on few labels with your own images: make folder FOLDER=DIR
	$(SNAKEMAKE) --profile profiles/folder --cores $(CORES) $(OWN_folder) $(ARGS)
	$(call ends,folder,FOLDER=$(FOLDER))

# Made again only when the paper is.
results/%/report.html: results/%/paper.pdf
	$(SNAKEMAKE) --profile profiles/$* $(OWN_$*) --report $@

predict: $(VENV)/.done  ## a trained experiment on new fields or images: make predict NAME=new EXPERIMENT=... FIELDS="..." PROFILE=...
	PYTHONPATH=scripts $(BIN)/python -m fewsky.commands.predict --name "$(NAME)" --experiment "$(EXPERIMENT)" \
		$(if $(FIELDS),--fields $(FIELDS)) $(if $(CATALOGUE),--catalogue "$(CATALOGUE)") \
		$(if $(IMAGES),--folder "$(IMAGES)") $(if $(DRAWS),--draws $(DRAWS)) $(if $(AFTER_KILL),--resume) \
		-- --profile $(RESUMED) $(ARGS)

resume: $(VENV)/.done  ## after a kill: end orphaned jobs, unlock, go on (PROFILE=demo, sample, folder, slurm or slurm-preemptible)
	PYTHONPATH=scripts $(BIN)/python -m fewsky.commands.resume --profile $(RESUMED) $(ARGS)

bundle: $(VENV)/.done  ## results, networks, provenance and code to give away: an RO-Crate of RESULTS=results/main
	PYTHONPATH=scripts $(BIN)/python -m fewsky.commands.bundle $(if $(ALLOW_SIMULATED),--allow-simulated) -- $(RUN_OF) --cores $(CORES)

unbundle: $(VENV)/.done  ## check and take over what make bundle made: make unbundle BUNDLE=fewsky-main.zip
	PYTHONPATH=scripts $(BIN)/python -m fewsky.commands.unbundle "$(BUNDLE)"

remake: $(VENV)/.done  ## figures, tables, cards and paper again of what RESULTS holds, without a GPU or the archives
	PYTHONPATH=scripts $(BIN)/python -m fewsky.commands.remake -- $(RUN_OF) --cores $(CORES) $(ARGS)

test: $(VENV)/.done  ## unit, rules, reruns, faults, real data where present
	$(BIN)/python -m pytest $(WORKERS) -m "not slow and not slurm"

test-all: $(VENV)/.done  ## the slow ones too, and the demo through Slurm where one can be started
	$(BIN)/python -m pytest $(WORKERS) -m "not slurm"
	@if refusal=$$(tests/slurm/cluster.sh check $(VENV)/no-cluster 2>&1); \
	then $(BIN)/python -m pytest -m slurm tests/slurm; \
	else echo "make test-all: left out what needs a Slurm. $$refusal"; fi

test-slurm: $(VENV)/.done  ## the Slurm profile on a Slurm of its own; needs root and Debian's slurm-wlm and munge
	$(BIN)/python -m pytest -m "slurm and not slow" tests/slurm

faults: $(VENV)/.done  ## kills, a bad mirror, broken inputs, in results/faults.json: make faults KILLS=50 SEED=1
	PYTHONPATH=scripts $(BIN)/python -m tests.faults --kills $(KILLS) --seed $(SEED)

bench: $(VENV)/.done  ## speed against named peers, memory against bounds, in results/bench.json
	PYTHONPATH=scripts $(BIN)/python -m benchmarks

growth: $(VENV)/.done  ## time and memory a field as simulated fields grow: make growth SEED=1 FIELDS="10 100 1000"
	PYTHONPATH=scripts $(BIN)/python -m benchmarks.growth --seed $(SEED) $(if $(FIELDS),--fields $(FIELDS))

urls: $(VENV)/.done  ## the URL of every archive file that config.yaml needs: make -s urls
	@PYTHONPATH=scripts $(BIN)/python -m fewsky.commands.urls config.yaml

fetch: $(VENV)/.done  ## download all that config.yaml needs, on a node that reaches the archives
	$(SNAKEMAKE) --profile slurm --executor local --cores 2 --until download_fields download_images download_weights $(ARGS)

verify-science: $(VENV)/.done  ## the gates of config.yaml against results/main
	PYTHONPATH=scripts $(BIN)/python -m fewsky.commands.verify_science config.yaml results/main

estimate: $(VENV)/.done  ## jobs of the whole paper by class, and hours by the benchmarks of RESULTS=results/main
	PYTHONPATH=scripts $(BIN)/python -m fewsky.commands.estimate $(RESULTS)

docs: $(VENV)/.done  ## docs/config.md from the schema
	PYTHONPATH=scripts $(BIN)/python -m fewsky.config_docs

lock: $(VENV)/.done  ## envs/*: solve, pin and hash the environments of --sdm conda; needs conda-forge and PyPI
	$(PYTHON) -m venv $(VENV)-lock
	$(VENV)-lock/bin/pip install --quiet conda-lock==4.0.3
	PYTHONPATH=scripts $(BIN)/python -m fewsky.commands.lock --conda-lock $(VENV)-lock/bin/conda-lock

lint: $(VENV)/.done  ## ruff, snakefmt, snakemake --lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile rules
	$(SNAKEMAKE) --profile profiles/demo --lint
