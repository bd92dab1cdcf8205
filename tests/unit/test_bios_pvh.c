/* Description: ELF kernels with a PVH note load; hostile ELF files do not. */
#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "bios/e820.h"
#include "tests/lib/boot_rig.h"

#define CODE_OFF 0x1000u
#define CODE_LEN 0x2000u
#define CODE_AT  0x200000u
#define BSS_LEN  0x1800u
#define NOTE_OFF 0x400u
#define ENTRY    (CODE_AT + 0x10)

enum { CODE, NOTE, SEGMENTS };

/* Where a field of program header i is in the file. */
static unsigned phdr64(unsigned i, size_t field)
{
	return (unsigned)(sizeof(Elf64_Ehdr) + i * sizeof(Elf64_Phdr) + field);
}
#define PH(i, field) phdr64(i, offsetof(Elf64_Phdr, field))

/* One note at off; returns where the next goes. */
static unsigned add_note(struct boot_rig *r, unsigned off, const char *name,
			 unsigned type, uint64_t desc, unsigned desc_len)
{
	unsigned len = (unsigned)strlen(name) + 1, pad = (len + 3) & ~3u;

	put(r->file + off, len, 4);
	put(r->file + off + 4, desc_len, 4);
	put(r->file + off + 8, type, 4);
	memcpy(r->file + off + 12, name, len);
	put(r->file + off + 12 + pad, desc, desc_len);
	return off + 12 + pad + ((desc_len + 3) & ~3u);
}

static void put_notes(struct boot_rig *r)
{
	unsigned end;

	memset(r->file + NOTE_OFF, 0, 0x100);
	end = add_note(r, NOTE_OFF, "Linux", 18, 0x666, 4);
	end = add_note(r, end, "Xen", 6, 0x777, 8);
	end = add_note(r, end, "Xen", 18, ENTRY, 8);
	put(r->file + PH(NOTE, p_filesz), end - NOTE_OFF, 8);
}

static void make_elf64(struct boot_rig *r)
{
	const Elf64_Ehdr eh = {
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB,
			     EV_CURRENT },
		.e_type = ET_EXEC, .e_machine = EM_X86_64,
		.e_version = EV_CURRENT, .e_entry = 0x1234,
		.e_phoff = sizeof(eh), .e_ehsize = sizeof(eh),
		.e_phentsize = sizeof(Elf64_Phdr), .e_phnum = SEGMENTS,
	};
	const Elf64_Phdr ph[SEGMENTS] = {
		[CODE] = { .p_type = PT_LOAD, .p_offset = CODE_OFF,
			   .p_vaddr = 0xffffffff81000000, .p_paddr = CODE_AT,
			   .p_filesz = CODE_LEN, .p_memsz = CODE_LEN + BSS_LEN,
			   .p_align = 0x200000 },
		[NOTE] = { .p_type = PT_NOTE, .p_offset = NOTE_OFF,
			   .p_align = 4 },
	};

	memset(r->file, 0, CODE_OFF);
	memcpy(r->file, &eh, sizeof(eh));
	memcpy(r->file + sizeof(eh), ph, sizeof(ph));
	put_notes(r);
	for (unsigned i = 0; i < CODE_LEN; i++)
		r->file[CODE_OFF + i] = (uint8_t)(i * 13 + 1);
	r->file_len = CODE_OFF + CODE_LEN;
}

static void make_elf32(struct boot_rig *r)
{
	const Elf32_Ehdr eh = {
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS32, ELFDATA2LSB,
			     EV_CURRENT },
		.e_type = ET_EXEC, .e_machine = EM_386,
		.e_version = EV_CURRENT, .e_phoff = sizeof(eh),
		.e_ehsize = sizeof(eh), .e_phentsize = sizeof(Elf32_Phdr),
		.e_phnum = SEGMENTS,
	};
	const Elf32_Phdr ph[SEGMENTS] = {
		{ PT_LOAD, CODE_OFF, 0xc0100000, CODE_AT, CODE_LEN,
		  CODE_LEN + BSS_LEN, 5, 0x1000 },
		{ PT_NOTE, NOTE_OFF, 0, 0, 20, 20, 4, 4 },
	};

	make_elf64(r);
	memset(r->file, 0, CODE_OFF);
	memcpy(r->file, &eh, sizeof(eh));
	memcpy(r->file + sizeof(eh), ph, sizeof(ph));
	add_note(r, NOTE_OFF, "Xen", 18, ENTRY, 4);
}

