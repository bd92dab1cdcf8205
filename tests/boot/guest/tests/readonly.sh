# shellcheck shell=dash
# A disk that may not be written says so or fails the write; it still reads.

echo "SUM before $(sha256sum </dev/vda)"
if dd if=/dev/zero of=/dev/vda bs=4096 count=4 oflag=direct 2>/tmp/err; then
	fail write 'a read-only disk took a write'
else
	pass write "$(tail -n 1 /tmp/err)"
fi
echo 3 >/proc/sys/vm/drop_caches
echo "SUM after $(sha256sum </dev/vda)"
