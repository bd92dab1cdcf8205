# shellcheck shell=dash
# What ring features the driver of each device took, as sysfs shows them.
# want_rings: driver:bits of each, with commas between; each bit is a feature's
# number, with a minus before it if the driver must not have it, dots between.

IFS=,
for want in $want_rings; do
	driver=${want%%:*}
	found=''
	for dev in /sys/bus/virtio/drivers/"$driver"/virtio*; do
		found=$dev/features
	done
	IFS=.
	for bit in ${want#*:}; do
		# A character a bit, from bit 0 on.
		got=$(cut -c $((${bit#-} + 1)) <"$found")
		case $bit in
		-*) expect "$driver-without-${bit#-}" "$got" 0 ;;
		*) expect "$driver-$bit" "$got" 1 ;;
		esac
	done
	IFS=,
done
unset IFS
