#include "vmm/doorbell.h"

#include <errno.h>
#include <linux/kvm.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "devices/base/container.h"
#include "vmm/kvm.h"

static int hang_one(const struct kvm *kvm, const struct doorbell *bell,
		    unsigned len, bool on)
{
	struct kvm_ioeventfd arg = {
		.datamatch = bell->value,
		.addr = bell->addr,
		.len = len,
		.fd = bell->fd,
	};

	if (bell->match)
		arg.flags |= KVM_IOEVENTFD_FLAG_DATAMATCH;
	if (!on)
		arg.flags |= KVM_IOEVENTFD_FLAG_DEASSIGN;
	return ioctl(kvm->vm, KVM_IOEVENTFD, &arg) < 0 ? -errno : 0;
}

/* Any width means 2 and 4 bytes to a KVM that cannot say "any": those are the
 * widths of a notification (virtio 4.1.4.4). */
static int hang_kvm(const struct kvm *kvm, const struct doorbell *bell,
		    bool on)
{
	int ret;

	if (bell->len || (kvm->any_len_doorbell && !bell->match))
		return hang_one(kvm, bell, bell->len, on);
	ret = hang_one(kvm, bell, 2, on);
	if (ret < 0 && on)
		return ret;
	ret = hang_one(kvm, bell, 4, on);
	if (ret < 0 && on)
		hang_one(kvm, bell, 2, false);
	return ret;
}

static int remember(struct doorbells *d, const struct doorbell *bell)
{
	if (d->n == d->room) {
		unsigned room = d->room ? 2 * d->room : 16;
		struct doorbell *more;

		more = realloc(d->hung, room * sizeof(*more));
		if (!more)
			return -ENOMEM;
		d->hung = more;
		d->room = room;
	}
	d->hung[d->n++] = *bell;
	return 0;
}

static void forget(struct doorbells *d, const struct doorbell *bell)
{
	for (unsigned i = 0; i < d->n; i++) {
		if (d->hung[i].addr == bell->addr &&
		    d->hung[i].fd == bell->fd) {
			d->hung[i] = d->hung[--d->n];
			return;
		}
	}
}

static int hang(struct doorbell_port *port, const struct doorbell *bell,
		bool on)
{
	struct doorbells *d = container_of(port, struct doorbells, port);
	int ret = 0;

	pthread_mutex_lock(&d->lock);
	if (!on)
		forget(d, bell);
	else
		ret = remember(d, bell);
	if (ret == 0 && d->live)
		ret = hang_kvm(d->kvm, bell, on);
	if (ret < 0 && on)
		forget(d, bell);
	pthread_mutex_unlock(&d->lock);
	return ret;
}

void doorbells_init(struct doorbells *d, const struct kvm *kvm)
{
	*d = (struct doorbells){ .port.hang = hang, .kvm = kvm };
	pthread_mutex_init(&d->lock, NULL);
}

void doorbells_fini(struct doorbells *d)
{
	pthread_mutex_destroy(&d->lock);
	free(d->hung);
}

unsigned doorbells_hang_all(struct doorbells *d)
{
	unsigned refused = 0;

	pthread_mutex_lock(&d->lock);
	d->live = true;
	for (unsigned i = 0; i < d->n; i++)
		refused += hang_kvm(d->kvm, &d->hung[i], true) < 0;
	pthread_mutex_unlock(&d->lock);
	return refused;
}

void doorbells_drop(struct doorbells *d)
{
	pthread_mutex_lock(&d->lock);
	d->live = false;
	pthread_mutex_unlock(&d->lock);
}
