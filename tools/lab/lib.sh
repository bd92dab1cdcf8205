# Shared by the scripts of this folder and by tests/boot; to be sourced by bash.
# shellcheck shell=bash

LAB_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
LAB_PROG=${LAB_PROG:-lab}

note() {
	echo "$LAB_PROG: $*" >&2
}

die() {
	note "$@"
	exit "${LAB_STATUS:-1}"
}

# Fail with the way to get them when packages of set $1 are missing.
need_packages() {
	local list

	list=$("$LAB_DIR/../deps" check "$1") && return 0
	die "missing packages: $(tr '\n' ' ' <<<"$list"); run: tools/deps install $1"
}

# Where downloads stay between runs and build trees.
cache_dir() {
	local base=${XDG_CACHE_HOME:-${HOME:+$HOME/.cache}}

	echo "${AEROVMM_CACHE:-${base:-$LAB_DIR/../../build/cache}${base:+/aerovmm}}"
}

# Print the folder that holds a Debian kernel (vmlinuz, vmlinux, version,
# lib/modules), fetching it when it is not in the cache yet.
# $1: full or cloud
kernel_dir() {
	local dir

	dir=$(cache_dir)/kernel-$1
	[ -e "$dir/version" ] || "$LAB_DIR/fetch" "$1" >/dev/null || return 1
	(cd "$dir" && pwd -P)
}

# Copy modules and what they depend on, unpacked, into an initramfs tree and
# write its /modules: one path a line, in load order. Unpacked because a
# nested guest pays for every byte it has to decompress. Modules that are
# built into the kernel need nothing; an unknown name is an error.
# $1: kernel folder  $2: tree  $3...: module names
copy_modules() {
	local kernel=$1 tree=$2 release mod deps line src dst
	local -A seen=()

	release=$(cat "$kernel/version")
	shift 2
	mkdir -p "$tree/lib"
	: >"$tree/modules"
	for mod in "$@"; do
		deps=$(modprobe -d "$kernel" -S "$release" --show-depends "$mod") ||
			die "kernel $release has no module $mod"
		while read -r line src _; do
			if [ "$line" != insmod ] || [ -n "${seen[$src]:-}" ]; then
				continue
			fi
			seen[$src]=1
			dst=/lib/$(basename "$src")
			case $src in
			*.xz)	dst=${dst%.xz};  xz -dc "$src" >"$tree$dst" ;;
			*.zst)	dst=${dst%.zst}; zstd -qdc "$src" >"$tree$dst" ;;
			*)	cp "$src" "$tree$dst" ;;
			esac
			echo "$dst" >>"$tree/modules"
		done <<<"$deps"
	done
}

# Copy a program and the shared libraries it loads into a tree, each at its
# own path.
# $1: tree  $2: program (a path, or a name on PATH or in sbin)
copy_program() {
	local tree=$1 prog lib

	prog=$(PATH=$PATH:/usr/sbin:/sbin command -v "$2") || die "no program $2"
	mkdir -p "$tree/usr/bin"
	cp -L "$prog" "$tree/usr/bin/$(basename "$prog")"
	{ ldd "$prog" || :; } 2>/dev/null |
	sed -n 's/^[^/]*\(\/[^ ]*\) (0x[0-9a-f]*)$/\1/p' |
	while read -r lib; do
		mkdir -p "$tree$(dirname "$lib")"
		cp -L "$lib" "$tree$lib"
	done
}

# A busybox root: every applet as a link, and the usual empty folders.
# $1: tree
busybox_root() {
	local tree=$1 applet

	mkdir -p "$tree"/{bin,dev,etc,lib,mnt,proc,root,run,sys,tmp,usr/bin,var}
	cp /bin/busybox "$tree/bin/busybox"
	for applet in $(/bin/busybox --list); do
		[ "$applet" = busybox ] || ln -s busybox "$tree/bin/$applet"
	done
}

# Put programs and files into a tree.
# $1: tree  $2: how many programs follow  then: programs, then SRC DST pairs
fill_tree() {
	local tree=$1 programs=$2

	shift 2
	while [ "$programs" -gt 0 ]; do
		copy_program "$tree" "$1"
		programs=$((programs - 1))
		shift
	done
	while [ $# -gt 0 ]; do
		mkdir -p "$(dirname "$tree/$2")"
		cp -RL "$1" "$tree/$2"
		shift 2
	done
}

# Pack a tree as an uncompressed initramfs; owner root whoever builds it, and
# the same bytes for the same tree.
# $1: tree  $2: result
pack_initramfs() {
	# Two at once may make the same file.
	local tmp=$2.$BASHPID

	find "$1" -exec touch -h -d @0 {} +
	(cd "$1" && find . | LC_ALL=C sort |
	 cpio -o -H newc -R 0:0 --reproducible --quiet) >"$tmp"
	mv "$tmp" "$2"
}
