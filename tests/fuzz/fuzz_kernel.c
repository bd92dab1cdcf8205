/* Description: kernel files, bzImage or ELF with a PVH note, and an initrd;
 * the input is the kernel's first bytes. */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bios/linux.h"
#include "devices/base/gmem.h"
#include "devices/base/log.h"
#include "tests/fuzz/fz.h"

#define RAM (32u << 20)
#define FILE_LEN 0x20000u       /* zeroes follow the input */
#define ACPI_FILL 0xaa

static struct {
	struct bios_layout layout;
	struct gmem mem;
	int kernel, initrd;
	uint8_t *acpi;
} m;

static uint8_t *add(uint64_t gpa, uint64_t len)
{
	uint8_t *p = mmap(NULL, len + 0x20000, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	struct gmem_region r = {
		gpa, len, p + 0x10000, GMEM_READ | GMEM_WRITE,
	};

	BUG_ON(p == MAP_FAILED);
	BUG_ON(mprotect(r.hva, len, PROT_READ | PROT_WRITE));
	BUG_ON(gmem_add(&m.mem, &r));
	return r.hva;
}

void fz_setup(void)
{
	uint8_t *high;

	BUG_ON(layout_init(&m.layout, RAM, 40));
	add(0, LAYOUT_VGA);
	high = add(LAYOUT_SHADOW, m.layout.low_ram_end - LAYOUT_SHADOW);
	m.acpi = high + (m.layout.acpi_base - LAYOUT_SHADOW);
	memset(m.acpi, ACPI_FILL, LAYOUT_ACPI_LEN + LAYOUT_NVS_LEN);
	m.kernel = memfd_create("kernel", MFD_CLOEXEC);
	m.initrd = memfd_create("initrd", MFD_CLOEXEC);
	BUG_ON(m.kernel < 0 || m.initrd < 0);
	BUG_ON(pwrite(m.initrd, "initrd", 6, 0) != 6);
}

/* The last byte says how long the file is, and what comes with it. */
void fz_one(struct fz *in)
{
	uint8_t how = fz_more(in) ? in->end[-1] : 0;
	char err[LINUX_ERR_LEN] = "";
	const struct linux_boot boot = {
		.kernel = "KERNEL", .initrd = "INITRD",
		.kernel_fd = m.kernel, .initrd_fd = how & 1 ? m.initrd : -1,
		.cmdline = how & 2 ? "console=ttyS0" : NULL,
		.rsdp = how & 4 ? LAYOUT_RSDP : 0, .fresh = true,
	};
	struct cpu_start cpu;
	size_t len;
	const uint8_t *p = fz_bytes(in, FILE_LEN, &len);
	int ret;

	BUG_ON(ftruncate(m.kernel, 0));
	BUG_ON(pwrite(m.kernel, p, len, 0) != (ssize_t)len);
	BUG_ON(ftruncate(m.kernel, how & 8 ? FILE_LEN : (off_t)len));
	ret = linux_load(&boot, &m.mem, &m.layout, &cpu, err);
	BUG_ON(ret > 0 || (ret < 0 && !err[0]));
	BUG_ON(strnlen(err, sizeof(err)) == sizeof(err));
	BUG_ON(ret == 0 && !gmem_ptr(&m.mem, cpu.rip, 1, GMEM_READ));
	/* The tables at the top of RAM are not a kernel's to overwrite. */
	BUG_ON(m.acpi[0] != ACPI_FILL ||
	       memcmp(m.acpi, m.acpi + 1, LAYOUT_ACPI_LEN + LAYOUT_NVS_LEN - 1));
}
