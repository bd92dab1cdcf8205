/*
 * /dev/kvm and one virtual machine of it: opening with an explanation when
 * that fails, what the host can do, guest memory, CPUID as KVM supports it.
 *
 * A guest reset closes the VM and creates a new one (nothing can be forgotten
 * that way); everything that talks to it holds a struct kvm and looks the file
 * up each time. Opening, creating, destroying: set-up thread, or the control
 * thread while no CPU runs and no device raises interrupts.
 */
#ifndef VMM_KVM_H
#define VMM_KVM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cpuid_leaf;
struct gmem;

struct kvm {
	int fd;                 /* /dev/kvm; -1: none */
	int vm;                 /* the machine; -1: none */
	size_t run_len;         /* bytes of a CPU's shared pages */
	unsigned max_cpus;
	bool any_len_doorbell;  /* one ioeventfd for writes of every width */
	bool tsc_deadline;      /* the in-kernel APIC has the timer mode */
	unsigned hyperv;        /* enum hyperv_cap */
};

/* 0, or -errno with one sentence in err. kvm_close may follow a failure. */
int kvm_open(struct kvm *, char *err, size_t errlen);
void kvm_close(struct kvm *);

/*
 * A VM with the regions of gmem as its memory and KVM's own pages
 * (LAYOUT_KVM). Memory comes first, before anything that hangs on KVM's buses:
 * each change there starts a grace period that the next memory slot would wait
 * out, some 5 ms. 0, or -errno with one sentence.
 */
int kvm_create_vm(struct kvm *, const struct gmem *, char *err, size_t errlen);
void kvm_destroy_vm(struct kvm *);

/* What KVM_GET_SUPPORTED_CPUID says: how many of max leaves were filled, or
 * -errno (-E2BIG: more than max). */
int kvm_supported_cpuid(const struct kvm *, struct cpuid_leaf *, unsigned max);

#endif
