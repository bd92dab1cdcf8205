#include "vmm/kvm_ram.h"

#include <errno.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>

#include "devices/base/container.h"
#include "devices/base/gmem.h"
#include "vmm/kvm.h"

static int set(const struct kvm *kvm, unsigned i, uint64_t gpa, void *hva,
	       uint64_t len)
{
	struct kvm_userspace_memory_region slot = {
		.slot = GMEM_MAX_REGIONS + i,   /* RAM has the lower ones */
		.guest_phys_addr = gpa,
		.memory_size = len,
		.userspace_addr = (uintptr_t)hva,
	};

	return ioctl(kvm->vm, KVM_SET_USER_MEMORY_REGION, &slot) < 0 ? -errno
								     : 0;
}

static int give(struct ram_slots *s, uint64_t gpa, void *hva, uint64_t len)
{
	int ret;

	for (unsigned i = 0; i < RAM_SLOTS; i++) {
		if (s->len[i])
			continue;
		ret = set(s->kvm, i, gpa, hva, len);
		if (ret == 0) {
			s->gpa[i] = gpa;
			s->len[i] = len;
		}
		return ret;
	}
	return -ENOSPC;
}

static int take(struct ram_slots *s, uint64_t gpa, uint64_t len)
{
	int ret;

	for (unsigned i = 0; i < RAM_SLOTS; i++) {
		if (s->gpa[i] != gpa || s->len[i] != len)
			continue;
		ret = s->kvm->vm < 0 ? 0 : set(s->kvm, i, gpa, NULL, 0);
		/* There is no such slot: it went with an earlier VM. */
		if (ret == -EINVAL)
			ret = 0;
		if (ret == 0)
			s->len[i] = 0;
		return ret;
	}
	return 0;
}

static int map(struct ram_port *port, uint64_t gpa, void *hva, uint64_t len,
	       bool on)
{
	struct ram_slots *s = container_of(port, struct ram_slots, port);
	int ret;

	pthread_mutex_lock(&s->lock);
	ret = on ? give(s, gpa, hva, len) : take(s, gpa, len);
	pthread_mutex_unlock(&s->lock);
	return ret;
}

void ram_slots_init(struct ram_slots *s, struct kvm *kvm)
{
	memset(s, 0, sizeof(*s));
	s->port.map = map;
	s->kvm = kvm;
	pthread_mutex_init(&s->lock, NULL);
}

void ram_slots_fini(struct ram_slots *s)
{
	pthread_mutex_destroy(&s->lock);
}
