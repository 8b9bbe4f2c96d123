# Everything a contributor runs. `make test` is what CI runs.

PREFIX ?= /usr/local
DESTDIR ?=
CARGO ?= cargo
TARGET_DIR ?= $(or $(CARGO_TARGET_DIR),target)
PYTEST = .venv/bin/python -m pytest -c compat-tests/pytest.ini compat-tests/cases
# The cases of the compatibility suite mostly wait; more workers than cores pay.
WORKERS ?= 8

.PHONY: build run test check compat record contract-report sim bench install clean

build:
	$(CARGO) build --release --locked

# The demo in the foreground, everything it writes under ./run. Ctrl-C ends it.
run: build
	@sh conf/demo/run.sh $(TARGET_DIR)/release/supervisord

# Format, lints, Rust tests, compatibility suite; the last line counts them all.
test:
	@sh scripts/test.sh

# The Rust half alone: quick enough to run before each commit.
check:
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets -- -D warnings
	$(CARGO) test --locked
	RUSTDOCFLAGS="-D warnings -A rustdoc::private_intra_doc_links" $(CARGO) doc --locked --no-deps --document-private-items

# The suite against us and against the reference, all four pairs of daemon and client.
compat: .venv/ready
	$(CARGO) build --locked --bins --examples
	$(PYTEST) --target both -n $(WORKERS)

# Runs the reference and writes compat-tests/recorded/ anew.
record: .venv/ready
	rm -rf compat-tests/recorded
	$(PYTEST) --record -n $(WORKERS)

# Which numbered behaviours are named by a test; CONTRACT is the folder of their list.
contract-report:
	@python3 compat-tests/contract_report.py $(CONTRACT)

# Ten million steps through the simulated manager, 1,000 for each seed; SEEDS and
# SEED widen or replay a run.
sim:
	SIM_SEEDS=$(or $(SEEDS),10000) $(if $(SEED),SIM_SEED=$(SEED)) $(CARGO) test --release --locked --lib sim -- --nocapture

# How long reading a configuration takes, by the number of programs; how fast
# calls are answered, beside a bare server and the reference; how fast output
# gets into logs, beside the reference and other loggers; how long supervisorctl
# takes as a whole process, beside the reference; what many programs cost,
# started, stopped and looked at, beside the reference.
bench: .venv/ready
	$(CARGO) bench --locked --bench config --bench rpc
	$(CARGO) build --release --locked --bins --examples
	SUPERVISORD_BIN=$(abspath $(TARGET_DIR))/release/supervisord .venv/bin/python compat-tests/bench/logs.py
	SUPERVISORD_BIN=$(abspath $(TARGET_DIR))/release/supervisord .venv/bin/python compat-tests/bench/ctl.py
	SUPERVISORD_BIN=$(abspath $(TARGET_DIR))/release/supervisord .venv/bin/python compat-tests/bench/scale.py

install: build
	install -D -m 755 $(TARGET_DIR)/release/supervisord $(DESTDIR)$(PREFIX)/bin/supervisord
	ln -sf supervisord $(DESTDIR)$(PREFIX)/bin/supervisorctl
	ln -sf supervisord $(DESTDIR)$(PREFIX)/bin/echo_supervisord_conf
	ln -sf supervisord $(DESTDIR)$(PREFIX)/bin/pidproxy
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man1 docs/man/supervisorctl.1
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man5 docs/man/supervisord.conf.5
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man8 docs/man/supervisord.8
	install -D -m 644 completions/supervisorctl.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/supervisorctl
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/zsh/site-functions completions/_supervisorctl
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d completions/supervisorctl.fish

clean:
	$(CARGO) clean
	rm -rf .venv run

.venv/ready: compat-tests/requirements.txt
	sh scripts/venv.sh
