#include "devices/virtio/net.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devices/base/log.h"
#include "devices/virtio/net_int.h"

/* The kernel's own figure for a tap is of no use; this is what others say. */
#define SPEED_MBIT 10000

const struct net_dialect net_dialect_contract = {
	.hdr_len = 10,
	.hdr_blank = true,
	.other_hdr_len = 12,
	.frame_max = 1522,
};

const struct net_dialect net_dialect_modern = {
	.hdr_len = 12,
	.frame_max = NETIO_FRAME_MAX,
};

/* ---- features -------------------------------------------------------------- */

/* The same work, left to the host by the guest and the other way round. */
static const struct { unsigned can; uint64_t host, guest; } offloads[] = {
	{ NETIO_CSUM, VIRTIO_NET_F_CSUM, VIRTIO_NET_F_GUEST_CSUM },
	{ NETIO_TSO4, VIRTIO_NET_F_HOST_TSO4, VIRTIO_NET_F_GUEST_TSO4 },
	{ NETIO_TSO6, VIRTIO_NET_F_HOST_TSO6, VIRTIO_NET_F_GUEST_TSO6 },
	{ NETIO_ECN, VIRTIO_NET_F_HOST_ECN, VIRTIO_NET_F_GUEST_ECN },
	{ NETIO_USO4, VIRTIO_NET_F_HOST_USO, VIRTIO_NET_F_GUEST_USO4 },
	{ NETIO_USO6, VIRTIO_NET_F_HOST_USO, VIRTIO_NET_F_GUEST_USO6 },
};
#define OFFLOADS (sizeof(offloads) / sizeof(offloads[0]))

unsigned net_offloads(uint64_t features)
{
	unsigned set = 0;

	for (size_t i = 0; i < OFFLOADS; i++)
		if (features & offloads[i].guest)
			set |= offloads[i].can;
	return set;
}

static uint64_t features(const struct net_cfg *cfg, const struct netio *io)
{
	uint64_t f = VIRTIO_NET_F_MAC | VIRTIO_NET_F_STATUS |
		     VIRTIO_NET_F_MRG_RXBUF | VIRTIO_NET_F_CTRL_VQ |
		     VIRTIO_NET_F_CTRL_RX | VIRTIO_NET_F_CTRL_VLAN |
		     VIRTIO_NET_F_CTRL_RX_EXTRA | VIRTIO_NET_F_GUEST_ANNOUNCE |
		     VIRTIO_NET_F_CTRL_MAC_ADDR | VIRTIO_NET_F_SPEED_DUPLEX;

	for (size_t i = 0; i < OFFLOADS; i++)
		if (io->can & offloads[i].can)
			f |= offloads[i].host | offloads[i].guest;
	if (io->can)
		f |= VIRTIO_NET_F_CTRL_GUEST_OFFLOADS;
	if (cfg->mtu)
		f |= VIRTIO_NET_F_MTU;
	if (cfg->pairs > 1)
		f |= VIRTIO_NET_F_MQ;
	return f;
}

static unsigned gso_types(const struct vio_dev *dev)
{
	unsigned types = 0;

	if (vio_has(dev, VIRTIO_NET_F_GUEST_TSO4))
		types |= 1u << VIRTIO_NET_HDR_GSO_TCPV4;
	if (vio_has(dev, VIRTIO_NET_F_GUEST_TSO6))
		types |= 1u << VIRTIO_NET_HDR_GSO_TCPV6;
	if (vio_has(dev, VIRTIO_NET_F_GUEST_USO4 | VIRTIO_NET_F_GUEST_USO6))
		types |= 1u << VIRTIO_NET_HDR_GSO_UDP_L4;
	return types;
}

/* ---- the class ------------------------------------------------------------- */

static uint16_t cfg_mtu(const struct vio_dev *dev)
{
	le16 mtu;

	memcpy(&mtu, dev->cfg + offsetof(struct virtio_net_config, mtu),
	       sizeof(mtu));
	return le16_get(mtu);
}

