#include "vmm/kvm.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bios/layout.h"
#include "devices/base/gmem.h"
#include "vmm/cpuid.h"
#include "vmm/hyperv.h"

#define DEV "/dev/kvm"

static const struct {
	int cap;
	const char *name;
} needed[] = {
	{ KVM_CAP_IRQCHIP, "KVM_CAP_IRQCHIP" },
	{ KVM_CAP_USER_MEMORY, "KVM_CAP_USER_MEMORY" },
	{ KVM_CAP_SET_TSS_ADDR, "KVM_CAP_SET_TSS_ADDR" },
	{ KVM_CAP_EXT_CPUID, "KVM_CAP_EXT_CPUID" },
	{ KVM_CAP_IRQ_ROUTING, "KVM_CAP_IRQ_ROUTING" },
	{ KVM_CAP_PIT2, "KVM_CAP_PIT2" },
	{ KVM_CAP_IOEVENTFD, "KVM_CAP_IOEVENTFD" },
	{ KVM_CAP_SET_IDENTITY_MAP_ADDR, "KVM_CAP_SET_IDENTITY_MAP_ADDR" },
	{ KVM_CAP_SIGNAL_MSI, "KVM_CAP_SIGNAL_MSI" },
	{ KVM_CAP_IMMEDIATE_EXIT, "KVM_CAP_IMMEDIATE_EXIT" },
};

/* Who may open the device is the administrator's choice, so ask the device. */
static void explain_permission(char *err, size_t errlen)
{
	const struct group *gr = NULL;
	struct stat st;

	if (stat(DEV, &st) == 0 && st.st_gid != 0 && (st.st_mode & S_IRGRP))
		gr = getgrgid(st.st_gid);
	if (gr)
		snprintf(err, errlen, DEV ": permission denied. Add yourself "
			 "to the group that owns it (usermod -aG %s USER) and "
			 "log in again", gr->gr_name);
	else
		snprintf(err, errlen, DEV ": permission denied, and no group "
			 "is allowed in. As root: chgrp kvm " DEV " && chmod "
			 "660 " DEV ", and join the group kvm");
}

static void explain_open(int error, char *err, size_t errlen)
{
	switch (error) {
	case EACCES:
	case EPERM:
		explain_permission(err, errlen);
		return;
	case ENOENT:
	case ENXIO:
	case ENODEV:
		snprintf(err, errlen, DEV " is missing. Enable VT-x or AMD-V "
			 "in the firmware setup (or nested virtualisation on "
			 "the outer host) and load kvm_intel or kvm_amd");
		return;
	case EBUSY:
		snprintf(err, errlen, DEV " is busy: another hypervisor holds "
			 "the processor. Stop it and try again");
		return;
	default:
		snprintf(err, errlen, "cannot open " DEV ": %s",
			 strerror(error));
	}
}

static int cap(const struct kvm *kvm, int number)
{
	return ioctl(kvm->fd, KVM_CHECK_EXTENSION, number);
}

static unsigned hyperv_caps(const struct kvm *kvm)
{
	static const struct { int cap; unsigned bit; } caps[] = {
		{ KVM_CAP_HYPERV, HYPERV_BASE },
		{ KVM_CAP_HYPERV_VAPIC, HYPERV_VAPIC },
		{ KVM_CAP_HYPERV_SPIN, HYPERV_SPIN },
		{ KVM_CAP_HYPERV_TIME, HYPERV_TIME },
		{ KVM_CAP_HYPERV_VP_INDEX, HYPERV_VP_INDEX },
	};
	unsigned have = 0;

	for (unsigned i = 0; i < sizeof(caps) / sizeof(caps[0]); i++)
		have |= cap(kvm, caps[i].cap) > 0 ? caps[i].bit : 0;
	return have & HYPERV_BASE ? have : 0;
}

static int check_caps(struct kvm *kvm, char *err, size_t errlen)
{
	int version = ioctl(kvm->fd, KVM_GET_API_VERSION, 0);
	int len;

	if (version != KVM_API_VERSION) {
		snprintf(err, errlen, DEV " speaks API version %d, aerovmm "
			 "needs %d: is it Linux KVM?", version,
			 KVM_API_VERSION);
		return -EPROTO;
	}
	for (unsigned i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		if (cap(kvm, needed[i].cap) > 0)
			continue;
		snprintf(err, errlen, "this host's KVM lacks %s. Use Linux "
			 "4.12 or newer", needed[i].name);
		return -EOPNOTSUPP;
	}
	len = ioctl(kvm->fd, KVM_GET_VCPU_MMAP_SIZE, 0);
	if (len < (int)sizeof(struct kvm_run)) {
		snprintf(err, errlen, DEV ": KVM_GET_VCPU_MMAP_SIZE says %d",
			 len);
		return -EPROTO;
	}
	kvm->run_len = (size_t)len;
	len = cap(kvm, KVM_CAP_MAX_VCPUS);
	kvm->max_cpus = len > 0 ? (unsigned)len : 4;    /* KVM's api.rst 4.4 */
	kvm->any_len_doorbell = cap(kvm, KVM_CAP_IOEVENTFD_ANY_LENGTH) > 0;
	kvm->hyperv = hyperv_caps(kvm);
	kvm->tsc_deadline = cap(kvm, KVM_CAP_TSC_DEADLINE_TIMER) > 0;
	return 0;
}

