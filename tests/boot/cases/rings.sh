# shellcheck shell=bash
# Packed rings under an unmodified virtio_blk driver: RING_PACKED (34),
# EVENT_IDX (29) and INDIRECT_DESC (28) are what it negotiated, and fio's random
# writes, read back and checked by crc32c, went through them. Without packed
# there is no bit 34. Network cards: net.sh.

variants=(packed-pci packed-mmio split-pci)

run_case() {
	local format='' rings=virtio_blk:-34.29.28

	case $1 in
	packed-*) format=,packed rings=virtio_blk:34.29.28 ;;
	esac
	truncate -s 24M disk.img
	boot -c 2 -t "${1#*-}" \
		-a "aerotest=rings,fio,dmesg want_rounds=4 want_seed=$RANDOM want_rings=$rings" \
		--disk "disk.img$format" --disk "$(tools_disk)$format"
	expect_rc 0
	case $1 in
	packed-*) expect_tests virtio_blk-34 ;;
	split-*) expect_tests virtio_blk-without-34 ;;
	esac
	expect_tests virtio_blk-29 virtio_blk-28 fio-verify dmesg
}
