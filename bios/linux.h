/*
 * Direct boot: loads a kernel the way a boot loader would and describes the
 * state in which the first CPU starts. Two kinds of file:
 *
 *   bzImage     Linux boot protocol (Documentation/arch/x86/boot.rst): the
 *               64-bit entry, or the 32-bit one of a 32-bit kernel
 *   ELF         with a PVH entry note (Xen's PHYS32_ENTRY, type 18)
 *
 * The file is hostile input: whatever it says, nothing outside the guest's
 * RAM below layout->acpi_base is touched. It is read straight into guest RAM.
 * Call it again with fresh = false after a guest reset. Set-up thread, or any
 * thread while no CPU runs.
 */
#ifndef BIOS_LINUX_H
#define BIOS_LINUX_H

#include <stdbool.h>
#include <stdint.h>

#include "bios/layout.h"

struct gmem;

/* A framebuffer of 32 bits a dot, 0x00RRGGBB little-endian. */
struct linux_screen {
	uint64_t base;                  /* guest physical; 0: there is none */
	uint32_t len;                   /* all of its memory, bytes */
	uint16_t w, h, pitch;           /* dots, lines, bytes a line */
};

struct linux_boot {
	const char *kernel;             /* the names that messages use */
	const char *initrd;
	int kernel_fd;                  /* regular files, pread */
	int initrd_fd;                  /* -1: none */
	const char *cmdline;            /* NULL: empty */
	uint64_t rsdp;                  /* 0: none */
	struct linux_screen screen;     /* a bzImage is told of it */
	bool fresh;                     /* guest RAM is known to be zero */
};

enum cpu_start_mode {
	CPU_START_REAL,         /* the reset vector; nothing else is set */
	CPU_START_BIOS,         /* real mode at F000:FFF0 */
	CPU_START_PROT32,       /* flat segments, CR0 = PE only, CR4 = 0 */
	CPU_START_LONG64,       /* CR0 PE|PG, CR4 PAE, EFER LME|LMA, cr3 */
};

/*
 * RFLAGS is 2 and what is not named is 0. Segments, all with base 0 and limit
 * 4 GiB: CS = cs (execute/read, accessed, D or L by mode), DS ES FS GS SS = ds
 * (read/write, accessed), TR = tr (busy 32- or 64-bit TSS, base 0, limit 67h).
 * The GDT in guest memory says the same. No IDT (limit 0).
 */
struct cpu_start {
	enum cpu_start_mode mode;
	uint64_t rip, rsp, rsi, rbx;
	uint64_t cr3;
	uint64_t gdt_base;
	uint16_t gdt_limit;
	uint16_t cs, ds, tr;
};

#define LINUX_ERR_LEN 256

/* 0, or -errno with one sentence in err: what is wrong with which file and
 * what to do. */
int linux_load(const struct linux_boot *, const struct gmem *,
	       const struct bios_layout *, struct cpu_start *out,
	       char err[LINUX_ERR_LEN]);

#endif
