/*
 * The part of Hyper-V's interface that Windows uses to tell time and to be
 * patient, as CPUID leaves 40000000h to 40000005h (Hypervisor Top Level
 * Functional Specification 2.0): relaxed timing, the reference counter, the
 * APIC's VP assist page, a limit to spinning. KVM serves the MSRs and the
 * hypercall page once these leaves announce them; its own leaves move to
 * 40000100h, where its guests look as well. Pure; any thread.
 */
#ifndef VMM_HYPERV_H
#define VMM_HYPERV_H

struct cpuid_set;

/* What the host's KVM can do of it. */
enum hyperv_cap {
	HYPERV_BASE     = 1 << 0,       /* without it there is none at all */
	HYPERV_VAPIC    = 1 << 1,
	HYPERV_SPIN     = 1 << 2,
	HYPERV_TIME     = 1 << 3,
	HYPERV_VP_INDEX = 1 << 4,
};

/* To what cpuid_adjust has made. caps with HYPERV_BASE. */
void hyperv_add(struct cpuid_set *, unsigned caps, unsigned cpus);

#endif
