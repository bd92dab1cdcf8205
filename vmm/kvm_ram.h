/*
 * Memory of devices as memory slots of KVM: the ram_port behind which the VGA's
 * framebuffer and its text window are. Slots beyond the guest's RAM, given while
 * the guest runs. A VM that goes takes its slots along; devices are reset before.
 *
 * ram_slots.port.map: any thread while there is a VM. The rest: set-up thread.
 */
#ifndef VMM_KVM_RAM_H
#define VMM_KVM_RAM_H

#include <pthread.h>

#include "devices/base/ramport.h"

struct kvm;

#define RAM_SLOTS 4

struct ram_slots {
	struct ram_port port;
	struct kvm *kvm;
	pthread_mutex_t lock;
	uint64_t gpa[RAM_SLOTS], len[RAM_SLOTS];        /* len 0: free */
};

void ram_slots_init(struct ram_slots *, struct kvm *);
void ram_slots_fini(struct ram_slots *);

#endif
