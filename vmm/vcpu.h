/*
 * The guest's CPUs: one thread each, which runs the guest and serves its port
 * and memory-mapped accesses. CPU 0 starts where firmware or the loader says,
 * the others wait for it to wake them (INIT, SIPI).
 *
 * vcpus_stop: any thread, a CPU's own too. All else: the control thread.
 */
#ifndef VMM_VCPU_H
#define VMM_VCPU_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bios/layout.h"

struct cpu_start;
struct cpuid_set;
struct gmem;
struct iospace;
struct kvm;
struct kvm_run;
struct vcpus;

enum vcpu_fate {
	VCPU_CRASHED,           /* the guest's doing: no way to go on */
	VCPU_BROKEN,            /* the host's: KVM_RUN failed */
};

struct vcpus_cfg {
	const struct kvm *kvm;
	const struct cpuid_set *cpuid;
	const struct gmem *gmem;        /* to show the code at a crash */
	struct iospace *pio, *mmio;
	unsigned n;                     /* 1..LAYOUT_CPUS_MAX */
	uint64_t born_ns;               /* for the start-up time at -vv */
	/* A CPU stopped for good; vcpus_report tells why. CPU's thread, once. */
	void (*fate)(void *ctx, enum vcpu_fate);
	/* The guest asked KVM itself for a reset. CPU's thread. */
	void (*reset)(void *ctx);
	void *ctx;
};

struct vcpu {
	struct vcpus *all;
	unsigned index;
	int fd;                         /* -1: none */
	struct kvm_run *run;
	pthread_t thread;
};

struct vcpus {
	struct vcpus_cfg cfg;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	unsigned threads;               /* that exist */
	unsigned parked;                /* [lock] */
	unsigned round;                 /* [lock] counts vcpus_run */
	bool quit;                      /* [lock] */
	bool stop;                      /* atomic */
	const struct vcpu *lost;        /* [lock] the first that met its fate */
	enum vcpu_fate fate;            /* [lock] */
	char reason[512];               /* [lock] */
	struct vcpu cpu[LAYOUT_CPUS_MAX];
};

/* Makes the threads; they wait. 0, or -errno with one sentence. */
int vcpus_create(struct vcpus *, const struct vcpus_cfg *, char *err,
		 size_t errlen);
void vcpus_destroy(struct vcpus *);

/* The CPUs in KVM's present VM, and their end; while parked. 0, or -errno with
 * one sentence. */
int vcpus_open(struct vcpus *, char *err, size_t errlen);
void vcpus_close(struct vcpus *);

/* Sets the state in which they start: what firmware would have set on all, and
 * CPU 0's registers. */
int vcpus_set_start(struct vcpus *, const struct cpu_start *, char *err,
		    size_t errlen);

void vcpus_run(struct vcpus *);
/* Asks them to leave the guest and park; does not wait. */
void vcpus_stop(struct vcpus *);
/* Asks and waits. No access of theirs is in any device after it. */
void vcpus_park(struct vcpus *);
/* After a fate, while parked: the reason and the CPU's state as one block on
 * stderr. Later than the event itself, so that the guest's last words on the
 * terminal can come first. */
void vcpus_report(struct vcpus *);

#endif
