#include "vmm/cpuid.h"

#include <stddef.h>
#include <string.h>

#define BIT(n) (UINT32_C(1) << (n))

static uint32_t field(uint32_t reg, unsigned low, unsigned bits, uint32_t val)
{
	uint32_t mask = (BIT(bits) - 1) << low;

	return (reg & ~mask) | (val << low & mask);
}

struct cpuid_leaf *cpuid_find(struct cpuid_set *set, uint32_t leaf,
			      uint32_t sub)
{
	for (unsigned i = 0; i < set->n; i++) {
		struct cpuid_leaf *l = &set->leaf[i];

		if (l->leaf == leaf && (!l->has_sub || l->sub == sub))
			return l;
	}
	return NULL;
}

static void drop(struct cpuid_set *set, uint32_t leaf)
{
	unsigned to = 0;

	for (unsigned i = 0; i < set->n; i++)
		if (set->leaf[i].leaf != leaf)
			set->leaf[to++] = set->leaf[i];
	set->n = to;
}

static void add(struct cpuid_set *set, const struct cpuid_leaf *new)
{
	if (set->n < CPUID_MAX)
		set->leaf[set->n++] = *new;
}

static bool is_amd(struct cpuid_set *set)
{
	const struct cpuid_leaf *l = cpuid_find(set, 0, 0);
	char vendor[13] = "";

	if (!l)
		return false;
	memcpy(vendor, &l->ebx, 4);
	memcpy(vendor + 4, &l->edx, 4);
	memcpy(vendor + 8, &l->ecx, 4);
	return !strcmp(vendor, "AuthenticAMD") ||
	       !strcmp(vendor, "HygonGenuine");
}

/* Bits of an APIC id that number the cores. */
static unsigned core_bits(unsigned cpus)
{
	unsigned bits = 0;

	while (BIT(bits) < cpus)
		bits++;
	return bits;
}

static void basics(struct cpuid_set *set, const struct cpuid_cfg *cfg)
{
	struct cpuid_leaf *l = cpuid_find(set, 1, 0);

	if (!l)
		return;
	l->ebx = field(l->ebx, 16, 8, cfg->cpus);
	l->edx = field(l->edx, 28, 1, cfg->cpus > 1);           /* HTT */
	l->ecx |= BIT(31);                                      /* hypervisor */
	l->ecx = field(l->ecx, 24, 1, cfg->tsc_deadline);
}

/*
 * No performance counters: KVM would report the host's, whose number and
 * events change from host to host, and a guest that finds some keeps one busy
 * for its watchdog. The enclaves would need memory the machine has not got.
 */
static void hide_pmu_and_sgx(struct cpuid_set *set)
{
	struct cpuid_leaf *l;

	if ((l = cpuid_find(set, 1, 0))) {
		l->ecx &= ~(BIT(2) | BIT(15));          /* DTES64, PDCM */
		l->edx &= ~BIT(21);                     /* DS */
	}
	if ((l = cpuid_find(set, 7, 0))) {
		l->ebx &= ~BIT(2);                      /* SGX */
		l->ecx &= ~BIT(30);                     /* SGX_LC */
		l->edx &= ~BIT(19);                     /* ARCH_LBR */
	}
	if ((l = cpuid_find(set, 7, 1)))
		l->eax &= ~BIT(8);                      /* ARCH_PERFMON_EXT */
	if ((l = cpuid_find(set, 0x80000001, 0)))       /* CORE, NB, LLC */
		l->ecx &= ~(BIT(23) | BIT(24) | BIT(28));
	drop(set, 0xa);
	drop(set, 0x12);
	drop(set, 0x1c);
	drop(set, 0x23);
	drop(set, 0x80000022);
}

