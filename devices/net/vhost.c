#include "devices/net/vhost.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/vhost.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "devices/base/gmem.h"
#include "devices/base/log.h"

#define SAY(...) snprintf(err, errlen, __VA_ARGS__)

struct vhost {
	int fd;
	uint64_t features;      /* it knows */
};

static int ask(const struct vhost *v, unsigned long what, void *arg)
{
	return ioctl(v->fd, what, arg) < 0 ? -errno : 0;
}

static int open_dev(char *err, size_t errlen)
{
	int fd = open(VHOST_DEV, O_RDWR | O_CLOEXEC);
	int e = errno;

	if (fd >= 0)
		return fd;
	if (e == ENOENT || e == ENODEV || e == ENXIO)
		SAY("vhost=on: there is no " VHOST_DEV " on this host; load the "
		    "driver with 'modprobe vhost_net', or use vhost=auto");
	else if (e == EACCES || e == EPERM)
		SAY("vhost=on: no permission to open " VHOST_DEV "; let this "
		    "user have it, or use vhost=auto");
	else
		SAY("vhost=on: cannot open " VHOST_DEV ": %s", strerror(e));
	return -e;
}

int vhost_open(struct vhost **out, char *err, size_t errlen)
{
	struct vhost *v = calloc(1, sizeof(*v));
	__u64 features = 0;
	int ret;

	if (!v) {
		SAY("out of memory");
		return -ENOMEM;
	}
	v->fd = open_dev(err, errlen);
	if (v->fd < 0) {
		ret = v->fd;
		free(v);
		return ret;
	}
	ret = ask(v, VHOST_SET_OWNER, NULL);
	if (ret == 0)
		ret = ask(v, VHOST_GET_FEATURES, &features);
	if (ret < 0) {
		SAY("vhost=on: " VHOST_DEV " does not work: %s; use vhost=off",
		    strerror(-ret));
		vhost_close(v);
		return ret;
	}
	v->features = features;
	*out = v;
	return 0;
}

void vhost_close(struct vhost *v)
{
	if (!v)
		return;
	close(v->fd);
	free(v);
}

uint64_t vhost_features(const struct vhost *v)
{
	return v->features;
}

int vhost_memory(struct vhost *v, const struct gmem *gmem)
{
	struct vhost_memory *m;
	int ret;

	m = calloc(1, sizeof(*m) + GMEM_MAX_REGIONS * sizeof(m->regions[0]));
	if (!m)
		return -ENOMEM;
	for (unsigned i = 0; i < gmem->n; i++) {
		const struct gmem_region *r = &gmem->r[i];

		/* It knows no directions. */
		if (r->dirs != (GMEM_READ | GMEM_WRITE))
			continue;
		m->regions[m->nregions++] = (struct vhost_memory_region){
			.guest_phys_addr = r->gpa, .memory_size = r->len,
			.userspace_addr = (uintptr_t)r->hva,
		};
	}
	ret = ask(v, VHOST_SET_MEM_TABLE, m);
	free(m);
	return ret;
}

static int set_backend(const struct vhost *v, unsigned ring, int fd)
{
	struct vhost_vring_file file = { .index = ring, .fd = fd };

	return ask(v, VHOST_NET_SET_BACKEND, &file);
}

static int set_files(const struct vhost *v, unsigned ring,
		     const struct vhost_ring *r)
{
	struct vhost_vring_file file = { .index = ring, .fd = r->call };
	int ret = ask(v, VHOST_SET_VRING_CALL, &file);

	file.fd = r->err;
	if (ret == 0)
		ret = ask(v, VHOST_SET_VRING_ERR, &file);
	file.fd = r->kick;
	return ret ? ret : ask(v, VHOST_SET_VRING_KICK, &file);
}

/* Kicks are for somebody else now, and would only wake its thread. */
static int mute(const struct vhost *v, unsigned ring)
{
	struct vhost_vring_file nobody = {
		.index = ring, .fd = VHOST_FILE_UNBIND,
	};

	return ask(v, VHOST_SET_VRING_KICK, &nobody);
}

int vhost_start(struct vhost *v, unsigned ring, const struct vhost_ring *r)
{
	struct vhost_vring_state num = { .index = ring, .num = r->size };
	struct vhost_vring_state base = { .index = ring, .num = r->at };
	struct vhost_vring_addr addr = {
		.index = ring,
		.desc_user_addr = (uintptr_t)r->desc,
		.avail_user_addr = (uintptr_t)r->avail,
		.used_user_addr = (uintptr_t)r->used,
	};
	__u64 features = r->features & v->features;
	int ret;

	if ((ret = ask(v, VHOST_SET_FEATURES, &features)) ||
	    (ret = ask(v, VHOST_SET_VRING_NUM, &num)) ||
	    (ret = ask(v, VHOST_SET_VRING_BASE, &base)) ||
	    (ret = ask(v, VHOST_SET_VRING_ADDR, &addr)) ||
	    (ret = set_files(v, ring, r)) ||
	    (ret = set_backend(v, ring, r->tap)))
		mute(v, ring);
	return ret;
}

void vhost_stop(struct vhost *v, unsigned ring)
{
	/* Neither can fail for a ring that was started. The kernel waits for
	 * whoever is at the ring, and for frames still being sent from it. */
	BUG_ON(set_backend(v, ring, VHOST_FILE_UNBIND) < 0);
	BUG_ON(mute(v, ring) < 0);
}

void vhost_call(struct vhost *v, unsigned ring, int fd)
{
	struct vhost_vring_file file = { .index = ring, .fd = fd };

	/* Only a closed descriptor is refused. */
	BUG_ON(ask(v, VHOST_SET_VRING_CALL, &file) < 0);
}
