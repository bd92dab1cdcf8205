# shellcheck shell=bash
# An unmodified virtio_net driver: DHCP, ping, checksummed data both ways, jumbo
# frames over a tap, and the link taken down and up by the control socket. With
# packed rings the guest shows that it negotiated them (34) and EVENT_IDX (29).

variants=(user-modern tap-modern tap-modern-mmio tap-packed tap-packed-mmio)

BYTES=$((24 << 20))

# To port $1 of $2: sends standard input, tries until somebody listens.
send_to() {
	local tries=0

	until socat -u - "TCP:$2:$1" 2>/dev/null <"$3"; do
		tries=$((tries + 1))
		[ $tries -lt 50 ] || fail "nobody listens on $2:$1"
		sleep 0.2
	done
}

run_case() {
	local net=user in=127.0.0.1 in_port=15001 out_port=15002
	local tests=net,dmesg
	local -a opts=()

	case $1 in
	*mmio) opts+=(-t mmio) ;;
	esac
	case $1 in
	user*) net="user,hostfwd=tcp::15001-:5001,hostfwd=tcp::15002-:5002" ;;
	tap*) net="lab$$,mtu=9000" in=10.9.9.2 in_port=5001 out_port=5002 ;;
	esac
	case $1 in
	*packed*)
		net+=,packed
		tests="rings,net,dmesg want_rings=virtio_net:34.29"
		;;
	esac
	head -c $BYTES /dev/urandom >in.bin
	boot_background -k devs "${opts[@]}" \
		-a "aerotest=$tests want_net=${1%%-*} want_bytes=$BYTES want_flap=1" \
		--net "$net" --control unix:control
	wait_line 'READY net'
	if [ "${1%%-*}" = tap ]; then
		ip addr add 10.9.9.1/24 dev "lab$$"
		ip link set "lab$$" mtu 9000 up
	fi
	wait_line 'LISTEN in'
	send_to $in_port $in in.bin
	wait_line 'LISTEN out'
	tries=0
	until socat -u "TCP:$in:$out_port" - >out.bin 2>/dev/null && [ -s out.bin ]; do
		tries=$((tries + 1))
		[ $tries -lt 50 ] || fail 'nothing comes from the guest'
		sleep 0.2
	done
	wait_line 'READY flap'
	control '{"execute":"set_link","arguments":{"name":"net0","up":false}}'
	wait_line 'SEEN 0'
	control '{"execute":"set_link","arguments":{"name":"net0","up":true}}'
	wait_vmm
	expect_rc 0
	expect_tests carrier ping carrier-0 carrier-1 ping-after-flap dmesg
	[[ $1 != *packed* ]] || expect_tests virtio_net-34 virtio_net-29
	expect_sum in in.bin
	expect_sum out out.bin
}
