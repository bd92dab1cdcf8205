# shellcheck shell=dash
# The PC around the processors. want_clock: the clock source; want_cpus

expect dmi "$(cat /sys/class/dmi/id/sys_vendor) $(cat /sys/class/dmi/id/product_name)" 'aerovmm Virtual PC'
expect cpus "$(nproc)" "$want_cpus"
clock=/sys/devices/system/clocksource/clocksource0
if [ -n "${want_clock:-}" ]; then
	expect clock "$(cat $clock/current_clocksource)" "$want_clock"
	before=$(date +%s)
	sleep 2
	late=$(($(date +%s) - before))
	if [ "$late" -ge 2 ] && [ "$late" -le 30 ]; then
		pass sleep "$late s"
	else
		fail sleep "$late s for 2"
	fi
fi
