# shellcheck shell=bash
# fio in the guest: random writes of many sizes with fsync, read back and
# checked by crc32c. Six rounds a variant, each with its own seed.

variants=(pci-modern pci-modern-direct pci-w7 mmio-modern mmio-modern-sync mmio-w7)

run_case() {
	local -a opts=(-c 2)
	local disk=disk.img

	case $1 in
	pci-*) opts+=(-t pci) ;;
	mmio-*) opts+=(-t mmio) ;;
	esac
	case $1 in
	*-w7) opts+=(-p aero-w7) ;;
	*) opts+=(-p modern) ;;
	esac
	case $1 in
	*-direct) disk+=,direct ;;
	*-sync) disk+=,sync ;;
	esac
	truncate -s 24M disk.img
	boot "${opts[@]}" -a "aerotest=fio,dmesg want_rounds=6 want_seed=$RANDOM" \
		--disk "$disk" --disk "$(tools_disk)"
	expect_rc 0
	expect_tests fio-verify dmesg
}
