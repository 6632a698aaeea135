# The two commands of the README are `make demo` and `make test`. Each needs root (or sudo) and Rust; tests/prepare finds
# what else is missing and installs it.

PREFIX ?= /usr
DESTDIR ?=
TARGET := $(or $(CARGO_TARGET_DIR),target)
RELEASE := $(TARGET)/release
LIBEXEC := $(DESTDIR)$(PREFIX)/libexec/session-rs
PROGRAMS := getty login logind last lastb lastlog utmpdump utmp-record
SUDO := $(if $(filter 0,$(shell id -u)),,sudo env "PATH=$(PATH)")
# Where this system's PAM looks for modules: beside pam_unix.so.
SECURITY ?= $(patsubst %/pam_unix.so,%,$(firstword $(wildcard \
	/usr/lib/*/security/pam_unix.so /usr/lib64/security/pam_unix.so /usr/lib/security/pam_unix.so \
	/lib/*/security/pam_unix.so /lib64/security/pam_unix.so /lib/security/pam_unix.so)))
INIT ?=

.PHONY: build demo test vm vm-test lint bench install clean prepare-build prepare-demo prepare-test prepare-vm

build: prepare-build
	cargo build --release --locked --workspace --exclude pam-module
	cargo build --release --locked -p pam-module
	install -m 0644 $(RELEASE)/libpam_session_rs.so $(RELEASE)/pam_session_rs.so

demo: prepare-demo build
	$(if $(SUDO),@echo "not root: the sandbox is started with sudo")
	$(SUDO) $(RELEASE)/sandbox

test: prepare-test build lint
	$(if $(SUDO),@echo "not root: the tests are run with sudo")
	$(SUDO) $(RELEASE)/cases --all
	-@tests/prepare vm
	$(SUDO) $(RELEASE)/vm --init sysvinit --within 15

# A real kernel and a real init (INIT=, else sysvinit) under QEMU, and your terminal for its serial line.
vm: prepare-vm build
	$(SUDO) $(RELEASE)/cases --peers
	$(SUDO) $(RELEASE)/vm --play $(if $(INIT),--init $(INIT))

vm-test: prepare-vm build
	$(SUDO) $(RELEASE)/cases --peers
	$(SUDO) $(RELEASE)/vm $(if $(INIT),--init $(INIT))

lint:
	cargo fmt --check
	cargo clippy --locked --workspace --all-targets -- -D warnings

bench: prepare-test build
	$(SUDO) $(RELEASE)/cases --peers
	$(SUDO) $(RELEASE)/bench
	cargo bench --locked -p utmp

install: build
	@test -n "$(SECURITY)" || { echo "no pam_unix.so found: name PAM's module directory with SECURITY=/…" >&2; exit 1; }
	install -d $(LIBEXEC) $(DESTDIR)$(SECURITY)
	for p in $(PROGRAMS); do install -m 0755 $(RELEASE)/$$p $(LIBEXEC)/$$p || exit 1; done
	install -m 0644 $(RELEASE)/pam_session_rs.so $(DESTDIR)$(SECURITY)/pam_session_rs.so
	dist/install "$(DESTDIR)" "$(PREFIX)" "$(INIT)"

clean:
	cargo clean

prepare-build:
	@tests/prepare build

prepare-demo:
	@tests/prepare demo

prepare-test:
	@tests/prepare test

prepare-vm:
	@tests/prepare vm
