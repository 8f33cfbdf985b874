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

FORCE:
.PHONY: FORCE tool tool-test tool-lint tool-board-test
