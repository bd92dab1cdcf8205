# shellcheck shell=dash
# What the guest sees of its machine: processors, memory, clock, devices.
# want_cpus, want_mem (MiB), want_bus (pci or mmio); want_contract: the disk's
# configuration space is the device contract's (AERO-W7-VIRTIO 1.1 to 1.4, 3.1).

expect cpus "$(nproc)" "$want_cpus"
expect cores "$(cat /sys/devices/system/cpu/cpu*/topology/core_id | sort -u | wc -l)" "$want_cpus"
expect packages "$(cat /sys/devices/system/cpu/cpu*/topology/physical_package_id | sort -u | wc -l)" 1

mem=$(awk '$1 == "MemTotal:" { print int($2 / 1024) }' /proc/meminfo)
if [ "$mem" -le "$want_mem" ] && [ "$mem" -ge $((want_mem * 85 / 100)) ]; then
	pass memory "$mem MiB"
else
	fail memory "$mem MiB of $want_mem"
fi
if [ "$want_mem" -gt 4096 ]; then
	try memory-above-4G grep -q '^1[0-9a-f]\{8\}-[0-9a-f]* : System RAM' /proc/iomem
fi
try kvmclock grep -q kvm-clock /sys/devices/system/clocksource/clocksource0/available_clocksource

disk=$(readlink -f /sys/block/vda/device)
case $want_bus:$disk in
pci:/sys/devices/pci0000:00/*) pass bus "$disk" ;;
mmio:/sys/devices/*/LNRO0005:*) pass bus "$disk" ;;
mmio:/sys/devices/platform/virtio-mmio.*) pass bus "$disk" ;;
*) fail bus "$disk" ;;
esac

if [ "$want_bus" = pci ]; then
	lspci -vvv -nn >/tmp/lspci
	cat /tmp/lspci
	slot=$(basename "$(dirname "$disk")")
	lspci -vvv -nn -s "$slot" >/tmp/blk
	for what in '1af4:1042' '(rev 01)' 'Kernel driver in use: virtio-pci' \
		    'VirtIO: CommonCfg' 'VirtIO: Notify' 'VirtIO: ISR' \
		    'VirtIO: DeviceCfg' 'BusMaster+' 'Mem+'; do
		try "lspci $what" grep -qF "$what" /tmp/blk
	done
	# Each of these words marks something that lspci could not make sense of.
	if grep -E 'unassigned|\[disabled\]|\[virtual\]|!!!|unknown header|access denied|<chain' /tmp/lspci; then
		fail lspci 'see the line above'
	else
		pass lspci
	fi
	# Bytes $2 of the row of 16 at $1.
	config() {
		lspci -xxx -s "$slot" | sed -n "s/^$1: //p" | cut -d ' ' -f "$2"
	}
	window() {
		expect "window $1" "$(grep -A 1 "VirtIO: $1\$" /tmp/blk | grep -o 'BAR=.*' | tr -d '\n')" "$2"
	}
	if [ -n "${want_contract:-}" ]; then
		expect ids "$(config 00 1-4)" 'f4 1a 42 10'
		expect revision-and-class "$(config 00 9-12)" '01 00 00 01'
		expect header-type "$(config 00 15)" 00
		expect subsystem "$(config 20 13-16)" 'f4 1a 02 00'
		expect interrupt-pin "$(config 30 14)" 01
		try bar grep -q 'Region 0: Memory at .*(64-bit, non-prefetchable) \[size=16K\]' /tmp/blk
		window CommonCfg 'BAR=0 offset=00000000 size=00000100'
		window Notify 'BAR=0 offset=00001000 size=00000100 multiplier=00000004'
		window ISR 'BAR=0 offset=00002000 size=00000020'
		window DeviceCfg 'BAR=0 offset=00003000 size=00000100'
		try no-msix sh -c '! grep -q MSI /tmp/blk'
	fi
fi
