/*
 * virtio-net: the control queue (virtio 5.1.6.5) and the receive filter it
 * programs.
 */
#include <errno.h>
#include <string.h>

#include "devices/base/iov.h"
#include "devices/base/log.h"
#include "devices/virtio/net_int.h"

#define VIRTIO_NET_OK   0
#define VIRTIO_NET_ERR  1

enum {
	CLASS_RX, CLASS_MAC, CLASS_VLAN, CLASS_ANNOUNCE, CLASS_MQ,
	CLASS_OFFLOADS,
};

/* ---- the filter ------------------------------------------------------------ */

static bool in_table(const struct net_macs *t, const uint8_t *mac)
{
	for (unsigned i = 0; i < t->n; i++)
		if (memcmp(t->mac[i], mac, 6) == 0)
			return true;
	return t->over;
}

static bool vlan_in(const struct net_filter *f, unsigned vid)
{
	return f->vlan[vid / 64] >> (vid % 64) & 1;
}

bool net_filter_takes(const struct net_filter *f, const uint8_t *frame,
		      size_t len)
{
	static const uint8_t everybody[6] = {
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	};

	/* virtio 5.1.6.5.1: promiscuous wins over all other modes. */
	if (f->promisc)
		return true;
	if (f->vlans && len >= NET_PEEK && frame[12] == 0x81 &&
	    frame[13] == 0x00 &&
	    !vlan_in(f, ((unsigned)frame[14] << 8 | frame[15]) & 0xfff))
		return false;
	if (!f->programmed)
		return true;
	if (memcmp(frame, everybody, 6) == 0)
		return !f->nobcast;
	if (frame[0] & 1)
		return !f->nomulti &&
		       (f->allmulti || in_table(&f->multi, frame));
	return !f->nouni && (f->alluni || memcmp(frame, f->mac, 6) == 0 ||
			     in_table(&f->uni, frame));
}

/* filter_lock held: those who look at frames take a copy before the next. */
static void filter_changed(struct net *net)
{
	__atomic_store_n(&net->filter_gen, net->filter_gen + 1,
			 __ATOMIC_RELEASE);
}

void net_filter_start(struct net *net)
{
	struct net_filter *f = &net->filter;

	pthread_mutex_lock(&net->filter_lock);
	memset(f, 0, sizeof(*f));
	memcpy(f->mac, net->mac, sizeof(f->mac));
	f->vlans = vio_has(&net->dev, VIRTIO_NET_F_CTRL_VLAN);
	filter_changed(net);
	pthread_mutex_unlock(&net->filter_lock);
}

/* ---- commands -------------------------------------------------------------- */

/* What follows class and command: from is an offset in it. */
static size_t get(const struct vq_chain *c, size_t from, void *to, size_t len)
{
	return iov_get(c->iov, c->nout, 2 + from, to, len);
}

static int set_rx(struct net *net, const struct vq_chain *c, unsigned cmd)
{
	struct net_filter *f = &net->filter;
	bool *const mode[] = {
		&f->promisc, &f->allmulti, &f->alluni, &f->nomulti, &f->nouni,
		&f->nobcast,
	};
	uint8_t on;

	get(c, 0, &on, 1);
	*mode[cmd] = on != 0;
	f->programmed = true;
	return 0;
}

/* One of the two tables at offset at: returns where the next one is, 0: it
 * does not end within the command. */
static uint64_t read_macs(const struct vq_chain *c, uint64_t at,
			  struct net_macs *t)
{
	uint64_t left = c->out_len - 2 - at;
	uint32_t n;
	le32 raw;

	if (left < sizeof(raw))
		return 0;
	get(c, at, &raw, sizeof(raw));
	n = le32_get(raw);
	at += sizeof(raw);
	if ((left - sizeof(raw)) / 6 < n)
		return 0;
	t->over = n > NET_MACS;
	t->n = t->over ? 0 : n;
	get(c, at, t->mac, t->n * 6);
	return at + UINT64_C(6) * n;
}

