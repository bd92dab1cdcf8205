#include "tests/lib/boot_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <cmocka.h>

#define ACPI_FILL 0xaa
#define ACPI_LEN (LAYOUT_ACPI_LEN + LAYOUT_NVS_LEN)

static void add(struct boot_rig *r, uint64_t gpa, uint64_t len, uint8_t **p)
{
	*p = calloc(1, len);
	assert_non_null(*p);
	assert_int_equal(gmem_add(&r->mem, &(struct gmem_region){
		gpa, len, *p, GMEM_READ | GMEM_WRITE }), 0);
}

struct boot_rig *rig_new(uint64_t ram)
{
	struct boot_rig *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	assert_int_equal(layout_init(&r->layout, ram, 40), 0);
	add(r, 0, LAYOUT_VGA, &r->low);
	add(r, LAYOUT_SHADOW, r->layout.low_ram_end - LAYOUT_SHADOW, &r->high);
	memset(rig_at(r, r->layout.acpi_base, ACPI_LEN), ACPI_FILL, ACPI_LEN);
	for (size_t i = 0; i < sizeof(r->initrd); i++)
		r->initrd[i] = (uint8_t)(i * 11 + 3);
	r->kernel_fd = memfd_create("kernel", MFD_CLOEXEC);
	r->initrd_fd = memfd_create("initrd", MFD_CLOEXEC);
	assert_true(r->kernel_fd >= 0 && r->initrd_fd >= 0);
	r->boot = (struct linux_boot){
		.kernel = "KERNEL", .kernel_fd = r->kernel_fd,
		.initrd = "INITRD", .initrd_fd = -1,
		.fresh = true,
	};
	return r;
}

void rig_free(struct boot_rig *r)
{
	close(r->kernel_fd);
	close(r->initrd_fd);
	free(r->low);
	free(r->high);
	free(r);
}

static void write_file(int fd, const void *data, size_t len)
{
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(pwrite(fd, data, len, 0), len);
}

int rig_load(struct boot_rig *r)
{
	const uint8_t *acpi = rig_at(r, r->layout.acpi_base, ACPI_LEN);
	int ret;

	write_file(r->kernel_fd, r->file, r->file_len);
	write_file(r->initrd_fd, r->initrd, r->initrd_len);
	if (r->initrd_len)
		r->boot.initrd_fd = r->initrd_fd;
	memset(r->err, 0, sizeof(r->err));
	ret = linux_load(&r->boot, &r->mem, &r->layout, &r->cpu, r->err);
	for (unsigned i = 0; i < ACPI_LEN; i++)
		if (acpi[i] != ACPI_FILL)
			fail_msg("byte %u of the ACPI area was overwritten", i);
	return ret;
}

void assert_loads(struct boot_rig *r)
{
	if (rig_load(r))
		fail_msg("does not load: %s", r->err);
}

void assert_fails(struct boot_rig *r, const char *says)
{
	if (rig_load(r) >= 0)
		fail_msg("loads, though it should say \"%s\"", says);
	if (!strstr(r->err, says))
		fail_msg("says \"%s\", not \"%s\"", r->err, says);
}

void *rig_at(struct boot_rig *r, uint64_t gpa, uint64_t len)
{
	return gmem_ptr(&r->mem, gpa, len, GMEM_READ);
}

void put(void *to, uint64_t val, unsigned size)
{
	for (unsigned i = 0; i < size; i++)
		((uint8_t *)to)[i] = (uint8_t)(val >> (8 * i));
}

uint64_t get(const void *from, unsigned size)
{
	uint64_t val = 0;

	for (unsigned i = 0; i < size; i++)
		val |= (uint64_t)((const uint8_t *)from)[i] << (8 * i);
	return val;
}
