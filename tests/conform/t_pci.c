/* AERO-W7-VIRTIO 1.1 to 1.4: ids, capabilities, the layout of BAR0. */
#include <string.h>

#include "tests/conform/cf.h"

#define VENDOR_CAP 9

static uint32_t get(struct cf_dev *d, unsigned off, unsigned size)
{
	return drv_pci_cfg_get(&d->bus, off, size);
}

static void c1_1a_vendors_are_1af4(struct cf *c)
{
	CF_EACH(c, d) {
		CHECK_EQ(c, 0x1af4, get(d, 0x00, 2));
		CHECK_EQ(c, 0x1af4, get(d, 0x2c, 2));
	}
}

static void c1_1b_revision_is_1(struct cf *c)
{
	CF_EACH(c, d)
		CHECK_EQ(c, 1, get(d, 0x08, 1));
}

static void c1_1_1a_device_id_is_1040_plus_type(struct cf *c)
{
	static const uint8_t type[] = { 1, 2, 18, 18, 18, 25, 2 };

	CF_EACH(c, d)
		CHECK_EQ(c, 0x1040u + type[d->kind], get(d, 0x02, 2));
}

static void c1_1_2a_subsystem_ids(struct cf *c)
{
	static const uint8_t sub[] = { 1, 2, 0x10, 0x11, 0x12, 0x19, 2 };

	CF_EACH(c, d)
		CHECK_EQ(c, sub[d->kind], get(d, 0x2e, 2));
}

/* A device's own ids, once more, in one piece. */
static void ids(struct cf *c, enum cf_kind kind, uint16_t device, uint16_t sub,
		uint32_t class_code)
{
	struct cf_dev *d = &c->dev[kind];

	CHECK_EQ(c, 0x1af4 | (uint32_t)device << 16, get(d, 0, 4));
	CHECK_EQ(c, 0x1af4 | (uint32_t)sub << 16, get(d, 0x2c, 4));
	CHECK_EQ(c, class_code << 8 | 1, get(d, 0x08, 4));
}

static void c3_1_1a_ids(struct cf *c)
{
	ids(c, CF_BLK, 0x1042, 0x0002, 0x010000);
}

static void c3_2_1a_ids(struct cf *c)
{
	ids(c, CF_NET, 0x1041, 0x0001, 0x020000);
}

static void c3_3_1a_ids(struct cf *c)
{
	ids(c, CF_KEYBOARD, 0x1052, 0x0010, 0x098000);
	ids(c, CF_MOUSE, 0x1052, 0x0011, 0x098000);
	ids(c, CF_TABLET, 0x1052, 0x0012, 0x098000);
}

static void c3_4_1a_ids(struct cf *c)
{
	ids(c, CF_SND, 0x1059, 0x0019, 0x040100);
}

static void c3_3a_keyboard_is_function_0(struct cf *c)
{
	CHECK_EQ(c, 0, c->dev[CF_KEYBOARD].bus.func);
	CHECK_EQ(c, 0x80, get(&c->dev[CF_KEYBOARD], 0x0e, 1));
}

static void c3_3b_mouse_and_tablet_are_functions_1_and_2(struct cf *c)
{
	CF_EACH(c, d) {
		unsigned func = d->kind == CF_MOUSE ? 1 :
				d->kind == CF_TABLET ? 2 : 0;

		CHECK_EQ(c, func, d->bus.func);
		if (func) {
			CHECK_EQ(c, c->dev[CF_KEYBOARD].bus.slot, d->bus.slot);
			CHECK_EQ(c, 0, get(d, 0x0e, 1));
		}
	}
}

/* ---- 1.2 ------------------------------------------------------------------ */

static void c1_2a_bar0_is_64_bit_memory(struct cf *c)
{
	CF_EACH(c, d) {
		uint32_t lo = get(d, 0x10, 4), hi = get(d, 0x14, 4);

		CHECK_EQ(c, 4, lo & 7);
		drv_pci_cfg_put(&d->bus, 4, 2, 0);
		drv_pci_cfg_put(&d->bus, 0x10, 4, 0xffffffff);
		drv_pci_cfg_put(&d->bus, 0x14, 4, 0xffffffff);
		CHECK_EQ(c, 0xffffc000, get(d, 0x10, 4) & ~15u);
		CHECK_EQ(c, 0xffffffff, get(d, 0x14, 4));
		cf_move_bar(c, d, (uint64_t)hi << 32 | (lo & ~15u));
		CHECK_EQ(c, d->nq, cf_rd(c, d, 0x12, 2));
	}
}

