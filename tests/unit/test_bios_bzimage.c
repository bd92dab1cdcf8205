/* Description: bzImages load as the boot protocol says; damaged ones do not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "bios/e820.h"
#include "tests/lib/boot_rig.h"

#define OFF 1024u               /* where the protected-mode part starts */
#define LEN 0x3000u
#define PREF 0x200000u

/* A 64-bit, relocatable bzImage of protocol 2.15. */
static void make_image(struct boot_rig *r)
{
	uint8_t *f = r->file;

	r->file_len = OFF + LEN;
	memset(f, 0, OFF);
	put(f + 0x1f1, 1, 1);           /* setup_sects */
	put(f + 0x1f4, LEN / 16, 4);    /* syssize */
	put(f + 0x1fe, 0xaa55, 2);
	put(f + 0x200, 0x6aeb, 2);      /* header ends at 0x26c */
	memcpy(f + 0x202, "HdrS", 4);
	put(f + 0x206, 0x20f, 2);
	put(f + 0x211, 1, 1);           /* LOADED_HIGH */
	put(f + 0x214, 0x100000, 4);    /* code32_start */
	put(f + 0x22c, 0x7fffffff, 4);  /* initrd_addr_max */
	put(f + 0x230, 0x200000, 4);
	put(f + 0x234, 1, 1);           /* relocatable */
	put(f + 0x236, 3, 2);           /* KERNEL_64, above 4 GiB */
	put(f + 0x238, 2047, 4);        /* cmdline_size */
	put(f + 0x250, 0x1234, 8);      /* setup_data: must not survive */
	put(f + 0x258, PREF, 8);
	put(f + 0x260, 0x100000, 4);    /* init_size */
	for (unsigned i = 0; i < LEN; i++)
		f[OFF + i] = (uint8_t)(i * 7 + 1);
}

static int setup(void **state)
{
	struct boot_rig *r = rig_new(32 << 20);

	make_image(r);
	*state = r;
	return 0;
}

static int teardown(void **state)
{
	rig_free(*state);
	return 0;
}

static uint8_t *zero_page(struct boot_rig *r)
{
	return rig_at(r, r->cpu.rsi, 4096);
}

/* ---- images that load ------------------------------------------------------ */

static void loads_at_its_preferred_address(void **state)
{
	struct boot_rig *r = *state;
	uint8_t *z;

	r->boot.cmdline = "console=ttyS0";
	r->boot.rsdp = 0xf0000;
	assert_loads(r);
	assert_int_equal(r->cpu.mode, CPU_START_LONG64);
	assert_int_equal(r->cpu.rip, PREF + 0x200);
	assert_int_equal(r->cpu.rbx, 0);
	assert_memory_equal(rig_at(r, PREF, LEN), r->file + OFF, LEN);
	z = zero_page(r);
	assert_int_equal(get(z + 0x70, 8), 0xf0000);
	assert_int_equal(z[0x1ef], 0);          /* the sentinel */
	assert_int_equal(z[0x210], 0xff);       /* type_of_loader */
	assert_int_equal(get(z + 0x214, 4), PREF);
	assert_int_equal(get(z + 0x218, 8), 0); /* no initrd */
	assert_int_equal(get(z + 0x250, 8), 0); /* setup_data */
	assert_int_equal(get(z + 0xc0, 8), 0);  /* upper halves */
	assert_int_equal(get(z + 0xc8, 4), 0);
	assert_string_equal(rig_at(r, get(z + 0x228, 4), 14), "console=ttyS0");
}

static void tells_the_memory_map(void **state)
{
	struct boot_rig *r = *state;
	struct e820_entry e[E820_MAX];
	unsigned n = e820_build(&r->layout, e);
	uint8_t *z;

	assert_loads(r);
	z = zero_page(r);
	assert_int_equal(z[0x1e8], n);
	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(get(z + 0x2d0 + 20 * i, 8), e[i].base);
		assert_int_equal(get(z + 0x2d8 + 20 * i, 8), e[i].len);
		assert_int_equal(get(z + 0x2e0 + 20 * i, 4), e[i].type);
	}
}

static void describes_a_long_mode_cpu(void **state)
{
	struct boot_rig *r = *state;
	uint8_t *gdt, *pml4, *pdpt;

	assert_loads(r);
	assert_int_equal(r->cpu.cs, 0x10);
	assert_int_equal(r->cpu.ds, 0x18);
	gdt = rig_at(r, r->cpu.gdt_base, r->cpu.gdt_limit + 1u);
	assert_int_equal(get(gdt + r->cpu.cs, 8), 0x00af9b000000ffff);
	assert_int_equal(get(gdt + r->cpu.ds, 8), 0x00cf93000000ffff);
	assert_int_equal(get(gdt + r->cpu.tr, 8), 0x00008b0000000067);
	assert_true(r->cpu.tr + 16u <= r->cpu.gdt_limit + 1u);
	pml4 = rig_at(r, r->cpu.cr3, 4096);
	pdpt = rig_at(r, get(pml4, 8) & ~0xfffull, 4096);
	for (uint64_t at = 0; at < 4ull << 30; at += 2 << 20) {
		uint64_t pdpte = get(pdpt + 8 * (at >> 30), 8);
		uint8_t *pd = rig_at(r, pdpte & ~0xfffull, 4096);

		assert_int_equal(pdpte & 3, 3);
		assert_int_equal(get(pd + 8 * (at >> 21 & 511), 8), at | 0x83);
	}
}

