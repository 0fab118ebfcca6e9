# The front door. `make help` lists what there is to do.

PYTHON ?= python3
BUILD  ?= build
# Not abspath: a folder may have a space in its name.
# Our own modules are to be found, whatever this is set to.
export PYTHONSAFEPATH =
export SUCHFOO_BUILD = $(if $(filter /%,$(BUILD)),$(BUILD),$(CURDIR)/$(BUILD))

names   := $(notdir $(wildcard steps/[0-9][0-9]_*))
built   := $(foreach name,$(names),$(and $(wildcard steps/$(name)/main.cpp),$(wildcard tests/$(name)_test.cpp),$(wildcard notes/$(name).md),$(name)))
numbers := $(sort $(foreach name,$(built),$(firstword $(subst _, ,$(name)))))
begun   := $(sort $(foreach name,$(filter-out $(built),$(names)),$(firstword $(subst _, ,$(name)))))
step    := $(notdir $(firstword $(wildcard steps/$(STEP)_* steps/0$(STEP)_*)))
tool    := $(PYTHON) common/tools
quiet    = $(if $(wildcard $(BUILD)/build.ninja),--quiet,--no-print-directory -s)
compile  = @cmake --build '$(BUILD)' --parallel 2 --target $(1) -- $(quiet)

.PHONY: help configure build programs tour test lab check hint watch grade autograder handout standalone doctor peek why-sigbus bench book serve-book notes mutant mutants step format clean $(numbers) $(begun)

help:
	@echo 'To begin with:'
	@echo '  make tour             play every step in order, in half a minute (PAUSE=1: wait for Enter between them)'
	@echo '  make 01, make 02, ... play that step ($(numbers))'
	@echo '  make test             run every test, or one step'"'"'s: make test STEP=04'
	@echo '  make doctor           say what is here: tools, shared memory, what was left behind'
	@echo
	@echo 'The steps as exercises:'
	@echo '  make lab STEP=03      start an exercise, in work/'
	@echo '  make check STEP=03    say what is still missing (REFERENCE=1: use your own code for this step only)'
	@echo '  make hint STEP=03     give the next hint (ALL=1: all of them)'
	@echo '  make watch            check at every save, and go on from step to step'
	@echo
	@echo 'To look closer:'
	@echo '  make peek FILE=path   watch a foo live, and who has it mapped (or NAME=/suchfoo.demo)'
	@echo '  make why-sigbus CMD="prog arg"   run a program, and say why if it dies of a bus error'
	@echo '  make mutant STEP=08   list the wrong variants of a step (NAME=sigpipe: show and build that one)'
	@echo '  make standalone       write each step as one file, into build/standalone/ (or one: STEP=07)'
	@echo '  make bench            measure all transports of step 24, in a minute (BENCH=full: in ten;'
	@echo '                        COMPARE=old.json: and say what changed)'
	@echo '  make book             render the notes as a book, build/book (make serve-book: and serve it)'
	@echo
	@echo 'For a class:'
	@echo '  make handout OUT=dir  write a tree without answers (STEPS="03 05": to these)'
	@echo '  make grade            grade work/ (OUT=results.json), or a class: SUBMISSIONS=folder'
	@echo '                        (STUDENT=name: one of them; MERGE=folder: write the CSV of what is graded)'
	@echo '  make autograder OUT=x.zip  pack an autograder for Gradescope (STEPS="03 05": of these)'
	@echo
	@echo 'For whoever changes the steps (see notes/contributing.md):'
	@echo '  make step NAME=25_my_step   write all parts of a new step'
	@echo '  make notes            write transcripts, pictures, and the blocks of the notes that show code'
	@echo '  make mutants          prove that the tests reject every mutant (STEP=04: of that step)'
	@echo '  make format           format the C++ with clang-format'
	@echo '  make build            build every step and its tests, into build/'
	@echo '  make clean            remove build/; your work/ is left alone'

