#!/bin/bash
# What the command line answers: help, version, and for each mistake one line
# that says what is wrong, with its exit status. Needs no KVM: what is checked
# here comes before it, or is about its absence.
#
#   O=build tests/unit/cli.sh
#
# The last line is "N passed, N failed, N skipped".
set -euo pipefail
cd "$(dirname "$0")/../.."
O=${O:-build}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
chmod 755 "$tmp"
# Where another user can run it.
cp "$O/aerovmm" "$tmp/aerovmm"
vmm=$tmp/aerovmm
passed=0 failed=0 skipped=0

ok() {
	passed=$((passed + 1))
}

not_ok() {
	failed=$((failed + 1))
	printf 'not ok - %s\n' "$*"
}

skip() {
	skipped=$((skipped + 1))
	printf 'skip %s\n' "$*"
}

# says STATUS PATTERN COMMAND...: it ends with that status, and standard error
# is one line that matches the extended regular expression.
says() {
	local status=$1 pattern=$2 got=0

	shift 2
	timeout -k 5 60 "$@" </dev/null >"$tmp/out" 2>"$tmp/err" || got=$?
	if [ "$got" -ne "$status" ]; then
		not_ok "exit status $got, not $status: $*"
	elif [ "$(wc -l <"$tmp/err")" -ne 1 ]; then
		not_ok "not one line: $*"
	elif ! grep -qE "^aerovmm: .*$pattern" "$tmp/err"; then
		not_ok "does not say '$pattern': $*"
	else
		ok
		return
	fi
	sed 's/^/# /' "$tmp/err"
}

# is WHAT COMMAND...: it succeeds.
is() {
	local what=$1

	shift
	if "$@" >"$tmp/said" 2>&1; then
		ok
	else
		not_ok "$what"
		sed 's/^/# /' "$tmp/said"
	fi
}

# same WHAT: two lists, one a line, neither empty.
same() {
	sort -u -o "$tmp/in-help" "$tmp/in-help"
	sort -u -o "$tmp/in-manual" "$tmp/in-manual"
	is "help has $1" [ -s "$tmp/in-help" ]
	is "help (<) and manual (>) have the same $1" \
		diff "$tmp/in-help" "$tmp/in-manual"
}

# ---- output that was asked for -------------------------------------------------

"$vmm" --help >"$tmp/help"
"$vmm" -h >"$tmp/help-h"
"$vmm" --version >"$tmp/version"
is '-h is --help' cmp "$tmp/help" "$tmp/help-h"
is '--help fits 80 columns' awk 'length > 80 { exit 1 }' "$tmp/help"
is '--version' grep -qxE 'aerovmm [0-9]+\.[0-9]+\.[0-9]+' "$tmp/version"
says 1 'cannot write to standard output' sh -c "exec '$vmm' --help >/dev/full"

sed -nE 's/^  (--?[a-z-]+).*/\1/p' "$tmp/help" >"$tmp/in-help"
sed -nE 's/^\.It Fl (h , )?(-?[a-z-]+).*/-\2/p' vmm/aerovmm.1 \
	>"$tmp/in-manual"
same options
for option in disk net; do
	awk -v o="--$option" '/^  -/ { in_it = $1 == o } in_it' "$tmp/help" |
		sed -nE 's/^ {24}([a-z-]+)(=[^ ]*)?(  +.*)?$/\1/p' >"$tmp/in-help"
	awk -v o="-$option" '/^\.It Fl/ { in_it = $3 == o } in_it' vmm/aerovmm.1 |
		sed -nE 's/^\.It Cm ([a-z-]+)(=.*)?.*/\1/p' >"$tmp/in-manual"
	same "keys of --$option"
done
if command -v mandoc >/dev/null; then
	is 'the manual is well-formed' mandoc -T lint -W warning vmm/aerovmm.1
else
	skip 'mandoc # not installed; the form of the manual is not checked'
fi

# ---- the command line is wrong: 2 ------------------------------------------------

says 2 'nothing to boot: give --disk FILE, --cdrom FILE or --kernel' "$vmm"
says 2 '--boot: say disk, cdrom, the number' "$vmm" --disk d --boot floppy
says 2 '--boot cdrom: there is none' "$vmm" --disk d --boot cdrom
says 2 'the BIOS boots from PCI disks' "$vmm" --disk d --transport mmio
says 2 'serial= contradicts --profile aero-w7' "$vmm" --disk d,serial=x
says 2 '--kernel: needs a value' "$vmm" --kernel
says 2 '--memroy: no such option; did you mean --memory' "$vmm" --memroy 1G
says 2 '--disk: unknown key .rw.*there is path, ro, direct, sync, serial' \
	"$vmm" --kernel k --disk d,rw