static void intel_caches(struct cpuid_set *set, unsigned bits)
{
	for (unsigned i = 0; i < set->n; i++) {
		struct cpuid_leaf *l = &set->leaf[i];
		unsigned level = l->eax >> 5 & 7;

		if (l->leaf != 4 || !(l->eax & 0x1f))
			continue;
		l->eax = field(l->eax, 14, 12,
			       level >= 3 ? BIT(bits) - 1 : 0);
		l->eax = field(l->eax, 26, 6, bits < 6 ? BIT(bits) - 1 : 63);
	}
}

/* One thread a core, then all cores, then the end. Leaf 0x1f says the same at
 * more length, so it goes. */
static void levels(struct cpuid_set *set, unsigned cpus, unsigned bits)
{
	const struct cpuid_leaf *max = cpuid_find(set, 0, 0);

	drop(set, 0x1f);
	drop(set, 0xb);
	if (!max || max->eax < 0xb)
		return;
	add(set, &(struct cpuid_leaf){ .leaf = 0xb, .sub = 0, .has_sub = true,
		.eax = 0, .ebx = 1, .ecx = 0x100 | 0 });
	add(set, &(struct cpuid_leaf){ .leaf = 0xb, .sub = 1, .has_sub = true,
		.eax = bits, .ebx = cpus, .ecx = 0x200 | 1 });
	add(set, &(struct cpuid_leaf){ .leaf = 0xb, .sub = 2, .has_sub = true,
		.ecx = 2 });
}

static void amd_topology(struct cpuid_set *set, unsigned cpus, unsigned bits)
{
	struct cpuid_leaf *l = cpuid_find(set, 0x80000001, 0);

	if (l) {
		l->ecx = field(l->ecx, 1, 1, cpus > 1);         /* CmpLegacy */
		if (!cpuid_find(set, 0x8000001e, 0))
			l->ecx &= ~BIT(22);                     /* TOPOEXT */
	}
	if ((l = cpuid_find(set, 0x80000008, 0)))
		l->ecx = bits << 12 | (cpus - 1);
	if ((l = cpuid_find(set, 0x8000001e, 0))) {
		l->ebx = 0;     /* core 0, one thread a core */
		l->ecx = 0;     /* node 0, one node a package */
		l->edx = 0;
	}
	for (unsigned i = 0; i < set->n; i++) {
		l = &set->leaf[i];
		if (l->leaf == 0x8000001d && (l->eax & 0x1f))
			l->eax = field(l->eax, 14, 12,
				       (l->eax >> 5 & 7) >= 3 ? cpus - 1 : 0);
	}
	drop(set, 0x80000026);
}

void cpuid_adjust(struct cpuid_set *set, const struct cpuid_cfg *cfg)
{
	unsigned bits = core_bits(cfg->cpus);

	basics(set, cfg);
	hide_pmu_and_sgx(set);
	levels(set, cfg->cpus, bits);
	if (is_amd(set))
		amd_topology(set, cfg->cpus, bits);
	else
		intel_caches(set, bits);
	cpuid_set_cpu(set, 0);
}

void cpuid_set_cpu(struct cpuid_set *set, unsigned cpu)
{
	for (unsigned i = 0; i < set->n; i++) {
		struct cpuid_leaf *l = &set->leaf[i];

		switch (l->leaf) {
		case 1:
			l->ebx = field(l->ebx, 24, 8, cpu);
			break;
		case 0xb:
			l->edx = cpu;
			break;
		case 0x8000001e:
			l->eax = cpu;
			l->ebx = field(l->ebx, 0, 8, cpu);
			break;
		}
	}
}

/* The second field, when there, is what the host's page tables can map for a
 * guest, which may be less than what the processor can address. */
unsigned cpuid_phys_bits(struct cpuid_set *set)
{
	const struct cpuid_leaf *l = cpuid_find(set, 0x80000008, 0);
	unsigned bits = l ? l->eax & 0xff : 0;
	unsigned mappable = l ? l->eax >> 16 & 0xff : 0;

	if (!bits)
		return 36;      /* without the leaf (Intel SDM, CPUID) */
	return mappable && mappable < bits ? mappable : bits;
}
