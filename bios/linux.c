#include "bios/linux_int.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "devices/base/gmem.h"
#include "devices/base/le.h"

#define PAGE 4096u

int load_fail(const struct load *l, int error, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(l->err, LINUX_ERR_LEN, fmt, ap);
	va_end(ap);
	return -error;
}

/* ---- files -------------------------------------------------------------- */

static int file_size(const struct load *l, int fd, const char *name,
		     uint64_t *size)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return load_fail(l, errno, "%s: %s", name, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return load_fail(l, EINVAL, "%s: not a regular file", name);
	if (st.st_size == 0)
		return load_fail(l, EINVAL, "%s: the file is empty", name);
	*size = (uint64_t)st.st_size;
	return 0;
}

int load_read(const struct load *l, int fd, const char *name, uint64_t off,
	      void *to, size_t len)
{
	uint8_t *p = to;

	while (len > 0) {
		ssize_t n = pread(fd, p, len, (off_t)off);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return load_fail(l, errno, "%s: %s", name,
					 strerror(errno));
		if (n == 0)
			return load_fail(l, EINVAL, "%s: the file ends too "
					 "early; is it truncated?", name);
		p += n;
		off += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

/*
 * Faulting fresh pages in at once takes a fifth less time than one by one
 * under pread. It is only that, so what it says does not matter (hosts before
 * Linux 5.14 do not know it).
 */
static void populate(void *p, uint64_t len)
{
	uintptr_t from = (uintptr_t)p & ~(uintptr_t)(PAGE - 1);

	madvise((void *)from, (uintptr_t)p + len - from, MADV_POPULATE_WRITE);
}

int load_to_guest(const struct load *l, int fd, const char *name, uint64_t off,
		  uint64_t gpa, uint64_t len)
{
	void *to = gmem_ptr(l->mem, gpa, len, GMEM_WRITE);

	if (!to)
		return load_fail(l, EFAULT, "%s: no RAM for %llu bytes at "
				 "0x%llx", name, (unsigned long long)len,
				 (unsigned long long)gpa);
	if (l->boot->fresh)
		populate(to, len);
	return load_read(l, fd, name, off, to, len);
}

int load_initrd(const struct load *l, uint64_t bottom, uint64_t top,
		uint64_t *gpa, uint64_t *len)
{
	const struct linux_boot *boot = l->boot;
	int ret;

	*gpa = 0;
	*len = 0;
	if (boot->initrd_fd < 0)
		return 0;
	ret = file_size(l, boot->initrd_fd, boot->initrd, len);
	if (ret)
		return ret;
	if (*len <= top)
		*gpa = (top - *len) & ~(uint64_t)(PAGE - 1);
	if (*gpa < bottom)
		return load_fail(l, ENOMEM, "%s: the initrd (%llu KiB) does "
				 "not fit between the kernel's end at 0x%llx "
				 "and 0x%llx; %s", boot->initrd,
				 (unsigned long long)(*len + 1023) / 1024,
				 (unsigned long long)bottom,
				 (unsigned long long)top,
				 top == l->layout->acpi_base &&
				 top < LAYOUT_LOW_RAM_MAX / 2 ?
				 "give the guest more --memory" :
				 "use a smaller one");
	return load_to_guest(l, boot->initrd_fd, boot->initrd, 0, *gpa, *len);
}

/* ---- what both kinds of kernel find in low memory ------------------------ */

int load_cmdline(const struct load *l, uint64_t max)
{
	const char *s = l->boot->cmdline ? l->boot->cmdline : "";
	size_t len = strlen(s);

	if (max > BOOT_CMDLINE_LEN - 1)
		max = BOOT_CMDLINE_LEN - 1;
	if (len > max)
		return load_fail(l, E2BIG, "--cmdline has %zu characters; %s "
				 "takes at most %llu", len, l->boot->kernel,
				 (unsigned long long)max);
	if (gmem_write(l->mem, BOOT_CMDLINE, s, len + 1))
		return load_fail(l, EFAULT, "no RAM for the command line");
	return 0;
}

/* The first 4 GiB map to themselves: present, writable, 2 MiB pages. */
static int page_tables(const struct load *l)
{
	le64 *t = gmem_ptr(l->mem, BOOT_TABLES, 6 * PAGE, GMEM_WRITE);

	if (!t)
		return load_fail(l, EFAULT, "no RAM for page tables");
	memset(t, 0, 2 * PAGE);
	t[0] = le64_put((BOOT_TABLES + PAGE) | 3);
	for (unsigned i = 0; i < 4; i++)
		t[512 + i] = le64_put((BOOT_TABLES + (2 + i) * PAGE) | 3);
	for (unsigned i = 0; i < 4 * 512; i++)
		t[1024 + i] = le64_put((uint64_t)i << 21 | 0x83);
	l->cpu->cr3 = BOOT_TABLES;
	return 0;
}

int load_cpu(const struct load *l, enum cpu_start_mode mode)
{
	const bool wide = mode == CPU_START_LONG64;
	/* Flat 4 GiB segments, already accessed; a busy TSS of 0x68 bytes. */
	const le64 gdt[6] = {
		[BOOT_CS / 8] = le64_put(wide ? 0x00af9b000000ffff :
					 0x00cf9b000000ffff),
		[BOOT_DS / 8] = le64_put(0x00cf93000000ffff),
		[BOOT_TR / 8] = le64_put(0x00008b0000000067),
	};
	const le16 ebda = le16_put(LAYOUT_EBDA >> 4);
	const le16 base_kib = le16_put(LAYOUT_EBDA / 1024);

	if (gmem_write(l->mem, BOOT_GDT, gdt, sizeof(gdt)) ||
	    gmem_write(l->mem, BOOT_BDA + 0x0e, &ebda, sizeof(ebda)) ||
	    gmem_write(l->mem, BOOT_BDA + 0x13, &base_kib, sizeof(base_kib)))
		return load_fail(l, EFAULT, "no RAM for boot data");
	*l->cpu = (struct cpu_start){
		.mode = mode,
		.rsp = BOOT_STACK,
		.gdt_base = BOOT_GDT,
		.gdt_limit = sizeof(gdt) - 1,
		.cs = BOOT_CS,
		.ds = BOOT_DS,
		.tr = BOOT_TR,
	};
	return wide ? page_tables(l) : 0;
}

/* ---- which kind --------------------------------------------------------- */

int linux_load(const struct linux_boot *boot, const struct gmem *mem,
	       const struct bios_layout *layout, struct cpu_start *cpu,
	       char err[LINUX_ERR_LEN])
{
	struct load l = {
		.boot = boot, .mem = mem, .layout = layout, .cpu = cpu,
		.err = err,
	};
	uint8_t head[LOAD_HEAD] = { 0 };
	size_t len = sizeof(head);
	int ret;

	ret = file_size(&l, boot->kernel_fd, boot->kernel, &l.kernel_size);
	if (ret)
		return ret;
	if (len > l.kernel_size)
		len = (size_t)l.kernel_size;
	ret = load_read(&l, boot->kernel_fd, boot->kernel, 0, head, len);
	if (ret)
		return ret;
	if (len >= 0x206 && !memcmp(head + 0x202, "HdrS", 4))
		return bzimage_load(&l, head, len);
	if (len >= 4 && !memcmp(head, "\177ELF", 4))
		return pvh_load(&l, head, len);
	return load_fail(&l, ENOEXEC, "%s: not a bzImage or an ELF file with a "
			 "PVH note", boot->kernel);
}
