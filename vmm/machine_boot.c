#include "vmm/machine_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bios/acpi.h"
#include "bios/irqtables.h"

int mach_open_file(const char *what, const char *path, int *fd, char *err)
{
	const char *hint = "";
	int ret = 0;

	/* O_NONBLOCK: not to wait for the writer of a pipe. */
	*fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (*fd < 0) {
		ret = -errno;
		if (ret == -ENOENT || ret == -ENOTDIR)
			hint = ". Check the path";
		else if (ret == -EACCES || ret == -EPERM)
			hint = ". The file must be readable for this user";
		snprintf(err, MACH_ERR_LEN, "cannot open the %s '%s': %s%s",
			 what, path, strerror(-ret), hint);
	}
	return ret;
}

/* "virtio_mmio.device=4K@0xd0000000:5" for each device, after the user's
 * text. */
static int make_cmdline(struct machine *m)
{
	const char *given = m->cfg.cmdline ? m->cfg.cmdline : "";
	unsigned n = mach_devs_count(&m->cfg);
	size_t room = strlen(given) + n * 48 + 1;
	size_t at;

	m->cmdline = malloc(room);
	if (!m->cmdline)
		return -ENOMEM;
	at = (size_t)snprintf(m->cmdline, room, "%s", given);
	for (unsigned i = 0; i < n && m->cfg.mmio_cmdline; i++)
		at += (size_t)snprintf(m->cmdline + at, room - at,
				       " virtio_mmio.device=%uK@%#x:%u",
				       VMMIO_LEN / 1024, mach_mmio_base(i),
				       mach_mmio_gsi(m, i));
	return 0;
}

int mach_boot_open(struct machine *m, char *err)
{
	int ret;

	if (m->cfg.firmware)
		return mach_firmware_open(m, err);
	if (!m->cfg.kernel)
		return 0;
	ret = make_cmdline(m);
	if (ret < 0)
		return ret;
	m->boot.kernel = m->cfg.kernel;
	m->boot.initrd = m->cfg.initrd;
	m->boot.cmdline = m->cmdline;
	m->boot.fresh = true;
	ret = mach_open_file("kernel", m->cfg.kernel, &m->boot.kernel_fd,
			     err);
	if (ret == 0 && m->cfg.initrd)
		ret = mach_open_file("initrd", m->cfg.initrd,
				     &m->boot.initrd_fd, err);
	return ret;
}

void mach_acpi_cfg(const struct machine *m, struct acpi_cfg *cfg)
{
	*cfg = (struct acpi_cfg){
		.layout = &m->layout,
		.cpus = m->cfg.cpus,
		.has = ACPI_HAS_RTC | ACPI_HAS_I8042 | ACPI_HAS_MOUSE |
		       ACPI_HAS_COM1 | ACPI_HAS_DMA | ACPI_HAS_SPEAKER |
		       (mach_has_vga(&m->cfg) ? ACPI_HAS_VGA : 0),
	};
	if (mach_has_hpet(&m->cfg))
		cfg->has |= ACPI_HAS_HPET;
	if (m->cfg.transport == MACH_MMIO && !m->cfg.mmio_cmdline)
		cfg->n_vmmio = m->ndevs;
	for (unsigned i = 0; i < cfg->n_vmmio; i++)
		cfg->vmmio[i] = (struct acpi_vmmio){
			.base = mach_mmio_base(i), .len = VMMIO_LEN,
			.gsi = (uint8_t)mach_mmio_gsi(m, i),
		};
}

static int install_acpi(struct machine *m, uint64_t *rsdp)
{
	struct acpi_blob *blob = malloc(sizeof(*blob));
	struct acpi_cfg cfg;
	int ret;

	if (!blob)
		return -ENOMEM;
	mach_acpi_cfg(m, &cfg);
	ret = acpi_build(&cfg, blob);
	if (ret == 0)
		ret = acpi_install(&m->gmem, blob);
	*rsdp = blob->rsdp_gpa;
	free(blob);
	return ret;
}

static void set_boot_order(const struct machine *m, struct rom_cfg *cfg)
{
	const struct mach_boot *boot = &m->cfg.boot;
	uint8_t first = ROM_BOOT_DISKS;

	if (boot->from == MACH_BOOT_CDROM)
		first = ROM_BOOT_CDROM;
	else if (boot->from == MACH_BOOT_NUMBER)
		first = (uint8_t)(ROM_BOOT_DISK + boot->number);
	cfg->boot[0] = first;
	cfg->boot[1] = ROM_BOOT_DISKS;
	cfg->boot[2] = ROM_BOOT_CDROM;
	cfg->boot[3] = ROM_BOOT_END;
	cfg->menu_seconds = MACH_MENU_SECONDS;
	if (boot->menu)
		cfg->flags |= ROM_CFG_MENU;
}

