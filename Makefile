# The names are here, the logic is in scripts/. A stamp in .venv tells what is installed there.

.DEFAULT_GOAL := help
.PHONY: help dev demo format lint test covered e2e soak bench scale lock tools control-plane image kind-up kind-down clean

help: ## print this help
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

dev: .venv/.dev ## set up .venv for developers; PYTHON=path chooses the interpreter

demo: .venv/.run ## a registry, the webhook over TLS, real reviews and the answers, on this machine
	@.venv/bin/cocket demo

format: .venv/.dev ## format the code and mend what can be mended
	.venv/bin/ruff format
	.venv/bin/ruff check --fix

lint: .venv/.dev ## formatting, lint, types, layers
	.venv/bin/ruff format --check
	.venv/bin/ruff check
	.venv/bin/mypy
	.venv/bin/lint-imports --no-logo

test: .venv/.dev tools ## run the tests; T=path K=word choose some of them
	.venv/bin/pytest -m 'not e2e' $(if $(K),-k '$(K)') $(T) $(if $(T)$(K),,--cov)
	$(if $(T)$(K),,@$(MAKE) --no-print-directory covered)

covered: # what judges is covered whole
	@.venv/bin/coverage report --include='webhook/core/*' --skip-covered --fail-under=100

e2e: .venv/.dev tools control-plane ## the same against a real API server; T= and K= too
	.venv/bin/pytest -m e2e $(if $(K),-k '$(K)') $(or $(T),tests/e2e)

soak: .venv/.dev tools control-plane ## load for SOAK_MINUTES (10), and idle connections: what is too long for e2e
	.venv/bin/pytest -m e2e tests/e2e/soak.py

bench: .venv/.dev tools ## measure against a bare server: a table, and build/bench.json
	.venv/bin/python -m bench

scale: .venv/.dev control-plane ## measure large clusters, or TENTH=1 of them: a table, and build/scale.json
	.venv/bin/python -m bench.scale $(if $(TENTH),--tenth)

lock: ## write the lock files anew, with the newest versions
	@scripts/lock

tools: ## bring the real tools that some tests need into .tools/bin
	@scripts/tools

control-plane: ## bring a real API server; KUBEBUILDER_ASSETS=folder is one
	@scripts/control-plane >/dev/null

image: ## build the image of both processes; IMAGE=name:tag, PYTHON_IMAGE=name@digest is its base
	@scripts/image $(IMAGE)

kind-up: ## a kind cluster with Cocket in it, one Pod refused and one admitted
	@scripts/kind-up

kind-down: ## remove that cluster and its registry
	@scripts/kind-down

clean: ## remove all that was made here, .venv too
	rm -rf .venv .tools build dist .coverage* .hypothesis .*_cache
	find . -name __pycache__ -prune -exec rm -rf {} +

.venv/.run: requirements.lock pyproject.toml
	@scripts/venv requirements.lock $@

# This lock holds all of the other one, in the same versions.
.venv/.dev: requirements-dev.lock pyproject.toml
	@scripts/venv requirements-dev.lock $@
	@touch .venv/.run
