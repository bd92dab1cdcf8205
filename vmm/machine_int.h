/* Between machine.c and the files that build its parts. Control thread, unless
 * said. */
#ifndef VMM_MACHINE_INT_H
#define VMM_MACHINE_INT_H

#include <pthread.h>

#include "bios/acpi.h"
#include "bios/linux.h"
#include "bios/rom_load.h"
#include "bios/smbios.h"
#include "devices/base/gmem.h"
#include "devices/base/iospace.h"
#include "devices/base/irqgate.h"
#include "devices/display/seat.h"
#include "devices/legacy/fwcfg.h"
#include "devices/legacy/hpet.h"
#include "devices/legacy/legacy.h"
#include "devices/virtio/net.h"
#include "devices/virtio/vmmio.h"
#include "pci/pci.h"
#include "pci/vgapci.h"
#include "pci/vpci.h"
#include "vmm/cpuid.h"
#include "vmm/doorbell.h"
#include "vmm/irqchip.h"
#include "vmm/kvm.h"
#include "vmm/kvm_ram.h"
#include "vmm/machine.h"
#include "vmm/mem.h"
#include "vmm/vcpu.h"

struct blkio;
struct chario;
struct control;
struct loop;
struct netio;
struct sndio;
struct vnc;

#define MACH_HELD_MAX 16

struct mach_dev {
	struct vio_dev *dev;
	bool attached;
	union {
		struct vpci pci;
		struct vmmio mmio;
	};
};

/* Threads that devices' queues are shared out to. */
struct mach_pool {
	struct loop *loop[MACH_IOTHREADS_MAX];
	unsigned n;
	unsigned next;                  /* whose turn it is */
};

struct mach_screen {
	bool there, attached;           /* the VGA; it is on the bus */
	struct ram_slots slots;
	struct vga vga;
	struct vgapci pci;
	struct vnc *vnc;                /* NULL: no display */
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
	struct loop *ctl;               /* the calling thread's */
	struct mach_pool io;            /* disks' and input's */
	struct mach_pool net;
	struct loop *snd;

	struct sysctl sysctl;
	struct rtc rtc;
	struct irqgate rtc_gate;        /* from the RTC to IRQ 8 */
	struct hpet hpet;
	struct i8042 i8042;
	struct pm pm;
	struct serial serial;
	struct chario *console;
	struct debugexit debugexit;
	struct pci_bus pci;
	struct pci_dev hostbridge;
	bool has_pci;
	struct mach_dev *dev;
	unsigned ndevs;
	struct vio_dev *input[MACH_INPUTS];     /* also in dev */
	struct mach_screen screen;
	struct seat seat;               /* where keys and pointers go */
	bool has_seat;
	struct {                        /* until a device takes it over */
		struct blkio *img[MACH_DISKS_MAX];
		struct netio *net[MACH_NETS_MAX][NET_PAIRS_MAX];
		struct sndio *sound;
	} outside;
	struct control *control;
	bool paused;
	struct {                        /* keys that send-key holds down */
		uint16_t code[MACH_HELD_MAX];
		unsigned n;
		struct loop_timer timer;
	} held;
	bool button_pressed;            /* by a signal; the next one ends it */

	struct linux_boot boot;
	char *cmdline;
	struct {                        /* of --firmware */
		uint8_t *rom;           /* page-aligned; NULL: none */
		uint64_t len;
		struct fwcfg fwcfg;
	} firmware;

	pthread_mutex_t lock;
	enum mach_end end;              /* [lock] MACH_RUNNING: none asked for */
	uint32_t value;                 /* [lock] of MACH_DEBUG_EXIT */
	struct loop_fd signal;
};

/* A reason for the machine to stop or start anew; the first one counts. Any
 * thread. */
void mach_ask(struct machine *, enum mach_end, uint32_t value);
/* The guest's wish, for whatever it may be told to. */
void mach_ask_reset(void *machine);

/* ---- machine_chips.c: the PC's fixed devices ---------------------------------- */

