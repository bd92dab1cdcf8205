#include "vmm/vcpu.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/kvm.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "bios/linux.h"
#include "devices/base/gmem.h"
#include "devices/base/iospace.h"
#include "devices/base/log.h"
#include "vmm/cpuid.h"
#include "vmm/kvm.h"

/* Devices' register handlers and a log line run on it; nothing recurses. */
#define STACK_LEN (128 * 1024)
#define KICK SIGUSR1

/* ---- a crash, for people --------------------------------------------------- */

static void show_segment(const char *name, const struct kvm_segment *s)
{
	log_warn("  %-3s %04x  base %016llx  limit %08x  type %x dpl %u "
		 "p%u s%u db%u l%u g%u", name, s->selector, s->base, s->limit,
		 s->type, s->dpl, s->present, s->s, s->db, s->l, s->g);
}

static void show_code(const struct vcpu *v, uint64_t linear)
{
	struct kvm_translation tr = { .linear_address = linear };
	char text[3 * 16 + 1] = "";
	uint8_t byte;

	if (ioctl(v->fd, KVM_TRANSLATE, &tr) < 0 || !tr.valid) {
		log_warn("  code at %016" PRIx64 " is not mapped", linear);
		return;
	}
	/* Byte by byte, because an instruction may be RAM's last. */
	for (unsigned i = 0; i < 16; i++) {
		if (gmem_read(v->all->cfg.gmem, tr.physical_address + i,
			      &byte, 1) < 0)
			break;
		snprintf(text + 3 * i, 4, " %02x", byte);
	}
	log_warn("  code%s", *text ? text : " is not in RAM");
}

static void show_state(const struct vcpu *v)
{
	struct kvm_sregs s;
	struct kvm_regs r;

	if (ioctl(v->fd, KVM_GET_REGS, &r) < 0 ||
	    ioctl(v->fd, KVM_GET_SREGS, &s) < 0) {
		log_warn("  registers: %s", strerror(errno));
		return;
	}
	log_warn("  rip %016llx  rsp %016llx  rfl %016llx", r.rip, r.rsp,
		 r.rflags);
	log_warn("  rax %016llx  rbx %016llx  rcx %016llx", r.rax, r.rbx,
		 r.rcx);
	log_warn("  rdx %016llx  rsi %016llx  rdi %016llx", r.rdx, r.rsi,
		 r.rdi);
	log_warn("  rbp %016llx  r8  %016llx  r9  %016llx", r.rbp, r.r8, r.r9);
	log_warn("  r10 %016llx  r11 %016llx  r12 %016llx", r.r10, r.r11,
		 r.r12);
	log_warn("  r13 %016llx  r14 %016llx  r15 %016llx", r.r13, r.r14,
		 r.r15);
	log_warn("  cr0 %016llx  cr2 %016llx  cr3 %016llx", s.cr0, s.cr2,
		 s.cr3);
	log_warn("  cr4 %016llx  cr8 %016llx  efer %llx", s.cr4, s.cr8,
		 s.efer);
	show_segment("cs", &s.cs);
	show_segment("ds", &s.ds);
	show_segment("es", &s.es);
	show_segment("fs", &s.fs);
	show_segment("gs", &s.gs);
	show_segment("ss", &s.ss);
	show_segment("tr", &s.tr);
	log_warn("  gdt %016llx+%04x  idt %016llx+%04x", s.gdt.base,
		 s.gdt.limit, s.idt.base, s.idt.limit);
	show_code(v, s.cs.base + r.rip);
}

void vcpus_report(struct vcpus *all)
{
	if (!all->lost)
		return;
	log_warn("%s, CPU %u: %s", all->fate == VCPU_CRASHED ?
		 "the guest crashed" : "the host failed", all->lost->index,
		 all->reason);
	show_state(all->lost);
}