# Configured here, and to the end; a tree that was copied or moved, or a configuring that
# failed, is begun again.
configured := '$(BUILD)/configured'
configure:
	@[ "$$(cat $(configured) 2> /dev/null)" = "$$PWD" ] || { \
	    rm -rf '$(BUILD)/CMakeCache.txt' '$(BUILD)/CMakeFiles' '$(BUILD)/prepared' && \
	    mkdir -p '$(BUILD)' && \
	    { cmake -S . -B '$(BUILD)' > '$(BUILD)/configure.log' 2>&1 || { cat '$(BUILD)/configure.log' >&2; exit 1; }; } && \
	    printf '%s\n' "$$PWD" > $(configured); }

build: configure
	$(call compile,all)

programs: configure
	$(call compile,programs)

tour: programs
	@$(tool) tour

# A step's driver names the programs that it plays.
$(numbers): configure
	$(call compile,plays_$@)
	@$(tool) tour $@

# A step that is half made is not played: this says what it lacks.
$(begun):
	@$(tool) tour $@

ifdef STEP
test: configure
	@$(if $(step),,$(tool) test $(STEP))
	$(call compile,$(step)_test)
	@$(tool) test $(STEP)
else
test: build
	@$(tool) test
endif

# The labs: see notes/teaching.md.
needs_step = $(if $(STEP),,@echo 'which step? for example: make $@ STEP=03' >&2; exit 2)

lab:
	$(needs_step)
	@$(tool) lab lab $(STEP)

check:
	$(needs_step)
	@$(tool) lab check $(STEP) $(if $(REFERENCE),--reference)

hint:
	$(needs_step)
	@$(tool) lab hint $(STEP) $(if $(ALL),--all)

watch:
	@$(tool) watch

# An option with its word, whatever is in that: O'Brien.
option = $(if $(2),$(1) '$(subst ','\'',$(2))')
# A student may have named a file so that make would run it, here or in the makes that this one starts.
unexport STUDENT
MAKEOVERRIDES =

grade: $(if $(MERGE),,build)
	@$(tool) grade $(call option,--submissions,$(SUBMISSIONS)) $(call option,--student,$(value STUDENT)) $(call option,--out,$(OUT)) $(call option,--steps,$(STEPS)) $(call option,--merge,$(MERGE))

autograder:
	@$(if $(OUT),,echo 'where to? for example: make autograder OUT=/tmp/autograder.zip STEPS="03 05"' >&2; exit 2)
	@$(tool) autograder '$(OUT)' '$(STEPS)'

handout:
	@$(if $(OUT),,echo 'where to? for example: make handout OUT=/tmp/handout' >&2; exit 2)
	@$(tool) handout '$(OUT)' '$(STEPS)'

standalone:
	@$(tool) standalone $(STEP)

# What is built says nothing: the rest is the command's.
why-sigbus: configure
	$(call compile,20_why_sigbus)
	@'$(BUILD)/steps/20_why_sigbus' $(CMD)

peek:
	@$(tool) peek $(if $(NAME),--name '$(NAME)',--file '$(FILE)')

mutant:
	$(needs_step)
	@$(tool) mutant $(STEP) $(NAME)

# What is compared may have been installed since the last time: hence the first line.
bench: configure
	@cmake -S . -B '$(BUILD)' > /dev/null
	$(call compile,bench)
	@$(PYTHON) steps/24_choosing/report/bench.py $(if $(filter full,$(BENCH)),--seconds 600) $(if $(COMPARE),--compare '$(COMPARE)')

doctor:
	@$(tool) doctor

book:
	@$(tool) book

serve-book:
	@$(tool) book --serve

step:
	@$(if $(NAME),,echo 'which name? for example: make step NAME=25_my_step' >&2; exit 2)
	@$(tool) new_step '$(NAME)'

notes: build
	@$(tool) notes

mutants:
	@$(tool) mutants $(STEP)

format:
	@clang-format -i $$(git ls-files --cached --others --exclude-standard '*.hpp' '*.cpp')

clean:
	rm -rf '$(BUILD)'
	@if [ -d work ]; then echo 'left alone: work/, which is yours'; fi