static int set_mac_table(struct net *net, const struct vq_chain *c,
			 unsigned cmd)
{
	struct net_macs uni, multi;
	uint64_t at = read_macs(c, 0, &uni);

	(void)cmd;
	if (at == 0 || read_macs(c, at, &multi) != c->out_len - 2)
		return -EINVAL;
	net->filter.uni = uni;
	net->filter.multi = multi;
	net->filter.programmed = true;
	return 0;
}

/*
 * The configuration as the driver reads it, changed on its own request. A loop
 * must not wait for ctl, whose holder may be waiting for this loop; it comes
 * back to the command instead.
 */
static bool try_cfg(struct net *net)
{
	return pthread_mutex_trylock(&net->dev.ctl) == 0;
}

static void end_cfg(struct net *net)
{
	net->dev.cfg_gen++;
	pthread_mutex_unlock(&net->dev.ctl);
}

static int set_mac(struct net *net, const struct vq_chain *c, unsigned cmd)
{
	uint8_t mac[6];

	(void)cmd;
	get(c, 0, mac, sizeof(mac));
	if (mac[0] & 1)
		return -EINVAL;
	/* virtio 5.1.6.5.2: mac in the configuration MUST be updated before
	 * the command is consumed. */
	if (!try_cfg(net))
		return -EAGAIN;
	memcpy(net->dev.cfg + offsetof(struct virtio_net_config, mac), mac, 6);
	end_cfg(net);
	memcpy(net->filter.mac, mac, sizeof(mac));
	net->filter.programmed = true;
	return 0;
}

static int set_vlan(struct net *net, const struct vq_chain *c, unsigned cmd)
{
	unsigned vid;
	le16 raw;

	get(c, 0, &raw, sizeof(raw));
	vid = le16_get(raw);
	if (vid > 0xfff)
		return -EINVAL;
	if (cmd == 0)
		net->filter.vlan[vid / 64] |= UINT64_C(1) << vid % 64;
	else
		net->filter.vlan[vid / 64] &= ~(UINT64_C(1) << vid % 64);
	return 0;
}

static int ack_announce(struct net *net, const struct vq_chain *c, unsigned cmd)
{
	(void)c;
	(void)cmd;
	/* virtio 5.1.6.5.4: MUST clear the bit before the buffer is used. */
	if (!try_cfg(net))
		return -EAGAIN;
	net->dev.cfg[offsetof(struct virtio_net_config, status)] &=
		(uint8_t)~VIRTIO_NET_S_ANNOUNCE;
	end_cfg(net);
	return 0;
}

/* Each change has the host wait for its other network users, so a guest gets
 * this many a second. */
#define CHANGES 100
static bool too_soon(struct net *net)
{
	uint64_t now = loop_now_ns(), next;

	next = net->changed_ns + UINT64_C(1000000000) / CHANGES;
	if (now >= next) {
		net->changed_ns = now;
		return false;
	}
	loop_timer_set(net_ctrl_vq(net)->loop, &net->again, next);
	return true;
}

static int set_offloads(struct net *net, const struct vq_chain *c, unsigned cmd)
{
	uint64_t all = VIRTIO_NET_F_GUEST_CSUM | VIRTIO_NET_F_GUEST_TSO4 |
		       VIRTIO_NET_F_GUEST_TSO6 | VIRTIO_NET_F_GUEST_ECN |
		       VIRTIO_NET_F_GUEST_USO4 | VIRTIO_NET_F_GUEST_USO6;
	uint64_t want;
	le64 raw;

	(void)cmd;
	get(c, 0, &raw, sizeof(raw));
	want = le64_get(raw);
	/* virtio 5.1.6.5.9.1: none that was not negotiated. */
	if (want & ~(net->dev.acked & all))
		return -EINVAL;
	if (net_offloads(want) != net->pair[0].io->offloads && too_soon(net))
		return -EBUSY;
	return netio_offload(net->pair[0].io, net_offloads(want));
}