/* Several CPUs may fail together; the first one is the cause. */
static void lose(struct vcpu *v, enum vcpu_fate fate, const char *reason)
{
	struct vcpus *all = v->all;
	bool first;

	pthread_mutex_lock(&all->lock);
	first = !all->lost;
	if (first) {
		all->lost = v;
		all->fate = fate;
		snprintf(all->reason, sizeof(all->reason), "%s", reason);
	}
	pthread_mutex_unlock(&all->lock);
	if (first)
		all->cfg.fate(all->cfg.ctx, fate);
}

static void internal_error(struct vcpu *v)
{
	static const char *const names[] = {
		[KVM_INTERNAL_ERROR_EMULATION] = "cannot emulate instruction",
		[KVM_INTERNAL_ERROR_SIMUL_EX] = "two exceptions at once",
		[KVM_INTERNAL_ERROR_DELIVERY_EV] = "exit while delivering "
			"an event",
		[KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON] = "unexpected "
			"exit of the processor",
	};
	uint32_t sub = v->run->internal.suberror;
	uint32_t ndata = v->run->internal.ndata;
	const char *name = NULL;
	char text[512];
	int at;

	if (sub < sizeof(names) / sizeof(names[0]))
		name = names[sub];
	at = snprintf(text, sizeof(text), "KVM internal error %u (%s)", sub,
		      name ? name : "unknown");
	for (unsigned i = 0; i < ndata && i < 16; i++)
		at += snprintf(text + at, sizeof(text) - (size_t)at, "%s%llx",
			       i ? " " : ", data ", v->run->internal.data[i]);
	lose(v, VCPU_CRASHED, text);
}

/* ---- exits ------------------------------------------------------------------ */

static void serve_pio(struct vcpu *v)
{
	struct kvm_run *run = v->run;
	uint8_t *data = (uint8_t *)run + run->io.data_offset;
	bool write = run->io.direction == KVM_EXIT_IO_OUT;

	for (uint32_t i = 0; i < run->io.count; i++, data += run->io.size) {
		uint64_t val = 0;

		if (write)
			memcpy(&val, data, run->io.size);
		iospace_rw(v->all->cfg.pio, run->io.port, run->io.size, &val,
			   write);
		if (!write)
			memcpy(data, &val, run->io.size);
	}
}

static void mmio(struct vcpu *v, uint64_t addr, uint8_t *data, unsigned len,
		 bool write)
{
	uint64_t val = 0;

	if (write)
		memcpy(&val, data, len);
	iospace_rw(v->all->cfg.mmio, addr, len, &val, write);
	if (!write)
		memcpy(data, &val, len);
}

/* KVM cuts an access at a page boundary, which may leave three bytes. */
static void serve_mmio(struct vcpu *v)
{
	struct kvm_run *run = v->run;
	unsigned len = run->mmio.len;

	if (len == 1 || len == 2 || len == 4 || len == 8) {
		mmio(v, run->mmio.phys_addr, run->mmio.data, len,
		     run->mmio.is_write);
		return;
	}
	for (unsigned i = 0; i < len && i < sizeof(run->mmio.data); i++)
		mmio(v, run->mmio.phys_addr + i, run->mmio.data + i, 1,
		     run->mmio.is_write);
}

/* False: this CPU is done. */
/* Registers that KVM keeps for itself and hands on, such as Hyper-V's reset. */
static bool system_event(struct vcpu *v)
{
	char text[80];

	if (v->run->system_event.type == KVM_SYSTEM_EVENT_RESET) {
		v->all->cfg.reset(v->all->cfg.ctx);
		return true;
	}
	snprintf(text, sizeof(text), "%s (KVM system event %u)",
		 v->run->system_event.type == KVM_SYSTEM_EVENT_CRASH ?
		 "the guest says so" : "unknown",
		 v->run->system_event.type);
	lose(v, VCPU_CRASHED, text);
	return false;
}

