#include "vmm/mem.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "devices/base/log.h"

static void explain(int error, uint64_t len, bool huge, char *err,
		    size_t errlen)
{
	unsigned long long mib = len >> 20;

	if (huge)
		snprintf(err, errlen, "cannot get %llu MiB of huge pages: %s. "
			 "Reserve them (echo %llu > /proc/sys/vm/nr_hugepages) "
			 "or leave out 'hugepages'", mib, strerror(error),
			 (unsigned long long)(len / MEM_HUGE_PAGE));
	else
		snprintf(err, errlen, "cannot get %llu MiB of address space "
			 "for guest memory: %s. Lower --memory or raise the "
			 "limit (ulimit -v)", mib, strerror(error));
}

/*
 * Transparent huge pages halve the time to read a kernel in, and the guest's
 * page walks. Not where the VGA window is: it ends a memory slot, so KVM maps
 * small pages there in any case, and a huge one would only be cleared and kept
 * for the little that firmware writes. A host without them says EINVAL.
 */
static void advise(uint8_t *hva, uint64_t len)
{
	if (len <= MEM_HUGE_PAGE)
		return;
	madvise(hva, MEM_HUGE_PAGE, MADV_NOHUGEPAGE);
	madvise(hva + MEM_HUGE_PAGE, len - MEM_HUGE_PAGE, MADV_HUGEPAGE);
}

/*
 * MAP_NORESERVE: the host commits pages as the guest touches them. Huge pages
 * are reserved now: without that a shortage would end the process in the
 * middle of the guest's life.
 */
int mem_create(struct mem *mem, uint64_t len, bool huge, char *err,
	       size_t errlen)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS;
	size_t slack = huge ? 0 : MEM_HUGE_PAGE;
	uintptr_t at;
	int ret;

	flags |= huge ? MAP_HUGETLB | 21 << MAP_HUGE_SHIFT : MAP_NORESERVE;
	*mem = (struct mem){ .len = len, .map_len = len + slack };
	mem->map = mmap(NULL, mem->map_len, PROT_READ | PROT_WRITE, flags, -1,
			0);
	if (mem->map == MAP_FAILED) {
		ret = -errno;
		mem->map = NULL;
		explain(-ret, len, huge, err, errlen);
		return ret;
	}
	at = (uintptr_t)mem->map + slack;
	mem->hva = (uint8_t *)(at - at % MEM_HUGE_PAGE);
	if (madvise(mem->map, mem->map_len, MADV_DONTDUMP) < 0)
		log_warn("guest memory will be in core dumps: %s",
			 strerror(errno));
	if (!huge)
		advise(mem->hva, len);
	return 0;
}

/* As MADV_POPULATE_WRITE does it, for kernels before 5.14. */
static void touch_all(const struct mem *mem)
{
	for (uint64_t at = 0; at < mem->len; at += 4096)
		*(volatile uint8_t *)(mem->hva + at) = 0;
}

int mem_prefault(const struct mem *mem, char *err, size_t errlen)
{
	int ret;

	if (madvise(mem->hva, mem->len, MADV_POPULATE_WRITE) == 0)
		return 0;
	ret = -errno;
	if (ret == -EINVAL) {
		touch_all(mem);
		return 0;
	}
	snprintf(err, errlen, "cannot fill %llu MiB of guest memory with pages "
		 "of the host's: %s. Lower --memory or leave out 'prefault'",
		 (unsigned long long)(mem->len >> 20), strerror(-ret));
	return ret;
}

void mem_destroy(struct mem *mem)
{
	if (mem->map)
		munmap(mem->map, mem->map_len);
	mem->map = NULL;
}

static void region(struct gmem *g, uint64_t gpa, uint64_t end, uint8_t *hva)
{
	const struct gmem_region r = {
		.gpa = gpa, .len = end - gpa, .hva = hva,
		.dirs = GMEM_READ | GMEM_WRITE,
	};

	BUG_ON(gmem_add(g, &r));
}

void mem_regions(const struct mem *mem, const struct bios_layout *lay,
		 struct gmem *out)
{
	out->n = 0;
	region(out, 0, LAYOUT_VGA, mem->hva);
	region(out, LAYOUT_SHADOW, lay->low_ram_end, mem->hva + LAYOUT_SHADOW);
	if (lay->high_ram_end)
		region(out, LAYOUT_HIGH_RAM, lay->high_ram_end,
		       mem->hva + lay->low_ram_end);
}