says 2 '--memory: size=8M is not a size from 16M' "$vmm" --kernel k --memory 8M
says 2 '--cpus: count=33 is not a number from 1 to 32' \
	"$vmm" --kernel k --cpus 33
says 2 'contradicts --transport mmio' \
	"$vmm" --kernel k --transport mmio --disk d,msix
says 2 'packed contradicts --profile aero-w7' "$vmm" --disk d,packed
says 2 'queues= contradicts --profile aero-w7' "$vmm" --disk d,queues=2
says 2 'queues=33 is not a number from 1 to 32' "$vmm" --disk d,queues=33
says 2 '--net queues= contradicts --profile aero-w7' \
	"$vmm" --disk d --net t,queues=2
says 2 '--net vhost=on contradicts --profile aero-w7' \
	"$vmm" --disk d --net t,vhost=on
says 2 'vhost=on contradicts packed' "$vmm" --kernel k --net t,vhost=on,packed
says 2 'vhost=on is for a tap' "$vmm" --kernel k --net user,vhost=on
says 2 'queues= is for a tap' "$vmm" --kernel k --net user,queues=2
says 2 '--disk: iothread= takes numbers' "$vmm" --disk d,iothread=0:x
says 2 'more threads than --iothreads makes' \
	"$vmm" --disk d,iothread=2 --iothreads 2
says 2 '--iothread: count=17 is not' "$vmm" --disk d --iothread 17
says 2 'give --kernel' "$vmm" --initrd i
says 2 '--display: say none or vnc:HOST:PORT' "$vmm" --kernel k --display vnc
says 2 'contradicts --vga none' "$vmm" --disk d --vga none --display vnc:127.0.0.1:0
says 2 '--serial: say stdio, none, pty' "$vmm" --kernel k --serial com1

says 2 '--net: say one of tap=NAME' "$vmm" --kernel k --net mac=52:54:00:12:34:56
says 2 '--net: mac= must be the address' "$vmm" --kernel k --net none,mac=xyz
says 2 '--net: hostfwd= is for user' \
	"$vmm" --kernel k --net none,hostfwd=tcp::1-:2
says 2 '--input: unknown key .mous.*did you mean mouse' "$vmm" --kernel k --input mous
says 2 '--sound: say null, wav:FILE' "$vmm" --kernel k --sound oss
says 2 '--sound: in= is for wav' "$vmm" --kernel k --sound null,in=f
says 2 '--control: say unix:PATH' "$vmm" --kernel k --control tcp:1
says 2 '--contract: format=xml' "$vmm" --contract xml

# ---- files and the host are wrong: 1 ----------------------------------------------

: >"$tmp/kernel"
truncate -s 1M "$tmp/disk"
says 1 "cannot open the kernel '/nonexistent': No such file.*Check" \
	"$vmm" --kernel /nonexistent
says 1 "cannot open the initrd '/nonexistent': No such file" \
	"$vmm" --kernel "$tmp/kernel" --initrd /nonexistent
says 1 "cannot open the firmware '/nonexistent': No such file.*Check" \
	"$vmm" --firmware /nonexistent
says 1 "--firmware '/dev/null' is not a file" "$vmm" --firmware /dev/null
says 1 "has 0 bytes: .* 64 KiB to 16 MiB, in units of 4 KiB" \
	"$vmm" --firmware "$tmp/kernel"
truncate -s 17M "$tmp/rom"
says 1 "has 17825792 bytes: .* 64 KiB to 16 MiB" "$vmm" --firmware "$tmp/rom"
truncate -s 65537 "$tmp/rom"
says 1 "has 65537 bytes: .* units of 4 KiB" "$vmm" --firmware "$tmp/rom"
says 1 "cannot open disk image '/nonexistent': No such file.*truncate" \
	"$vmm" --kernel "$tmp/kernel" --disk /nonexistent
says 1 "'$tmp/kernel' is empty; give it a size" \
	"$vmm" --kernel "$tmp/kernel" --disk "$tmp/kernel"
