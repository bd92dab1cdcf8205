# shellcheck shell=bash
# Images of tools/mkimage boot through our BIOS to a login and end well: boot
# loader, its menu, kernel, user space, driven by what is typed on COM1.

variants=(grub grub-cd syslinux isolinux extlinux second-disk memtest)

lab=$here/../../tools/lab

# The image, for this guest to write to. $1: kind
image() {
	cp --sparse=always "$IMAGES/$1.img" disk.img
}

# talk AEROVMM_OPTION...: with the script on stdin; what the machine prints is
# the file raw.
talk() {
	vmm=("$AEROVMM" --display none --no-reboot --control unix:control "$@")
	printf '%q ' "${vmm[@]}" >>commands
	export TALK_LIMIT=$BOOT_TIMEOUT
	"$lab/talk" /dev/stdin raw "${vmm[@]}"
	tr -d '\r' <raw >log
}

# What to type at a login, and what must be seen there; there is one on the screen,
# too. $1: regular expression for the root file system's line in /proc/mounts
logs_in() {
	cat <<-END
	hear aerovmm login:
	run $lab/screen control 'aerovmm login:'
	send root\n
	hear :/root# 
	send uname -a; cat /proc/mounts /proc/cmdline; dmesg | grep -E 'B[U]G|O[o]ps|ACPI.*E[r]ror'\n
	hear Linux aerovmm 6
	hear $1
	send poweroff\n
	hear Power down
	end
	END
}

run_case() {
	case $1 in
	grub)
		image grub
		{
			echo 'hear Booting from disk 0'
			echo 'hear GRUB loading'
			echo 'hear aerovmm without ACPI'
			echo 'send \r'
			echo 'hear loading: aerovmm'
			logs_in '/dev/vda1 / ext4'
		} | talk --memory 256M --disk disk.img
		! grep -E 'BUG|Oops|ACPI.*[Ee]rror:' log || fail 'the kernel complains'
		;;
	grub-cd|isolinux)
		image "$1"
		{
			echo 'hear Booting from CD'
			[ "$1" = isolinux ] || echo 'hear the second'
			[ "$1" = grub-cd ] || echo 'hear boot:'
			echo 'send \r'
			logs_in 'rootfs / '
		} | talk --memory 256M --cdrom disk.img
		;;
	syslinux|extlinux)
		image "$1"
		{
			echo 'hear Booting from disk 0'
			echo 'hear SYSLINUX [0-9.]+'
			echo 'hear boot:'
			echo 'send linux\r'
			[ "$1" = syslinux ] || logs_in '/dev/vda1 / ext4'
			[ "$1" = extlinux ] || logs_in 'rootfs / '
		} | talk --memory 256M --disk disk.img
		;;
	second-disk)
		# Disks in PCI order: the second one is booted, and is the second one.
		image grub
		truncate -s 8M empty.img
		{
			cat <<-'END'
			hear 1  disk 0 .drive 80h., 8 MiB
			hear 2  disk 1 .drive 81h., 64 MiB
			send 2
			hear Booting from disk 1
			hear GRUB loading
			hear the second
			send \r
			END
			logs_in '/dev/vdb1 / ext4'
		} | talk --memory 256M --boot menu --disk empty.img --disk disk.img
		;;
	memtest)
		image memtest
		{
			echo 'hear GRUB loading'
			echo "run $lab/screen control 'Memtest86. v.*'"
			echo "run $lab/screen control '#[1-9] +.Moving inversions'"
			echo "run $lab/screen control 'Errors: 0'"
		} | talk --memory 32M --disk disk.img
		;;
	esac
}
