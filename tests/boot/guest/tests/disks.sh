# shellcheck shell=dash
# Several disks: the order of the command line, serial numbers, read-only.
# want_disks: sectors:ro:serial of each, with commas between; serial may be
# empty, where the profile has none.

expect disks "$(cat /sys/block/vd*/size | wc -l)" "$(echo "$want_disks" | tr ',' '\n' | wc -l)"
for dev in vda vdb vdc vdd; do
	[ -n "$want_disks" ] || break
	want=${want_disks%%,*}
	case $want_disks in
	*,*) want_disks=${want_disks#*,} ;;
	*) want_disks='' ;;
	esac
	read -r sectors </sys/block/$dev/size
	read -r ro </sys/block/$dev/ro
	serial=$(cat /sys/block/$dev/serial 2>/dev/null)
	expect $dev "$sectors:$ro:$serial" "$want"
	echo "SUM $dev $(sha256sum </dev/$dev)"
done
