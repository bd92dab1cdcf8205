# shellcheck shell=dash
# Random writes with fsync, then everything read back and its crc32c checked.
# want_rounds: rounds, each with its own seed, block sizes and depth.
# fio and its libraries are on the second disk.

mkdir /tools
if mount -t ext4 -o ro /dev/vdb /tools; then
	pass tools-disk
else
	fail tools-disk 'cannot mount /dev/vdb'
fi
mount --bind /dev /tools/dev
mount -t proc none /tools/proc
mount -t tmpfs none /tools/tmp
{
	cat <<-JOB
	[global]
	filename=/dev/vda
	ioengine=libaio
	rw=randwrite
	verify=crc32c
	do_verify=1
	verify_fatal=1
	verify_dump=0
	verify_state_save=0
	thread
	stonewall
	JOB
	r=1
	while [ "$r" -le "$want_rounds" ]; do
		echo "[round$r]"
		echo "randseed=$((r * 7919 + ${want_seed:-0}))"
		case $((r % 4)) in
		0) printf 'bs=4k\niodepth=32\ndirect=1\nsize=3M\nfsync=64\n' ;;
		1) printf 'bsrange=512-64k\nbs_unaligned=0\nblockalign=512\niodepth=8\ndirect=1\nsize=6M\nfsync=16\n' ;;
		2) printf 'bs=128k\niodepth=4\ndirect=1\nsize=12M\nfdatasync=8\noffset=4M\n' ;;
		3) printf 'bsrange=1k-32k\ndirect=0\nsize=4M\nfsync=8\noffset=1M\n' ;;
		esac
		r=$((r + 1))
	done
} >/tools/tmp/job
chroot /tools /usr/bin/fio --minimal /tmp/job >/tmp/fio 2>&1
status=$?
# Terse format 3: field 3 the job, 5 its error, 6 KiB read, 47 KiB written.
done=$(awk -F ';' '$1 == 3 && $5 == 0 && $6 > 1024 && $47 > 1024 { n++ } END { print n + 0 }' /tmp/fio)
if [ $status = 0 ] && [ "$done" = "$want_rounds" ]; then
	pass fio-verify "$done rounds"
else
	cat /tmp/fio
	fail fio-verify "status $status, $done of $want_rounds rounds"
fi
