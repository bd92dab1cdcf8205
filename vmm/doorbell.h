/*
 * Doorbells as KVM ioeventfds. Remembers what was asked for, so that a VM can
 * come later or be replaced. The port: any thread. The rest: as kvm_create_vm.
 */
#ifndef VMM_DOORBELL_H
#define VMM_DOORBELL_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "devices/base/doorbell.h"

struct kvm;

struct doorbells {
	struct doorbell_port port;
	const struct kvm *kvm;
	pthread_mutex_t lock;
	struct doorbell *hung;
	unsigned n, room;
	bool live;              /* there is a VM to hang them in */
};

void doorbells_init(struct doorbells *, const struct kvm *);
void doorbells_fini(struct doorbells *);
/* Hangs all in a new VM. How many KVM refused: those writes stay exits. */
unsigned doorbells_hang_all(struct doorbells *);
/* The VM goes. */
void doorbells_drop(struct doorbells *);

#endif
