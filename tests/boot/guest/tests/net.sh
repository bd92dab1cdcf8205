# shellcheck shell=dash
# A network card: link, DHCP or a fixed address, ping, and data both ways
# through TCP. want_net: user or tap; want_blocks: how much each way, in 8 MiB.

blocks() {
	i=0
	while [ $i -lt "$want_blocks" ]; do
		cat /tmp/block
		i=$((i + 1))
	done
}

# The carrier, once it is $1 or that takes too long.
carrier() {
	tries=0
	while [ "$(cat /sys/class/net/eth0/carrier 2>/dev/null)" != "$1" ] && [ $tries -lt 100 ]; do
		tries=$((tries + 1))
		usleep 100000
	done
	cat /sys/class/net/eth0/carrier
}

ip link set lo up
ip link set eth0 up
expect carrier "$(carrier 1)" 1
if [ "$want_net" = user ]; then
	cat >/tmp/dhcp <<-'SCRIPT'
	#!/bin/busybox sh
	[ "$1" = bound ] || exit 0
	ip addr add "$ip/$mask" dev "$interface"
	ip route add default via "$router"
	SCRIPT
	chmod +x /tmp/dhcp
	try dhcp udhcpc -i eth0 -n -q -s /tmp/dhcp
	peer=10.0.2.2
else
	ip link set eth0 mtu 9000
	ip addr add 10.9.9.2/24 dev eth0
	peer=10.9.9.1
fi
echo "READY net"
# The peer sets its side up when it reads that line.
wait_peer() {
	tries=0
	until ping -c 1 -W 1 "$1" >/dev/null 2>&1 || [ $tries -gt 30 ]; do
		tries=$((tries + 1))
	done
}
wait_peer $peer
try ping ping -c 3 -W 5 $peer
[ "$want_net" = user ] || try jumbo ping -c 2 -W 5 -s 8000 $peer
if [ "$want_net" = tap ]; then
	ip link add link eth0 name eth0.7 type vlan id 7
	ip addr add 10.9.8.2/24 dev eth0.7
	ip link set eth0.7 up
	wait_peer 10.9.8.1
	try vlan ping -c 2 -W 5 10.9.8.1
	try vlan-jumbo ping -c 2 -W 5 -s 8000 10.9.8.1
fi
echo "LISTEN in"
echo "SUM in $(nc -l -p 5001 | sha256sum)"
head -c 8388608 /dev/urandom >/tmp/block
echo "SUM out $(blocks | sha256sum)"
echo "LISTEN out"
blocks | nc -l -p 5002
for way in in out; do
	echo "LISTEN iperf-$way"
	try iperf-$way iperf3 -s -1
done
for bit in 34 29 15 0; do
	echo "feature $bit $(cut -c $((bit + 1)) /sys/class/net/eth0/device/features)"
done
if [ -n "${want_flap:-}" ]; then
	echo "READY flap"
	for want in 0 1; do
		expect "carrier-$want" "$(carrier $want)" $want
		echo "SEEN $want"
	done
	try ping-after-flap ping -c 3 -W 5 $peer
	if [ "$want_net" = tap ]; then
		echo "READY gone"
		expect carrier-gone "$(carrier 0)" 0
	fi
fi