static void c1_2a_bar0_may_move_anywhere(struct cf *c)
{
	CF_EACH(c, d)
		for (unsigned high = 0; high < 2; high++) {
			uint64_t old = d->bus.bar0;

			cf_move_bar(c, d, cf_bar_at(c, high, 8 + d->kind));
			CHECK_EQ(c, d->nq, cf_rd(c, d, 0x12, 2));
			CHECK_EQ(c, UINT32_MAX, c->hw->read(c->hw, old, 4));
			cf_up(c, d->kind);
			cf_echo(c, d);
			drv_reset(&d->bus);
		}
}

static void c1_2b_no_io_bar(struct cf *c)
{
	CF_EACH(c, d)
		for (unsigned bar = 0; bar < 6; bar++) {
			unsigned at = 0x10 + 4 * bar;

			if (bar != 1)
				CHECK_EQ(c, 0, get(d, at, 4) & 1);
			if (bar < 2)
				continue;
			drv_pci_cfg_put(&d->bus, at, 4, 0xffffffff);
			CHECK_EQ(c, 0, get(d, at, 4));
		}
}

static void c1_2c_fields_are_little_endian(struct cf *c)
{
	CF_EACH(c, d) {
		cf_wr(c, d, 0x00, 4, 0x04030201);
		for (unsigned i = 0; i < 4; i++)
			CHECK_EQ(c, i + 1, cf_rd(c, d, i, 1));
		cf_wr(c, d, 0x16, 2, 0);
		cf_wr(c, d, 0x20, 8, UINT64_C(0x8070605040302010));
		CHECK_EQ(c, 0x40302010, cf_rd(c, d, 0x20, 4));
		CHECK_EQ(c, 0x80706050, cf_rd(c, d, 0x24, 4));
		CHECK_EQ(c, UINT64_C(0x8070605040302010),
			 cf_rd(c, d, 0x20, 8));
	}
}

/* ---- 1.3 ------------------------------------------------------------------ */

static void c1_3a_capabilities_are_all_there(struct cf *c)
{
	CF_EACH(c, d) {
		CHECK_EQ(c, 0x10, get(d, 0x06, 2) & 0x10);
		for (uint8_t type = 1; type <= 4; type++)
			CHECK(c, drv_pci_cap(&d->bus, VENDOR_CAP, type) >= 0x40);
	}
}

static void each_cap(struct cf *c, struct cf_dev *d,
		     void (*fn)(struct cf *, struct cf_dev *, unsigned at))
{
	unsigned at = get(d, 0x34, 1);

	/* 48 fill configuration space: more are a loop. */
	for (unsigned n = 0; at; n++) {
		CHECK(c, n < 48);
		fn(c, d, at);
		at = get(d, at + 1, 1);
	}
}

static void nothing(struct cf *c, struct cf_dev *d, unsigned at)
{
	(void)d;
	CHECK(c, at < 0x100);
}

static void aligned(struct cf *c, struct cf_dev *d, unsigned at)
{
	(void)d;
	CHECK_EQ(c, 0, at % 4);
	CHECK(c, at >= 0x40);
}

static void long_enough(struct cf *c, struct cf_dev *d, unsigned at)
{
	if (get(d, at, 1) == VENDOR_CAP)
		CHECK(c, get(d, at + 2, 1) >= 16);
}

static void c1_3b_capability_list_ends(struct cf *c)
{
	CF_EACH(c, d)
		each_cap(c, d, nothing);
}

static void c1_3c_capabilities_are_aligned(struct cf *c)
{
	CF_EACH(c, d)
		each_cap(c, d, aligned);
}

static void c1_3d_cap_len(struct cf *c)
{
	CF_EACH(c, d)
		each_cap(c, d, long_enough);
}

static void c1_3e_cap_len_of_notify(struct cf *c)
{
	CF_EACH(c, d)
		CHECK(c, get(d, drv_pci_cap(&d->bus, VENDOR_CAP, 2) + 2, 1) >=
			 20);
}

/* ---- 1.4 ------------------------------------------------------------------ */

static const struct { uint16_t off, len; } window[] = {
	{ 0x0000, 0x100 }, { 0x1000, 0x100 }, { 0x2000, 0x20 },
	{ 0x3000, 0x100 },
};

static void c1_4a_windows_are_in_place(struct cf *c)
{
	CF_EACH(c, d)
		for (uint8_t type = 1; type <= 4; type++) {
			unsigned cap = drv_pci_cap(&d->bus, VENDOR_CAP, type);

			CHECK_EQ(c, 0, get(d, cap + 4, 1));
			CHECK_EQ(c, window[type - 1].off, get(d, cap + 8, 4));
			CHECK_EQ(c, window[type - 1].len, get(d, cap + 12, 4));
		}
}

/* An offset of the BAR that nothing is defined at, for an access of size. */
static unsigned undefined(struct cf *c, struct cf_dev *d, unsigned size)
{
	for (;;) {
		unsigned at = rnd_below(&c->rnd, 0x4000 / size) * size;

		if ((at >= 0x38 && at < 0x1000) ||
		    (at >= 0x1100 && at < 0x2000) ||
		    (at >= 0x2008 && at < 0x3000) ||
		    (at >= 0x3100 && d->kind != CF_MSIX))
			return at;
	}
}

