/*
 * The threads that serve devices: I/O threads for disks and some for the network,
 * shared out queue by queue, and one for the sound.
 */
#include "vmm/machine_int.h"

#include <sched.h>
#include <stdio.h>

#include "devices/virtio/blk.h"
#include "pci/vpci.h"

/* More of either than this was never faster, and each costs the guest memory
 * and an interrupt vector a CPU. */
#define AUTO_QUEUES 4
#define AUTO_IOTHREADS 4

/* Before anybody spins each wait has a kick in it, whose exit takes up to 36 us,
 * and would seem too long to spin for with less than that. */
#define AUTO_POLL_US 50

static unsigned smaller(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* One queue a CPU pays where each has an interrupt of its own. */
unsigned mach_disk_queues(const struct mach_cfg *cfg, const struct mach_disk *d)
{
	const struct vio_profile *prof = mach_profile(cfg);
	bool msix = d->msix == VPCI_MSIX_ON ||
		    (d->msix == VPCI_MSIX_DEFAULT && prof->msix_default);

	if (d->queues)
		return d->queues;
	if (d->cdrom || cfg->transport != MACH_PCI || !msix ||
	    !blk_multiqueue(prof))
		return 1;
	return smaller(cfg->cpus, AUTO_QUEUES);
}

static unsigned highest(const struct mach_iothreads *on, unsigned n)
{
	for (unsigned i = 0; i < on->n; i++)
		if (on->at[i] >= n)
			n = on->at[i] + 1u;
	return n;
}

/* How many threads devices name: the highest number, and 1. */
static unsigned named(const struct mach_cfg *cfg)
{
	unsigned n = 0;

	for (unsigned i = 0; i < cfg->ndisks; i++)
		n = highest(&cfg->disk[i].on, n);
	for (unsigned i = 0; i < cfg->nnets; i++)
		n = highest(&cfg->net[i].on, n);
	return n;
}

/*
 * A thread is of use where a CPU of the host is left for it and a queue. Half
 * of the host's are for the guest's own CPUs.
 */
static unsigned useful(const struct mach_cfg *cfg, unsigned host_cpus,
		       unsigned queues)
{
	unsigned n = smaller(smaller((host_cpus + 1) / 2, cfg->cpus),
			     smaller(queues, AUTO_IOTHREADS));

	return n ? n : 1;
}

unsigned mach_iothreads(const struct mach_cfg *cfg, unsigned host_cpus)
{
	unsigned queues = 0;

	if (cfg->iothreads)
		return cfg->iothreads;
	if (named(cfg))
		return named(cfg);
	for (unsigned i = 0; i < cfg->ndisks; i++)
		queues += mach_disk_queues(cfg, &cfg->disk[i]);
	return useful(cfg, host_cpus, queues);
}

unsigned mach_net_threads(const struct mach_cfg *cfg, unsigned host_cpus)
{
	unsigned most = 0;

	for (unsigned i = 0; i < cfg->nnets; i++) {
		unsigned pairs = cfg->net[i].queues ? cfg->net[i].queues : 1;

		if (!cfg->net[i].on.n && pairs > most)
			most = pairs;
	}
	if (!most)
		return 0;
	return cfg->iothreads ? smaller(cfg->iothreads, most)
			      : useful(cfg, host_cpus, most);
}

bool mach_shares_cpus(const struct mach_cfg *cfg, unsigned threads,
		      unsigned host_cpus)
{
	return cfg->cpus + threads > host_cpus;
}

/*
 * Who spins wants a CPU that no CPU of the guest's wants. Disks and network are
 * counted apart: both are seldom busy at once, and who finds nothing soon stops.
 */
unsigned mach_poll_us(const struct mach_cfg *cfg, unsigned threads,
		      unsigned host_cpus)
{
	if (cfg->poll_us != MACH_POLL_AUTO)
		return cfg->poll_us;
	return mach_shares_cpus(cfg, threads, host_cpus) ? 0 : AUTO_POLL_US;
}

static unsigned host_cpus(void)
{
	cpu_set_t set;

	/* Those we may run on. More than fit: plenty. */
	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return CPU_SETSIZE;
	return (unsigned)CPU_COUNT(&set);
}

static int start_pool(struct mach_pool *p, const char *name, unsigned n,
		      unsigned flags, unsigned poll_us, bool shared)
{
	char full[16];
	int ret = 0;

	for (p->n = 0; p->n < n && ret == 0; p->n++) {
		struct loop **l = &p->loop[p->n];

		snprintf(full, sizeof(full), "%s%u", name, p->n);
		ret = loop_create(l, full, flags);
		if (ret == 0) {
			loop_set_poll(*l, poll_us * UINT64_C(1000));
			loop_set_shared(*l, shared);
			ret = loop_start(*l);
		}
	}
	return ret;
}

int mach_loops_start(struct machine *m)
{
	const struct mach_cfg *cfg = &m->cfg;
	bool inputs = cfg->input[MACH_KEYBOARD] || cfg->input[MACH_MOUSE] ||
		      cfg->input[MACH_TABLET];
	unsigned cpus = host_cpus();
	unsigned disks = mach_iothreads(cfg, cpus);
	unsigned nets = mach_net_threads(cfg, cpus);
	int ret = 0;

	/* A disk that waits for the host must not hold up the network, nor
	 * either of them the sound. */
	if (cfg->ndisks || inputs || named(cfg))
		ret = start_pool(&m->io, "io", disks,
				 cfg->ndisks || named(cfg) ? LOOP_URING : 0,
				 mach_poll_us(cfg, disks, cpus),
				 mach_shares_cpus(cfg, disks, cpus));
	if (ret == 0)
		ret = start_pool(&m->net, "net", nets, LOOP_URING,
				 mach_poll_us(cfg, nets, cpus),
				 mach_shares_cpus(cfg, nets, cpus));
	if (ret == 0 && cfg->sound)
		ret = loop_create(&m->snd, "sound0", 0);
	if (ret == 0 && cfg->sound)
		ret = loop_start(m->snd);
	return ret;
}

static void stop_loop(struct loop *l)
{
	if (!l)
		return;
	loop_stop(l);
	loop_destroy(l);
}

void mach_loops_stop(struct machine *m)
{
	for (unsigned i = 0; i < m->io.n; i++)
		stop_loop(m->io.loop[i]);
	for (unsigned i = 0; i < m->net.n; i++)
		stop_loop(m->net.loop[i]);
	stop_loop(m->snd);
}

void mach_loops_pick(struct mach_pool *p, const struct mach_iothreads *on,
		     unsigned queues, struct loop **out)
{
	for (unsigned i = 0; i < queues; i++)
		out[i] = on->n ? p->loop[on->at[i % on->n]]
			       : p->loop[p->next++ % p->n];
}
