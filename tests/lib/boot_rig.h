/*
 * A guest without a machine for loader tests: RAM in separate allocations, so
 * that ASan sees a step out of it, and kernel and initrd as files in memory.
 * One thread.
 */
#ifndef TESTS_LIB_BOOT_RIG_H
#define TESTS_LIB_BOOT_RIG_H

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "bios/linux.h"
#include "devices/base/gmem.h"

struct boot_rig {
	struct bios_layout layout;
	struct gmem mem;
	uint8_t *low, *high;            /* below the VGA window, behind it */
	struct linux_boot boot;
	struct cpu_start cpu;
	char err[LINUX_ERR_LEN];
	uint8_t file[0x10000];          /* the kernel */
	size_t file_len;
	uint8_t initrd[0x8000];
	size_t initrd_len;              /* 0: none, unless initrd_fd is set */
	int kernel_fd, initrd_fd;
};

struct boot_rig *rig_new(uint64_t ram);
void rig_free(struct boot_rig *);

/* Writes the files and loads them; fails the test if the ACPI area changed.
 * What linux_load returned. */
int rig_load(struct boot_rig *);
void assert_loads(struct boot_rig *);
/* Loading fails with a sentence that says so. */
void assert_fails(struct boot_rig *, const char *says);

/* Guest memory; NULL outside RAM. */
void *rig_at(struct boot_rig *, uint64_t gpa, uint64_t len);

/* Little-endian numbers of size bytes. */
void put(void *to, uint64_t val, unsigned size);
uint64_t get(const void *from, unsigned size);

#endif
