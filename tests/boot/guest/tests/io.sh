# shellcheck shell=dash
# Data through /dev/vda both ways; the host compares the sums with its image.
# want_sectors

expect size "$(cat /sys/block/vda/size)" "$want_sectors"
echo "SUM read $(sha256sum </dev/vda)"

ok=1
# Sizes and offsets of every kind: large, odd, buffered, direct.
# count * bs, seek in units of bs
while read -r bs seek count flags; do
	dd if=/dev/urandom of=/tmp/blob bs="$bs" count="$count" 2>/dev/null
	# shellcheck disable=SC2086 # none, one or two words
	dd if=/tmp/blob of=/dev/vda bs="$bs" seek="$seek" conv=notrunc,fsync $flags 2>/tmp/err || {
		cat /tmp/err
		ok=0
	}
	echo 3 >/proc/sys/vm/drop_caches
	dd if=/dev/vda bs="$bs" skip="$seek" count="$count" 2>/dev/null | cmp - /tmp/blob || ok=0
done <<LIST
1M 2 3
512 3 5
512 4100 1 oflag=direct
4096 10 7 oflag=direct
65536 40 16 oflag=direct
3072 1101 33
LIST
rm /tmp/blob
try write [ $ok = 1 ]
echo 3 >/proc/sys/vm/drop_caches
# The last close of a disk drops what is cached of it: keep one open meanwhile.
exec 9</dev/vda
echo "SUM write $(sha256sum </dev/vda)"
if [ "${want_mem:-0}" -gt 4096 ]; then
	# What was just read has to be in the memory above 4 GiB.
	pages=$(awk '/zone +Normal/ { in_zone = 1 } /zone +Movable/ { in_zone = 0 }
		in_zone && /nr_zone_(in)?active_file/ { n += $2 } END { print n + 0 }' /proc/zoneinfo)
	if [ "$pages" -gt 500 ]; then
		pass dma-above-4G "$pages pages"
	else
		fail dma-above-4G "$pages pages"
	fi
fi
