#include "vmm/options_int.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "devices/net/netio.h"
#include "devices/virtio/blk.h"
#include "devices/virtio/net.h"
#include "pci/vpci.h"

static const char *const msix[] = {
	[VPCI_MSIX_DEFAULT] = "auto", [VPCI_MSIX_ON] = "on",
	[VPCI_MSIX_OFF] = "off", NULL,
};

static const char *const vhost[] = {
	[NETIO_VHOST_AUTO] = "auto", [NETIO_VHOST_ON] = "on",
	[NETIO_VHOST_OFF] = "off", NULL,
};

struct disk_words {
	struct mach_disk d;
	const char *iothread;
	int format, block;
};

/* "0", "1:3": I/O threads by number. */
static int take_iothreads(const struct parser *p, const char *text,
			  struct mach_iothreads *on)
{
	while (text) {
		char *end;
		unsigned long n = strtoul(text, &end, 10);

		if (*text < '0' || *text > '9' || (*end && *end != ':') ||
		    n >= MACH_IOTHREADS_MAX || on->n == MACH_QUEUES_MAX)
			return options_complain(p, "iothread= takes numbers "
						"from 0 to 15, such as 0 or "
						"0:1");
		on->at[on->n++] = (uint8_t)n;
		text = *end ? end + 1 : NULL;
	}
	return 0;
}

int options_add_disk(const struct parser *p, char *val)
{
	static const char *const formats[] = { "raw", NULL };
	static const char *const blocks[] = { "512", "4096", NULL };
	static const struct optkv_key keys[] = {
		{ "path", OPTKV_TEXT, .off = offsetof(struct disk_words, d.path) },
		{ "ro", OPTKV_FLAG, .off = offsetof(struct disk_words, d.ro) },
		{ "direct", OPTKV_FLAG,
		  .off = offsetof(struct disk_words, d.direct) },
		{ "sync", OPTKV_FLAG, .off = offsetof(struct disk_words, d.sync) },
		{ "serial", OPTKV_TEXT,
		  .off = offsetof(struct disk_words, d.serial) },
		{ "format", OPTKV_WORD, .words = formats,
		  .off = offsetof(struct disk_words, format) },
		{ "block-size", OPTKV_WORD, .words = blocks,
		  .off = offsetof(struct disk_words, block) },
		{ "msix", OPTKV_WORD, .words = msix, .lone = true,
		  .off = offsetof(struct disk_words, d.msix) },
		{ "packed", OPTKV_FLAG,
		  .off = offsetof(struct disk_words, d.packed) },
		{ "queues", OPTKV_NUMBER,
		  .off = offsetof(struct disk_words, d.queues),
		  .min = 1, .max = MACH_QUEUES_MAX },
		{ "iothread", OPTKV_TEXT,
		  .off = offsetof(struct disk_words, iothread) },
	};
	static const uint32_t block_sizes[] = { 512, 4096 };
	struct disk_words w = { .block = -1 };
	int ret = options_keys(p, val, keys, COUNT(keys), &w);

	if (ret < 0)
		return ret;
	ret = take_iothreads(p, w.iothread, &w.d.on);
	if (ret < 0)
		return ret;
	if (w.d.serial && strlen(w.d.serial) > BLK_SERIAL_LEN)
		return options_complain(p, "serial is longer than 20 characters");
	if (p->o->mach.ndisks == MACH_DISKS_MAX)
		return options_complain(p, "too many disks");
	if (w.block >= 0)
		w.d.block_size = block_sizes[w.block];
	p->o->mach.disk[p->o->mach.ndisks++] = w.d;
	return 0;
}


/* ---- network ---------------------------------------------------------------------- */

struct net_words {
	struct mach_net n;
	const char *tap, *mac, *iothread, *hostfwd[MACH_HOSTFWD_MAX];
	bool user, none;
	unsigned fd;
};

