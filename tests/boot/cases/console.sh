# shellcheck shell=bash
# The serial console takes what is typed.

variants=(lines)

run_case() {
	local i

	boot_background -a 'aerotest=console want_lines=40'
	wait_line READY
	for i in {1..40}; do
		echo "line $i of forty, long enough to overrun a FIFO of sixteen bytes"
	done >&"$KEYS"
	echo end >&"$KEYS"
	wait_vmm
	expect_rc 0
	expect_tests lines
	for i in {1..40}; do
		echo "GOT line $i of forty, long enough to overrun a FIFO of sixteen bytes"
	done >want
	grep '^GOT' log | diff want - || fail 'the guest got other lines'
}
