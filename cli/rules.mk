# The tool: a crate of its own, so that the core keeps its dependencies. Paths are those of the repository.

tool: $(BUILD)/hyla ## build the tool: build/hyla

# Cargo knows what is new.
$(BUILD)/hyla: FORCE
	@mkdir -p $(@D)
	$(CARGO) build --quiet --release --package hyla-cli
	cp $${CARGO_TARGET_DIR:-target}/release/hyla $@

tool-test: ## run the tests of the tool
	$(CARGO) test --quiet --package hyla-cli

tool-lint:
	$(CARGO) fmt --check --package hyla-cli
	$(CARGO) clippy --quiet --package hyla-cli --all-targets --no-deps -- -D warnings

# TensorBoard itself reads the event files, in an environment of its own if it is not installed.
BOARD_PYTHON ?= $(BUILD)/tensorboard/bin/python
tool-board-test: $(BUILD)/hyla $(BOARD_PYTHON) ## what TensorBoard reads of an event file is what the tool printed
	$(BOARD_PYTHON) cli/tests/board.py $(BUILD)/hyla

$(BUILD)/tensorboard/bin/python:
	python3 -m venv $(BUILD)/tensorboard
	$(BUILD)/tensorboard/bin/pip install --quiet tensorboard

DEMO := $(BUILD)/tool-demo
tool-demo: $(BUILD)/hyla ## run the tool on a simulated scene, and write build/tool-demo/report.html
	$(CARGO) run --quiet --release --package hyla-cli --example simulate $(DEMO)
	$(BUILD)/hyla run cli/demo.yaml --inputs $(DEMO) --batch 1 --report $(DEMO) > $(DEMO)/values.txt
	@echo 'wrote $(DEMO)/report.html and $(DEMO)/values.txt'

FORCE:
.PHONY: FORCE tool tool-demo tool-test tool-lint tool-board-test