static bool serve(struct vcpu *v)
{
	char text[80];

	switch (v->run->exit_reason) {
	case KVM_EXIT_IO:
		serve_pio(v);
		return true;
	case KVM_EXIT_MMIO:
		serve_mmio(v);
		return true;
	case KVM_EXIT_INTR:
	case KVM_EXIT_IRQ_WINDOW_OPEN:
		return true;
	case KVM_EXIT_SHUTDOWN:
		lose(v, VCPU_CRASHED, "triple fault");
		return false;
	case KVM_EXIT_SYSTEM_EVENT:
		return system_event(v);
	case KVM_EXIT_INTERNAL_ERROR:
		internal_error(v);
		return false;
	case KVM_EXIT_FAIL_ENTRY:
		snprintf(text, sizeof(text), "the processor refuses the "
			 "guest's state, reason %#llx",
			 v->run->fail_entry.hardware_entry_failure_reason);
		break;
	default:
		snprintf(text, sizeof(text), "unknown KVM exit %u",
			 v->run->exit_reason);
	}
	lose(v, VCPU_CRASHED, text);
	return false;
}

/* ---- threads ------------------------------------------------------------------ */

static void say_born(const struct vcpus *all)
{
	struct timespec now;
	uint64_t ns;

	if (log_level() < 2)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
	log_debug("first KVM_RUN %" PRIu64 " us after main, at %" PRIu64 ".%09"
		  PRIu64 " s of the monotonic clock", (ns - all->cfg.born_ns) /
		  1000, ns / 1000000000u, ns % 1000000000u);
}

/*
 * No stop is lost: vcpus_stop sets `stop`, then immediate_exit, then signals.
 * A signal that comes before KVM_RUN has had its effect by then, but KVM looks
 * at immediate_exit; one that comes later ends KVM_RUN itself.
 */
static void run_guest(struct vcpu *v)
{
	struct vcpus *all = v->all;
	char text[80];

	while (!__atomic_load_n(&all->stop, __ATOMIC_ACQUIRE)) {
		if (ioctl(v->fd, KVM_RUN, 0) == 0) {
			if (!serve(v))
				return;
		} else if (errno != EINTR && errno != EAGAIN) {
			snprintf(text, sizeof(text), "KVM_RUN: %s",
				 strerror(errno));
			lose(v, VCPU_BROKEN, text);
			return;
		}
	}
}

static void *vcpu_main(void *arg)
{
	struct vcpu *v = arg;
	struct vcpus *all = v->all;
	unsigned round = 0;
	char name[16];

	snprintf(name, sizeof(name), "vcpu%u", v->index);
	pthread_setname_np(pthread_self(), name);
	pthread_mutex_lock(&all->lock);
	for (;;) {
		while (!all->quit && all->round == round)
			pthread_cond_wait(&all->wake, &all->lock);
		if (all->quit)
			break;
		round = all->round;
		pthread_mutex_unlock(&all->lock);
		if (round == 1 && v->index == 0)
			say_born(all);
		run_guest(v);
		pthread_mutex_lock(&all->lock);
		all->parked++;
		pthread_cond_broadcast(&all->wake);
	}
	pthread_mutex_unlock(&all->lock);
	return NULL;
}

static void on_kick(int sig)
{
	(void)sig;      /* to interrupt KVM_RUN is all it does */
}

static int start_threads(struct vcpus *all)
{
	pthread_attr_t attr;
	int ret;

	ret = -pthread_attr_init(&attr);
	if (ret < 0)
		return ret;
	pthread_attr_setstacksize(&attr, STACK_LEN);
	while (ret == 0 && all->threads < all->cfg.n) {
		struct vcpu *v = &all->cpu[all->threads];

		ret = -pthread_create(&v->thread, &attr, vcpu_main, v);
		if (ret == 0)
			all->threads++;
	}
	pthread_attr_destroy(&attr);
	return ret;
}

