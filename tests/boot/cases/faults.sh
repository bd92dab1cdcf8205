# shellcheck shell=bash
# The host's storage fails under a running guest: errors for the guest, a line
# for the user, and the VMM goes on.

variants=(disk-full truncated)

run_case() {
	case $1 in
	disk-full)
		[ "$LAB" = nested ] || skip 'needs to mount a small tmpfs: only in the nested lab'
		mkdir small
		mount -t tmpfs -o size=2M none small
		truncate -s 16M small/disk.img
		boot -a 'aerotest=faults want_fault=write' --disk small/disk.img
		umount small
		expect_rc 0
		expect_tests full-disk start-still-reads
		;;
	truncated)
		random_file disk.img 8
		boot_background -a 'aerotest=faults want_fault=read' --disk disk.img
		wait_line READY
		truncate -s 1M disk.img
		echo >&"$KEYS"
		wait_vmm
		expect_rc 0
		expect_tests read-before truncated start-still-reads
		;;
	esac
	grep -q disk.img err || fail 'no word to the user about the failing image'
}