static void set_rx_sizes(struct net *net)
{
	struct vio_dev *dev = &net->dev;
	uint32_t plain = 1500 + NET_FRAME_MIN;

	net->rx_max = net->dialect->frame_max;
	if (vio_has(dev, VIRTIO_NET_F_MTU))
		net->rx_max = plain = cfg_mtu(dev) + NET_FRAME_MIN;
	/* One chain holds a frame, or it does not; but with mergeable buffers
	 * the longest frame to be expected has its chains ready. */
	net->rx_want = 1;
	if (net->mrg && net->rx_gso)
		net->rx_want = net->dialect->hdr_len + NETIO_FRAME_MAX;
	else if (net->mrg)
		net->rx_want = net->dialect->hdr_len + plain + 4u;
}

static void net_start(struct vio_dev *dev)
{
	struct net *net = to_net(dev);
	int err;

	net->mrg = vio_has(dev, VIRTIO_NET_F_MRG_RXBUF);
	net->rx_csum = vio_has(dev, VIRTIO_NET_F_GUEST_CSUM);
	net->rx_gso = net->rx_csum ? gso_types(dev) : 0;
	/* Headers go on unchanged only from a driver that may put something
	 * into them. */
	net->tx_hdr = net->pair[0].io->hdr_len && !net->dialect->hdr_blank &&
		      vio_has(dev, VIRTIO_NET_F_CSUM);
	set_rx_sizes(net);
	net_filter_start(net);
	net_lend_start(net);
	for (unsigned i = 0; i < net->npairs; i++)
		net->pair[i].tx.judged = 0;
	err = netio_offload(net->pair[0].io, net_offloads(dev->acked));
	if (err)
		host_err_limited(dev->name, "%s does not take the guest's "
				 "offloads: %s", net->pair[0].io->name,
				 strerror(-err));
}

/* virtio 5.1.2: it comes after all pairs, and there is one without MQ. */
struct vq *net_ctrl_vq(struct net *net)
{
	unsigned pairs = vio_has(&net->dev, VIRTIO_NET_F_MQ) ? net->npairs : 1;

	return vio_q(&net->dev, 2 * pairs);
}

static bool is_ctrl(struct vio_dev *dev, const struct vq *vq)
{
	return vq == net_ctrl_vq(to_net(dev));
}

static void net_process(struct vio_dev *dev, struct vq *vq)
{
	struct net *net = to_net(dev);

	if (is_ctrl(dev, vq))
		net_ctrl_process(net, vq);
	else if (vq->idx / 2u >= net->npairs)
		vq->content = true;     /* without MQ, the last one is none */
	else if (net->lends && net_lend(&net->pair[vq->idx / 2], vq->idx % 2))
		return;
	else if (vq->idx % 2)
		net_tx_process(&net->pair[vq->idx / 2]);
	else
		net_rx_process(&net->pair[vq->idx / 2]);
}

static void net_stop(struct vio_dev *dev, struct vq *vq)
{
	struct net *net = to_net(dev);

	if (is_ctrl(dev, vq))
		loop_timer_del(vq->loop, &net->again);
	if (vq->idx / 2u >= net->npairs || is_ctrl(dev, vq))
		return;
	if (vq->lent)
		net_regain(&net->pair[vq->idx / 2], vq->idx % 2);
	else if (vq->idx % 2 == 0)
		net_rx_stop(&net->pair[vq->idx / 2]);
}

/* ---- pairs in use ---------------------------------------------------------- */

static unsigned pairs_on(const struct net *net)
{
	return __atomic_load_n(&net->pairs_on, __ATOMIC_ACQUIRE);
}

static void steer(void *arg)
{
	struct net_pair *p = arg;
	unsigned n = pairs_on(p->net);
	int err;

	for (unsigned ring = 0; ring < 2 && p->idx >= n; ring++)
		if ((ring ? p->tx.vq : p->rx.vq)->lent)
			net_regain(p, ring);
	err = netio_attach(p->io, p->idx < n);
	if (err)
		host_err_limited(p->net->dev.name, "%s: queue %u cannot be "
				 "turned %s: %s", p->io->name, p->idx,
				 p->idx < n ? "on" : "off", strerror(-err));
	__atomic_store_n(&p->steered, n, __ATOMIC_RELEASE);
	loop_bell_mark(p->loop, &p->rx.vq->bell);
	loop_bell_mark(p->loop, &p->tx.vq->bell);
}

static void steer_called(struct loop_call *c)
{
	steer(container_of(c, struct net_pair, steer));
}

/* A loop waits for no other, so this is asked until all have answered: the
 * driver must not hear of its command's end before. */
