# shellcheck shell=dash
# Input devices by evtest: what arrives is printed for the host to compare.
# want_inputs: names in the order of the event devices, with _ for a blank.
# want_disk: disks are read all the while.

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
if [ -n "${want_disk:-}" ]; then
	while [ ! -e /tmp/enough ]; do
		for disk in vda vdb vdc; do
			dd if=/dev/$disk of=/tmp/$disk bs=16k iflag=direct 2>/dev/null || : >/tmp/broken
		done
	done &
	reader=$!
fi
echo "READY input"
read -r _
# The script's last event, and then a little for one that is too many.
tries=0
until grep -q '^Event: .*ABS_Y.*value 32767' /tmp/events2 || [ $tries -gt 200 ]; do
	tries=$((tries + 1))
	usleep 100000
done
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
if [ -n "${want_disk:-}" ]; then
	: >/tmp/enough
	wait $reader
	try disks [ ! -e /tmp/broken ]
	echo "SUM read $(sha256sum </tmp/vda)"
	grep virtio /proc/interrupts
	# A disk and an input device by their drivers' names for their lines.
	try shared-line grep -q 'virtio0, .*virtio3' /proc/interrupts
fi
pass input
