/*
 * What a guest CPU says about itself: the leaves KVM supports, made into one
 * consistent machine of one socket with n cores of one thread each, on Intel
 * and on AMD. Pure functions over an array; any thread.
 *
 * APIC ids are the CPU numbers. Core fields that hold "ids per package" are
 * powers of two, so that Intel's shifts and AMD's sizes agree with the ids.
 */
#ifndef VMM_CPUID_H
#define VMM_CPUID_H

#include <stdbool.h>
#include <stdint.h>

struct cpuid_leaf {
	uint32_t leaf, sub;
	bool has_sub;           /* sub (ECX) is significant */
	uint32_t eax, ebx, ecx, edx;
};

/* Enough for every KVM: it refuses to report more than 256 (and far fewer
 * exist). */
#define CPUID_MAX 256

struct cpuid_set {
	struct cpuid_leaf leaf[CPUID_MAX];
	unsigned n;
};

struct cpuid_cfg {
	unsigned cpus;          /* 1..255 */
	bool tsc_deadline;
};

/* NULL: not there. For a leaf without subleaves sub is ignored. */
struct cpuid_leaf *cpuid_find(struct cpuid_set *, uint32_t leaf, uint32_t sub);

/* Turns what KVM supports into the machine's CPUs; the result is CPU 0's. */
void cpuid_adjust(struct cpuid_set *, const struct cpuid_cfg *);

/* Writes a CPU's number into every field that holds it. */
void cpuid_set_cpu(struct cpuid_set *, unsigned cpu);

/* The guest's physical address width, bits. */
unsigned cpuid_phys_bits(struct cpuid_set *);

#endif