int net_use_pairs(struct net *net, unsigned n)
{
	if (n == 0 || n > net->npairs)
		return -EINVAL;
	if (pairs_on(net) != n) {
		__atomic_store_n(&net->pairs_on, n, __ATOMIC_RELEASE);
		for (unsigned i = 0; i < net->npairs; i++)
			loop_post(net->pair[i].loop, &net->pair[i].steer);
	}
	for (unsigned i = 0; i < net->npairs; i++)
		if (__atomic_load_n(&net->pair[i].steered,
				    __ATOMIC_ACQUIRE) != n)
			return -EAGAIN;
	return 0;
}

/* Set-up or control thread; virtio 5.1.6.5.5: one pair until told otherwise. */
static void use_first_pair(struct net *net)
{
	__atomic_store_n(&net->pairs_on, 1, __ATOMIC_RELEASE);
	/* After whatever a command has posted there. */
	for (unsigned i = 0; i < net->npairs; i++)
		loop_call_sync(net->pair[i].loop, steer, &net->pair[i]);
}

static void net_reset(struct vio_dev *dev)
{
	struct net *net = to_net(dev);

	/* Those the driver may have changed. */
	memcpy(dev->cfg + offsetof(struct virtio_net_config, mac), net->mac, 6);
	dev->cfg[offsetof(struct virtio_net_config, status)] &=
		(uint8_t)~VIRTIO_NET_S_ANNOUNCE;
	netio_offload(net->pair[0].io, 0);
	if (net->npairs > 1)
		use_first_pair(net);
}

static void unbind(void *arg)
{
	struct net_pair *p = arg;

	loop_unpost(p->loop, &p->steer);
	net_lend_fini(p);
	netio_unbind(p->io);
}

static void unbind_all(struct net *net)
{
	for (unsigned i = 0; i < net->npairs; i++) {
		struct net_pair *p = &net->pair[i];

		if (p->bound)
			loop_call_sync(p->loop, unbind, p);
		p->bound = false;
	}
}

static void forget_loss(void *arg)
{
	struct net *net = arg;

	loop_unpost(net->dev.ctl_loop, &net->lost_call);
}

static void free_net(struct net *net)
{
	for (unsigned i = 0; net->pair && i < net->npairs; i++) {
		free(net->pair[i].rx.iov);
		free(net->pair[i].rx.bare);
		free(net->pair[i].rx.spill);
		free(net->pair[i].tx.iov);
	}
	free(net->pair);
	pthread_mutex_destroy(&net->filter_lock);
	free(net);
}

static void net_destroy(struct vio_dev *dev)
{
	struct net *net = to_net(dev);

	unbind_all(net);
	loop_call_sync(dev->ctl_loop, forget_loss, net);
	vio_fini(dev);
	for (unsigned i = 0; i < net->npairs; i++)
		netio_close(net->pair[i].io);
	free_net(net);
}

static void net_broken(struct vio_dev *dev)
{
	net_lend_look(to_net(dev));
}

static const struct vio_class net_class = {
	.name = "net",
	.id = VIRTIO_ID_NET,
	.start = net_start,
	.process = net_process,
	.stop = net_stop,
	.broken = net_broken,
	.reset = net_reset,
	.destroy = net_destroy,
};

/* ---- the cable ------------------------------------------------------------- */

static void update_link(struct net *net)
{
	size_t at = offsetof(struct virtio_net_config, status);
	bool up = net->plugged && !net->lost;
	struct vio_dev *dev = &net->dev;

	vio_cfg_begin(dev);
	dev->cfg[at] = up ? VIRTIO_NET_S_LINK_UP : 0;
	/* The guest may now be in another network than before. */
	if (up && vio_has(dev, VIRTIO_NET_F_GUEST_ANNOUNCE))
		dev->cfg[at] |= VIRTIO_NET_S_ANNOUNCE;
	__atomic_store_n(&net->link, up, __ATOMIC_RELAXED);
	net_lend_look(net);
	vio_cfg_end(dev);
}

void net_set_link(struct vio_dev *dev, bool up)
{
	struct net *net = to_net(dev);

	if (up == net->plugged)
		return;
	net->plugged = up;
	if (!net->lost)
		update_link(net);
}

