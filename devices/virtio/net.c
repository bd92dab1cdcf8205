#include "devices/virtio/net.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devices/base/log.h"
#include "devices/virtio/net_int.h"

enum { Q_RX, Q_TX, Q_CTRL };

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
	net->tx_hdr = net->io->hdr_len && !net->dialect->hdr_blank &&
		      vio_has(dev, VIRTIO_NET_F_CSUM);
	set_rx_sizes(net);
	net_filter_start(net);
	net->tx.judged = 0;
	err = netio_offload(net->io, net_offloads(dev->acked));
	if (err)
		host_err_limited(dev->name, "%s does not take the guest's "
				 "offloads: %s", net->io->name, strerror(-err));
}

static void net_process(struct vio_dev *dev, struct vq *vq)
{
	struct net *net = to_net(dev);

	switch (vq->idx) {
	case Q_RX:
		net_rx_process(net);
		break;
	case Q_TX:
		net_tx_process(net);
		break;
	default:
		net_ctrl_process(net, vq);
	}
}

static void net_stop(struct vio_dev *dev, struct vq *vq)
{
	if (vq->idx == Q_RX)
		net_rx_stop(to_net(dev));
}

static void net_reset(struct vio_dev *dev)
{
	struct net *net = to_net(dev);

	/* Those the driver may have changed. */
	memcpy(dev->cfg + offsetof(struct virtio_net_config, mac), net->mac, 6);
	dev->cfg[offsetof(struct virtio_net_config, status)] &=
		(uint8_t)~VIRTIO_NET_S_ANNOUNCE;
	netio_offload(net->io, 0);
}

static void unbind(void *arg)
{
	struct net *net = arg;

	netio_unbind(net->io);
}

static void forget_loss(void *arg)
{
	struct net *net = arg;

	loop_unpost(net->dev.ctl_loop, &net->lost_call);
}

static void net_destroy(struct vio_dev *dev)
{
	struct net *net = to_net(dev);

	if (net->bound)
		loop_call_sync(net->loop, unbind, net);
	loop_call_sync(dev->ctl_loop, forget_loss, net);
	vio_fini(dev);
	netio_close(net->io);
	free(net->rx.iov);
	free(net->rx.bare);
	free(net->rx.spill);
	free(net->tx.iov);
	free(net);
}

static const struct vio_class net_class = {
	.name = "net",
	.id = VIRTIO_ID_NET,
	.start = net_start,
	.process = net_process,
	.stop = net_stop,
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
		 net->io->name);
	net->lost = true;
	update_link(net);
}

static void on_readable(struct netio *io)
{
	struct net *net = io->ctx;

	loop_bell_mark(net->loop, &net->rx.vq->bell);
}

static void on_writable(struct netio *io)
{
	struct net *net = io->ctx;

	loop_bell_mark(net->loop, &net->tx.vq->bell);
}

static void on_gone(struct netio *io)
{
	struct net *net = io->ctx;

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
		.max_virtqueue_pairs = le16_put(1),
		.mtu = le16_put(cfg->mtu),
		.speed = le32_put(SPEED_MBIT),
		.duplex = 1,
	};

	memcpy(c.mac, net->mac, sizeof(c.mac));
	memcpy(net->dev.cfg, &c, sizeof(c));
}

struct bind_call {
	struct net *net;
	int err;
};

static void bind_io(void *arg)
{
	struct bind_call *c = arg;

	c->err = netio_bind(c->net->io, c->net->loop, &net_events, c->net);
}

static int alloc_buffers(struct net *net)
{
	/* Zero pages until they are used. */
	net->rx.iov = calloc(NET_IOV, sizeof(struct iovec));
	net->rx.bare = calloc(NET_IOV, sizeof(struct iovec));
	net->rx.spill = calloc(1, NET_SPILL);
	net->tx.iov = calloc(NET_IOV, sizeof(struct iovec));
	return net->rx.iov && net->rx.bare && net->rx.spill && net->tx.iov ?
	       0 : -ENOMEM;
}

static int start_up(struct net *net, const struct net_cfg *cfg)
{
	struct bind_call c = { .net = net };
	int err = alloc_buffers(net);

	if (err)
		return err;
	if (cfg->mac)
		memcpy(net->mac, cfg->mac, sizeof(net->mac));
	else
		default_mac(net->mac, net->io->name, cfg->name);
	fill_config(net, cfg);
	net->rx.vq = &net->dev.vqs[Q_RX];
	net->tx.vq = &net->dev.vqs[Q_TX];
	net->link = net->plugged = true;
	net->lost_call.fn = lost_on_ctl;
	loop_call_sync(net->loop, bind_io, &c);
	net->bound = c.err == 0;
	return c.err;
}

int net_create(struct vio_dev **out, const struct net_cfg *cfg,
	       struct netio *io)
{
	const struct vio_dev_row *row = vio_profile_row(cfg->prof, "net");
	bool ctrl = row->feats & VIRTIO_NET_F_CTRL_VQ;
	struct net *net = calloc(1, sizeof(*net));
	int err;

	if (!net)
		return -ENOMEM;
	net->dialect = row->dialect;
	net->io = io;
	net->loop = cfg->loops[0];
	err = netio_header(io, net->dialect->hdr_len);
	if (!err)
		err = vio_init(&net->dev, &net_class, cfg->prof, row, cfg->name,
			       ctrl ? 3 : 2, features(cfg, io), cfg->gmem,
			       cfg->ctl_loop, &net->loop, 1);
	if (err) {
		free(net);
		return err;
	}
	if (cfg->mtu && !(net->dev.offered & VIRTIO_NET_F_MTU))
		log_warn("%s: mtu=%u is not for guests under profile %s",
			 cfg->name, cfg->mtu, cfg->prof->name);
	err = start_up(net, cfg);
	if (err) {
		net->io = NULL;         /* stays with the caller */
		net_destroy(&net->dev);
		return err;
	}
	*out = &net->dev;
	return 0;
}
