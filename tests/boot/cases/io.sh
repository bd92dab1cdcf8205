# shellcheck shell=bash
# What a guest finds (processors, memory, PCI, interrupts) and data through its
# disk both ways, over the transports, profiles, interrupts, kernels and sizes.

variants=(
	pci-modern-1cpu-512M
	pci-modern-2cpu-5G
	pci-modern-intx-2cpu-512M
	pci-modern-elf-1cpu-512M
	pci-modern-full-2cpu-512M
	pci-w7-1cpu-512M
	pci-w7-2cpu-5G
	mmio-modern-1cpu-5G
	mmio-modern-2cpu-512M
	mmio-w7-1cpu-512M
	mmio-w7-2cpu-5G
)

run_case() {
	local word irq='' extra='' mem=512 tests=hw,io,irq,dmesg
	local -a opts=() words

	IFS=- read -ra words <<<"$1"
	for word in "${words[@]}"; do
		case $word in
		pci) opts+=(-t pci); irq=msix ;;
		mmio) opts+=(-t mmio); irq=mmio ;;
		modern) opts+=(-p modern) ;;
		w7) opts+=(-p aero-w7); [ "$irq" = mmio ] || { irq=intx; extra=want_contract=1; } ;;
		intx) irq=intx; extra=pci=nomsi ;;
		elf|full) opts+=(-k "$word") ;;
		[12]cpu) opts+=(-c "${word%cpu}") ;;
		512M) mem=512 ;;
		5G) mem=5120 ;;
		*) fail "unknown variant word $word" ;;
		esac
	done
	random_file disk.img 16
	cp disk.img before.img
	boot "${opts[@]}" -m "$mem" \
		-a "aerotest=$tests want_sectors=32768 want_irq=$irq $extra" \
		--disk disk.img
	expect_rc 0
	expect_tests cpus cores packages memory bus size write irq dmesg
	expect_sum read before.img
	expect_sum write disk.img
	! cmp -s before.img disk.img || fail 'the guest wrote nothing'
}