static void lost_on_ctl(struct loop_call *c)
{
	struct net *net = container_of(c, struct net, lost_call);

	log_warn("%s: %s is gone; the guest's link is down", net->dev.name,
		 net->pair[0].io->name);
	net->lost = true;
	update_link(net);
}

static void ctrl_again(struct loop_timer *t)
{
	struct net *net = container_of(t, struct net, again);

	struct vq *vq = net_ctrl_vq(net);

	loop_bell_mark(vq->loop, &vq->bell);
}

static void on_readable(struct netio *io)
{
	struct net_pair *p = io->ctx;

	loop_bell_mark(p->loop, &p->rx.vq->bell);
}

static void on_writable(struct netio *io)
{
	struct net_pair *p = io->ctx;

	loop_bell_mark(p->loop, &p->tx.vq->bell);
}

static void on_gone(struct netio *io)
{
	struct net *net = ((struct net_pair *)io->ctx)->net;

	loop_post(net->dev.ctl_loop, &net->lost_call);
}

static const struct netio_events net_events = {
	.readable = on_readable,
	.writable = on_writable,
	.gone = on_gone,
};

/* ---- making one ------------------------------------------------------------ */

static int hex(char c)
{
	if (!isxdigit((unsigned char)c))
		return -1;
	return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

int net_mac_parse(const char *s, uint8_t mac[6])
{
	uint8_t all = 0;

	if (strlen(s) != 17)
		return -EINVAL;
	for (unsigned i = 0; i < 6; i++, s += 3) {
		int high = hex(s[0]), low = hex(s[1]);

		if (high < 0 || low < 0 || (i < 5 && s[2] != ':' && s[2] != '-'))
			return -EINVAL;
		mac[i] = (uint8_t)(high << 4 | low);
		all |= mac[i];
	}
	return (mac[0] & 1) || all == 0 ? -EINVAL : 0;
}

static uint64_t hash(uint64_t h, const char *s)
{
	/* FNV-1a */
	for (; *s; s++)
		h = (h ^ (uint8_t)*s) * UINT64_C(0x100000001b3);
	return h;
}

/* Locally administered; the host's identity is in it, because tap0 of the next
 * host may be on the same wire. */
static void default_mac(uint8_t mac[6], const char *backend, const char *card)
{
	char host[64] = "";
	FILE *f = fopen("/etc/machine-id", "re");
	uint64_t h;

	if (f) {
		if (!fgets(host, sizeof(host), f))
			host[0] = '\0';
		fclose(f);
	}
	h = hash(UINT64_C(0xcbf29ce484222325), host);
	h = hash(hash(h, backend), card);
	h ^= h >> 32;
	mac[0] = 0x02;
	for (unsigned i = 1; i < 6; i++)
		mac[i] = (uint8_t)(h >> 8 * i);
}

static void fill_config(struct net *net, const struct net_cfg *cfg)
{
	struct virtio_net_config c = {
		.status = le16_put(VIRTIO_NET_S_LINK_UP),
		.max_virtqueue_pairs = le16_put((uint16_t)net->npairs),
		.mtu = le16_put(cfg->mtu),
		.speed = le32_put(SPEED_MBIT),
		.duplex = 1,
	};

	memcpy(c.mac, net->mac, sizeof(c.mac));
	memcpy(net->dev.cfg, &c, sizeof(c));
}

struct bind_call {
	struct net_pair *p;
	int err;
};

static void bind_io(void *arg)
{
	struct bind_call *c = arg;

	c->err = netio_bind(c->p->io, c->p->loop, &net_events, c->p);
	c->p->bound = c->err == 0;
	if (c->err == 0)
		c->err = net_lend_setup(c->p);
}

static int alloc_buffers(struct net_pair *p)
{
	/* Zero pages until they are used. */
	p->rx.iov = calloc(NET_IOV, sizeof(struct iovec));
	p->rx.bare = calloc(NET_IOV, sizeof(struct iovec));
	p->rx.spill = calloc(1, NET_SPILL);
	p->tx.iov = calloc(NET_IOV, sizeof(struct iovec));
	return p->rx.iov && p->rx.bare && p->rx.spill && p->tx.iov ? 0
								   : -ENOMEM;
}

static int start_pair(struct net_pair *p)
{
	struct bind_call c = { .p = p };
	int err = alloc_buffers(p);

	if (err)
		return err;
	p->rx.vq = &p->net->dev.vqs[2 * p->idx];
	p->tx.vq = &p->net->dev.vqs[2 * p->idx + 1];
	p->steer.fn = steer_called;
	loop_call_sync(p->loop, bind_io, &c);
	return c.err;
}

static int start_up(struct net *net, const struct net_cfg *cfg)
{
	int err = 0;

	if (cfg->mac)
		memcpy(net->mac, cfg->mac, sizeof(net->mac));
	else
		default_mac(net->mac, net->pair[0].io->name, cfg->name);
	fill_config(net, cfg);
	net->link = net->plugged = true;
	net->lost_call.fn = lost_on_ctl;
	net->again.fired = ctrl_again;
	for (unsigned i = 0; i < net->npairs && err == 0; i++)
		err = start_pair(&net->pair[i]);
	if (err == 0)
		use_first_pair(net);
	return err;
}

static int init_pairs(struct net *net, const struct net_cfg *cfg,
		      struct netio *const *io)
{
	int err = 0;

	for (unsigned i = 0; i < net->npairs && err == 0; i++) {
		struct net_pair *p = &net->pair[i];

		p->net = net;
		p->io = io[i];
		p->loop = cfg->loops[i % cfg->nloops];
		p->idx = (uint16_t)i;
		err = netio_header(p->io, net->dialect->hdr_len);
		if (err || !p->io->lends)
			continue;
		err = netio_memory(p->io, cfg->gmem);
		if (!err || net->must_lend)
			continue;
		log_warn("%s: vhost-net does not take the guest's memory, so "
			 "%s is served without", cfg->name, p->io->name);
		err = 0;
	}
	return err;
}

static int init_dev(struct net *net, const struct net_cfg *cfg,
		    const struct vio_dev_row *row)
{
	struct loop *loops[2 * NET_PAIRS_MAX + 1];
	bool ctrl = row->feats & VIRTIO_NET_F_CTRL_VQ;
	unsigned n = 0;

	for (unsigned i = 0; i < net->npairs; i++, n += 2)
		loops[n] = loops[n + 1] = net->pair[i].loop;
	if (ctrl)
		loops[n++] = cfg->loops[0];
	return vio_init(&net->dev, &net_class, cfg->prof, row, cfg->name, n,
			features(cfg, net->pair[0].io), cfg->gmem,
			cfg->ctl_loop, loops, n);
}

bool net_multiqueue(const struct vio_profile *prof)
{
	return vio_profile_row(prof, "net")->feats & VIRTIO_NET_F_MQ;
}

bool net_lends(const struct vio_profile *prof)
{
	const struct net_dialect *d = vio_profile_row(prof, "net")->dialect;

	return !d->hdr_blank;
}

static struct net *new_net(const struct net_cfg *cfg)
{
	struct net *net = calloc(1, sizeof(*net));

	if (!net)
		return NULL;
	net->npairs = cfg->pairs ? cfg->pairs : 1;
	net->must_lend = cfg->must_lend;
	net->pair = calloc(net->npairs, sizeof(*net->pair));
	if (!net->pair) {
		free(net);
		return NULL;
	}
	pthread_mutex_init(&net->filter_lock, NULL);
	return net;
}

int net_create(struct vio_dev **out, const struct net_cfg *cfg,
	       struct netio *const *io)
{
	const struct vio_dev_row *row = vio_profile_row(cfg->prof, "net");
	struct net *net;
	int err;

	if (cfg->pairs > (net_multiqueue(cfg->prof) ? NET_PAIRS_MAX : 1))
		return -EINVAL;
	net = new_net(cfg);
	if (!net)
		return -ENOMEM;
	net->dialect = row->dialect;
	err = init_pairs(net, cfg, io);
	if (!err)
		err = init_dev(net, cfg, row);
	if (err) {
		free_net(net);
		return err;
	}
	if (cfg->mtu && !(net->dev.offered & VIRTIO_NET_F_MTU))
		log_warn("%s: mtu=%u is not for guests under profile %s",
			 cfg->name, cfg->mtu, cfg->prof->name);
	err = start_up(net, cfg);
	if (err) {
		unbind_all(net);
		for (unsigned i = 0; i < net->npairs; i++)
			net->pair[i].io = NULL; /* stays with the caller */
		net_destroy(&net->dev);
		return err;
	}
	*out = &net->dev;
	return 0;
}
