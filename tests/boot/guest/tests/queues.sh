# shellcheck shell=dash
# Devices with several queues: the driver has taken the feature, each CPU has a
# queue of its own, and each queue works and interrupts for itself.
# want_queues: of the disk; want_pairs: of the network card

# $1: a device's folder  $2: bit
feature() {
	cut -c $(($2 + 1)) "$1/features"
}

# Interrupts so far of the line that ends in $1.
irqs() {
	awk -v name="$1" '$NF == name {
		for (i = 2; $i ~ /^[0-9]+$/; i++) n += $i } END { print n + 0 }' /proc/interrupts
}

if [ -n "${want_queues:-}" ]; then
	dev=$(readlink -f /sys/block/vda/device)
	expect blk-feature "$(feature "$dev" 12)" 1
	expect blk-mq "$(find /sys/block/vda/mq -mindepth 1 -maxdepth 1 | wc -l)" "$want_queues"
	grep . /sys/block/vda/mq/*/cpu_list
	q=0
	while [ $q -lt "$want_queues" ]; do
		before=$(irqs "$(basename "$dev")-req.$q")
		try "blk-read-$q" taskset -c $q dd if=/dev/vda of=/dev/null bs=4096 \
			count=64 skip=$((q * 64)) iflag=direct
		n=$(($(irqs "$(basename "$dev")-req.$q") - before))
		try "blk-irq-$q" [ $n -ge 32 ]
		q=$((q + 1))
	done
fi

if [ -n "${want_pairs:-}" ]; then
	dev=$(readlink -f /sys/class/net/eth0/device)
	expect net-feature "$(feature "$dev" 22)" 1
	expect net-rx-queues "$(find /sys/class/net/eth0/queues -name 'rx-*' | wc -l)" "$want_pairs"
	ip link set eth0 up
	ip addr add 10.9.9.2/24 dev eth0
	echo "READY net"
	tries=0
	until ping -c 1 -W 1 10.9.9.1 >/dev/null 2>&1 || [ $tries -gt 30 ]; do
		tries=$((tries + 1))
	done
	# A CPU sends by its own pair, and the host answers by that.
	q=0
	while [ $q -lt "$want_pairs" ]; do
		before=$(irqs "$(basename "$dev")-input.$q")
		try "net-ping-$q" taskset -c $q ping -q -c 10 -i 0.1 -W 5 10.9.9.1
		n=$(($(irqs "$(basename "$dev")-input.$q") - before))
		try "net-irq-$q" [ $n -ge 5 ]
		q=$((q + 1))
	done
	grep virtio /proc/interrupts
fi
