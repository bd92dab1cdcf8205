/*
 * Memory of a device that the guest reaches without leaving the guest, as it
 * reaches RAM. A device model or its bus front end asks for it wherever its
 * window moves; the machine makes a KVM memory slot of it. Without a port, or
 * when it refuses, each access reaches the handlers of the window's region, so
 * a refusal costs speed only. May be called by any thread, under the asking
 * device's lock.
 */
#ifndef DEVICES_BASE_RAMPORT_H
#define DEVICES_BASE_RAMPORT_H

#include <stdbool.h>
#include <stdint.h>

struct ram_port {
	/* on: guest physical gpa..gpa+len is the memory at hva; else no more.
	 * All three are multiples of 4 KiB. 0 or -errno, and then nothing has
	 * changed. */
	int (*map)(struct ram_port *, uint64_t gpa, void *hva, uint64_t len,
		   bool on);
};

#endif