static int setup(void **state)
{
	struct boot_rig *r = rig_new(32 << 20);

	make_elf64(r);
	*state = r;
	return 0;
}

static int teardown(void **state)
{
	rig_free(*state);
	return 0;
}

/* ---- kernels that load ------------------------------------------------------ */

static void starts_at_the_note(void **state)
{
	struct boot_rig *r = *state;
	uint8_t *gdt;

	assert_loads(r);
	assert_int_equal(r->cpu.mode, CPU_START_PROT32);
	assert_int_equal(r->cpu.rip, ENTRY);
	assert_memory_equal(rig_at(r, CODE_AT, CODE_LEN), r->file + CODE_OFF,
			    CODE_LEN);
	gdt = rig_at(r, r->cpu.gdt_base, r->cpu.gdt_limit + 1u);
	assert_int_equal(get(gdt + r->cpu.cs, 8), 0x00cf9b000000ffff);
	assert_int_equal(get(gdt + r->cpu.ds, 8), 0x00cf93000000ffff);
	assert_int_equal(get(gdt + r->cpu.tr, 8), 0x00008b0000000067);
}

static void takes_32_bit_files_and_notes(void **state)
{
	struct boot_rig *r = *state;

	make_elf32(r);
	assert_loads(r);
	assert_int_equal(r->cpu.rip, ENTRY);
	assert_memory_equal(rig_at(r, CODE_AT, CODE_LEN), r->file + CODE_OFF,
			    CODE_LEN);
}

/* Notes in a segment aligned to 8 pad to 8. */
static void finds_notes_of_either_alignment(void **state)
{
	struct boot_rig *r = *state;

	memset(r->file + NOTE_OFF, 0, 0x100);
	put(r->file + PH(NOTE, p_align), 8, 8);
	add_note(r, NOTE_OFF, "GNU", 5, 1, 4);
	add_note(r, NOTE_OFF + 24, "Xen", 18, ENTRY, 4);
	put(r->file + PH(NOTE, p_filesz), 24 + 20, 8);
	assert_loads(r);
	assert_int_equal(r->cpu.rip, ENTRY);
}

static void fills_the_start_info(void **state)
{
	struct boot_rig *r = *state;
	struct e820_entry e[E820_MAX];
	unsigned n = e820_build(&r->layout, e);
	uint8_t *s, *m;

	r->boot.cmdline = "root=/dev/vda";
	r->boot.rsdp = 0xf0000;
	r->initrd_len = 5000;
	assert_loads(r);
	s = rig_at(r, r->cpu.rbx, 56);
	assert_int_equal(get(s, 4), 0x336ec578);
	assert_int_equal(get(s + 4, 4), 1);
	assert_string_equal(rig_at(r, get(s + 24, 8), 14), "root=/dev/vda");
	assert_int_equal(get(s + 32, 8), 0xf0000);
	assert_int_equal(get(s + 12, 4), 1);
	m = rig_at(r, get(s + 16, 8), 32);
	assert_int_equal(get(m + 8, 8), 5000);
	assert_memory_equal(rig_at(r, get(m, 8), 5000), r->initrd, 5000);
	assert_int_equal(get(s + 48, 4), n);
	m = rig_at(r, get(s + 40, 8), 24 * n);
	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(get(m + 24 * i, 8), e[i].base);
		assert_int_equal(get(m + 24 * i + 8, 8), e[i].len);
		assert_int_equal(get(m + 24 * i + 16, 4), e[i].type);
	}
}

static void has_no_module_without_an_initrd(void **state)
{
	struct boot_rig *r = *state;
	uint8_t *s;

	assert_loads(r);
	s = rig_at(r, r->cpu.rbx, 56);
	assert_int_equal(get(s + 12, 4), 0);
	assert_int_equal(get(s + 16, 8), 0);
	assert_string_equal(rig_at(r, get(s + 24, 8), 1), "");
}

