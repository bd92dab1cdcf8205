/*
 * Real taps for tests: in a network namespace of the test's own, which needs
 * root. One thread.
 */
#ifndef TESTS_LIB_TAPS_H
#define TESTS_LIB_TAPS_H

#include <linux/if_tun.h>
#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "devices/net/netio.h"

#define ETH_TEST 0x88b5         /* an EtherType for experiments */

/* First of all: enters the namespace. */
void taps_init(void);
/* Skips the test where there can be no taps. */
void taps_need(void);

/* A socket ioctl on an interface, whose name it fills in. */
int taps_ioctl(const char *name, unsigned long op, struct ifreq *);
void taps_up(const char *name, bool up);
/* One that stays, as an administrator makes it; owner -1: nobody's. */
void taps_make(const char *name, short flags, int owner);
void taps_delete(const char *name);
/* A socket on the wire, for frames of ETH_TEST. */
int taps_wire(const char *name);

/* netio_open that must succeed (word NULL), or say that word in one line. */
int taps_open(struct netio **, const struct netio_cfg *, const char *word);

/* For rig_until: a frame has come out of the wire. */
struct taps_arrival {
	int s;
	void *to;
	size_t room;
	ssize_t len;
};
bool taps_arrived(void *arrival);

#endif