int vcpus_create(struct vcpus *all, const struct vcpus_cfg *cfg, char *err,
		 size_t errlen)
{
	struct sigaction act = { .sa_handler = on_kick };
	int ret;

	*all = (struct vcpus){ .cfg = *cfg, .parked = cfg->n };
	pthread_mutex_init(&all->lock, NULL);
	pthread_cond_init(&all->wake, NULL);
	for (unsigned i = 0; i < cfg->n; i++)
		all->cpu[i] = (struct vcpu){ .all = all, .index = i, .fd = -1 };
	sigemptyset(&act.sa_mask);
	sigaction(KICK, &act, NULL);
	ret = start_threads(all);
	if (ret < 0) {
		snprintf(err, errlen, "cannot start a thread for CPU %u: %s",
			 all->threads, strerror(-ret));
		vcpus_destroy(all);
	}
	return ret;
}

void vcpus_destroy(struct vcpus *all)
{
	vcpus_park(all);
	vcpus_close(all);
	pthread_mutex_lock(&all->lock);
	all->quit = true;
	pthread_cond_broadcast(&all->wake);
	pthread_mutex_unlock(&all->lock);
	for (unsigned i = 0; i < all->threads; i++)
		pthread_join(all->cpu[i].thread, NULL);
	pthread_cond_destroy(&all->wake);
	pthread_mutex_destroy(&all->lock);
}

void vcpus_run(struct vcpus *all)
{
	pthread_mutex_lock(&all->lock);
	for (unsigned i = 0; i < all->cfg.n; i++)
		all->cpu[i].run->immediate_exit = 0;
	all->stop = false;
	all->lost = NULL;
	all->parked = 0;
	all->round++;
	pthread_cond_broadcast(&all->wake);
	pthread_mutex_unlock(&all->lock);
}

void vcpus_stop(struct vcpus *all)
{
	pthread_mutex_lock(&all->lock);
	__atomic_store_n(&all->stop, true, __ATOMIC_RELEASE);
	for (unsigned i = 0; i < all->threads; i++) {
		struct vcpu *v = &all->cpu[i];

		if (!v->run)
			continue;
		__atomic_store_n(&v->run->immediate_exit, 1, __ATOMIC_RELEASE);
		pthread_kill(v->thread, KICK);
	}
	pthread_mutex_unlock(&all->lock);
}

void vcpus_park(struct vcpus *all)
{
	vcpus_stop(all);
	pthread_mutex_lock(&all->lock);
	while (all->parked < all->cfg.n)
		pthread_cond_wait(&all->wake, &all->lock);
	pthread_mutex_unlock(&all->lock);
}

/* ---- KVM's side of a CPU --------------------------------------------------------- */

static int set_cpuid(const struct vcpu *v)
{
	struct cpuid_set set = *v->all->cfg.cpuid;
	struct kvm_cpuid2 *arg;
	int ret;

	arg = calloc(1, sizeof(*arg) + set.n * sizeof(arg->entries[0]));
	if (!arg)
		return -ENOMEM;
	cpuid_set_cpu(&set, v->index);
	arg->nent = set.n;
	for (unsigned i = 0; i < set.n; i++) {
		const struct cpuid_leaf *l = &set.leaf[i];

		arg->entries[i] = (struct kvm_cpuid_entry2){
			.function = l->leaf, .index = l->sub,
			.flags = l->has_sub ?
				KVM_CPUID_FLAG_SIGNIFCANT_INDEX : 0,
			.eax = l->eax, .ebx = l->ebx,
			.ecx = l->ecx, .edx = l->edx,
		};
	}
	ret = ioctl(v->fd, KVM_SET_CPUID2, arg) < 0 ? -errno : 0;
	free(arg);
	return ret;
}

