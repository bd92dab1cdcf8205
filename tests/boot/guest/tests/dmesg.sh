# shellcheck shell=dash
# The kernel has nothing to complain about. The last test of a list.

dmesg >/tmp/dmesg
if grep -E 'BUG:|WARNING:|Call Trace|Oops|Firmware Bug|BIOS Error|ACPI.* (Error|Warning)|I/O error|hung task|soft lockup|nobody cared|detected stalls|Unknown NMI|virtio.*(fail|error|broken)|Fatal' /tmp/dmesg; then
	fail dmesg 'see the lines above'
else
	pass dmesg
fi
