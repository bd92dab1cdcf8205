# shellcheck shell=bash
# Devices with a queue for each CPU of the guest, on I/O threads of their own and
# with an irqfd for each vector in use, under unmodified drivers; a card's pairs
# once more by threads of vhost-net.

variants=(disk net net-vhost)

# The VMM has a thread of each of these names.
expect_threads() {
	local name

	for name in "$@"; do
		grep -qx "$name" /proc/"$VMM_PID"/task/*/comm ||
			fail "no thread $name among $(cat /proc/"$VMM_PID"/task/*/comm)"
	done
}

vhost_threads() {
	cat /proc/"$VMM_PID"/task/*/comm | awk '/^vhost-/ { n++ } END { print n + 0 }'
}

# At least $1 vectors have been given to KVM.
expect_irqfds() {
	local n

	n=$(sed -n 's/.*irqfd: GSI \([0-9]*\) sends.*/\1/p' err | sort -u | wc -l)
	[ "$n" -ge "$1" ] || fail "$n irqfds, not $1"
}

run_case() {
	case $1 in
	disk)
		random_file disk.img 16
		cp disk.img before.img
		boot_background -c 2 \
			-a "aerotest=queues,io,dmesg want_queues=2 want_sectors=32768" \
			-vv --iothreads 2 --disk disk.img,queues=2
		wait_line 'TEST blk-mq'
		expect_threads io0 io1
		wait_vmm
		expect_rc 0
		expect_tests blk-feature blk-mq blk-read-0 blk-irq-0 blk-read-1 \
			blk-irq-1 size write dmesg
		expect_irqfds 2
		expect_sum read before.img
		expect_sum write disk.img
		;;
	net*)
		local vhost=off

		if [ "$1" = net-vhost ]; then
			modprobe vhost_net || fail 'the host has no vhost-net'
			vhost=on
		fi
		boot_background -k devs -c 2 -a "aerotest=queues,dmesg want_pairs=2" \
			-vv --iothreads 2 --net "lab$$,queues=2,vhost=$vhost"
		wait_line 'READY net'
		ip addr add 10.9.9.1/24 dev "lab$$"
		expect_threads net0 net1
		case $vhost:$(vhost_threads) in
		off:0|on:2) ;;
		*) fail "vhost=$vhost and $(vhost_threads) of its threads" ;;
		esac
		wait_vmm
		expect_rc 0
		expect_tests net-feature net-rx-queues net-ping-0 net-irq-0 \
			net-ping-1 net-irq-1 dmesg
		;;
	esac
}