static int open_cpu(struct vcpu *v, char *err, size_t errlen)
{
	const struct kvm *kvm = v->all->cfg.kvm;
	const char *what = "create";
	struct kvm_run *run;
	int ret;

	v->fd = ioctl(kvm->vm, KVM_CREATE_VCPU, (unsigned long)v->index);
	if (v->fd < 0)
		goto err;
	what = "map";
	run = mmap(NULL, kvm->run_len, PROT_READ | PROT_WRITE, MAP_SHARED,
		   v->fd, 0);
	if (run == MAP_FAILED)
		goto err;
	pthread_mutex_lock(&v->all->lock);
	v->run = run;
	pthread_mutex_unlock(&v->all->lock);
	what = "set the CPUID of";
	ret = set_cpuid(v);
	if (ret == 0)
		return 0;
	errno = -ret;
err:
	ret = -errno;
	snprintf(err, errlen, "KVM cannot %s CPU %u: %s", what, v->index,
		 strerror(errno));
	return ret;
}

int vcpus_open(struct vcpus *all, char *err, size_t errlen)
{
	int ret = 0;

	for (unsigned i = 0; i < all->cfg.n && ret == 0; i++)
		ret = open_cpu(&all->cpu[i], err, errlen);
	if (ret < 0)
		vcpus_close(all);
	return ret;
}

void vcpus_close(struct vcpus *all)
{
	for (unsigned i = 0; i < all->cfg.n; i++) {
		struct vcpu *v = &all->cpu[i];
		struct kvm_run *run;

		pthread_mutex_lock(&all->lock);
		run = v->run;
		v->run = NULL;
		pthread_mutex_unlock(&all->lock);
		if (run)
			munmap(run, all->cfg.kvm->run_len);
		if (v->fd >= 0)
			close(v->fd);
		v->fd = -1;
	}
}

/* ---- start state ------------------------------------------------------------------ */

#define MSR_MISC_ENABLE         0x1a0
#define MSR_MTRR_VAR0_BASE      0x200
#define MSR_MTRR_VAR0_MASK      0x201
#define MSR_MTRR_FIX64K         0x250   /* 00000-7FFFF */
#define MSR_MTRR_FIX16K_80000   0x258
#define MSR_MTRR_FIX16K_A0000   0x259
#define MSR_MTRR_FIX4K_C0000    0x268   /* eight MSRs, to FFFFF */
#define MSR_MTRR_DEF            0x2ff
#define MTRR_ALL_WB             UINT64_C(0x0606060606060606)

#define MSRS 15

union msrs {
	struct kvm_msrs set;
	char room[sizeof(struct kvm_msrs) + MSRS * sizeof(struct kvm_msr_entry)];
};

static void put_msr(union msrs *m, uint32_t index, uint64_t data)
{
	m->set.entries[m->set.nmsrs++] = (struct kvm_msr_entry){
		.index = index, .data = data,
	};
}

/*
 * What firmware leaves behind on every CPU, because Linux believes it: memory
 * types (write-back, but uncached for the VGA window and from the PCI hole to
 * 4 GiB) and, on Intel, that string instructions are fast.
 */
static int set_firmware_msrs(const struct vcpu *v)
{
	struct cpuid_set cpuid = *v->all->cfg.cpuid;
	const struct cpuid_leaf *l = cpuid_find(&cpuid, 0x80000008, 0);
	unsigned bits = l && (l->eax & 0xff) ? l->eax & 0xff : 36;
	uint64_t hole = LAYOUT_HIGH_RAM - LAYOUT_PCI_A;
	union msrs m = { .room = "" };
	int done;

	put_msr(&m, MSR_MISC_ENABLE, 1);
	put_msr(&m, MSR_MTRR_VAR0_BASE, LAYOUT_PCI_A);
	put_msr(&m, MSR_MTRR_VAR0_MASK,
		((UINT64_C(1) << bits) - hole) | 1 << 11);
	put_msr(&m, MSR_MTRR_FIX64K, MTRR_ALL_WB);
	put_msr(&m, MSR_MTRR_FIX16K_80000, MTRR_ALL_WB);
	put_msr(&m, MSR_MTRR_FIX16K_A0000, 0);
	for (unsigned i = 0; i < 8; i++)
		put_msr(&m, MSR_MTRR_FIX4K_C0000 + i, MTRR_ALL_WB);
	put_msr(&m, MSR_MTRR_DEF, 0xc06);       /* on, fixed ones too, WB */
	done = ioctl(v->fd, KVM_SET_MSRS, &m);
	if (done < 0)
		return -errno;
	if (done < MSRS)
		log_warn("KVM refuses MSR %#x = %#llx on CPU %u",
			 m.set.entries[done].index, m.set.entries[done].data,
			 v->index);
	return 0;
}

