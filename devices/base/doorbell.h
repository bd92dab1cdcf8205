/*
 * Doorbells: guest writes that become a write to an eventfd without leaving
 * the kernel. A transport asks for them wherever its registers move; the
 * machine hangs a KVM ioeventfd there. Without a port, or when it refuses, the
 * write reaches the transport's handler as any other. Called under the
 * transport's lock.
 */
#ifndef DEVICES_BASE_DOORBELL_H
#define DEVICES_BASE_DOORBELL_H

#include <stdbool.h>
#include <stdint.h>

struct doorbell {
	uint64_t addr;          /* guest physical */
	unsigned len;           /* bytes of the write; 0: any width */
	bool match;             /* the written value must equal value */
	uint32_t value;
	int fd;                 /* eventfd */
};

struct doorbell_port {
	/* on: hang it; else take it down. 0 or -errno. */
	int (*hang)(struct doorbell_port *, const struct doorbell *, bool on);
};

#endif
