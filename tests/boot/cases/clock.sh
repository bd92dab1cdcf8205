# shellcheck shell=bash
# The clock chip; the small kernel has no driver for it.

variants=(rtc)

run_case() {
	boot -k full -a "aerotest=rtc want_time=$(date +%s)"
	expect_rc 0
	expect_tests rtc
}
