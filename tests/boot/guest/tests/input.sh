# shellcheck shell=dash
# Input devices by evtest: what arrives is printed for the host to compare.
# want_inputs: names in the order of the event devices, with _ for a blank.

# The event device of the nth name; the PC's own keyboard is another one.
event_of() {
	for dir in /sys/class/input/event*; do
		if [ "$(tr ' ' _ <"$dir/device/name")" = "$1" ]; then
			echo "${dir##*/}"
			return
		fi
	done
}

n=0
IFS=,
for name in $want_inputs; do
	unset IFS
	event=$(event_of "$name")
	try "name$n" [ -n "$event" ]
	[ $n -gt 0 ] || keyboard=$event
	evtest "/dev/input/$event" >"/tmp/events$n" 2>&1 &
	n=$((n + 1))
done
unset IFS
tries=0
while [ "$(grep -l 'Testing' /tmp/events* | wc -l)" -lt $n ] && [ $tries -lt 100 ]; do
	tries=$((tries + 1))
	usleep 100000
done
echo "READY input"
read -r _
sleep 1
for i in $(seq 0 $((n - 1))); do
	sed -n "s/^Event: time [0-9.]*, /EVENT $i /p" "/tmp/events$i"
done
# EV_LED LED_CAPSL 1, then EV_SYN: struct input_event is 24 bytes.
{
	printf '\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\021\0\001\0\001\0\0\0'
	printf '\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0'
} >"/dev/input/$keyboard"
echo "READY leds"
read -r _
pass input