static void runs_old_and_32_bit_kernels(void **state)
{
	struct boot_rig *r = *state;

	put(r->file + 0x236, 0, 2);
	assert_loads(r);
	assert_int_equal(r->cpu.mode, CPU_START_PROT32);
	assert_int_equal(r->cpu.rip, PREF);
	assert_int_equal(get(rig_at(r, r->cpu.gdt_base + 0x10, 8), 8),
			 0x00cf9b000000ffff);

	/* A header that ends before pref_address: nothing behind is read. */
	put(r->file + 0x201, 0x3c - 2, 1);
	put(r->file + 0x206, 0x206, 2);
	put(r->file + 0x236, 1, 2);
	assert_loads(r);
	assert_int_equal(r->cpu.rip, 0x100000 + 0x200);
	assert_int_equal(get(zero_page(r) + 0x258, 8), 0);
}

/* Behind the header the zero page has fields of other kinds. */
static void copies_no_more_than_a_header(void **state)
{
	struct boot_rig *r = *state;
	uint8_t *z;

	put(r->file + 0x201, 0xff, 1);
	memset(r->file + 0x26c, 0xee, OFF - 0x26c);
	assert_loads(r);
	z = zero_page(r);
	assert_int_equal(z[0x28f], 0xee);
	for (unsigned off = 0x290; off < 0x2d0; off++)
		assert_int_equal(z[off], 0);
	assert_int_equal(get(z + 0x2d0, 8), 0);
}

static void leaves_unrelocatable_kernels_where_they_want(void **state)
{
	struct boot_rig *r = *state;

	put(r->file + 0x234, 0, 1);
	assert_loads(r);
	assert_int_equal(r->cpu.rip, 0x100000 + 0x200);
	assert_memory_equal(rig_at(r, 0x100000, LEN), r->file + OFF, LEN);
}

static void ignores_what_follows_the_image(void **state)
{
	struct boot_rig *r = *state;

	memset(r->file + r->file_len, 0xee, 100);
	r->file_len += 100;     /* a signature, say */
	assert_loads(r);
	assert_int_equal(*(uint8_t *)rig_at(r, PREF + LEN, 1), 0);
}

static void loads_again_after_a_reset(void **state)
{
	struct boot_rig *r = *state;

	r->initrd_len = 5000;
	assert_loads(r);
	memset(rig_at(r, PREF, LEN), 0x55, LEN);
	memset(zero_page(r), 0x55, 4096);
	memset(rig_at(r, r->cpu.cr3, 6 * 4096), 0x55, 6 * 4096);
	r->boot.fresh = false;
	assert_loads(r);
	assert_memory_equal(rig_at(r, PREF, LEN), r->file + OFF, LEN);
	assert_int_equal(zero_page(r)[0], 0);
	describes_a_long_mode_cpu(state);
}

/* ---- initrd and command line ---------------------------------------------- */

static void puts_the_initrd_high(void **state)
{
	struct boot_rig *r = *state;
	uint64_t at, top;

	r->initrd_len = 5000;
	assert_loads(r);
	at = get(zero_page(r) + 0x218, 4);
	assert_int_equal(get(zero_page(r) + 0x21c, 4), 5000);
	assert_int_equal(at, (r->layout.acpi_base - 5000) & ~0xfffull);
	assert_memory_equal(rig_at(r, at, 5000), r->initrd, 5000);

	/* ... but not above what the kernel can reach. */
	put(r->file + 0x22c, 0x7fffff, 4);
	assert_loads(r);
	at = get(zero_page(r) + 0x218, 4);
	top = 0x800000;
	assert_int_equal(at, top - 0x2000);
}

static void wants_room_for_the_initrd(void **state)
{
	struct boot_rig *r = *state;

	/* Exactly between the kernel's end and the kernel's limit. */
	r->initrd_len = 0x4000;
	put(r->file + 0x22c, PREF + 0x100000 + 0x4000 - 1, 4);
	assert_loads(r);
	r->initrd_len++;
	assert_fails(r, "INITRD: the initrd (17 KiB) does not fit");
	put(r->file + 0x22c, 0xfff, 4);
	assert_fails(r, "does not fit");
	put(r->file + 0x22c, UINT32_MAX, 4);
	put(r->file + 0x260, r->layout.acpi_base - PREF - 0x3000, 4);
	assert_fails(r, "give the guest more --memory");
	r->initrd_len = 0;
	r->boot.initrd_fd = r->initrd_fd;
	assert_fails(r, "INITRD: the file is empty");
}

