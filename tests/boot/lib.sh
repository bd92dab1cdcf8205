# For the files in cases/: boots guests and looks at what they print. Sourced
# by tests/boot/batch, inside the lab.
# shellcheck shell=bash
#
# A case file has a comment that says what it shows, an array `variants`, and
# a function run_case that is called with one variant in a subshell of its own,
# in an empty folder. Falling off the end is success.

# Given by batch: AEROVMM, BOOT_TIMEOUT, GTOOL, KERNEL_{cloud,full,elf,devs,drm},
# INITRD_{cloud,full,devs,drm},
# VIEWER, VESA_DISK, VHOST_TEST.

fail() {
	echo "# $*"
	exit 1
}

# For what this machine cannot do. $*: why
skip() {
	echo "# $*"
	exit 77
}

# The VMM's command line for a guest, into the array `vmm`.
#   -k cloud|full|elf|devs|drm   kernel (elf: the cloud kernel as ELF, by its
#                       PVH note; devs: full, with net, input and sound; drm: full, with bochs)
#   -t pci|mmio  -p aero-w7|modern  -c CPUS  -m MIB
#   -a WORDS            more words for the kernel's command line
#   -r                  let a reboot reboot
#   then aerovmm options, mostly --disk
vmm_command() {
	local kernel=cloud transport=pci profile=modern cpus=1 mem=512 append=''
	local reboot=--no-reboot initrd

	while [ $# -gt 0 ]; do
		case $1 in
		-k) kernel=$2 ;;
		-t) transport=$2 ;;
		-p) profile=$2 ;;
		-c) cpus=$2 ;;
		-m) mem=$2 ;;
		-a) append=$2 ;;
		-r) reboot=''; shift; continue ;;
		*) break ;;
		esac
		shift 2
	done
	initrd=INITRD_${kernel/elf/cloud}
	kernel=KERNEL_$kernel
	vmm=("$AEROVMM" --kernel "${!kernel}" --initrd "${!initrd}"
		--memory "${mem}M" --cpus "$cpus" --transport "$transport"
		--profile "$profile" --serial stdio ${reboot:+"$reboot"}
		--cmdline "console=ttyS0 quiet panic=-1 want_cpus=$cpus want_mem=$mem want_bus=$transport $append"
		"$@")
	printf '%q ' "${vmm[@]}" >>commands
	echo >>commands
}

# Boot a guest and wait for its end: status in RC, its terminal in the file
# log, the VMM's messages in the file err. Arguments as for vmm_command.
boot() {
	vmm_command "$@"
	RC=0
	timeout -k 5 "$BOOT_TIMEOUT" "${vmm[@]}" </dev/null >raw 2>err || RC=$?
	tr -d '\r' <raw >log
	case $RC in
	124|137) fail "no end after $BOOT_TIMEOUT s" ;;
	esac
}

# Start a guest in the background, as VMM_PID, with the file descriptor
# KEYS as its keyboard; its terminal is the file raw.
boot_background() {
	vmm_command "$@"
	start_background
}

# The same for the command that is in the array vmm.
start_background() {
	mkfifo keys
	exec {KEYS}<>keys
	# A group of its own, so that the end of it can be told to all of it.
	setsid "${vmm[@]}" <&"$KEYS" >raw 2>err &
	VMM_PID=$!
}

# Wait until the guest in the background has printed a line that holds $1.
wait_line() {
	local limit=$((SECONDS + BOOT_TIMEOUT))

	until grep -q "$1" raw; do
		if ! kill -0 "$VMM_PID" 2>/dev/null; then
			grep -q "$1" raw || fail "the VMM ended before '$1'"
		fi
		[ $SECONDS -lt $limit ] || fail "'$1' did not come in $BOOT_TIMEOUT s"
		sleep 0.2
	done
}

# The guest in the background, by signal 9: at once, whatever it is doing.
kill_vmm() {
	kill -9 -- "-$VMM_PID" 2>/dev/null || kill -9 "$VMM_PID" 2>/dev/null || :
	wait "$VMM_PID" 2>/dev/null || :
	VMM_PID=''
	tr -d '\r' <raw >log
}

# Wait for the guest in the background to end by itself: RC and log.
wait_vmm() {
	local limit=$((SECONDS + BOOT_TIMEOUT))

	while kill -0 "$VMM_PID" 2>/dev/null; do
		[ $SECONDS -lt $limit ] || fail "no end after $BOOT_TIMEOUT s"
		sleep 0.2
	done
	RC=0
	wait "$VMM_PID" || RC=$?
	VMM_PID=''
	tr -d '\r' <raw >log
}

# One command to the machine's control socket; the answers go to control.out.
control() {
	printf '%s\n%s\n' '{"execute":"qmp_capabilities"}' "$1" |
		socat -t 60 - UNIX-CONNECT:control >control.out
	! grep '"error"' control.out || fail "the control socket refuses $1"
}

expect_rc() {
	[ "$RC" -eq "$1" ] || fail "exit status $RC instead of $1"
}

# The guest went through its list to the end, nothing failed, and each of the
# named tests passed.
expect_tests() {
	local name

	grep -q '^TESTS DONE$' log || fail 'the guest did not reach the end of its tests'
	! grep '^TEST .* FAIL' log || fail 'the guest reports failures'
	for name in "$@"; do
		grep -q "^TEST $name PASS" log || fail "the guest did not report '$name'"
	done
}

# The sum the guest printed as $1 is that of file $2.
expect_sum() {
	local want got

	got=$(sed -n "s/^SUM $1 \([0-9a-f]*\) .*/\1/p" log)
	want=$(sha256sum <"$2" | cut -d ' ' -f 1)
	[ "$got" = "$want" ] || fail "the guest's sum '$1' is '$got', that of $2 is $want"
}

# A file of random bytes. $1: name  $2: MiB
random_file() {
	head -c "$(($2 << 20))" /dev/urandom >"$1"
}

# The disk with fio, private to the caller: only its name is shared.
tools_disk() {
	echo "$TOOLS_DISK,ro"
}
