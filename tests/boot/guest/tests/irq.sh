# shellcheck shell=dash
# After some I/O: how the disk interrupts. want_irq: msix, intx, pic or mmio

dd if=/dev/vda of=/dev/null bs=4096 count=64 iflag=direct 2>/dev/null
grep virtio /proc/interrupts >/tmp/irqs
cat /tmp/irqs
disk=$(basename "$(readlink -f /sys/block/vda/device)")
case $want_irq in
msix) pattern="PCI-MSI.* $disk-req" ;;
intx) pattern="IO-APIC.*-fasteoi .*$disk" ;;
pic) pattern="XT-PIC.* .*$disk" ;;
mmio) pattern="IO-APIC.* $disk" ;;
esac
# Sum over the processors of the lines that match.
count=$(awk -v pattern="$pattern" '$0 ~ pattern {
	for (i = 2; $i ~ /^[0-9]+$/; i++) n += $i } END { print n + 0 }' /tmp/irqs)
if [ "$count" -ge 8 ]; then
	pass irq "$want_irq, $count"
else
	fail irq "$want_irq: $count interrupts"
fi
