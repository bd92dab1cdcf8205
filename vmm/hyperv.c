#include "vmm/hyperv.h"

#include <string.h>

#include "vmm/cpuid.h"

#define BIT(n) (UINT32_C(1) << (n))
#define HYPERVISOR 0x40000000u
#define KVM_BASE 0x40000100u
#define LEAVES 0x40000005u

enum {
	/* 40000003h, EAX: MSRs */
	MSR_TIME_REF = BIT(1), MSR_APIC = BIT(4), MSR_HYPERCALL = BIT(5),
	MSR_VP_INDEX = BIT(6), MSR_REF_TSC = BIT(9),
	/* EDX: processors may come and go (as every Windows guest is told) */
	DYNAMIC_PARTITIONS = BIT(3),
	/* 40000004h, EAX: what is better done */
	USE_APIC_MSRS = BIT(3), RELAXED_TIMING = BIT(5),
	SPIN_RETRIES = 0x1fff, SPIN_FOREVER = -1,
};

/* KVM's leaves, whose first names the last. */
static void move_kvm(struct cpuid_set *set)
{
	const uint32_t by = KVM_BASE - HYPERVISOR;

	for (unsigned i = 0; i < set->n; i++) {
		struct cpuid_leaf *l = &set->leaf[i];

		if (l->leaf < HYPERVISOR || l->leaf >= KVM_BASE)
			continue;
		if (l->leaf == HYPERVISOR)
			l->eax += by;
		l->leaf += by;
	}
}

static void add(struct cpuid_set *set, uint32_t leaf, uint32_t a, uint32_t b,
		uint32_t c, uint32_t d)
{
	if (set->n < CPUID_MAX)
		set->leaf[set->n++] = (struct cpuid_leaf){
			.leaf = leaf, .eax = a, .ebx = b, .ecx = c, .edx = d,
		};
}

static uint32_t msrs(unsigned caps)
{
	uint32_t can = MSR_HYPERCALL;

	can |= caps & HYPERV_TIME ? MSR_TIME_REF | MSR_REF_TSC : 0;
	can |= caps & HYPERV_VAPIC ? MSR_APIC : 0;
	can |= caps & HYPERV_VP_INDEX ? MSR_VP_INDEX : 0;
	return can;
}

void hyperv_add(struct cpuid_set *set, unsigned caps, unsigned cpus)
{
	uint32_t name[3], better = RELAXED_TIMING;

	memcpy(name, "Microsoft Hv", sizeof(name));
	better |= caps & HYPERV_VAPIC ? USE_APIC_MSRS : 0;
	move_kvm(set);
	add(set, HYPERVISOR, LEAVES, name[0], name[1], name[2]);
	memcpy(name, "Hv#1", 4);
	add(set, 0x40000001, name[0], 0, 0, 0);
	/* Version 6.1, the first with this interface. */
	add(set, 0x40000002, 0x1bbc, 6 << 16 | 1, 0, 0);
	add(set, 0x40000003, msrs(caps), 0, 0, DYNAMIC_PARTITIONS);
	add(set, 0x40000004, better,
	    caps & HYPERV_SPIN ? SPIN_RETRIES : (uint32_t)SPIN_FOREVER, 0, 0);
	add(set, LEAVES, cpus, cpus, 0, 0);
}
