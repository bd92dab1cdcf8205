/*
 * A whole machine: the one file that knows every folder. Built from a plain
 * description, run on the calling thread, which becomes the control thread.
 *
 * Several machines may live in one process, each with its own control thread.
 */
#ifndef VMM_MACHINE_H
#define VMM_MACHINE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bios/layout.h"

#define MACH_DISKS_MAX 31       /* PCI slots but the host bridge's */
#define MACH_MEMORY_MAX (UINT64_C(4) << 40)
#define MACH_ERR_LEN 512

#define MACH_IOTHREADS_MAX 16
#define MACH_POLL_AUTO UINT_MAX
#define MACH_QUEUES_MAX LAYOUT_CPUS_MAX

struct vio_profile;
struct machine;

/* I/O threads by number: queue i of a device is served by at[i % n]. */
struct mach_iothreads {
	uint8_t at[MACH_QUEUES_MAX];
	unsigned n;                     /* 0: in turn */
};

struct mach_disk {
	const char *path;
	const char *serial;             /* up to 20 bytes; NULL: none */
	bool ro, direct, sync;
	bool cdrom;                     /* at most one */
	uint32_t block_size;            /* 512 or 4096; 0: the image's own */
	int msix;                       /* enum vpci_msix */
	bool packed;                    /* packed rings are offered */
	unsigned queues;                /* 0: one a CPU, where that pays */
	struct mach_iothreads on;
};

#define MACH_NETS_MAX 8
#define MACH_HOSTFWD_MAX 16

struct mach_net {
	int kind;                       /* enum netio_kind */
	const char *tap;
	int fd;
	unsigned mtu;                   /* 0: not told */
	bool has_mac;
	uint8_t mac[6];
	const char *hostfwd[MACH_HOSTFWD_MAX];
	unsigned nhostfwd;
	int msix;                       /* enum vpci_msix */
	bool packed;                    /* packed rings are offered */
	int vhost;                      /* enum netio_vhost */
	unsigned queues;                /* pairs of them; 0: 1 */
	struct mach_iothreads on;       /* n 0: network threads, in turn */
};

enum mach_input { MACH_KEYBOARD, MACH_MOUSE, MACH_TABLET, MACH_INPUTS };

enum mach_transport { MACH_PCI, MACH_MMIO };

/* What the BIOS tries first; disks in their order and the CD follow. */
enum mach_boot_from {
	MACH_BOOT_ANY, MACH_BOOT_DISK, MACH_BOOT_CDROM, MACH_BOOT_NUMBER,
};

struct mach_boot {
	enum mach_boot_from from;
	unsigned number;                /* of a disk, from 0, without the CD */
	bool menu;
};

enum mach_switch { MACH_AUTO, MACH_ON, MACH_OFF };
enum mach_vga { MACH_VGA_AUTO, MACH_VGA_STD, MACH_VGA_NONE };

struct mach_display {
	enum mach_vga vga;
	const char *vnc;                /* "HOST:PORT"; NULL: no display */
	const char *vnc_password;       /* a file whose first line it is */
	const char *screenshot;         /* a PNG file for the last picture */
};

struct mach_cfg {
	const struct vio_profile *profile;      /* NULL: by what is booted */
	enum mach_transport transport;
	bool mmio_cmdline;      /* describe virtio-mmio devices to the kernel
				 * by virtio_mmio.device=, not by ACPI */
	const char *kernel, *initrd;            /* paths; NULL: none. Without a */
						/* kernel the BIOS boots a disk */
	const char *cmdline;
	const char *firmware;   /* path; NULL: our BIOS, where one is needed */
	struct mach_boot boot;
	int bios_serial;                /* enum mach_switch: see mach_bios_serial */
	/* enum mach_switch. AUTO: on for what a BIOS boots, off for a kernel,
	 * which has KVM's clock; Hyper-V's leaves only under profile aero-w7. */
	int hpet, hyperv;
	struct mach_display display;
	uint64_t memory;                        /* bytes */
	bool hugepages, prefault;
	unsigned cpus;
	struct mach_disk disk[MACH_DISKS_MAX];
	unsigned ndisks;
	unsigned iothreads;     /* 0: by queues and CPUs */
	/* How long they look for work before sleep; or MACH_POLL_AUTO: where the
	 * CPUs allow. */
	unsigned poll_us;
	struct mach_net net[MACH_NETS_MAX];
	unsigned nnets;
	bool input[MACH_INPUTS];
	const char *sound, *sound_in;           /* as sndio_open takes them */
	const char *control;                    /* socket's path; may be NULL */
	const char *serial;                     /* as chario_open takes it */
	bool no_reboot, debug_exit;
	uint64_t born_ns;       /* CLOCK_MONOTONIC at the start of main */
};

enum mach_end {
	MACH_RUNNING,
	MACH_QUIT,              /* the user asked */
	MACH_POWEROFF,          /* the guest did */
	MACH_RESET,             /* the guest did, under no_reboot */
	MACH_CRASHED,           /* the guest did; has been reported */
	MACH_DEBUG_EXIT,        /* the guest wrote a value to port 0xF4 */
	MACH_BROKEN,            /* the host failed; has been reported */
};

/* How many virtio devices that is. */
unsigned mach_devs_count(const struct mach_cfg *);

/* Queues of a disk, and I/O threads on a host of that many CPUs. Pure. */
unsigned mach_disk_queues(const struct mach_cfg *, const struct mach_disk *);
unsigned mach_iothreads(const struct mach_cfg *, unsigned host_cpus);
/* Threads for cards that name none of those. Pure. */
unsigned mach_net_threads(const struct mach_cfg *, unsigned host_cpus);
/* Whether so many threads have to share the host's CPUs with the guest's. Pure. */
bool mach_shares_cpus(const struct mach_cfg *, unsigned threads,
		      unsigned host_cpus);
/* How long each of so many threads looks for work, in microseconds. Pure. */
unsigned mach_poll_us(const struct mach_cfg *, unsigned threads,
		      unsigned host_cpus);

/* Whether the machine has an HPET. Pure. */
bool mach_has_hpet(const struct mach_cfg *);
/* Whether it shows Hyper-V's leaves, where KVM can. Pure. */
bool mach_has_hyperv(const struct mach_cfg *);

/* The profile that "auto" stands for. Pure. */
const struct vio_profile *mach_profile(const struct mach_cfg *);

/* Is there a VGA? By default where a disk boots, since boot programs and
 * Windows need one, and where somebody looks. Pure. */
bool mach_has_vga(const struct mach_cfg *);
/* Does the BIOS copy its text to COM1? By default where there is no display.
 * Pure. */
bool mach_bios_serial(const struct mach_cfg *);

/* 0, or -errno with one sentence in err: what, where, what to do. */
int mach_create(struct machine **, const struct mach_cfg *,
		char err[MACH_ERR_LEN]);
void mach_destroy(struct machine *);

/* Until the machine ends. value: of MACH_DEBUG_EXIT. A signal whose number
 * waits in signal_fd (a signalfd) ends it as MACH_QUIT. */
enum mach_end mach_run(struct machine *, int signal_fd, uint32_t *value);

#endif