static void clears_the_bss_again_after_a_reset(void **state)
{
	struct boot_rig *r = *state;
	uint8_t *bss = rig_at(r, CODE_AT + CODE_LEN, BSS_LEN + 1);

	assert_loads(r);
	memset(rig_at(r, CODE_AT, CODE_LEN), 0x55, CODE_LEN);
	memset(bss, 0x55, BSS_LEN + 1);
	r->boot.fresh = false;
	assert_loads(r);
	assert_memory_equal(rig_at(r, CODE_AT, CODE_LEN), r->file + CODE_OFF,
			    CODE_LEN);
	for (unsigned i = 0; i < BSS_LEN; i++)
		assert_int_equal(bss[i], 0);
	assert_int_equal(bss[BSS_LEN], 0x55);
}

/* The initrd must not land in the bss. */
static void keeps_the_initrd_off_the_kernel(void **state)
{
	struct boot_rig *r = *state;
	uint64_t room = 0x4000;

	put(r->file + PH(CODE, p_memsz),
	    r->layout.acpi_base - CODE_AT - room, 8);
	r->initrd_len = room;
	assert_loads(r);
	r->initrd_len = room + 1;
	assert_fails(r, "give the guest more --memory");
}

static void fills_ram_to_the_tables(void **state)
{
	struct boot_rig *r = *state;

	put(r->file + PH(CODE, p_memsz), r->layout.acpi_base - CODE_AT, 8);
	assert_loads(r);
	put(r->file + PH(CODE, p_memsz), r->layout.acpi_base - CODE_AT + 1, 8);
	assert_fails(r, "give the guest more --memory");
}

/* ---- files that do not ------------------------------------------------------ */

static void says_what_is_wrong(void **state)
{
	static const struct {
		size_t off;
		unsigned size;
		uint64_t val;
		const char *says;
	} t[] = {
		{ EI_CLASS, 1, 3, "for another machine than x86" },
		{ EI_DATA, 1, ELFDATA2MSB, "for another machine than x86" },
		{ 18, 2, EM_AARCH64, "for another machine than x86" },
		{ 32, 8, UINT64_MAX, "missing or damaged" },
		{ 32, 8, CODE_OFF + CODE_LEN - 111, "missing or damaged" },
		{ 54, 2, 55, "missing or damaged" },
		{ 56, 2, 0, "missing or damaged" },
		{ 56, 2, 65, "missing or damaged" },
		{ 56, 2, 65535, "missing or damaged" },
	};
	static const struct {
		size_t off;
		uint64_t val;
		const char *says;
	} seg[] = {
		{ offsetof(Elf64_Phdr, p_offset), UINT64_MAX, "truncated" },
		{ offsetof(Elf64_Phdr, p_offset), CODE_OFF + 1, "truncated" },
		{ offsetof(Elf64_Phdr, p_filesz), UINT64_MAX, "truncated" },
		{ offsetof(Elf64_Phdr, p_memsz), CODE_LEN - 1, "contradict" },
		{ offsetof(Elf64_Phdr, p_memsz), UINT64_MAX, "contradict" },
		{ offsetof(Elf64_Phdr, p_memsz), 1ull << 40, "--memory" },
		{ offsetof(Elf64_Phdr, p_paddr), 0, "none of its segments" },
	};
	struct boot_rig *r = *state;

	for (unsigned i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		make_elf64(r);
		put(r->file + t[i].off, t[i].val, t[i].size);
		assert_fails(r, t[i].says);
	}
	for (unsigned i = 0; i < sizeof(seg) / sizeof(seg[0]); i++) {
		make_elf64(r);
		put(r->file + phdr64(CODE, seg[i].off), seg[i].val, 8);
		assert_fails(r, seg[i].says);
	}
}

