# shellcheck shell=bash
# Our BIOS where real mode is real: its own tests, and boot loaders on disks and
# CDs. The variants are names of tests/guest/bios/run.

variants=(grub-kvm syslinux-kvm isolinux-kvm grubcd-kvm services-kvm-aero-w7
	winboot-kvm-aero-w7 v86-kvm screen-kvm reset-kvm grub-seabios-kvm syslinux-seabios-kvm
	seabios-kvm)

run_case() {
	O=${BOOT_OUT%/boot/out} BIOS_BUILT=1 "$here/../guest/bios/run" "$1" >report 2>&1 ||
		{ grep -v '^ok' report; fail "tests/guest/bios/run $1"; }
	! grep -q '^skip' report || skip "$(grep '^skip' report)"
	grep -qE '^[1-9][0-9]* passed, 0 failed' report || fail "$1 is no test"
}