void mach_smbios_cfg(struct machine *m, struct smbios_cfg *cfg)
{
	const struct cpuid_leaf *cpu = cpuid_find(&m->cpuid, 1, 0);

	*cfg = (struct smbios_cfg){
		.layout = &m->layout,
		.ram = m->cfg.memory,
		.cpus = m->cfg.cpus,
		.cpu_signature = cpu ? cpu->eax : 0,
		.cpu_features = cpu ? cpu->edx : 0,
		.version = AEROVMM_VERSION,
	};
}

static uint32_t used_slots(const struct machine *m)
{
	uint32_t slots = 0;

	for (unsigned i = 0; i < PCI_SLOTS; i++)
		if (m->pci.dev[i][0])
			slots |= UINT32_C(1) << i;
	return slots;
}

/* What is searched for in the F-segment, beside ACPI's RSDP. */
static int install_legacy(struct machine *m)
{
	struct smbios_cfg cfg;
	struct irqtables_cfg irq_cfg;
	struct { struct smbios smbios; struct irqtables irq; } *t;
	int ret;

	t = malloc(sizeof(*t));
	if (!t)
		return -ENOMEM;
	mach_smbios_cfg(m, &cfg);
	irq_cfg = (struct irqtables_cfg){
		.cpus = cfg.cpus, .cpu_signature = cfg.cpu_signature,
		.cpu_features = cfg.cpu_features, .slots = used_slots(m),
	};
	if ((ret = smbios_build(&cfg, &t->smbios)) == 0 &&
	    (ret = smbios_install(&m->gmem, &t->smbios)) == 0 &&
	    (ret = irqtables_build(&irq_cfg, &t->irq)) == 0)
		ret = irqtables_install(&m->gmem, &t->irq);
	free(t);
	return ret;
}

/* Our BIOS, which boots from the disks: the first devices, one a slot. */
static int load_bios(struct machine *m, struct cpu_start *start, char *err)
{
	struct rom_cfg cfg;
	int ret;

	rom_cfg_init(&cfg, &m->layout);
	set_boot_order(m, &cfg);
	cfg.slots = used_slots(m);
	if (mach_bios_serial(&m->cfg))
		cfg.flags |= ROM_CFG_SERIAL;
	for (unsigned i = 0; i < m->cfg.ndisks; i++)
		if (m->cfg.disk[i].cdrom)
			cfg.cdrom = (uint16_t)(m->dev[i].pci.pci.slot << 3);
	ret = mach_vga_bios(m, &cfg);
	if (ret == 0)
		ret = rom_load(&m->gmem, &cfg);
	if (ret < 0)
		snprintf(err, MACH_ERR_LEN, "cannot load the BIOS: %s",
			 strerror(-ret));
	*start = (struct cpu_start){ .mode = CPU_START_BIOS };
	return ret;
}

int mach_boot_load(struct machine *m, struct cpu_start *start, char *err)
{
	const struct pci_windows windows = {
		.io_base = LAYOUT_PCI_IO, .io_len = LAYOUT_PCI_IO_LEN,
		.mem32 = { { LAYOUT_PCI_A, LAYOUT_PCI_A_LEN },
			   { LAYOUT_PCI_B, LAYOUT_PCI_B_LEN } },
		.mem64_base = m->layout.pci64_base,
		.mem64_len = m->layout.pci64_len,
	};
	char why[LINUX_ERR_LEN];
	int ret;

	if (m->cfg.firmware)            /* which does all of this itself */
		return mach_firmware_load(m, start, err);
	ret = pci_assign(&m->pci, &windows);
	if (ret < 0) {
		snprintf(err, MACH_ERR_LEN, "the PCI devices do not fit into "
			 "the address space");
		return ret;
	}
	ret = install_acpi(m, &m->boot.rsdp);
	if (ret == 0)
		ret = install_legacy(m);
	if (ret < 0) {
		snprintf(err, MACH_ERR_LEN, "cannot build the guest's tables: %s",
			 strerror(-ret));
		return ret;
	}
	if (!m->cfg.kernel)
		return load_bios(m, start, err);
	mach_vga_light(m, &m->boot.screen);
	ret = linux_load(&m->boot, &m->gmem, &m->layout, start, why);
	if (ret < 0)
		snprintf(err, MACH_ERR_LEN, "%s", why);
	m->boot.fresh = false;
	return ret;
}

void mach_boot_close(struct machine *m)
{
	if (m->boot.kernel_fd >= 0)
		close(m->boot.kernel_fd);
	if (m->boot.initrd_fd >= 0)
		close(m->boot.initrd_fd);
	mach_firmware_close(m);
	free(m->cmdline);
}