/* optkv has no lists: each hostfwd= is taken out before the rest is parsed. */
static int take_hostfwds(const struct parser *p, char *val, struct net_words *w)
{
	char *at = val;

	while ((at = strstr(at, ",hostfwd=")) != NULL) {
		char *text = at + strlen(",hostfwd=");
		char *end = strchr(text, ',');

		if (w->n.nhostfwd == MACH_HOSTFWD_MAX)
			return options_complain(p, "too many hostfwd=");
		if (end) {
			size_t rest = strlen(end) + 1;
			size_t len = (size_t)(end - text);

			w->n.hostfwd[w->n.nhostfwd] = options_copy(p, text,
								   len);
			memmove(at, end, rest);
		} else {
			w->n.hostfwd[w->n.nhostfwd] = options_copy(
				p, text, strlen(text));
			*at = '\0';
		}
		if (!w->n.hostfwd[w->n.nhostfwd++])
			return options_complain(p, "out of memory");
	}
	return 0;
}

static int check_net(const struct parser *p, struct net_words *w)
{
	struct mach_net *n = &w->n;

	if (!!w->tap + w->user + w->none + (w->fd != 0) != 1)
		return options_complain(p, "say one of tap=NAME, fd=N, user or "
					"none");
	n->kind = w->tap ? NETIO_TAP : w->user ? NETIO_USER :
		  w->none ? NETIO_NONE : NETIO_FD;
	n->tap = w->tap;
	n->fd = (int)w->fd;
	if (n->nhostfwd && !w->user)
		return options_complain(p, "hostfwd= is for user");
	if (n->queues > 1 && !w->tap)
		return options_complain(p, "queues= is for a tap");
	if (n->vhost == NETIO_VHOST_ON && !w->tap)
		return options_complain(p, "vhost=on is for a tap");
	if (n->vhost == NETIO_VHOST_ON && n->packed)
		return options_complain(p, "vhost=on contradicts packed: "
					"vhost-net knows split rings only");
	if (take_iothreads(p, w->iothread, &n->on) < 0)
		return -EINVAL;
	if (!w->mac)
		return 0;
	n->has_mac = true;
	if (net_mac_parse(w->mac, n->mac))
		return options_complain(p, "mac= must be the address of one "
					"card, such as 52:54:00:12:34:56");
	return 0;
}

int options_add_net(const struct parser *p, char *val)
{
	static const struct optkv_key keys[] = {
		{ "tap", OPTKV_TEXT, .off = offsetof(struct net_words, tap),
		  .optional = true },
		{ "fd", OPTKV_NUMBER, .off = offsetof(struct net_words, fd),
		  .min = 3, .max = 1000000 },
		{ "user", OPTKV_FLAG, .off = offsetof(struct net_words, user) },
		{ "none", OPTKV_FLAG, .off = offsetof(struct net_words, none) },
		{ "mac", OPTKV_TEXT, .off = offsetof(struct net_words, mac) },
		{ "mtu", OPTKV_NUMBER, .off = offsetof(struct net_words, n.mtu),
		  .min = 68, .max = 65535 },
		{ "msix", OPTKV_WORD, .words = msix, .lone = true,
		  .off = offsetof(struct net_words, n.msix) },
		{ "packed", OPTKV_FLAG,
		  .off = offsetof(struct net_words, n.packed) },
		{ "vhost", OPTKV_WORD, .words = vhost,
		  .off = offsetof(struct net_words, n.vhost) },
		{ "queues", OPTKV_NUMBER,
		  .off = offsetof(struct net_words, n.queues),
		  .min = 1, .max = NET_PAIRS_MAX },
		{ "iothread", OPTKV_TEXT,
		  .off = offsetof(struct net_words, iothread) },
	};
	struct net_words w = { .user = false };
	int ret = take_hostfwds(p, val, &w);

	/* The words that are kinds of their own stand where a name may. */
	if (ret == 0)
		ret = options_keys(p, val, keys, COUNT(keys), &w);
	if (ret == 0 && w.tap && !strcmp(w.tap, "user")) {
		w.tap = NULL;
		w.user = true;
	}
	if (ret == 0 && w.tap && !strcmp(w.tap, "none")) {
		w.tap = NULL;
		w.none = true;
	}
	if (ret == 0)
		ret = check_net(p, &w);
	if (ret < 0)
		return ret;
	if (p->o->mach.nnets == MACH_NETS_MAX)
		return options_complain(p, "too many network cards");
	p->o->mach.net[p->o->mach.nnets++] = w.n;
	return 0;
}

