# shellcheck shell=bash
# The VMM is killed by signal 9 at a random moment while two writers in the
# guest write numbered blocks. Whatever a writer printed after its fdatasync
# has to be in the image. Five rounds a variant.

variants=(pci-modern pci-w7 mmio-modern mmio-w7)

blocks=16384

# The image holds all that was reported. $1: first block of a writer  $2: end
check_writer() {
	local last

	# Only whole lines: the last one may have been cut short by the signal.
	last=$(sed -n '$!p' log | awk -v a="$1" -v b="$2" \
		'$1 == "SYNCED" && $2 > a && $2 <= b && $2 > n { n = $2 } END { print n + 0 }')
	echo "blocks $1 to $last"
	[ "$last" -eq 0 ] || "$GTOOL" check disk.img "$1" "$last" || fail 'a reported block is lost'
	total=$((total + (last > 0 ? last - $1 : 0)))
}

run_case() {
	local round total kernel
	local -a opts=(-c 2)

	case $1 in
	pci-*) opts+=(-t pci) ;;
	mmio-*) opts+=(-t mmio) ;;
	esac
	case $1 in
	*-w7) opts+=(-p aero-w7) ;;
	*) opts+=(-p modern) ;;
	esac
	for round in 1 2 3 4 5; do
		kernel=$([ $((round % 2)) = 0 ] && echo cloud || echo elf)
		rm -f disk.img keys
		truncate -s $((blocks * 4))K disk.img
		boot_background "${opts[@]}" -k "$kernel" -a "aerotest=write want_blocks=$blocks" \
			--disk disk.img
		wait_line 'SYNCED'
		sleep "$(awk -v r="$RANDOM" 'BEGIN { printf "%.3f", r / 32768 * 1.5 }')"
		kill_vmm
		exec {KEYS}>&-
		total=0
		check_writer 0 $((blocks / 2))
		check_writer $((blocks / 2)) $blocks
		[ "$total" -gt 0 ] || fail 'no block was reported'
		echo "round $round: $total blocks"
	done
}