static const unsigned edges[] = {
	0x38, 0x40, 0xf8, 0x100, 0xff8, 0x1100, 0x1ff8, 0x2008, 0x2018, 0x2020,
	0x2ff8,
};
#define EDGES (sizeof(edges) / sizeof(edges[0]))

static void c1_4_1a_undefined_offsets_read_zero(struct cf *c)
{
	CF_EACH(c, d) {
		for (unsigned size = 1; size <= 8; size *= 2) {
			for (unsigned i = 0; i < EDGES; i++)
				CHECK_EQ(c, 0, cf_rd(c, d, edges[i], size));
			for (unsigned i = 0; i < 20; i++)
				CHECK_EQ(c, 0, cf_rd(c, d,
					 undefined(c, d, size), size));
		}
		/* What is behind the ISR byte, and where doorbells are. */
		CHECK_EQ(c, 0, cf_rd(c, d, 0x2001, 1));
		CHECK_EQ(c, 0, cf_rd(c, d, 0x2004, 4));
		CHECK_EQ(c, 0, cf_rd(c, d, 0x1000, 4));
	}
}

static void c1_4_1b_writes_to_undefined_offsets_do_nothing(struct cf *c)
{
	CF_EACH(c, d) {
		uint64_t before[7], cfg[32];

		for (unsigned i = 0; i < 7; i++)
			before[i] = cf_rd(c, d, 8 * i, 8);
		for (unsigned i = 0; i < 32; i++)
			cfg[i] = cf_rd(c, d, 0x3000 + 8 * i, 8);
		for (unsigned size = 1; size <= 8; size *= 2) {
			for (unsigned i = 0; i < EDGES; i++)
				cf_wr(c, d, edges[i], size, UINT64_MAX);
			for (unsigned i = 0; i < 20; i++)
				cf_wr(c, d, undefined(c, d, size), size,
				      rnd_u64(&c->rnd));
		}
		cf_wr(c, d, 0x2000, 1, 3);      /* the ISR is not for writing */
		cf_quiet(c);
		for (unsigned i = 0; i < 7; i++)
			CHECK_EQ(c, before[i], cf_rd(c, d, 8 * i, 8));
		for (unsigned i = 0; i < 32; i++)
			CHECK_EQ(c, cfg[i], cf_rd(c, d, 0x3000 + 8 * i, 8));
		CHECK_EQ(c, 0, cf_rd(c, d, 0x2000, 1));
		for (unsigned i = 0; i < EDGES; i++)
			CHECK_EQ(c, 0, cf_rd(c, d, edges[i], 8));
		cf_up(c, d->kind);
		cf_echo(c, d);
		drv_reset(&d->bus);
	}
}

const struct cf_test cf_tests_pci[] = {
	CF_TEST(c1_1a_vendors_are_1af4, ON_PCI),
	CF_TEST(c1_1b_revision_is_1, ON_PCI),
	CF_TEST(c1_1_1a_device_id_is_1040_plus_type, ON_PCI),
	CF_TEST(c1_1_2a_subsystem_ids, ON_PCI),
	CF_TEST(c3_1_1a_ids, ON_PCI),
	CF_TEST(c3_2_1a_ids, ON_PCI),
	CF_TEST(c3_3_1a_ids, ON_PCI),
	CF_TEST(c3_4_1a_ids, ON_PCI),
	CF_TEST(c3_3a_keyboard_is_function_0, ON_PCI),
	CF_TEST(c3_3b_mouse_and_tablet_are_functions_1_and_2, ON_PCI),
	CF_TEST(c1_2a_bar0_is_64_bit_memory, ON_PCI),
	CF_TEST(c1_2a_bar0_may_move_anywhere, ON_PCI),
	CF_TEST(c1_2b_no_io_bar, ON_PCI),
	CF_TEST(c1_2c_fields_are_little_endian, ON_PCI),
	CF_TEST(c1_3a_capabilities_are_all_there, ON_PCI),
	CF_TEST(c1_3b_capability_list_ends, ON_PCI),
	CF_TEST(c1_3c_capabilities_are_aligned, ON_PCI),
	CF_TEST(c1_3d_cap_len, ON_PCI),
	CF_TEST(c1_3e_cap_len_of_notify, ON_PCI),
	CF_TEST(c1_4a_windows_are_in_place, ON_PCI),
	CF_TEST(c1_4_1a_undefined_offsets_read_zero, ON_PCI),
	CF_TEST(c1_4_1b_writes_to_undefined_offsets_do_nothing, ON_PCI),
	{ NULL, NULL, 0 },
};
