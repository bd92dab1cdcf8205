/* The BIOS's way into guest memory; what it does there is tests/guest/bios. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "bios/e820.h"
#include "bios/rom_load.h"
#include "devices/base/gmem.h"

static uint8_t ram[0x100000];

static struct gmem memory(uint64_t len)
{
	struct gmem mem = { .n = 0 };
	const struct gmem_region r = {
		.gpa = 0, .len = len, .hva = ram, .dirs = GMEM_READ | GMEM_WRITE,
	};

	assert_int_equal(gmem_add(&mem, &r), 0);
	memset(ram, 0xa5, sizeof(ram));
	return mem;
}

static struct rom_cfg config(void)
{
	struct bios_layout layout;
	struct rom_cfg cfg;

	assert_int_equal(layout_init(&layout, UINT64_C(6) << 30, 40), 0);
	rom_cfg_init(&cfg, &layout);
	return cfg;
}

static void defaults_boot_disks_then_the_cd(void **state)
{
	struct e820_entry map[E820_MAX];
	struct bios_layout layout;
	struct rom_cfg cfg = config();

	(void)state;
	assert_int_equal(cfg.magic, ROM_CFG_MAGIC);
	assert_int_equal(cfg.flags, 0);
	assert_int_equal(cfg.cdrom, ROM_NO_CDROM);
	assert_int_equal(cfg.boot[0], ROM_BOOT_DISKS);
	assert_int_equal(cfg.boot[1], ROM_BOOT_CDROM);
	assert_int_equal(cfg.boot[2], ROM_BOOT_END);
	assert_int_equal(cfg.slots, UINT32_MAX);
	layout_init(&layout, UINT64_C(6) << 30, 40);
	assert_int_equal(cfg.n_e820, e820_build(&layout, map));
	for (unsigned i = 0; i < cfg.n_e820; i++) {
		assert_true(cfg.e820[i].base == map[i].base);
		assert_true(cfg.e820[i].len == map[i].len);
		assert_int_equal(cfg.e820[i].type, map[i].type);
	}
}

static void image_and_configuration_arrive(void **state)
{
	static const uint8_t jump[] = { 0xea, 0x5b, 0xe0, 0x00, 0xf0 };
	struct gmem mem = memory(sizeof(ram));
	struct rom_cfg cfg = config(), got;

	(void)state;
	cfg.flags = ROM_CFG_SERIAL | ROM_CFG_MENU;
	cfg.cdrom = 5 << 3;
	assert_int_equal(rom_load(&mem, &cfg), 0);
	assert_memory_equal(ram + 0xffff0, jump, sizeof(jump));
	assert_int_equal(ram[0xffffe], 0xfc);
	memcpy(&got, ram + ROM_BASE + ROM_CFG_OFF, sizeof(got));
	assert_memory_equal(&got, &cfg, sizeof(cfg));
	for (unsigned i = 0; i < ROM_IMAGE; i++)
		assert_int_equal(ram[i], 0xa5);
}

/* What the ROM has changed in itself is gone after the next one. */
static void loading_again_starts_afresh(void **state)
{
	struct gmem mem = memory(sizeof(ram));
	static uint8_t first[ROM_IMAGE_LEN];
	struct rom_cfg cfg = config();

	(void)state;
	assert_int_equal(rom_load(&mem, &cfg), 0);
	memcpy(first, ram + ROM_IMAGE, sizeof(first));
	memset(ram + ROM_IMAGE, 0xee, sizeof(first));
	assert_int_equal(rom_load(&mem, &cfg), 0);
	assert_memory_equal(ram + ROM_IMAGE, first, sizeof(first));
}

static void bad_arguments_are_refused(void **state)
{
	struct gmem mem = memory(sizeof(ram)), small;
	struct rom_cfg cfg = config();

	(void)state;
	cfg.n_e820 = ROM_E820_MAX + 1;
	assert_int_equal(rom_load(&mem, &cfg), -EINVAL);
	cfg = config();
	cfg.magic++;
	assert_int_equal(rom_load(&mem, &cfg), -EINVAL);
	cfg = config();
	cfg.version++;
	assert_int_equal(rom_load(&mem, &cfg), -EINVAL);
	cfg = config();
	small = memory(0xff000);
	assert_int_equal(rom_load(&small, &cfg), -EFAULT);
	for (unsigned i = 0; i < sizeof(ram); i++)
		assert_int_equal(ram[i], 0xa5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_boot_disks_then_the_cd),
		cmocka_unit_test(image_and_configuration_arrive),
		cmocka_unit_test(loading_again_starts_afresh),
		cmocka_unit_test(bad_arguments_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
