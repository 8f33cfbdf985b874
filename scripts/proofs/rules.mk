# Proofs; included by the Makefile. z3 is Debian's package z3, or z3-solver of PyPI.

proofs: ## prove the statements of docs/exactness.md by machine, with the constants of the sources
	@$(call need,python3 z3); python3 scripts/proofs

.PHONY: proofs
