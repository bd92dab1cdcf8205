/*
 * ELF kernels with a PVH entry (Xen's x86/HVM direct boot ABI): 32-bit
 * protected mode without paging, EBX points to hvm_start_info.
 */
#include "bios/linux_int.h"

#include <assert.h>
#include <elf.h>
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "bios/e820.h"
#include "devices/base/gmem.h"
#include "devices/base/le.h"

#define NOTE_PHYS32_ENTRY 18
#define MAX_PHDRS 64
#define START_MAGIC 0x336ec578u

struct start_info {
	le32 magic, version, flags, nr_modules;
	le64 modlist, cmdline, rsdp, memmap;
	le32 memmap_n, reserved;
} __attribute__((packed));

struct start_module { le64 addr, size, cmdline, reserved; };
struct start_memmap { le64 addr, size; le32 type, reserved; };

/* All that a PVH kernel is told. */
struct pvh_page {
	struct start_info info;
	struct start_module module;
	struct start_memmap map[E820_MAX];
};
static_assert(sizeof(struct start_info) == 56, "hvm_start_info");
static_assert(sizeof(struct pvh_page) <= BOOT_ZERO_PAGE - BOOT_PVH, "PVH");

/* A program header of either class. */
struct segment { uint64_t type, off, addr, filesz, memsz, align; };

struct elf {
	uint64_t phoff;
	bool wide;
	unsigned n;
	struct segment seg[MAX_PHDRS];
	uint64_t entry;                 /* PVH's, not the file's; 0: none */
};

/* ---- the file's headers -------------------------------------------------- */

static int read_header(const struct load *l, const uint8_t *head, size_t len,
		       struct elf *e)
{
	const char *name = l->boot->kernel;
	Elf64_Ehdr h64;
	Elf32_Ehdr h32;
	unsigned machine, phentsize;

	if (len < sizeof(h64))
		return load_fail(l, ENOEXEC, "%s: the ELF file is truncated",
				 name);
	memcpy(&h64, head, sizeof(h64));
	memcpy(&h32, head, sizeof(h32));
	e->wide = head[EI_CLASS] == ELFCLASS64;
	/* e_machine is at the same place in both classes. */
	machine = le16toh(h64.e_machine);
	if ((!e->wide && head[EI_CLASS] != ELFCLASS32) ||
	    head[EI_DATA] != ELFDATA2LSB ||
	    (machine != EM_X86_64 && machine != EM_386))
		return load_fail(l, ENOEXEC, "%s: an ELF file for another "
				 "machine than x86", name);
	e->phoff = e->wide ? le64toh(h64.e_phoff) : le32toh(h32.e_phoff);
	e->n = le16toh(e->wide ? h64.e_phnum : h32.e_phnum);
	phentsize = le16toh(e->wide ? h64.e_phentsize : h32.e_phentsize);
	if (e->n == 0 || e->n > MAX_PHDRS ||
	    phentsize != (e->wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr)) ||
	    e->phoff > l->kernel_size ||
	    (uint64_t)e->n * phentsize > l->kernel_size - e->phoff)
		return load_fail(l, ENOEXEC, "%s: its ELF program headers are "
				 "missing or damaged", name);
	return 0;
}

static int read_segment(const struct load *l, const struct elf *e, unsigned i,
			struct segment *s)
{
	const int fd = l->boot->kernel_fd;
	const char *name = l->boot->kernel;
	Elf64_Phdr p64;
	Elf32_Phdr p32;
	int ret;

