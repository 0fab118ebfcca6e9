# The front door. `make help` lists what there is to do.

PYTHON ?= python3
BUILD  ?= build
export SUCHFOO_BUILD = $(abspath $(BUILD))

numbers := $(sort $(foreach step,$(wildcard steps/[0-9][0-9]_*),$(firstword $(subst _, ,$(notdir $(step))))))
step    := $(notdir $(firstword $(wildcard steps/$(STEP)_* steps/0$(STEP)_*)))

.PHONY: help build tour test lab check hint watch grade handout standalone doctor peek bench book serve-book notes mutants format clean $(numbers)

help:
	@echo 'make build            build every step and its tests, into build/'
	@echo 'make tour             play every step in order (PAUSE=1 waits for Enter between them)'
	@echo 'make 01, make 02, ... play that step ($(numbers))'
	@echo 'make test             run every test, or one step'"'"'s: make test STEP=04'
	@echo
	@echo 'make lab STEP=03      start an exercise, in work/'
	@echo 'make check STEP=03    say what is still missing (REFERENCE=1: use your own code for this step only)'
	@echo 'make hint STEP=03     give the next hint (ALL=1: all of them)'
	@echo 'make watch            check at every save, and go on from step to step'
	@echo 'make grade            grade work/ (OUT=results.json), or a class: SUBMISSIONS=folder'
	@echo 'make handout OUT=dir  write a tree without answers (STEPS="03 05": to these)'
	@echo
	@echo 'make standalone       write each step as one file, into build/standalone/ (or one: STEP=07)'
	@echo 'make peek FILE=path   watch a foo live, and who has it mapped (or NAME=/suchfoo.demo)'
	@echo 'make bench            measure all transports of step 09, in a minute (BENCH=full: in ten;'
	@echo '                      COMPARE=old.json: and say what changed)'
	@echo 'make book             render the notes as a book, build/book (make serve-book: and serve it)'
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

# The labs: see notes/teaching.md.
needs_step = $(if $(STEP),,@echo 'which step? for example: make $@ STEP=03' >&2; exit 2)

lab:
	$(needs_step)
	@$(PYTHON) common/lab.py lab $(STEP)

check:
	$(needs_step)
	@$(PYTHON) common/lab.py check $(STEP) $(if $(REFERENCE),--reference)

hint:
	$(needs_step)
	@$(PYTHON) common/lab.py hint $(STEP) $(if $(ALL),--all)

watch:
	@$(PYTHON) common/watch.py

grade: build
	@$(PYTHON) common/grade.py $(if $(SUBMISSIONS),--submissions '$(SUBMISSIONS)') $(if $(OUT),--out '$(OUT)') $(if $(STEPS),--steps '$(STEPS)')

handout:
	@$(if $(OUT),,echo 'where to? for example: make handout OUT=/tmp/handout' >&2; exit 2)
	@$(PYTHON) common/handout.py '$(OUT)' '$(STEPS)'

standalone:
	@$(PYTHON) common/standalone.py $(STEP)

peek:
	@$(PYTHON) common/peek.py $(if $(NAME),--name '$(NAME)',--file '$(FILE)')

# What is compared may have been installed since the last time: hence the first line.
bench:
	@cmake -S . -B $(BUILD) > /dev/null
	@cmake --build $(BUILD) --parallel 2 --target bench -- --no-print-directory -s
	@$(PYTHON) steps/09_how_fast/bench.py $(if $(filter full,$(BENCH)),--seconds 600) $(if $(COMPARE),--compare '$(COMPARE)')

doctor:
	@$(PYTHON) common/doctor.py

book:
	@$(PYTHON) common/book.py

serve-book:
	@$(PYTHON) common/book.py --serve

notes: build
	@$(PYTHON) common/notes.py

mutants:
	@$(PYTHON) common/mutants.py $(STEP)

format:
	@clang-format -i common/*.hpp steps/*/*.?pp tests/*.?pp $(shell find tests/mutants -name '*.?pp')

clean:
	rm -rf $(BUILD)
	@if [ -d work ]; then echo 'left alone: work/, which is yours'; fi