int mach_chips_create(struct machine *);
/* The serial port and where it leads; changes the terminal. */
int mach_serial_create(struct machine *, char *err);
/* Bytes of the guest still wait in the UART for room in the console. */
bool mach_serial_holds(struct machine *);
void mach_chips_reset(struct machine *);

/* ---- machine_devs.c: virtio ----------------------------------------------------- */

/* Opens images, taps, sound: what may be wrong on the user's side. */
int mach_devs_open(struct machine *, char *err);
/* Makes the devices, on their transport. */
int mach_devs_create(struct machine *, char *err);
void mach_devs_reset(struct machine *);
/* Devices, and what no device took over. */
void mach_devs_destroy(struct machine *);
/* By the name people see: "disk0", "net0". NULL: no such device. */
struct vio_dev *mach_dev_find(struct machine *, const char *name);
/* Where virtio-mmio puts device i. */
uint32_t mach_mmio_base(unsigned i);
unsigned mach_mmio_gsi(const struct machine *, unsigned i);

/* ---- machine_loops.c: the threads that serve devices --------------------------------- */

int mach_loops_start(struct machine *);
void mach_loops_stop(struct machine *);
/* A thread for each of queues: those named, or whose turn it is. */
void mach_loops_pick(struct mach_pool *, const struct mach_iothreads *,
		     unsigned queues, struct loop **out);

/* ---- machine_display.c: the screen and who sits there ---------------------------- */

/* What must be installed for what the user wants. */
int mach_display_check(const struct mach_cfg *, char *err);
/* The VGA on the PCI bus, if there is one. Before the devices whose slots are
 * taken in order. */
int mach_vga_create(struct machine *);
/* While there is still the VM that its memory is in. */
void mach_vga_reset(struct machine *);
void mach_vga_destroy(struct machine *);
/* Its BIOS, and what ours must know. */
int mach_vga_bios(struct machine *, struct rom_cfg *);
/* A framebuffer for a kernel that no BIOS starts. */
void mach_vga_light(struct machine *, struct linux_screen *);
/* Keyboard and pointer, and the VNC server. */
int mach_seat_create(struct machine *, char *err);
void mach_seat_destroy(struct machine *);
/* What the screen shows, into a file. 0 or as image_write. */
int mach_picture(struct machine *, const char *path, enum image_format);
/* What --screenshot-on-exit asks for; complains by itself. */
int mach_last_picture(struct machine *);

/* ---- machine_control.c: the control socket --------------------------------------- */

int mach_control_create(struct machine *, char *err);
void mach_control_destroy(struct machine *);
/* ACPI's. */
void mach_power_button(struct machine *);
/* What ended a life of the guest, as an event. */
void mach_control_tell(struct machine *, enum mach_end);

/* ---- machine_boot.c: what firmware would do --------------------------------------- */

/* To read; *fd is -1 when that fails, and err says what is to be done. */
int mach_open_file(const char *what, const char *path, int *fd, char *err);
/* Opens the files. */
int mach_boot_open(struct machine *, char *err);
/* PCI addresses, ACPI tables, the kernel. */
int mach_boot_load(struct machine *, struct cpu_start *, char *err);
void mach_boot_close(struct machine *);
/* The tables' devices; the caller frees nothing, but calls it again for each
 * life of the guest. */
void mach_acpi_cfg(const struct machine *, struct acpi_cfg *);
void mach_smbios_cfg(struct machine *, struct smbios_cfg *);
/* Seconds that a boot menu waits: long enough to read it, short enough for a
 * machine nobody looks at. */
#define MACH_MENU_SECONDS 30

/* ---- machine_firmware.c: a BIOS of somebody else ----------------------------------- */

/* Reads the file. */
int mach_firmware_open(struct machine *, char *err);
/* Its ROM in the guest's map; its ports. */
int mach_firmware_create(struct machine *);
/* The copy below 1 MiB, and what fw_cfg says. */
int mach_firmware_load(struct machine *, struct cpu_start *, char *err);
void mach_firmware_close(struct machine *);

#endif
