# shellcheck shell=dash
# The clock chip shows the host's time, in UTC. want_time: seconds since 1970
# when the VMM was started.

late=$(($(cat /sys/class/rtc/rtc0/since_epoch) - want_time))
if [ "$late" -ge -2 ] && [ "$late" -le 900 ]; then
	pass rtc "$late s after the start"
else
	fail rtc "$late s from the host's time"
fi
