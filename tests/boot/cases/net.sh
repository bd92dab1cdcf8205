# shellcheck shell=bash
# An unmodified virtio_net driver: DHCP, ping, checksummed data both ways,
# iperf3 both ways, jumbo and VLAN frames over a tap, the link taken down and
# up by the control socket, and the tap deleted. NET_MIB in the environment: how much data each way.
# The lab's kernel has vhost-net: as long as it is not loaded there is none. The
# last is without a guest, the host test that needs vhost-net.

variants=(user-modern tap-modern tap-modern-mmio tap-packed tap-packed-mmio
	tap-vhost tap-vhost-intx vhost)

BLOCKS=$((${NET_MIB:-32} / 8))  # of 8 MiB, all of them the same

# Runs a command until it succeeds: somebody has to listen first.
patiently() {
	local tries=0

	until "$@"; do
		tries=$((tries + 1))
		[ $tries -lt 50 ] || fail "$* does not succeed"
		sleep 0.2
	done
}

blocks() {
	local i

	for ((i = 0; i < BLOCKS; i++)); do
		cat block
	done
}

# To and from port $2 of $1.
send_blocks() {
	blocks | socat -u - "TCP:$1:$2" 2>/dev/null
}

receive_sum() {
	socat -u "TCP:$1:$2" - 2>/dev/null | sha256sum >sum
	[ "$(cat sum)" != "$(sha256sum </dev/null)" ]
}

# A stream from or, with -R, to the guest: host $1, port $2, its name $3.
iperf() {
	wait_line "LISTEN iperf-$3"
	patiently iperf3 -c "$1" -p "$2" -n 8M ${4:+"$4"} >"iperf-$3" 2>&1
	grep -q receiver "iperf-$3" || fail "iperf3 has no result: $(tail -n 1 "iperf-$3")"
}

# Keys for --net: on, auto with the module and without, and off.
keys_of() {
	if [ "$1" = tap-modern-mmio ]; then
		# It takes tun along, which it has used.
		modprobe -r vhost_net || fail 'vhost-net stays'
		modprobe tun || fail 'the host has no tun'
	else
		modprobe vhost_net || fail 'the host has no vhost-net'
	fi
	case $1 in
	tap-vhost)	keys=,vhost=on ;;
	tap-vhost-intx)	keys=,msix=off ;;
	tap-modern)	keys=,vhost=off ;;
	tap-packed*)	keys=,packed packed=1 ;;
	esac
}

# Whether a thread of the host's kernel serves the guest's rings.
has_vhost() {
	grep -qx 'vhost-[0-9]*' /proc/"$VMM_PID"/task/*/comm
}

expect_vhost() {        # VARIANT
	case $1 in
	tap-vhost*)
		has_vhost || fail 'vhost-net is not in use'
		grep -q 'vhost-net serves the queues' err || fail 'it serves nothing'
		;;
	*)	! has_vhost || fail 'vhost-net is in use' ;;
	esac
}

# What a hostile driver does to it.
run_host_test() {
	modprobe vhost_net || fail 'the host has no vhost-net'
	"$VHOST_TEST" >log 2>&1 || fail 'the host test fails'
	! grep SKIPPED log || fail 'the host test was skipped'
}

run_case() {
	if [ "$1" = vhost ]; then
		run_host_test
		return
	fi
	local kind=${1%%-*} net in=127.0.0.1 in_port=15001 out_port=15002 iperf_port=15201
	local keys='' packed=0
	local -a opts=()

	case $1 in
	*mmio) opts+=(-t mmio) ;;
	esac
	case $kind in
	user) net="user,hostfwd=tcp::15001-:5001,hostfwd=tcp::15002-:5002,hostfwd=tcp::15201-:5201" ;;
	tap)
		keys_of "$1"
		net="lab$$,mtu=9000$keys" in=10.9.9.2 in_port=5001 out_port=5002 iperf_port=5201
		;;
	esac
	head -c 8M /dev/urandom >block
	boot_background -k devs "${opts[@]}" \
		-a "aerotest=net,dmesg want_net=$kind want_blocks=$BLOCKS want_flap=1" \
		--net "$net" --control unix:control -vv
	wait_line 'READY net'
	if [ "$kind" = tap ]; then
		ip addr add 10.9.9.1/24 dev "lab$$"
		ip link set "lab$$" mtu 9000 up
		modprobe 8021q || fail 'the host has no VLANs'
		ip link add link "lab$$" name "lab$$.7" type vlan id 7
		ip addr add 10.9.8.1/24 dev "lab$$.7"
		ip link set "lab$$.7" up
	fi
	expect_vhost "$1"
	wait_line 'LISTEN in'
	patiently send_blocks $in $in_port
	wait_line 'LISTEN out'
	patiently receive_sum $in $out_port
	iperf $in $iperf_port in
	iperf $in $iperf_port out -R
	wait_line 'READY flap'
	control '{"execute":"set_link","arguments":{"name":"net0","up":false}}'
	wait_line 'SEEN 0'
	control '{"execute":"set_link","arguments":{"name":"net0","up":true}}'
	if [ "$kind" = tap ]; then
		wait_line 'READY gone'
		ip link del "lab$$"
	fi
	wait_vmm
	expect_rc 0
	expect_tests carrier ping iperf-in iperf-out carrier-0 carrier-1 ping-after-flap dmesg
	grep -q "^feature 34 $packed" log || fail "packed rings are not $packed"
	if [ "$kind" = tap ]; then
		expect_tests jumbo vlan vlan-jumbo carrier-gone
		grep -q "net0: tap 'lab$$' is gone" err || fail 'nobody says that the tap is gone'
	fi
	[ "$kind" = tap ] || expect_tests dhcp
	grep -q "^SUM in $(blocks | sha256sum)" log || fail 'the guest did not get what was sent'
	grep -q "^SUM out $(cat sum)" log || fail 'what the guest sent is not what came'
}
