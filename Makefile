# The front door. `make help` lists what there is to do.

PYTHON ?= python3
BUILD  ?= build
export SUCHFOO_BUILD = $(abspath $(BUILD))

numbers := $(sort $(foreach step,$(wildcard steps/[0-9][0-9]_*),$(firstword $(subst _, ,$(notdir $(step))))))
step    := $(notdir $(firstword $(wildcard steps/$(STEP)_* steps/0$(STEP)_*)))

.PHONY: help build tour test standalone doctor notes mutants format clean $(numbers)

help:
	@echo 'make build            build every step and its tests, into build/'
	@echo 'make tour             play every step in order (PAUSE=1 waits for Enter between them)'
	@echo 'make 01, make 02, ... play that step ($(numbers))'
	@echo 'make test             run every test, or one step'"'"'s: make test STEP=04'
	@echo 'make standalone       write each step as one file, into build/standalone/ (or one: STEP=07)'
	@echo 'make doctor           say what is here: tools, shared memory, what was left behind'
	@echo 'make clean            remove build/; your work/ is left alone'
	@echo
	@echo 'For whoever changes the steps:'
	@echo 'make notes            write transcripts, and the blocks of the notes that show code'
	@echo 'make mutants          prove that the tests reject every mutant (STEP=04: of that step)'
	@echo 'make format           format the C++ with clang-format'

$(BUILD)/CMakeCache.txt:
	@cmake -S . -B $(BUILD) > $(BUILD).log 2>&1 || { cat $(BUILD).log >&2; rm -f $(BUILD).log; exit 1; }
	@rm -f $(BUILD).log

build: $(BUILD)/CMakeCache.txt
	@cmake --build $(BUILD) --parallel 2 -- --no-print-directory -s

tour: build
	@$(PYTHON) common/tour.py

$(numbers): build
	@$(PYTHON) common/tour.py $@

ifdef STEP
test: $(BUILD)/CMakeCache.txt
	@$(if $(step),,$(PYTHON) common/test.py $(STEP))
	@cmake --build $(BUILD) --parallel 2 --target $(step) $(step)_test -- --no-print-directory -s
	@$(PYTHON) common/test.py $(STEP)
else
test: build
	@$(PYTHON) common/test.py
endif

standalone:
	@$(PYTHON) common/standalone.py $(STEP)

doctor:
	@$(PYTHON) common/doctor.py

notes: build
	@$(PYTHON) common/notes.py

mutants:
	@$(PYTHON) common/mutants.py $(STEP)

format:
	@clang-format -i common/*.hpp steps/*/*.?pp tests/*.?pp $(shell find tests/mutants -name '*.?pp')

clean:
	rm -rf $(BUILD)
	@if [ -d work ]; then echo 'left alone: work/, which is yours'; fi