	if (e->wide) {
		ret = load_read(l, fd, name, e->phoff + i * sizeof(p64), &p64,
				sizeof(p64));
		if (ret)
			return ret;
		*s = (struct segment){
			le32toh(p64.p_type), le64toh(p64.p_offset),
			le64toh(p64.p_paddr), le64toh(p64.p_filesz),
			le64toh(p64.p_memsz), le64toh(p64.p_align),
		};
	} else {
		ret = load_read(l, fd, name, e->phoff + i * sizeof(p32), &p32,
				sizeof(p32));
		if (ret)
			return ret;
		*s = (struct segment){
			le32toh(p32.p_type), le32toh(p32.p_offset),
			le32toh(p32.p_paddr), le32toh(p32.p_filesz),
			le32toh(p32.p_memsz), le32toh(p32.p_align),
		};
	}
	if (s->off > l->kernel_size || s->filesz > l->kernel_size - s->off)
		return load_fail(l, ENOEXEC, "%s: the ELF file is truncated: "
				 "segment %u lies behind its end", name, i);
	return 0;
}

/* ---- the note ------------------------------------------------------------ */

static void scan_notes(struct elf *e, const uint8_t *buf, size_t len,
		       size_t align)
{
	size_t at = 0;

	while (at <= len && len - at >= sizeof(Elf32_Nhdr)) {
		size_t name = at + sizeof(Elf32_Nhdr), desc;
		le32 word[3];
		uint32_t namesz, descsz;
		le64 entry = { 0 };

		memcpy(word, buf + at, sizeof(word));
		namesz = le32_get(word[0]);
		descsz = le32_get(word[1]);
		/* The file's 32 bits cannot overflow a size_t. */
		desc = (name + namesz + align - 1) & ~(align - 1);
		if (desc > len || descsz > len - desc)
			return;
		if (le32_get(word[2]) == NOTE_PHYS32_ENTRY && namesz == 4 &&
		    !memcmp(buf + name, "Xen", 4) &&
		    (descsz == 4 || descsz == 8)) {
			memcpy(&entry, buf + desc, descsz);
			e->entry = le64_get(entry);
			return;
		}
		at = (desc + descsz + align - 1) & ~(align - 1);
	}
}

static int find_entry(const struct load *l, struct elf *e)
{
	for (unsigned i = 0; i < e->n && !e->entry; i++) {
		const struct segment *s = &e->seg[i];
		uint8_t buf[4096];      /* kernels have 500 bytes of notes */
		size_t len = sizeof(buf);
		int ret;

		if (s->type != PT_NOTE)
			continue;
		if (len > s->filesz)
			len = (size_t)s->filesz;
		ret = load_read(l, l->boot->kernel_fd, l->boot->kernel, s->off,
				buf, len);
		if (ret)
			return ret;
		scan_notes(e, buf, len, s->align == 8 ? 8 : 4);
	}
	for (unsigned i = 0; i < e->n && e->entry; i++) {
		const struct segment *s = &e->seg[i];

		if (s->type == PT_LOAD && e->entry - s->addr < s->memsz)
			return 0;
	}
	if (e->entry)
		return load_fail(l, ENOEXEC, "%s: its PVH entry 0x%llx is in "
				 "none of its segments", l->boot->kernel,
				 (unsigned long long)e->entry);
	return load_fail(l, ENOEXEC, "%s: an ELF file without a PVH note; use "
			 "the kernel's bzImage", l->boot->kernel);
}

/* ---- segments ------------------------------------------------------------ */

static int check_segment(const struct load *l, const struct segment *s)
{
	const char *name = l->boot->kernel;
	uint64_t end;

	if (s->filesz > s->memsz ||
	    __builtin_add_overflow(s->addr, s->memsz, &end))
		return load_fail(l, ENOEXEC, "%s: its ELF program headers "
				 "contradict themselves", name);
	if (s->addr < BOOT_FREE ||
	    (s->addr < BOOT_KERNEL_MIN && end > LAYOUT_EBDA))
		return load_fail(l, ENOEXEC, "%s: wants to be loaded at "
				 "0x%llx, where no kernel can be", name,
				 (unsigned long long)s->addr);
	if (end > l->layout->acpi_base && s->addr < LAYOUT_LOW_RAM_MAX)
		return load_fail(l, ENOMEM, "%s: needs memory up to 0x%llx; "
				 "give the guest more --memory", name,
				 (unsigned long long)end);
	if (end > l->layout->acpi_base)
		return load_fail(l, ENOEXEC, "%s: wants to be loaded at "
				 "0x%llx, where no kernel can be", name,
				 (unsigned long long)s->addr);
	return 0;
}

