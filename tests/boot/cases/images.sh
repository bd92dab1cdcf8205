# shellcheck shell=bash
# Images of tools/mkimage boot through our BIOS to a login and end well: boot
# loader, its menu, kernel, user space, driven by what is typed on COM1. no-acpi:
# without ACPI and IOAPIC. seabios-*: through Debian's unmodified SeaBIOS, GRUB's
# disk without ACPI as well. memtest: memtest86+ goes through a pass of its tests
# but the last, which waits for bits to fade; memtest-pass, which is there only with
# MINUTES because it takes four, through all of them. debian: a whole system with
# systemd, there only with DEBIAN because making its image takes ten minutes.

variants=(grub no-acpi grub-cd syslinux isolinux extlinux second-disk
	seabios-grub seabios-syslinux memtest)
[ -z "${MINUTES:-}" ] || variants+=(memtest-pass)
[ -z "${DEBIAN:-}" ] || variants+=(debian)

lab=$here/../../tools/lab
seabios=/usr/share/seabios/bios-256k.bin

# The image, for this guest to write to. $1: kind
image() {
	cp --sparse=always "$IMAGES/$1.img" disk.img
}

# talk AEROVMM_OPTION...: with the script on stdin; what the machine prints is
# the file raw. A reboot ends it unless $reboot is empty.
talk() {
	local reboot=${reboot---no-reboot}

	vmm=("$AEROVMM" --display none ${reboot:+"$reboot"} --control unix:control "$@")
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

# All units started, the root file system on the disk, and an end by ACPI.
logs_in_to_systemd() {
	cat <<-END
	hear GRUB loading
	hear aerovmm login:
	run $lab/screen control 'aerovmm login:'
	send root\n
	hear root@aerovmm
	send lsblk; until systemctl is-system-running; do sleep 1; done; systemctl --failed --no-pager; dmesg | grep -E 'B[U]G|O[o]ps|ACPI.*E[r]ror'\n
	hear vda1 .* part /
	hear ^running
	hear 0 loaded units listed
	send poweroff\n
	hear Power down
	end
	END
}

# Without ACPI and APIC, so by the 8259s: what is written to the disk is there when
# it is read again, and the interrupts came by a line that the BIOS told of. The end
# is a reset, because power goes off by ACPI.
logs_in_without_acpi() {
	cat <<-'END'
	send \x1b[B\x1b[B\r
	hear loading: aerovmm without ACPI
	hear aerovmm login:
	send root\n
	hear :/root#
	send cp /bin/busybox copy && sync && echo 3 >/proc/sys/vm/drop_caches && cmp /bin/busybox copy && echo s''ame\n
	hear same
	send cat /proc/cmdline /proc/interrupts; dmesg | grep -E 'n[o]body cared|rou[t]e interrupt'; echo d''one\n
	hear acpi=off noapic
	hear [1-9][0-9]+ +XT-PIC .*virtio0
	hear done
	send reboot\n
	hear Restarting system
	END
}

# $1: Status of memtest86+ that a pass ends with; then what chooses tests
passes() {
	cat <<-END
	hear GRUB loading
	hear memtest86
	send \\r
	run $lab/screen control 'Memtest86. v.*'
	run $lab/screen control 'Status: Testing'
	$(cat)
	run $lab/screen control 'Status: Pass.*' && $lab/screen control 'Pass: +[1-9][0-9]* +Errors: 0( |$)'
	run printf '%s\n' '{"execute":"qmp_capabilities"}' '{"execute":"screendump","arguments":{"filename":"picture"}}' | socat -t 60 - UNIX-CONNECT:control
	END
}

# The picture has the word PASS in large letters, green on black.
passed() {
	local green

	"$VIEWER" picture size=720x400 || fail 'the picture has another size'
	green=$(tail -c $((720 * 400 * 3)) picture | od -An -v -tx1 -w3 | grep -c '00 aa 00') ||
		fail 'no green in the picture'
	[ "$green" -gt 1000 ] || fail "$green green dots do not make a word"
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
	no-acpi)
		image grub
		{
			echo 'hear the second'
			logs_in_without_acpi
			echo 'end 3'
		} | talk --memory 256M --disk disk.img
		! grep -E 'BUG|Oops|nobody cared|route interrupt' log || fail 'the kernel complains'
		;;
	seabios-grub)
		image grub
		{
			echo 'hear SeaBIOS'
			echo 'hear the second'
			logs_in_without_acpi
			echo 'hear SeaBIOS'
			echo 'hear the second'
			echo 'send \r'
			logs_in '/dev/vda1 / ext4'
		} | reboot='' talk --memory 256M --firmware $seabios --disk disk.img
		! grep -E 'BUG|Oops|ACPI.*[Ee]rror:|nobody cared' log || fail 'the kernel complains'
		;;
	seabios-syslinux)
		image syslinux
		{
			echo 'hear SeaBIOS'
			echo 'hear boot:'
			echo 'send linux\r'
			logs_in 'rootfs / '
		} | talk --memory 256M --firmware $seabios --disk disk.img
		;;
	debian)
		BOOT_TIMEOUT=900
		image debian
		logs_in_to_systemd | talk --memory 512M --disk disk.img
		! grep -E 'BUG|Oops|ACPI.*[Ee]rror:' log || fail 'the kernel complains'
		;;
	memtest)
		BOOT_TIMEOUT=900
		image memtest
		passes <<-END | talk --memory 16M --disk disk.img
		send 1
		run $lab/screen control 'F1>  Test selection'
		send 1
		run $lab/screen control 'Remove one test'
		send 2
		run $lab/screen control 'Enter test #'
		send 10\r
		run $lab/screen control '[*.]{9,}[.]( |$)'
		send 0
		run $lab/screen control 'F1>  Test selection'
		send 0
		END
		passed
		;;
	memtest-pass)
		image memtest
		BOOT_TIMEOUT=900
		passes </dev/null | talk --memory 16M --disk disk.img
		passed
		;;
	esac
}
