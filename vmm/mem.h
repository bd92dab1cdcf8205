/*
 * Guest RAM: one private, lazily filled mapping. Low RAM starts at its
 * beginning; what does not fit below the PCI hole follows in the mapping and
 * lies at 4 GiB in the guest. Both ends are aligned to 2 MiB on both sides, so
 * that huge pages of the host can be huge pages of the guest.
 *
 * Left out of core dumps. Set-up thread.
 */
#ifndef VMM_MEM_H
#define VMM_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bios/layout.h"
#include "devices/base/gmem.h"

struct mem {
	uint8_t *hva;
	uint64_t len;           /* bytes of RAM */
	void *map;              /* what to unmap */
	size_t map_len;
};

#define MEM_HUGE_PAGE 0x200000u

/* huge: from the host's reserved huge pages; len must be a multiple of
 * MEM_HUGE_PAGE. 0, or -errno with one sentence in err. */
int mem_create(struct mem *, uint64_t len, bool huge, char *err, size_t errlen);
/* Has the host find all pages now, not when the guest first touches them.
 * Contents are zero and stay so; nothing runs yet. 0, or -errno with one
 * sentence. */
int mem_prefault(const struct mem *, char *err, size_t errlen);
void mem_destroy(struct mem *);

/* The RAM of the guest's map: all but the VGA window and the PCI hole. Devices
 * may read and write all of it. These are KVM's memory slots, too. */
void mem_regions(const struct mem *, const struct bios_layout *,
		 struct gmem *out);

#endif