int kvm_open(struct kvm *kvm, char *err, size_t errlen)
{
	int ret;

	*kvm = (struct kvm){ .fd = -1, .vm = -1 };
	kvm->fd = open(DEV, O_RDWR | O_CLOEXEC);
	if (kvm->fd < 0) {
		ret = -errno;
		explain_open(-ret, err, errlen);
		return ret;
	}
	return check_caps(kvm, err, errlen);
}

void kvm_close(struct kvm *kvm)
{
	kvm_destroy_vm(kvm);
	if (kvm->fd >= 0)
		close(kvm->fd);
	kvm->fd = -1;
}

static int add_memory(struct kvm *kvm, const struct gmem *mem)
{
	for (unsigned i = 0; i < mem->n; i++) {
		struct kvm_userspace_memory_region slot = {
			.slot = i,
			.flags = mem->r[i].dirs & GMEM_WRITE ?
				 0 : KVM_MEM_READONLY,
			.guest_phys_addr = mem->r[i].gpa,
			.memory_size = mem->r[i].len,
			.userspace_addr = (uintptr_t)mem->r[i].hva,
		};

		if (ioctl(kvm->vm, KVM_SET_USER_MEMORY_REGION, &slot) < 0)
			return -errno;
	}
	return 0;
}

/* CPUID shows no performance counters (cpuid.h); this makes their MSRs agree,
 * where KVM can. */
static void switch_pmu_off(struct kvm *kvm)
{
	struct kvm_enable_cap arg = {
		.cap = KVM_CAP_PMU_CAPABILITY, .args = { KVM_PMU_CAP_DISABLE },
	};

	if (cap(kvm, KVM_CAP_PMU_CAPABILITY) & KVM_PMU_CAP_DISABLE)
		ioctl(kvm->vm, KVM_ENABLE_CAP, &arg);
}

static int new_vm(struct kvm *kvm)
{
	int vm;

	do {    /* interrupted by a signal while it waits for memory */
		vm = ioctl(kvm->fd, KVM_CREATE_VM, 0);
	} while (vm < 0 && errno == EINTR);
	return vm < 0 ? -errno : vm;
}

int kvm_create_vm(struct kvm *kvm, const struct gmem *mem, char *err,
		  size_t errlen)
{
	uint64_t identity = LAYOUT_KVM;
	int ret = new_vm(kvm);

	if (ret == -EBUSY || ret == -EIO) {
		snprintf(err, errlen, "KVM cannot create a machine: another "
			 "hypervisor holds the processor. Stop it and try "
			 "again");
		return ret;
	}
	if (ret < 0) {
		snprintf(err, errlen, "KVM cannot create a machine: %s",
			 strerror(-ret));
		return ret;
	}
	kvm->vm = ret;
	switch_pmu_off(kvm);
	ret = add_memory(kvm, mem);
	if (ret < 0) {
		snprintf(err, errlen, "KVM refuses the guest's memory: %s",
			 strerror(-ret));
		goto err_vm;
	}
	if (ioctl(kvm->vm, KVM_SET_IDENTITY_MAP_ADDR, &identity) < 0 ||
	    ioctl(kvm->vm, KVM_SET_TSS_ADDR, (unsigned long)LAYOUT_KVM_TSS)) {
		ret = -errno;
		snprintf(err, errlen, "KVM refuses its own pages at 0x%x: %s",
			 LAYOUT_KVM, strerror(-ret));
		goto err_vm;
	}
	return 0;

err_vm:
	kvm_destroy_vm(kvm);
	return ret;
}

void kvm_destroy_vm(struct kvm *kvm)
{
	if (kvm->vm >= 0)
		close(kvm->vm);
	kvm->vm = -1;
}

int kvm_supported_cpuid(const struct kvm *kvm, struct cpuid_leaf *out,
			unsigned max)
{
	struct kvm_cpuid2 *all;
	int ret;

	all = calloc(1, sizeof(*all) + max * sizeof(all->entries[0]));
	if (!all)
		return -ENOMEM;
	all->nent = max;
	if (ioctl(kvm->fd, KVM_GET_SUPPORTED_CPUID, all) < 0) {
		ret = -errno;
		goto out;
	}
	for (unsigned i = 0; i < all->nent; i++) {
		const struct kvm_cpuid_entry2 *e = &all->entries[i];

		out[i] = (struct cpuid_leaf){
			.leaf = e->function,
			.sub = e->index,
			.has_sub = e->flags & KVM_CPUID_FLAG_SIGNIFCANT_INDEX,
			.eax = e->eax, .ebx = e->ebx,
			.ecx = e->ecx, .edx = e->edx,
		};
	}
	ret = (int)all->nent;
out:
	free(all);
	return ret;
}