static int load_segment(const struct load *l, const struct segment *s)
{
	uint64_t bss = s->memsz - s->filesz;
	void *p;
	int ret;

	if (s->filesz) {
		ret = load_to_guest(l, l->boot->kernel_fd, l->boot->kernel,
				    s->off, s->addr, s->filesz);
		if (ret)
			return ret;
	}
	if (!bss || l->boot->fresh)
		return 0;
	p = gmem_ptr(l->mem, s->addr + s->filesz, bss, GMEM_WRITE);
	if (!p)
		return load_fail(l, EFAULT, "%s: no RAM for its data",
				 l->boot->kernel);
	memset(p, 0, bss);
	return 0;
}

/* end: of the highest segment. */
static int load_segments(const struct load *l, const struct elf *e,
			 uint64_t *end)
{
	*end = BOOT_KERNEL_MIN;
	for (unsigned i = 0; i < e->n; i++) {
		const struct segment *s = &e->seg[i];
		int ret;

		if (s->type != PT_LOAD || s->memsz == 0)
			continue;
		ret = check_segment(l, s);
		if (!ret)
			ret = load_segment(l, s);
		if (ret)
			return ret;
		if (s->addr + s->memsz > *end)
			*end = s->addr + s->memsz;
	}
	return 0;
}

/* ---- what the kernel is told --------------------------------------------- */

static int write_start_info(const struct load *l, uint64_t initrd,
			    uint64_t initrd_len)
{
	struct e820_entry e[E820_MAX];
	unsigned n = e820_build(l->layout, e);
	struct pvh_page page = {
		.info.magic = le32_put(START_MAGIC),
		.info.version = le32_put(1),
		.info.cmdline = le64_put(BOOT_CMDLINE),
		.info.rsdp = le64_put(l->boot->rsdp),
		.info.memmap = le64_put(BOOT_PVH +
					offsetof(struct pvh_page, map)),
		.info.memmap_n = le32_put(n),
	};

	if (initrd_len) {
		page.info.nr_modules = le32_put(1);
		page.info.modlist = le64_put(BOOT_PVH +
			offsetof(struct pvh_page, module));
		page.module.addr = le64_put(initrd);
		page.module.size = le64_put(initrd_len);
	}
	/* The types of Xen's memory map are E820's. */
	for (unsigned i = 0; i < n; i++)
		page.map[i] = (struct start_memmap){
			le64_put(e[i].base), le64_put(e[i].len),
			le32_put(e[i].type), le32_put(0),
		};
	if (gmem_write(l->mem, BOOT_PVH, &page, sizeof(page)))
		return load_fail(l, EFAULT, "no RAM for the start info");
	return 0;
}

int pvh_load(const struct load *l, const uint8_t *head, size_t len)
{
	struct elf e = { 0 };
	uint64_t end, initrd, initrd_len;
	int ret;

	ret = read_header(l, head, len, &e);
	for (unsigned i = 0; !ret && i < e.n; i++)
		ret = read_segment(l, &e, i, &e.seg[i]);
	if (!ret)
		ret = find_entry(l, &e);
	if (!ret)
		ret = load_segments(l, &e, &end);
	if (!ret)
		ret = load_initrd(l, end, l->layout->acpi_base, &initrd,
				  &initrd_len);
	if (!ret)
		ret = load_cmdline(l, BOOT_CMDLINE_LEN - 1);
	if (!ret)
		ret = write_start_info(l, initrd, initrd_len);
	if (!ret)
		ret = load_cpu(l, CPU_START_PROT32);
	if (ret)
		return ret;
	l->cpu->rip = e.entry;
	l->cpu->rbx = BOOT_PVH;
	return 0;
}
