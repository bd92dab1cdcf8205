/*
 * Where the loaders put their own data, all of it in RAM that E820 gives to
 * the guest and below the first 64 KiB that Linux never hands out (the command
 * line, which it copies at once, apart):
 *
 *   0400  BIOS data area: EBDA segment, size of base memory
 *   0500  GDT
 *   6000  PVH start info, module list, memory map
 *   7000  zero page
 *   8FF0  first stack
 *   9000  page tables: the first 4 GiB, identity-mapped with 2 MiB pages
 *   20000 command line
 *   30000 free
 */
#ifndef BIOS_LINUX_INT_H
#define BIOS_LINUX_INT_H

#include <stddef.h>

#include "bios/linux.h"

#define BOOT_BDA        0x0400u
#define BOOT_GDT        0x0500u
#define BOOT_PVH        0x6000u
#define BOOT_ZERO_PAGE  0x7000u
#define BOOT_STACK      0x8ff0u
#define BOOT_TABLES     0x9000u
#define BOOT_CMDLINE    0x20000u
#define BOOT_CMDLINE_LEN 0x10000u
#define BOOT_FREE       0x30000u

#define BOOT_KERNEL_MIN 0x100000u       /* kernels live above 1 MiB */

#define BOOT_CS 0x10
#define BOOT_DS 0x18
#define BOOT_TR 0x20

struct load {
	const struct linux_boot *boot;
	const struct gmem *mem;
	const struct bios_layout *layout;
	struct cpu_start *cpu;
	uint64_t kernel_size;           /* of the file */
	char *err;
};

/* Puts the sentence into l->err and returns -errno. */
__attribute__((format(printf, 3, 4)))
int load_fail(const struct load *, int error, const char *fmt, ...);

/* len bytes of a file at off, to a buffer, or straight into guest RAM. */
int load_read(const struct load *, int fd, const char *name, uint64_t off,
	      void *to, size_t len);
int load_to_guest(const struct load *, int fd, const char *name, uint64_t off,
		  uint64_t gpa, uint64_t len);
/* Puts the initrd as high as it goes below top, not below bottom. No initrd:
 * *len is 0. */
int load_initrd(const struct load *, uint64_t bottom, uint64_t top,
		uint64_t *gpa, uint64_t *len);
/* max: longest command line without its 0. */
int load_cmdline(const struct load *, uint64_t max);
/* BDA, GDT, for 64-bit mode the page tables; fills l->cpu but for rip and
 * the general registers. */
int load_cpu(const struct load *, enum cpu_start_mode);

/* One for each kind of file; head: its first bytes. */
#define LOAD_HEAD 1024
int bzimage_load(const struct load *, const uint8_t *head, size_t len);
int pvh_load(const struct load *, const uint8_t *head, size_t len);

#endif