static void limits_the_command_line(void **state)
{
	static char line[70000];
	struct boot_rig *r = *state;

	memset(line, 'x', sizeof(line) - 1);
	line[2047] = 0;
	r->boot.cmdline = line;
	assert_loads(r);
	line[2047] = 'x';
	line[2048] = 0;
	assert_fails(r, "--cmdline has 2048 characters; KERNEL takes at most "
		     "2047");
	line[2048] = 'x';
	put(r->file + 0x238, UINT32_MAX, 4);
	assert_fails(r, "takes at most 65535");
}

/* ---- images that do not load ----------------------------------------------- */

static void says_what_is_wrong(void **state)
{
	static const struct {
		unsigned off, size;
		uint64_t val;
		const char *says;
	} t[] = {
		{ 0x202, 4, 0, "not a bzImage or an ELF file" },
		{ 0x1fe, 2, 0, "no boot signature" },
		{ 0x206, 2, 0x205, "boot protocol 2.05 is too old" },
		{ 0x206, 2, 0, "too old" },
		{ 0x211, 1, 0, "a zImage" },
		{ 0x1f4, 4, 0, "truncated" },
		{ 0x1f4, 4, LEN / 16 + 1, "truncated" },
		{ 0x1f4, 4, UINT32_MAX, "truncated" },
		{ 0x1f1, 1, 255, "truncated" },
		{ 0x258, 8, 0xff000, "where no kernel can be" },
		{ 0x258, 8, 1ull << 32, "where no kernel can be" },
		{ 0x258, 8, UINT64_MAX, "where no kernel can be" },
		{ 0x258, 8, 0xfffff000, "give the guest more --memory" },
		{ 0x260, 4, UINT32_MAX, "give the guest more --memory" },
		{ 0x260, 4, 31 << 20, "give the guest more --memory" },
	};
	struct boot_rig *r = *state;

	for (unsigned i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		make_image(r);
		put(r->file + t[i].off, t[i].val, t[i].size);
		assert_fails(r, t[i].says);
	}
	make_image(r);
	put(r->file + 0x234, 0, 1);
	put(r->file + 0x214, 0x10000, 4);
	assert_fails(r, "where no kernel can be");
}

static void needs_just_the_memory_it_says(void **state)
{
	struct boot_rig *r = *state;

	put(r->file + 0x260, r->layout.acpi_base - PREF, 4);
	assert_loads(r);
	put(r->file + 0x260, r->layout.acpi_base - PREF + 1, 4);
	assert_fails(r, "KERNEL: needs memory up to 33 MiB");
}

static void refuses_every_shorter_file(void **state)
{
	struct boot_rig *r = *state;

	for (r->file_len = 0; r->file_len < OFF + 32; r->file_len++)
		assert_fails(r, "KERNEL: ");
	/* The last 16 bytes may be missing. */
	r->file_len = OFF + LEN - 16;
	assert_fails(r, "truncated");
	r->file_len++;
	assert_loads(r);
}

/* Whatever a byte says, nothing but the guest's own RAM changes (ASan) and a
 * kernel that loads starts in RAM. */
static void survives_any_header_byte(void **state)
{
	static const uint8_t vals[] = { 0, 1, 0x7f, 0x80, 0xff };
	struct boot_rig *r = *state;

	r->initrd_len = 5000;
	for (unsigned off = 0x1f1; off < 0x270; off++) {
		for (unsigned v = 0; v < sizeof(vals); v++) {
			make_image(r);
			r->file[off] = vals[v];
			if (rig_load(r) == 0)
				assert_non_null(rig_at(r, r->cpu.rip, 1));
			else
				assert_int_not_equal(r->err[0], 0);
		}
	}
}

static void wants_a_regular_file(void **state)
{
	struct boot_rig *r = *state;
	int p[2];

	assert_int_equal(pipe(p), 0);
	r->boot.kernel_fd = p[0];
	assert_int_equal(linux_load(&r->boot, &r->mem, &r->layout, &r->cpu,
				    r->err), -EINVAL);
	assert_string_equal(r->err, "KERNEL: not a regular file");
	close(p[0]);
	close(p[1]);
}

#define test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(loads_at_its_preferred_address),
		test(tells_the_memory_map),
		test(describes_a_long_mode_cpu),
		test(runs_old_and_32_bit_kernels),
		test(copies_no_more_than_a_header),
		test(leaves_unrelocatable_kernels_where_they_want),
		test(ignores_what_follows_the_image),
		test(loads_again_after_a_reset),
		test(puts_the_initrd_high),
		test(wants_room_for_the_initrd),
		test(limits_the_command_line),
		test(says_what_is_wrong),
		test(needs_just_the_memory_it_says),
		test(refuses_every_shorter_file),
		test(survives_any_header_byte),
		test(wants_a_regular_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
