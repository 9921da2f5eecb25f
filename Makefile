# Byline. `make chat` sets everything up and opens the chat; `make test` sets up and runs the tests.

PYTHON ?= python3
PORT ?= 7860
# A wheel, or another requirement, where the CPU build of torch is not what pip finds by itself.
TORCH ?= torch==2.13.0
BYLINE = .venv/bin/byline $(if $(LIBRARY),--library "$(LIBRARY)")
READY = .venv/share/byline/ready

.PHONY: setup chat test bench fuzz torture screenshots lock

setup: $(READY)

chat: $(READY)
	$(BYLINE) serve --port $(PORT)

test: $(READY)
	.venv/bin/python -m pytest $(TESTS)

bench: $(READY)
	.venv/bin/python -m tests.bench

# Mutated files, 20,000 of each format: hours. `make fuzz FILES=200` is a taste.
fuzz: $(READY)
	.venv/bin/python -m tests.corpus.fuzz $(or $(FILES),20000)

# Kills, failing system calls and damaged files, with strace: an hour and more on an idle machine.
# `make torture TORTURE="--kills 50 --share 0.01 --harms 50"` is a taste.
torture: $(READY)
	.venv/bin/python -m tests.torture $(or $(TORTURE),--write)

screenshots: $(READY)
	.venv/bin/python -m tests.ui.screenshots build/screenshots

# torch stands outside the lock: its builds differ by machine. The rest is locked with hashes.
$(READY): requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	.venv/bin/python -c 'import torch' 2>/dev/null || .venv/bin/pip install --quiet "$(TORCH)"
	.venv/bin/pip install --quiet --no-deps --require-hashes -r requirements.lock
	.venv/bin/pip install --quiet --no-deps --no-build-isolation --editable .
	.venv/bin/python -m index.encoder
	.venv/bin/python -m ui.sample
	@touch $(READY)

# For maintainers: uv resolves for every platform; torch's GPU libraries are left to torch.
lock:
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes \
		--no-emit-package torch --excludes requirements.excluded --no-header --no-annotate -o requirements.lock