static void set_segments(struct kvm_sregs *s, const struct cpu_start *start)
{
	bool wide = start->mode == CPU_START_LONG64;
	const struct kvm_segment code = {
		.limit = 0xffffffff, .selector = start->cs, .type = 11,
		.present = 1, .s = 1, .db = !wide, .l = wide, .g = 1,
	};
	const struct kvm_segment data = {
		.limit = 0xffffffff, .selector = start->ds, .type = 3,
		.present = 1, .s = 1, .db = 1, .g = 1,
	};

	s->cs = code;
	s->ds = s->es = s->fs = s->gs = s->ss = data;
	s->tr = (struct kvm_segment){
		.limit = 0x67, .selector = start->tr, .type = 11, .present = 1,
	};
	s->ldt = (struct kvm_segment){ .unusable = 1 };
	s->gdt = (struct kvm_dtable){
		.base = start->gdt_base, .limit = start->gdt_limit,
	};
	s->idt = (struct kvm_dtable){ .base = 0 };
}

/* As after a reset, but past the jump from the top of 4 GiB. */
static int set_bios_entry(const struct vcpu *v)
{
	struct kvm_regs r = { .rip = 0xfff0, .rflags = 2 };
	struct kvm_sregs s;

	if (ioctl(v->fd, KVM_GET_SREGS, &s) < 0)
		return -errno;
	s.cs.selector = LAYOUT_FSEG >> 4;
	s.cs.base = LAYOUT_FSEG;
	if (ioctl(v->fd, KVM_SET_SREGS, &s) < 0 ||
	    ioctl(v->fd, KVM_SET_REGS, &r) < 0)
		return -errno;
	return 0;
}

static int set_registers(const struct vcpu *v, const struct cpu_start *start)
{
	struct kvm_regs r = {
		.rip = start->rip, .rsp = start->rsp, .rsi = start->rsi,
		.rbx = start->rbx, .rflags = 2,
	};
	struct kvm_sregs s;

	if (ioctl(v->fd, KVM_GET_SREGS, &s) < 0)
		return -errno;
	set_segments(&s, start);
	s.cr0 = 1 << 0 | 1 << 4;                        /* PE, ET */
	s.cr3 = start->cr3;
	s.cr4 = 0;
	s.efer = 0;
	if (start->mode == CPU_START_LONG64) {
		s.cr0 |= UINT64_C(1) << 31;             /* PG */
		s.cr4 = 1 << 5;                         /* PAE */
		s.efer = 1 << 8 | 1 << 10;              /* LME, LMA */
	}
	if (ioctl(v->fd, KVM_SET_SREGS, &s) < 0 ||
	    ioctl(v->fd, KVM_SET_REGS, &r) < 0)
		return -errno;
	return 0;
}

int vcpus_set_start(struct vcpus *all, const struct cpu_start *start,
		    char *err, size_t errlen)
{
	int ret = 0;

	if (start->mode == CPU_START_REAL)
		return 0;       /* KVM starts CPUs there, firmware does the rest */
	for (unsigned i = 0; i < all->cfg.n && ret == 0; i++)
		ret = set_firmware_msrs(&all->cpu[i]);
	if (ret == 0)
		ret = start->mode == CPU_START_BIOS ?
		      set_bios_entry(&all->cpu[0]) :
		      set_registers(&all->cpu[0], start);
	if (ret < 0)
		snprintf(err, errlen, "KVM refuses the CPUs' start state: %s",
			 strerror(-ret));
	return ret;
}
