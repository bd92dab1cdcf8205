# shellcheck shell=bash
# By hand, as long as MINUTES says: a guest that writes and verifies its disk by
# fio and moves data by iperf3 both ways over two cards, one of them served by
# vhost-net, resets all its devices under traffic each round and itself each
# fourth. Fails when anything stands still, is wrong, or grows: of what the VMM
# holds beside guest RAM the table shows each minute.
#
#   MINUTES=30 tests/boot/run 'long/*'

variants=()
[ -z "${MINUTES:-}" ] || variants=(mixed)

MEM=512

# What the guest is to do next: "go N LAST", LAST the round it wrote last,
# "reboot N" or "stop N".
write_order_server() {
	echo 0 >round
	echo 0 >last
	cat >order <<-'SCRIPT'
	#!/bin/bash
	cd "$(dirname "$0")" || exit
	n=$(($(cat round) + 1))
	echo $n >round
	if [ -e stop ]; then
		echo "stop $n"
	elif [ $((n % 4)) = 0 ]; then
		echo "reboot $n"
	else
		echo "go $n $(cat last)"
		echo $n >last
	fi
	SCRIPT
	chmod +x order
}

end_servers() {
	kill "${SERVERS[@]}" 2>/dev/null || :
}

serve() {
	SERVERS=()
	trap '[ -z "${VMM_PID:-}" ] || kill_vmm; end_servers' EXIT
	socat TCP-LISTEN:5999,fork,reuseaddr "EXEC:$PWD/order" &
	SERVERS+=($!)
	# Traffic that may end at any moment.
	socat -T 10 TCP-LISTEN:5998,fork,reuseaddr SYSTEM:'cat /dev/zero & cat >/dev/null' 2>/dev/null &
	SERVERS+=($!)
	iperf3 -s >/dev/null 2>&1 &
	SERVERS+=($!)
}

# KiB resident outside the mapping of guest RAM.
overhead() {
	awk -v ram=$((MEM * 1024)) '
		/^[0-9a-f]+-[0-9a-f]+ / { next }
		$1 == "Size:" { size = $2 }
		$1 == "Rss:" && size < ram * 0.9 { sum += $2 }
		END { print sum }' "/proc/$VMM_PID/smaps"
}

sample() {      # MINUTE
	local fds=(/proc/"$VMM_PID"/fd/*) tasks=(/proc/"$VMM_PID"/task/*)

	echo "| $1 | $(cat round) | $(overhead) | ${#fds[@]} | ${#tasks[@]} |" >>table
}

# The highest of column $1 in the table's last third is at most $2 above that in
# its first.
no_growth() {
	awk -F '|' -v col="$1" -v most="$2" -v n="$MINUTES" '
		$2 + 0 > 0 && $2 <= n / 3 && $col + 0 > first { first = $col + 0 }
		$2 > n * 2 / 3 && $col + 0 > last { last = $col + 0 }
		END { exit !(last <= first + most) }' table ||
		fail "column $1 of the table grows by more than $2"
}

watch_rounds() {
	local minute rounds=0 seen=$SECONDS start=$SECONDS

	for ((minute = 1; minute <= MINUTES; minute++)); do
		while [ $SECONDS -lt $((start + 60 * minute)) ]; do
			sleep 2
			kill -0 "$VMM_PID" || fail 'the VMM ended'
			! grep -a '^TEST .* FAIL' raw || fail 'the guest reports failures'
			if [ "$(grep -ac '^ROUND' raw)" -ne "$rounds" ]; then
				rounds=$(grep -ac '^ROUND' raw)
				seen=$SECONDS
			fi
			[ $SECONDS -lt $((seen + BOOT_TIMEOUT)) ] ||
				fail "no round in $BOOT_TIMEOUT s"
		done
		sample $minute
	done
}

run_case() {
	local a=la$$ b=lb$$

	modprobe vhost_net || fail 'the host has no vhost-net'
	random_file disk.img 64
	write_order_server
	boot_background -k devs -m "$MEM" -r -a 'aerotest=long' --disk disk.img \
		--disk "$(tools_disk)" --net "$a,vhost=off" --net "$b,vhost=on"
	wait_line 'READY net'
	ip addr add 10.9.9.1/24 dev "$a"
	ip addr add 10.9.10.1/24 dev "$b"
	serve
	{
		echo '| minute | round | KiB beside guest RAM | descriptors | threads |'
		echo '|---|---|---|---|---|'
	} >table
	watch_rounds
	touch stop
	wait_vmm
	end_servers
	cat table
	echo "rounds $(grep -c '^ROUND' log), boots $(grep -c '^READY net' log), errors of the VMM $(wc -l <err)"
	cat err
	expect_rc 0
	expect_tests kernel
	# Interrupts' eventfds and the kernel's workers come and go.
	no_growth 4 256
	no_growth 5 8
	no_growth 6 4
}