static void keeps_segments_out_of_other_places(void **state)
{
	static const struct { uint64_t at; const char *says; } t[] = {
		{ 0x1000, "where no kernel can be" },
		{ 0x2f000, "where no kernel can be" },
		{ 0x9d000, "where no kernel can be" },
		{ 0xb0000, "where no kernel can be" },
		{ 0xff000, "where no kernel can be" },
		{ 0x1ffd000, "give the guest more --memory" },
		{ 0xbffff000, "give the guest more --memory" },
		{ 0xd0000000, "where no kernel can be" },
		{ 0x100000000, "where no kernel can be" },
	};
	struct boot_rig *r = *state;

	for (unsigned i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		memset(r->file + NOTE_OFF, 0, 0x100);
		put(r->file + PH(NOTE, p_filesz),
		    add_note(r, NOTE_OFF, "Xen", 18, t[i].at, 8) - NOTE_OFF, 8);
		put(r->file + PH(CODE, p_paddr), t[i].at, 8);
		assert_fails(r, t[i].says);
	}
	/* Conventional memory behind the loader's own is fine. */
	put(r->file + PH(CODE, p_paddr), 0x30000, 8);
	put(r->file + NOTE_OFF + 16, 0x30000, 8);
	assert_loads(r);
	put(r->file + PH(CODE, p_paddr), 0x9f000 - CODE_LEN - BSS_LEN, 8);
	put(r->file + NOTE_OFF + 16, 0x9f000 - CODE_LEN - BSS_LEN, 8);
	assert_loads(r);
}

static void wants_a_note(void **state)
{
	struct boot_rig *r = *state;

	put(r->file + PH(NOTE, p_type), PT_NULL, 4);
	assert_fails(r, "without a PVH note");
	put_notes(r);
	put(r->file + PH(NOTE, p_type), PT_NOTE, 4);
	for (uint64_t len = get(r->file + PH(NOTE, p_filesz), 8); len-- > 0;) {
		put(r->file + PH(NOTE, p_filesz), len, 8);
		assert_fails(r, "without a PVH note");
	}
	/* A description of neither 4 nor 8 bytes. */
	put_notes(r);
	memset(r->file + NOTE_OFF, 0, 0x100);
	add_note(r, NOTE_OFF, "Xen", 18, ENTRY, 2);
	assert_fails(r, "without a PVH note");
}

static void survives_note_sizes(void **state)
{
	static const uint32_t sizes[] = {
		0, 1, 3, 4, 0x7fffffff, 0x80000000, 0xfffffff3, 0xfffffffc,
		0xffffffff,
	};
	struct boot_rig *r = *state;

	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		for (unsigned field = 0; field < 8; field += 4) {
			put_notes(r);
			put(r->file + NOTE_OFF + field, sizes[i], 4);
			if (rig_load(r) == 0)
				assert_int_equal(r->cpu.rip, ENTRY);
		}
	}
}

static void refuses_every_shorter_file(void **state)
{
	struct boot_rig *r = *state;

	for (r->file_len = 0; r->file_len < CODE_OFF + 16; r->file_len++)
		assert_fails(r, "KERNEL: ");
	r->file_len = CODE_OFF + CODE_LEN - 1;
	assert_fails(r, "truncated");
}

static void survives_any_header_byte(void **state)
{
	static const uint8_t vals[] = { 0, 1, 2, 0x7f, 0x80, 0xff };
	struct boot_rig *r = *state;
	unsigned end = PH(SEGMENTS, p_type);

	for (unsigned wide = 0; wide < 2; wide++) {
		for (unsigned i = 0; i < end * sizeof(vals); i++) {
			if (wide)
				make_elf64(r);
			else
				make_elf32(r);
			r->file[i / sizeof(vals)] = vals[i % sizeof(vals)];
			if (rig_load(r) == 0)
				assert_non_null(rig_at(r, r->cpu.rip, 1));
			else
				assert_int_not_equal(r->err[0], 0);
		}
	}
}

#define test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(starts_at_the_note),
		test(takes_32_bit_files_and_notes),
		test(finds_notes_of_either_alignment),
		test(fills_the_start_info),
		test(has_no_module_without_an_initrd),
		test(clears_the_bss_again_after_a_reset),
		test(keeps_the_initrd_off_the_kernel),
		test(fills_ram_to_the_tables),
		test(says_what_is_wrong),
		test(keeps_segments_out_of_other_places),
		test(wants_a_note),
		test(survives_note_sizes),
		test(refuses_every_shorter_file),
		test(survives_any_header_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