for option in --disk --cdrom; do
	says 1 "'$tmp/kernel' is empty; give it a size" "$vmm" $option "$tmp/kernel"
	truncate -s 300 "$tmp/rom"
	says 1 "'$tmp/rom' has 300 bytes, less than a block of 512: is it the right" \
		"$vmm" $option "$tmp/rom"
done
says 1 "'$tmp' is neither a file nor a block device|Is a directory" \
	"$vmm" --kernel "$tmp/kernel" --disk "$tmp"
says 1 "tap '.*': .*longer|name .* too long|15" \
	"$vmm" --kernel "$tmp/kernel" --net tap=a-name-of-over-15-letters
[ -e /dev/vhost-net ] || says 1 'vhost=on: there is no /dev/vhost-net.*modprobe' \
	"$vmm" --kernel "$tmp/kernel" --net t,vhost=on
says 1 'cannot open in=/nonexistent.wav' \
	"$vmm" --kernel "$tmp/kernel" --sound "wav:$tmp/o.wav,in=/nonexistent.wav"
says 1 'is in use by this process' \
	"$vmm" --kernel "$tmp/kernel" --disk "$tmp/disk" --disk "$tmp/disk"
full=()
for ((i = 0; i < 15; i++)); do
	full+=(--disk "$tmp/disk,ro,queues=32")
done
says 1 'net0: more queues than an I/O thread can serve; lower queues=' \
	"$vmm" --kernel "$tmp/kernel" --iothreads 1 "${full[@]}" \
	--disk "$tmp/disk,ro,queues=30" --net none,iothread=0
says 1 'cannot get 4194304 MiB of huge pages.*nr_hugepages' \
	"$vmm" --kernel "$tmp/kernel" --memory 4T,hugepages
says 1 'cannot get 8192 MiB of address space.*Lower --memory' \
	bash -c "ulimit -v 4000000; exec '$vmm' --kernel '$tmp/kernel' --memory 8G"
if [ "$(id -u)" -eq 0 ]; then
	chmod 000 "$tmp/disk"
	says 1 "cannot open disk image .*Permission denied.*readable" \
		setpriv --reuid 65534 --regid 65534 --clear-groups \
		"$vmm" --kernel "$tmp/kernel" --disk "$tmp/disk"
	chmod 000 "$tmp/kernel"
	says 1 "cannot open the kernel .*Permission denied.*readable" \
		setpriv --reuid 65534 --regid 65534 --clear-groups \
		"$vmm" --kernel "$tmp/kernel"
	chmod 644 "$tmp/disk" "$tmp/kernel"
else
	skip 'unreadable files # only root can become somebody else'
fi

# A /dev without kvm, with one that may not be opened, and with one that is
# something else: in a mount namespace of its own. Its mounts are made private by
# hand, since in a chroot / need not be one.
if [ "$(id -u)" -eq 0 ]; then
	own_mounts=(unshare -m --propagation unchanged)
else
	own_mounts=(unshare -rm --propagation unchanged)
fi
own_dev='{ mount --make-rprivate / || mount --make-rprivate /dev; } 2>/dev/null &&
	mount -t tmpfs none /dev'
if "${own_mounts[@]}" sh -c "$own_dev" 2>"$tmp/err"; then
	says 1 '/dev/kvm is missing. Enable VT-x or AMD-V' \
		"${own_mounts[@]}" sh -c "$own_dev && exec '$vmm' --kernel '$tmp/kernel'"
	says 1 '/dev/kvm speaks API version -1' \
		"${own_mounts[@]}" sh -c "$own_dev && touch /dev/kvm &&
			exec '$vmm' --kernel '$tmp/kernel'"
else
	skip "missing /dev/kvm # no namespaces: $(tr '\n' ' ' <"$tmp/err")"
fi
if [ "$(id -u)" -eq 0 ] && "${own_mounts[@]}" sh -c "$own_dev" 2>"$tmp/err"; then
	denied() {
		says 1 "$1" "${own_mounts[@]}" sh -c "$own_dev &&
			touch /dev/kvm && chown 0:$2 /dev/kvm &&
			chmod 660 /dev/kvm && exec setpriv --reuid 65534 \
			--regid 65534 --clear-groups '$vmm' --kernel '$tmp/kernel'"
	}
	denied 'permission denied.*usermod -aG daemon' daemon
	denied 'permission denied.*chgrp kvm' 0
else
	skip 'forbidden /dev/kvm # only root can arrange it'
fi

printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" -eq 0 ]
