# shellcheck shell=dash
# Rounds of disk and network work with resets, as the host orders them (see
# cases/long.sh). fio and iperf3's files are on the second disk.

mkdir /tools
try tools-disk mount -t ext4 -o ro /dev/vdb /tools
mount --bind /dev /tools/dev
mount -t proc none /tools/proc
mount -t tmpfs none /tools/tmp

# The PCI address behind a device's folder in sysfs.
pci_of() {
	basename "$(dirname "$(readlink -f "$1")")"
}

net_up() {
	ip link set lo up
	for card in 0:10.9.9 1:10.9.10; do
		ip link set "eth${card%%:*}" up
		ip addr add "${card#*:}.2/24" dev "eth${card%%:*}"
	done
}

wait_peer() {
	for peer in 10.9.9.1 10.9.10.1; do
		tries=0
		until ping -c 1 -W 1 $peer >/dev/null 2>&1; do
			tries=$((tries + 1))
			if [ $tries -gt 60 ]; then
				fail peer "no answer from $peer"
				break
			fi
		done
	done
}

# $1: seed  $2...: more
fio_disk() {
	seed=$1
	shift
	chroot /tools /usr/bin/fio --minimal --name=j --thread --rw=randwrite \
		--filename="/dev/$(disk)" --size=12M --bs=4k --iodepth=16 --direct=1 \
		--ioengine=libaio --verify=crc32c --verify_fatal=1 \
		--verify_state_save=0 --randseed="$seed" --end_fsync=1 \
		"$@" >/tmp/fio 2>&1 || { cat /tmp/fio; return 1; }
}

# iperf3's server does not listen for a moment after each client.
stream() {
	tries=0
	until iperf3 "$@" >/tmp/iperf 2>&1; do
		tries=$((tries + 1))
		if [ $tries -gt 10 ] || ! grep -q 'unable to connect' /tmp/iperf; then
			cat /tmp/iperf
			return 1
		fi
		sleep 1
	done
}

streams() {
	for peer in 10.9.9.1 10.9.10.1; do
		stream -c $peer -n 8M || return 1
		stream -c $peer -n 8M -R || return 1
	done
}

# Until killed: both cards and the disk are busy.
traffic() {
	for peer in 10.9.9.1 10.9.10.1; do
		nc $peer 5998 </dev/zero >/dev/null 2>&1 &
		pids="$pids $!"
	done
	dd if="/dev/$(disk)" of=/dev/null bs=64k iflag=direct 2>/dev/null &
	pids="$pids $!"
	sleep 1
}

disk() {
	basename /sys/bus/pci/devices/"$disk_pci"/virtio*/block/*
}

rebind() {
	echo "$1" >/sys/bus/pci/drivers/virtio-pci/unbind
	echo "$1" >/sys/bus/pci/drivers/virtio-pci/bind
}

reset_devices() {
	pids=''
	traffic
	rebind "$net0_pci"
	rebind "$disk_pci"
	rebind "$net1_pci"
	# shellcheck disable=SC2086 # several
	kill -9 $pids 2>/dev/null
	wait
	net_up
	wait_peer
	[ -b "/dev/$(disk)" ] || fail reset-disk 'does not come back'
}

disk_pci=$(pci_of /sys/block/vda/device)
net0_pci=$(pci_of /sys/class/net/eth0/device)
net1_pci=$(pci_of /sys/class/net/eth1/device)
net_up
echo "READY net"
wait_peer
while :; do
	order='' tries=0
	until [ -n "$order" ] || [ $tries -gt 30 ]; do
		order=$(nc -w 30 10.9.9.1 5999)
		tries=$((tries + 1))
		[ -n "$order" ] || sleep 1
	done
	# shellcheck disable=SC2086 # three words
	set -- $order
	case ${1:-none} in
	go)
		streams &
		job=$!
		if [ "$3" != 0 ] && ! fio_disk "$3" --verify_only; then
			fail fio-verify-old "round $3"
		fi
		fio_disk "$2" || fail fio-verify "round $2"
		wait $job || fail streams "round $2"
		reset_devices
		;;
	reboot)
		pids=''
		traffic
		echo "ROUND $2 reboot"
		reboot -f
		;;
	stop) break ;;
	*) fail order "'$*'" ;;
	esac
	echo "ROUND $2 $1"
done
# I/O errors are what a disk that is taken away gives.
dmesg >/tmp/dmesg
if grep -E 'BUG:|WARNING:|Call Trace|Oops|hung task|nobody cared|Fatal' /tmp/dmesg; then
	fail kernel 'see the lines above'
else
	pass kernel
fi
