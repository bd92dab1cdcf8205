/* Between machine.c and the files that build its parts. Control thread, unless
 * said. */
#ifndef VMM_MACHINE_INT_H
#define VMM_MACHINE_INT_H

#include <pthread.h>

#include "bios/linux.h"
#include "devices/base/gmem.h"
#include "devices/base/iospace.h"
#include "devices/legacy/legacy.h"
#include "devices/virtio/vmmio.h"
#include "pci/pci.h"
#include "pci/vpci.h"
#include "vmm/cpuid.h"
#include "vmm/doorbell.h"
#include "vmm/irqchip.h"
#include "vmm/kvm.h"
#include "vmm/machine.h"
#include "vmm/mem.h"
#include "vmm/vcpu.h"

struct blkio;
struct chario;
struct loop;

struct disk {
	struct blkio *img;              /* until the device takes it over */
	struct vio_dev *dev;
	union {
		struct vpci pci;
		struct vmmio mmio;
	};
};

struct machine {
	struct mach_cfg cfg;
	const struct vio_profile *prof;
	struct kvm kvm;
	struct cpuid_set cpuid;
	struct bios_layout layout;
	struct mem mem;
	struct gmem gmem;
	struct iospace pio, mmio;
	struct irqchip irqchip;
	struct doorbells doorbells;
	struct vcpus cpus;
	bool has_cpus;
	pthread_t vm_thread;            /* builds the VM beside everything else */
	bool vm_building;
	int vm_ret;
	char vm_err[MACH_ERR_LEN];
	struct loop *ctl, *io;          /* the calling thread's; disks' */

	struct sysctl sysctl;
	struct rtc rtc;
	struct i8042 i8042;
	struct pm pm;
	struct serial serial;
	struct chario *console;
	struct debugexit debugexit;
	struct pci_bus pci;
	struct pci_dev hostbridge;
	bool has_pci;
	struct disk *disk;              /* cfg.ndisks */

	struct linux_boot boot;
	char *cmdline;

	pthread_mutex_t lock;
	enum mach_end end;              /* [lock] MACH_RUNNING: none asked for */
	uint32_t value;                 /* [lock] of MACH_DEBUG_EXIT */
	struct loop_fd signal;
};

/* A reason for the machine to stop or start anew; the first one counts. Any
 * thread. */
void mach_ask(struct machine *, enum mach_end, uint32_t value);

/* ---- machine_chips.c: the PC's fixed devices ---------------------------------- */

int mach_chips_create(struct machine *);
/* The serial port and where it leads; changes the terminal. */
int mach_serial_create(struct machine *, char *err);
/* Bytes of the guest still wait in the UART for room in the console. */
bool mach_serial_holds(struct machine *);
void mach_chips_reset(struct machine *);

/* ---- machine_disks.c ------------------------------------------------------------ */

/* Opens all images. */
int mach_disks_open(struct machine *, char *err);
/* Makes the devices, on their transport. */
int mach_disks_create(struct machine *);
void mach_disks_reset(struct machine *);
void mach_disks_destroy(struct machine *);
/* Where virtio-mmio puts disk i. */
uint32_t mach_mmio_base(unsigned i);
unsigned mach_mmio_gsi(const struct machine *, unsigned i);

/* ---- machine_boot.c: what firmware would do --------------------------------------- */

/* Opens the files. */
int mach_boot_open(struct machine *, char *err);
/* PCI addresses, ACPI tables, the kernel. */
int mach_boot_load(struct machine *, struct cpu_start *, char *err);
void mach_boot_close(struct machine *);

#endif
