# shellcheck shell=dash
# What the guest sees of its machine: processors, memory, clock, devices.
# want_cpus, want_mem (MiB), want_bus (pci or mmio)

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
fi
