/* Description: $PIR and MP tables say what the PCI bus wires. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "bios/irqtables.h"
#include "bios/smbios.h"
#include "bios/sum.h"
#include "devices/base/gmem.h"
#include "pci/pci.h"

static struct irqtables t;

static void build(unsigned cpus, uint32_t slots)
{
	const struct irqtables_cfg cfg = {
		.cpus = cpus, .slots = slots, .cpu_signature = 0x600,
		.cpu_features = 0x201,
	};

	assert_int_equal(irqtables_build(&cfg, &t), 0);
}

static unsigned word(const uint8_t *p)
{
	return p[0] | p[1] << 8;
}

static void pir_names_each_slots_irqs(void **state)
{
	const uint32_t slots = 0x80000102;
	unsigned n = 0;

	(void)state;
	build(1, slots);
	assert_memory_equal(t.pir, "$PIR\0\1", 6);
	assert_int_equal(bios_sum(t.pir, t.pir_len), 0);
	assert_int_equal(word(t.pir + 6), t.pir_len);
	assert_int_equal(word(t.pir + 10), 1 << 5 | 1 << 10 | 1 << 11);
	for (unsigned slot = 0; slot < PCI_SLOTS; slot++) {
		const uint8_t *e = t.pir + 32 + 16 * n;

		if (!(slots >> slot & 1))
			continue;
		n++;
		assert_int_equal(e[0], 0);
		assert_int_equal(e[1], slot << 3);
		for (unsigned pin = 0; pin < 4; pin++) {
			unsigned irq = pci_intx_gsi(slot, pin);

			assert_int_equal(e[2 + 3 * pin], 0xf0 | irq);
			assert_int_equal(word(e + 3 + 3 * pin), 1 << irq);
		}
	}
	assert_int_equal(t.pir_len, 32 + 16 * n);
}

/* Each source once, each pin with one meaning. */
static void mp_routes_all_interrupts(void **state)
{
	static const uint8_t len[] = { 20, 8, 8, 8, 8 };
	unsigned count[5] = { 0 }, entries, isa = 0, pci = 0;
	uint16_t flags[24];
	const uint8_t *p;

	(void)state;
	build(32, 0xffffffff);
	memset(flags, 0xff, sizeof(flags));
	assert_memory_equal(t.mp, "PCMP", 4);
	assert_int_equal(word(t.mp + 4), t.mp_len);
	assert_int_equal(bios_sum(t.mp, t.mp_len), 0);
	assert_int_equal(bios_sum(t.mp_pointer, 16), 0);
	assert_memory_equal(t.mp_pointer, "_MP_\x00\x04\x0f\x00\x01\x04", 10);
	entries = word(t.mp + 34);
	p = t.mp + 44;
	for (unsigned i = 0; i < entries; i++) {
		assert_in_range(p[0], 0, 4);
		if (p[0] == 0) {
			assert_int_equal(p[1], count[0]);
			assert_int_equal(p[3], count[0] ? 1 : 3);
		}
		if (p[0] == 3) {
			unsigned pin = p[7];

			assert_in_range(pin, 0, 23);
			assert_true(flags[pin] == 0xffff ||
				    flags[pin] == word(p + 2));
			flags[pin] = (uint16_t)word(p + 2);
			if (p[4] == 1) {
				isa++;
				assert_int_equal(pin, p[5] ? p[5] : 2);
			} else {
				pci++;
				assert_int_equal(pin, pci_intx_gsi(p[5] >> 2,
								   p[5] & 3));
				assert_int_equal(word(p + 2), 0x0d);
			}
		}
		count[p[0]]++;
		p += len[p[0]];
	}
	assert_ptr_equal(p, t.mp + t.mp_len);
	assert_int_equal(count[0], 32);
	assert_int_equal(count[1], 2);
	assert_int_equal(count[2], 1);
	assert_int_equal(count[4], 2);
	assert_int_equal(pci, 4 * PCI_SLOTS);
	assert_int_equal(isa, 16 - 1 - PCI_INTX_GSIS);
}

static void what_is_wrong_is_refused(void **state)
{
	const struct irqtables_cfg none = { .cpus = 0 }, many = { .cpus = 33 };
	struct gmem mem = { .n = 0 };

	(void)state;
	assert_int_equal(irqtables_build(&none, &t), -EINVAL);
	assert_int_equal(irqtables_build(&many, &t), -EINVAL);
	build(1, 1);
	assert_int_equal(irqtables_install(&mem, &t), -EFAULT);
}

/* Nothing of what is installed overlaps, and all is where it is searched. */
static void tables_share_the_segment(void **state)
{
	static struct smbios s;
	struct bios_layout l;
	const struct smbios_cfg cfg = { .layout = &l, .ram = 1ull << 42,
					.cpus = 32, .version = "1.0" };
	struct gmem mem = { .n = 0 };
	uint8_t *seg = calloc(1, 0x10000);
	const struct gmem_region r = { .gpa = LAYOUT_FSEG, .len = 0x10000,
				       .hva = seg,
				       .dirs = GMEM_READ | GMEM_WRITE };
	unsigned found = 0;

	(void)state;
	assert_int_equal(layout_init(&l, 1ull << 42, 46), 0);
	assert_int_equal(gmem_add(&mem, &r), 0);
	build(32, 0xffffffff);
	assert_int_equal(smbios_build(&cfg, &s), 0);
	assert_int_equal(smbios_install(&mem, &s), 0);
	assert_int_equal(irqtables_install(&mem, &t), 0);
	for (unsigned at = 0; at < 0x10000; at += 16)
		found += !memcmp(seg + at, "$PIR", 4) ||
			 !memcmp(seg + at, "_MP_", 4) ||
			 !memcmp(seg + at, "_SM_", 4);
	assert_int_equal(found, 3);
	assert_memory_equal(seg + (LAYOUT_SMBIOS - LAYOUT_FSEG), s.table,
			    s.len);
	assert_memory_equal(seg + (LAYOUT_SMBIOS_ENTRY - LAYOUT_FSEG), s.entry,
			    sizeof(s.entry));
	assert_int_equal(bios_sum(s.entry, 31), 0);
	assert_int_equal(bios_sum(s.entry + 16, 15), 0);
	/* The rest is the BIOS's. */
	for (unsigned at = 0x2000; at < 0x10000; at++)
		assert_int_equal(seg[at], 0);
	free(seg);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pir_names_each_slots_irqs),
		cmocka_unit_test(mp_routes_all_interrupts),
		cmocka_unit_test(what_is_wrong_is_refused),
		cmocka_unit_test(tables_share_the_segment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
