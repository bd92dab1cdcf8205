# shellcheck shell=dash
# The host takes the image's storage away: requests fail, the guest goes on.
# want_fault: write (the host's disk is full), read (the image is truncated)

case $want_fault in
write)
	if dd if=/dev/zero of=/dev/vda bs=64k seek=64 count=64 oflag=direct 2>/tmp/err; then
		fail full-disk 'every write succeeded'
	else
		pass full-disk "$(tail -n 1 /tmp/err)"
	fi
	;;
read)
	try read-before dd if=/dev/vda of=/dev/null bs=4096 skip=1000 count=1 iflag=direct
	echo READY
	read -r _
	if dd if=/dev/vda of=/dev/null bs=4096 skip=1000 count=1 iflag=direct 2>/tmp/err; then
		fail truncated 'a read past the end succeeded'
	else
		pass truncated "$(tail -n 1 /tmp/err)"
	fi
	;;
esac
try start-still-reads dd if=/dev/vda of=/dev/null bs=4096 count=4 iflag=direct
