/*
 * Guest memory that changes while a device looks at it.
 *
 * The compiler calls us before each load (-fsanitize-coverage=trace-loads), the
 * linker before each copy; when one reads guest memory, a change that the input
 * asked for may happen first, as if another CPU of the guest had been quicker.
 * So each run is deterministic, and a byte that is read twice may differ.
 *
 * Regions, each between pages that cannot be touched:
 *   LOW   from address 0
 *   NEXT  touches LOW, but elsewhere in this process
 *   ROM   below 4 GiB, devices may only read
 *   HIGH  from 4 GiB
 */
#ifndef TESTS_FUZZ_FZ_RAM_H
#define TESTS_FUZZ_FZ_RAM_H

#include "devices/base/gmem.h"
#include "tests/fuzz/fz.h"

#define FZ_LOW_LEN      0x10000u
#define FZ_NEXT         0x10000u
#define FZ_NEXT_LEN     0x2000u
#define FZ_ROM          0xfff00000u
#define FZ_ROM_LEN      0x1000u
#define FZ_HIGH         UINT64_C(0x100000000)
#define FZ_HIGH_LEN     0x2000u
#define FZ_HOLE         0xd0000000u     /* nothing is here */

/* Once. The table stays valid. */
const struct gmem *fz_ram_init(void);
/* All bytes are as at the start, no change is asked for. */
void fz_ram_reset(void);
/* Fails the run unless all bytes are as fz_ram_reset left them. */
void fz_ram_check(void);
/* Host address of LOW's or NEXT's bytes; NULL: not all of them are there. */
void *fz_ram_at(uint64_t gpa, size_t len);
/* Takes a change from the input: which read of guest memory from now, or from
 * the change before, it comes ahead of; where; and what to. */
void fz_ram_arm(struct fz *);

#endif
