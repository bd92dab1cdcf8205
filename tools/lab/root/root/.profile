export PATH=/bin:/usr/bin PS1='\h:\w\$ '
if grep -qw demo=ci /proc/cmdline; then
	uname -a
	dd if=/dev/vda bs=1M iflag=direct 2>/dev/null | sha256sum
	poweroff
else
	echo
	echo "$(uname -sr) on $(nproc) CPUs, root file system on /dev/vda ($(df -h / | awk 'NR == 2 { print $2 }'))."
	echo 'poweroff ends the guest, Ctrl-A X ends aerovmm at once.'
fi