int options_check_rings(const struct parser *p)
{
	const struct mach_cfg *m = &p->o->mach;
	bool packed = false;

	for (unsigned i = 0; i < m->ndisks; i++)
		packed |= m->disk[i].packed;
	for (unsigned i = 0; i < m->nnets; i++)
		packed |= m->net[i].packed;
	if (packed && !(mach_profile(m)->feats & VIRTIO_F_RING_PACKED))
		return options_complain(p, "packed contradicts --profile "
					"aero-w7, whose rings are split");
	return 0;
}

/* ---- I/O threads ------------------------------------------------------------------- */

int options_set_iothreads(const struct parser *p, char *val)
{
	static const struct optkv_key keys[] = {
		{ "count", OPTKV_NUMBER,
		  .off = offsetof(struct mach_cfg, iothreads),
		  .min = 1, .max = MACH_IOTHREADS_MAX, .optional = true },
		{ "poll-us", OPTKV_NUMBER,
		  .off = offsetof(struct mach_cfg, poll_us), .max = 1000 },
	};

	return options_keys(p, val, keys, COUNT(keys), &p->o->mach);
}

static int check_threads(const struct parser *p, const struct mach_iothreads *on)
{
	const struct mach_cfg *m = &p->o->mach;

	for (unsigned i = 0; i < on->n && m->iothreads; i++)
		if (on->at[i] >= m->iothreads)
			return options_complain(p, "iothread= names more "
						"threads than --iothreads "
						"makes");
	return 0;
}

int options_check_threads(const struct parser *p)
{
	const struct mach_cfg *m = &p->o->mach;

	for (unsigned i = 0; i < m->ndisks; i++) {
		if (m->disk[i].queues > 1 && !blk_multiqueue(mach_profile(m)))
			return options_complain(p, "--disk queues= contradicts "
					"--profile aero-w7, whose disks have "
					"one queue");
		if (check_threads(p, &m->disk[i].on) < 0)
			return -EINVAL;
	}
	for (unsigned i = 0; i < m->nnets; i++) {
		if (m->net[i].queues > 1 && !net_multiqueue(mach_profile(m)))
			return options_complain(p, "--net queues= contradicts "
					"--profile aero-w7, whose cards have "
					"one pair");
		if (m->net[i].vhost == NETIO_VHOST_ON &&
		    !net_lends(mach_profile(m)))
			return options_complain(p, "--net vhost=on contradicts "
					"--profile aero-w7, whose frames "
					"vhost-net cannot read");
		if (check_threads(p, &m->net[i].on) < 0)
			return -EINVAL;
	}
	return 0;
}

/* ---- input, sound, control ---------------------------------------------------------- */

int options_set_input(const struct parser *p, char *val)
{
	static const struct optkv_key keys[] = {
		{ "keyboard", OPTKV_FLAG, .off = MACH_KEYBOARD * sizeof(bool) },
		{ "mouse", OPTKV_FLAG, .off = MACH_MOUSE * sizeof(bool) },
		{ "tablet", OPTKV_FLAG, .off = MACH_TABLET * sizeof(bool) },
	};

	return options_keys(p, val, keys, COUNT(keys), p->o->mach.input);
}

int options_set_sound(const struct parser *p, char *val)
{
	static const struct optkv_key keys[] = {
		{ "to", OPTKV_TEXT, .off = offsetof(struct mach_cfg, sound) },
		{ "in", OPTKV_TEXT, .off = offsetof(struct mach_cfg, sound_in) },
	};
	int ret = options_keys(p, val, keys, COUNT(keys), &p->o->mach);
	const char *to = p->o->mach.sound;

	if (ret < 0)
		return ret;
	if (!to || (strcmp(to, "null") && strncmp(to, "wav:", 4) &&
		    strcmp(to, "alsa") && strncmp(to, "alsa:", 5)))
		return options_complain(p, "say null, wav:FILE[,in=FILE] or "
					"alsa[:DEVICE]");
	if (p->o->mach.sound_in && strncmp(to, "wav:", 4))
		return options_complain(p, "in= is for wav:FILE");
	return 0;
}

int options_set_control(const struct parser *p, char *val)
{
	static const struct optkv_key keys[] = {
		{ "at", OPTKV_TEXT, .off = 0 },
	};
	const char *at = NULL;
	int ret = options_keys(p, val, keys, COUNT(keys), &at);

	if (ret < 0)
		return ret;
	if (!at || strncmp(at, "unix:", 5) || !at[5])
		return options_complain(p, "say unix:PATH");
	p->o->mach.control = at + 5;
	return 0;
}
