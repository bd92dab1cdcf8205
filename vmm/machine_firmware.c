/*
 * --firmware: an image of a BIOS that is not ours, at the top of 4 GiB as a ROM
 * is, its end in the RAM below 1 MiB as chipsets show it, with fw_cfg to tell
 * it of the machine. It finds the CPUs at the reset vector, PCI without
 * addresses, and no tables.
 */
#include "vmm/machine_int.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bios/fwfiles.h"

#define ROM_MIN (64u << 10)
#define ROM_MAX (16u << 20)     /* from there on is KVM's own */
#define ROM_PAGE 4096u
#define LOW_MAX (128u << 10)    /* E0000-FFFFF */
#define TOP (UINT64_C(1) << 32)
#define LOW_TOP (UINT64_C(1) << 20)

static_assert(TOP - ROM_MAX >= LAYOUT_KVM + LAYOUT_KVM_LEN, "the ROM fits");

static int check_size(uint64_t len, const char *path, char *err)
{
	if (len >= ROM_MIN && len <= ROM_MAX && len % ROM_PAGE == 0)
		return 0;
	snprintf(err, MACH_ERR_LEN, "--firmware '%s' has %llu bytes: a BIOS "
		 "image has 64 KiB to 16 MiB, in units of 4 KiB", path,
		 (unsigned long long)len);
	return -EINVAL;
}

static int read_all(int fd, uint8_t *to, uint64_t len)
{
	uint64_t done = 0;

	while (done < len) {
		ssize_t n = read(fd, to + done, len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		done += (uint64_t)n;
	}
	return 0;
}

static int read_rom(struct machine *m, int fd, char *err)
{
	const char *path = m->cfg.firmware;
	struct stat st;
	int ret;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode)) {
		snprintf(err, MACH_ERR_LEN, "--firmware '%s' is not a file",
			 path);
		return -EINVAL;
	}
	ret = check_size((uint64_t)st.st_size, path, err);
	if (ret < 0)
		return ret;
	m->firmware.len = (uint64_t)st.st_size;
	m->firmware.rom = mmap(NULL, m->firmware.len, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (m->firmware.rom == MAP_FAILED) {
		m->firmware.rom = NULL;
		return -errno;
	}
	ret = read_all(fd, m->firmware.rom, m->firmware.len);
	if (ret < 0)
		snprintf(err, MACH_ERR_LEN, "cannot read the firmware '%s': %s",
			 path, strerror(-ret));
	return ret;
}

int mach_firmware_open(struct machine *m, char *err)
{
	int fd, ret;

	ret = mach_open_file("firmware", m->cfg.firmware, &fd, err);
	if (ret < 0)
		return ret;
	ret = read_rom(m, fd, err);
	close(fd);
	return ret;
}

int mach_firmware_create(struct machine *m)
{
	const struct gmem_region rom = {
		.gpa = TOP - m->firmware.len, .len = m->firmware.len,
		.hva = m->firmware.rom, .dirs = GMEM_READ,
	};
	int ret = gmem_add(&m->gmem, &rom);

	return ret ? ret : fwcfg_init(&m->firmware.fwcfg, &m->pio, &m->gmem);
}

/* The boot disk of --boot before the others, as our BIOS does it. */
static void boot_order(const struct machine *m, struct fwfiles_cfg *cfg)
{
	const struct mach_boot *boot = &m->cfg.boot;
	unsigned number = 0;
	int first = -1;

	for (unsigned i = 0; i < m->cfg.ndisks; i++) {
		bool cd = m->cfg.disk[i].cdrom;

		if (boot->from == MACH_BOOT_CDROM ? cd :
		    boot->from == MACH_BOOT_NUMBER && !cd &&
		    number == boot->number)
			first = (int)i;
		number += !cd;
	}
	if (first >= 0)
		cfg->boot[cfg->n_boot++] = m->dev[first].pci.pci.slot;
	for (unsigned i = 0; i < m->cfg.ndisks; i++)
		if ((int)i != first)
			cfg->boot[cfg->n_boot++] = m->dev[i].pci.pci.slot;
}

static int copy_low(struct machine *m)
{
	uint64_t len = m->firmware.len < LOW_MAX ? m->firmware.len : LOW_MAX;

	return gmem_write(&m->gmem, LOW_TOP - len,
			  m->firmware.rom + m->firmware.len - len, len);
}

int mach_firmware_load(struct machine *m, struct cpu_start *start, char *err)
{
	struct acpi_cfg acpi;
	struct smbios_cfg smbios;
	struct fwfiles_cfg cfg = {
		.layout = &m->layout, .acpi = &acpi, .smbios = &smbios,
		.ram = m->cfg.memory, .cpus = m->cfg.cpus,
		.menu = m->cfg.boot.menu, .menu_seconds = MACH_MENU_SECONDS,
		.serial = mach_bios_serial(&m->cfg),
		.vga = mach_has_vga(&m->cfg),
	};
	int ret;

	/* It takes them for those of a PIIX, and makes its tables for systems
	 * without ACPI of what it reads back. */
	pci_intx_fix_lines(&m->pci);
	mach_acpi_cfg(m, &acpi);
	mach_smbios_cfg(m, &smbios);
	boot_order(m, &cfg);
	fwcfg_clear(&m->firmware.fwcfg);
	fwcfg_reset(&m->firmware.fwcfg);
	ret = fwfiles_add(&m->firmware.fwcfg, &cfg);
	if (ret == 0)
		ret = copy_low(m);
	if (ret < 0)
		snprintf(err, MACH_ERR_LEN, "cannot give the firmware what it "
			 "needs: %s", strerror(-ret));
	*start = (struct cpu_start){ .mode = CPU_START_REAL };
	return ret;
}

void mach_firmware_close(struct machine *m)
{
	if (!m->firmware.rom)
		return;
	fwcfg_fini(&m->firmware.fwcfg);
	munmap(m->firmware.rom, m->firmware.len);
	m->firmware.rom = NULL;
}
