# shellcheck shell=bash
# The PC as systems see it that do without ACPI, by the PICs alone or with what the
# MP table says of CPUs and IOAPIC (which the small kernel does not read), its HPET
# in place of KVM's clock, and Hyper-V's leaves.

variants=(pic-1cpu mptable-2cpu hpet-2cpu hyperv)

# A micro-guest: not every KVM that runs those has Hyper-V's interface.
hyperv() {
	local want reset

	for want in on off reset; do
		reset=0
		[ $want != reset ] || { want=on; reset=1; }
		RC=0
		timeout -k 5 "$BOOT_TIMEOUT" "$AEROVMM" --kernel "${BOOT_OUT%/boot/out}/tests/guest/hyperv.elf" \
			--debug-exit --no-reboot --hyperv $want \
			--cmdline "want=$([ $want = on ] && echo 1 || echo 0) reset=$reset" </dev/null >raw 2>err || RC=$?
		tr -d '\r' <raw >log
		cat log
		grep -q 'has no Hyper-V interface' err && skip "this KVM has no Hyper-V interface"
		expect_rc $([ $reset = 1 ] && echo 3 || echo 1)
		! grep '^not ok' log || fail 'the guest reports failures'
		grep -q '^ok' log || fail 'the guest reports nothing'
	done
}

run_case() {
	if [ "$1" = hyperv ]; then
		hyperv
		return
	fi
	local -a opts=() tests=(dmi cpus irq dmesg)
	local words=acpi=off

	random_file disk.img 16
	cp disk.img before.img
	case $1 in
	pic-1cpu)	words+=' noapic want_irq=pic' ;;
	mptable-2cpu)
		words+=' want_irq=intx'
		opts=(-k full -c 2)
		;;
	hpet-2cpu)
		words='want_irq=intx clocksource=hpet want_clock=hpet'
		opts=(-c 2)
		tests+=(clock sleep)
		;;
	esac
	boot -p aero-w7 "${opts[@]}" -a "aerotest=pc,io,irq,dmesg aeroend=reboot want_sectors=32768 $words" \
		--hpet "$([ "$1" = hpet-2cpu ] && echo on || echo off)" --disk disk.img
	expect_rc 3
	expect_tests "${tests[@]}" write
	expect_sum read before.img
	expect_sum write disk.img
}