static int set_pairs(struct net *net, const struct vq_chain *c, unsigned cmd)
{
	le16 raw;

	(void)cmd;
	get(c, 0, &raw, sizeof(raw));
	if (le16_get(raw) != __atomic_load_n(&net->pairs_on, __ATOMIC_ACQUIRE) &&
	    too_soon(net))
		return -EBUSY;
	return net_use_pairs(net, le16_get(raw));
}

static const struct command {
	uint8_t class, first, last;     /* commands */
	uint64_t feature;               /* that must be negotiated */
	uint8_t len;                    /* of their data; 0xff: they look */
	int (*run)(struct net *, const struct vq_chain *, unsigned cmd);
} commands[] = {
	{ CLASS_RX, 0, 1, VIRTIO_NET_F_CTRL_RX, 1, set_rx },
	{ CLASS_RX, 2, 5, VIRTIO_NET_F_CTRL_RX_EXTRA, 1, set_rx },
	{ CLASS_MAC, 0, 0, VIRTIO_NET_F_CTRL_RX, 0xff, set_mac_table },
	{ CLASS_MAC, 1, 1, VIRTIO_NET_F_CTRL_MAC_ADDR, 6, set_mac },
	{ CLASS_VLAN, 0, 1, VIRTIO_NET_F_CTRL_VLAN, 2, set_vlan },
	{ CLASS_ANNOUNCE, 0, 0, VIRTIO_NET_F_GUEST_ANNOUNCE, 0, ack_announce },
	{ CLASS_MQ, 0, 0, VIRTIO_NET_F_MQ, 2, set_pairs },
	{ CLASS_OFFLOADS, 0, 0, VIRTIO_NET_F_CTRL_GUEST_OFFLOADS, 8,
	  set_offloads },
};

static int run(struct net *net, const struct vq_chain *c)
{
	uint8_t head[2];
	int err;

	if (iov_get(c->iov, c->nout, 0, head, sizeof(head)) != sizeof(head))
		return -EINVAL;
	for (unsigned i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		const struct command *cmd = &commands[i];

		if (cmd->class != head[0] || head[1] < cmd->first ||
		    head[1] > cmd->last)
			continue;
		if (!vio_has(&net->dev, cmd->feature) ||
		    (cmd->len != 0xff && c->out_len != cmd->len + 2u))
			return -EINVAL;
		pthread_mutex_lock(&net->filter_lock);
		err = cmd->run(net, c, head[1]);
		if (err == 0)
			filter_changed(net);
		pthread_mutex_unlock(&net->filter_lock);
		return err;
	}
	return -EINVAL;
}

/* The answer is the first writable byte; how many bytes were written. */
static uint32_t answer(struct net *net, const struct vq_chain *c, int err)
{
	uint8_t *ack = c->nin ? c->iov[c->nout].iov_base : NULL;

	if (!ack || (c->flaws & VQ_TOO_LONG)) {
		guest_err(net->dev.name, "a control command without room for "
			  "its answer");
		return 0;
	}
	*ack = err ? VIRTIO_NET_ERR : VIRTIO_NET_OK;
	return 1;
}

void net_ctrl_process(struct net *net, struct vq *vq)
{
	struct iovec iov[NET_MACS];
	struct vq_chain c = { .iov = iov, .max = NET_MACS };

	for (unsigned i = 0; i < NET_BATCH; i++) {
		int err;

		if (!vio_pop(vq, &c))
			return;
		err = c.flaws || c.nin == 0 ? -EINVAL : run(net, &c);
		if (err == -EBUSY) {
			vq->ops->unpop(vq, &c);
			vq->content = true;     /* the timer wakes it */
			return;
		}
		if (err == -EAGAIN) {
			vq->ops->unpop(vq, &c);
			break;
		}
		vq_push(vq, &c, answer(net, &c, err));
	}
	loop_bell_mark(vq->loop, &vq->bell);
}
