# shellcheck shell=bash
# Several disks, read-only disks, serial numbers, odd sizes, a file system, a
# block device of the host.

variants=(several-pci several-mmio readonly-modern readonly-w7 ext4 block-device)

run_case() {
	case $1 in
	several-*)
		random_file a.img 2
		random_file b.img 3
		# Not a multiple of 512: the guest sees the whole sectors.
		head -c $((1024 * 1024 + 300)) /dev/urandom >c.img
		boot -t "${1#several-}" -a "aerotest=disks,dmesg want_disks=4096:0:first,6144:1:ro-one,2048:0:" \
			--disk a.img,serial=first --disk b.img,ro,serial=ro-one --disk c.img
		expect_rc 0
		expect_tests disks vda vdb vdc dmesg
		expect_sum vda a.img
		expect_sum vdb b.img
		head -c $((1024 * 1024)) c.img >whole.img
		expect_sum vdc whole.img
		grep -q c.img err || fail 'no word of the odd size of c.img'
		;;
	readonly-modern|readonly-w7)
		local profile=modern

		[ "$1" = readonly-modern ] || profile=aero-w7
		random_file disk.img 2
		cp disk.img before.img
		chmod a-w disk.img
		boot -p "$profile" -a aerotest=readonly --disk disk.img,ro
		expect_rc 0
		expect_tests write
		expect_sum before before.img
		expect_sum after before.img
		cmp disk.img before.img || fail 'a read-only image has changed'
		;;
	ext4)
		mkdir tree
		random_file tree/old 3
		truncate -s 32M disk.img
		/sbin/mke2fs -q -t ext4 -d tree disk.img
		boot -c 2 -a aerotest=ext4,dmesg --disk disk.img
		expect_rc 0
		expect_tests mount umount dmesg
		expect_sum old tree/old
		/sbin/e2fsck -fn disk.img || fail 'the file system is not clean'
		/sbin/debugfs -R 'dump /new new' disk.img
		expect_sum new new
		;;
	block-device)
		[ "$LAB" = nested ] || skip 'needs a spare block device: only in the nested lab'
		modprobe brd rd_nr=1 rd_size=16384
		head -c 16M /dev/urandom >/dev/ram0
		sha256sum </dev/ram0
		cp /dev/ram0 before.img
		boot -a "aerotest=io,dmesg want_sectors=32768" --disk /dev/ram0,direct
		expect_rc 0
		expect_tests size write dmesg
		expect_sum read before.img
		expect_sum write /dev/ram0
		;;
	esac
}
