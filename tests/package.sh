#!/usr/bin/env bash
# package.sh -- builds the Debian package, installs it in a clean system, and runs what it brought.
#
#   tests/package.sh
#
# Not one of "make check": it fetches a Debian of some 100 MB (mmdebstrap) and takes a minute or two.  Needs
# root, a Debian mirror, mmdebstrap and what scripts/make-deb needs; lintian is asked when it is there.  Speaks TAP.

GPM_BUILD=$(dirname "$0")/.. # no tool of a build is called here
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

[ "$(id -u)" -eq 0 ] || skip_all "a clean system can only be entered by root"
command -v mmdebstrap >/dev/null || skip_all "there is no mmdebstrap on this host"
suite=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
clean=$TEST_DIR/clean

# With a /proc, which bash wants, in a mount namespace that ends with the command.
inside() {
	# shellcheck disable=SC2016 # the variables are those of the inner shell
	unshare --mount sh -ec 'mount -t proc proc "$0/proc"; exec chroot "$0" "$@"' "$clean" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 "$@"
}

# --- the package
files() {
	find "$tests_dir/.." -path '*/.git' -prune -o -newer "$TEST_DIR/start" -print
}
touch "$TEST_DIR/start"
exits 0 "make-deb" "$tests_dir/../scripts/make-deb" "$TEST_DIR/package"
is "the tree is as it was" "$(files)" ""
deb=$(echo "$TEST_DIR"/package/gpm-warehouse_*.deb)
ok "there is a package" test -f "$deb" || done_testing
if command -v lintian >/dev/null; then
	exits 0 "lintian finds nothing" lintian --allow-root --fail-on error,warning "$TEST_DIR"/package/*.changes
else
	echo "# skipped: there is no lintian on this host"
fi

# --- the clean system
# shellcheck disable=SC2016 # mmdebstrap says what $1 is
exits 0 "a clean $suite, and the package installs with what it depends on" mmdebstrap --variant=minbase \
	--include=bash-completion,mandoc --customize-hook="upload '$deb' /tmp/gpm.deb" \
	--customize-hook='chroot "$1" apt-get -q -y --no-install-recommends install /tmp/gpm.deb' "$suite" "$clean" ||
	done_testing
version=$(dpkg-deb -f "$deb" Version)
for tool in gpm-export gpm-push gpm-import; do
	exits 0 "$tool runs" inside "$tool" --version
	has "$tool: its version" "$TEST_DIR/out" "$tool (gpm) ${version#*:}"
	exits 0 "$tool --help" inside "$tool" --help
	exits 0 "$tool: its manual page" inside mandoc "/usr/share/man/man1/$tool.1.gz"
	has "$tool: is its own" "$TEST_DIR/out" "$tool"
	# bash-completion loads what it needs when TAB is pressed
	exits 0 "$tool: bash-completion knows it" inside bash -c ". /usr/share/bash-completion/bash_completion
		_completion_loader $tool; complete -p $tool
		COMP_LINE='$tool pre' COMP_POINT=20 COMP_WORDS=($tool pre) COMP_CWORD=1; _${tool//-/_} $tool pre $tool
		echo \"\${COMPREPLY[@]}\""
	has "$tool: by its completion" "$TEST_DIR/out" "complete -F _${tool//-/_} $tool"
	has "$tool: which completes" "$TEST_DIR/out" preflight
done
for page in gpm.conf gpm-format; do
	exits 0 "$page: its manual page" inside mandoc "/usr/share/man/man5/$page.5.gz"
done

# --- some work that needs no database
exits 0 "a bucket is probed" inside sh -c "mkdir /bucket && gpm-push preflight --to file:///bucket"
exits 0 "and is empty" inside gpm-import list --from file:///bucket
exits 1 "no server: an error, not a crash" inside gpm-export preflight -h /nowhere -d shop
has "that says why" "$TEST_DIR/out" "/nowhere"

exits 0 "it is removed" inside dpkg --purge gpm-warehouse
is "nothing of it is left" "$(inside sh -c "ls -d /usr/bin/gpm-* /usr/share/man/man?/gpm* /usr/share/doc/gpm-warehouse /etc/gpm 2>/dev/null")" ""
done_testing
