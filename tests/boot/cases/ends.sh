# shellcheck shell=bash
# How a guest ends is seen in the exit status.

variants=(poweroff reboot-acpi reboot-keyboard reboot-cf9 triple-fault reboot-again debug-exit)

run_case() {
	case $1 in
	poweroff)
		boot -a aerotest=none
		expect_rc 0
		expect_tests userspace
		;;
	reboot-acpi)
		boot -a 'aerotest=none aeroend=reboot reboot=acpi'
		expect_rc 3
		expect_tests userspace
		;;
	reboot-keyboard)
		boot -a 'aerotest=none aeroend=reboot reboot=kbd'
		expect_rc 3
		expect_tests userspace
		;;
	reboot-cf9)
		boot -a 'aerotest=none aeroend=reboot reboot=pci'
		expect_rc 3
		expect_tests userspace
		;;
	triple-fault)
		boot -a 'aerotest=none aeroend=reboot reboot=triple'
		expect_rc 4
		expect_tests userspace
		;;
	reboot-again)
		# Without --no-reboot the machine starts anew, with all its processors.
		truncate -s 1M disk.img
		boot -r -c 2 -a aerotest=twice,dmesg --disk disk.img
		expect_rc 0
		expect_tests second-boot dmesg
		[ "$(grep -c '^first boot' log)" -eq 1 ] || fail 'not exactly one first boot'
		;;
	debug-exit)
		boot -a 'aerotest=outb want_exit=5' --debug-exit
		expect_rc 11
		;;
	esac
}
