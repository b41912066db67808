# shellcheck shell=bash
# lib.sh -- what scripts/quickstart and scripts/check share.
#
#   install_packages PACKAGE…   installs those that are missing; when none is, nothing is done
#   use_tree SCRATCH            sets $tree to sources that ./configure can be called in, and
#                               $build to a folder for what is built from them
#   show COMMAND…               prints the command as it would be typed
#   fail TEXT                   prints it and ends the script

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd) || exit 1

# What ./configure asks for, and a server to move a warehouse out of and into.
# shellcheck disable=SC2034 # used by the scripts
build_packages=(autoconf automake gcc libc6-dev make pkg-config
	libarchive-dev libconfuse-dev libcurl4-openssl-dev libexpat1-dev libgnutls28-dev libisal-dev libjansson-dev
	libmicrohttpd-dev libpq-dev libs3-dev libssl-dev libxxhash-dev libzstd-dev zlib1g-dev
	postgresql zstd)
# clang is the second compiler, xz packs the tarball, the rest is used by tests.
# shellcheck disable=SC2034
test_packages=(clang curl jq libarchive-tools mandoc openssl python3 shellcheck xz-utils)
# A real S3 server; without it the tests that need one are skipped.
# shellcheck disable=SC2034
s3_packages=(ceph-mon ceph-osd radosgw)

fail() {
	printf '%s: %s\n' "$(basename "$0")" "$1" >&2
	exit 1
}

show() {
	printf '\n$ %s\n' "$*"
}

# --- packages

# A server of another version or origin will do, and is left as it is.
is_installed() {
	case $1:$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) in
	*:installed*) return 0 ;;
	postgresql:*) compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null ;;
	*) return 1 ;;
	esac
}

# The package of a server would make a cluster and start it on port 5432; a setting that is there
# only meanwhile keeps it from that.  needrestart would restart servers that use a library which
# the packages bring in a newer version.
# shellcheck disable=SC2016 # the variables are those of the inner shell
apt_script='
	no_cluster=/etc/postgresql-common/createcluster.d/gpm-install.conf
	trap "rm -f $no_cluster" EXIT
	trap "exit 1" HUP INT TERM
	mkdir -p "${no_cluster%/*}"
	echo "create_main_cluster = false" >"$no_cluster"
	export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1
	apt-get -q update
	apt-get -q -y -o DPkg::Lock::Timeout=300 install --no-install-recommends "$@"'

install_packages() {
	local package missing=() sudo=() log status=0

	if ! command -v dpkg-query >/dev/null; then
		echo "This host has no Debian packages; needed are: $*" >&2
		return 1
	fi
	for package; do
		is_installed "$package" || missing+=("$package")
	done
	if [ "${#missing[@]}" -eq 0 ]; then
		return 0
	fi
	if [ "$(id -u)" -ne 0 ]; then
		if ! command -v sudo >/dev/null; then
			echo "Missing packages, and neither root nor sudo to install them: ${missing[*]}" >&2
			return 1
		fi
		sudo=(sudo)
	fi
	show "${sudo[@]}" apt-get update
	show "${sudo[@]}" apt-get install --no-install-recommends "${missing[@]}"
	log=$(mktemp) || return 1
	"${sudo[@]}" sh -ec "$apt_script" sh "${missing[@]}" >"$log" 2>&1 || status=1
	if [ "$status" -ne 0 ]; then
		tail -n 20 "$log" >&2
		echo "Cannot install: ${missing[*]}" >&2
	fi
	rm -f "$log"
	return "$status"
}

# --- sources

# may_write FILE…: each one that is there can be written.
may_write() {
	local file

	for file; do
		if [ -e "$file" ] && [ ! -w "$file" ]; then
			return 1
		fi
	done
}

# autoreconf writes next to configure.ac, so a clone of somebody else is copied first.
use_tree() {
	tree=$root
	build=$root/build
	if ! may_write "$root" "$build" "$build/check" "$root/configure" "$root/autom4te.cache" \
		"$root/scripts" "$root/scripts/aux"; then
		tree=$1/gpm
		build=$1/build
		mkdir -p "$tree" || return 1
		tar -C "$root" --exclude=./.git --exclude='./build*' --exclude=./autom4te.cache -cf - . |
			tar -C "$tree" -xf - || return 1
	fi
	mkdir -p "$build"
}
