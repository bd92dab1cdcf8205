#include "vmm/machine_int.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>

#include "devices/base/container.h"
#include "devices/base/log.h"
#include "devices/base/loop.h"
#include "devices/char/chario.h"
#include "devices/virtio/profile.h"
#include "vmm/hyperv.h"

/* ---- what ends a run, from any thread ----------------------------------------- */

void mach_ask(struct machine *m, enum mach_end end, uint32_t value)
{
	pthread_mutex_lock(&m->lock);
	if (m->end == MACH_RUNNING) {
		m->end = end;
		m->value = value;
	}
	pthread_mutex_unlock(&m->lock);
	vcpus_stop(&m->cpus);
	loop_quit(m->ctl);
}

static void cpu_fate(void *ctx, enum vcpu_fate fate)
{
	mach_ask(ctx, fate == VCPU_CRASHED ? MACH_CRASHED : MACH_BROKEN, 0);
}

void mach_ask_reset(void *machine)
{
	mach_ask(machine, MACH_RESET, 0);
}

static void signal_ready(struct loop_fd *src, uint32_t events)
{
	struct machine *m = container_of(src, struct machine, signal);
	struct signalfd_siginfo info;
	bool polite;

	(void)events;
	if (read(src->fd, &info, sizeof(info)) != sizeof(info))
		return;
	/* On a terminal that is the guest's, Ctrl-C is meant for us. */
	polite = info.ssi_signo == SIGTERM ||
		 (info.ssi_signo == SIGINT && !strcmp(m->cfg.serial, "none"));
	if (!polite || m->button_pressed || m->paused) {
		mach_ask(m, MACH_QUIT, 0);
		return;
	}
	log_info("pressing the power button; once more ends the machine");
	m->button_pressed = true;
	mach_power_button(m);
}

/* ---- power -------------------------------------------------------------------------- */

static void *make_vm(void *arg)
{
	struct machine *m = arg;
	int ret;

	ret = kvm_create_vm(&m->kvm, &m->gmem, m->vm_err, MACH_ERR_LEN);
	if (ret == 0)
		ret = irqchip_create(&m->irqchip, m->vm_err, MACH_ERR_LEN);
	if (ret == 0)
		ret = vcpus_open(&m->cpus, m->vm_err, MACH_ERR_LEN);
	m->vm_ret = ret;
	return NULL;
}

/*
 * KVM waits for grace periods while a VM is built, milliseconds on a busy host;
 * reading the kernel takes as long. So the VM is built by a thread of its own
 * from vm_begin to vm_finish. Only the lines and the doorbells are shared, and
 * those know whether there is a VM.
 */
static void vm_begin(struct machine *m)
{
	m->vm_building = pthread_create(&m->vm_thread, NULL, make_vm, m) == 0;
	if (!m->vm_building)
		make_vm(m);
}

static int vm_finish(struct machine *m, char *err)
{
	if (m->vm_building)
		pthread_join(m->vm_thread, NULL);
	m->vm_building = false;
	if (m->vm_ret < 0)
		memcpy(err, m->vm_err, MACH_ERR_LEN);
	return m->vm_ret;
}

static void vm_drop(struct machine *m)
{
	char err[MACH_ERR_LEN];

	if (m->vm_building)
		vm_finish(m, err);
	if (m->has_cpus)
		vcpus_close(&m->cpus);
	irqchip_drop(&m->irqchip);
	doorbells_drop(&m->doorbells);
	kvm_destroy_vm(&m->kvm);
}

/* From vm_begin to CPUs that are ready to run. */
static int power_on(struct machine *m, char *err)
{
	struct cpu_start start;
	unsigned refused;
	int ret;

	ret = mach_boot_load(m, &start, err);
	if (ret == 0)
		ret = vm_finish(m, err);
	if (ret == 0)
		ret = vcpus_set_start(&m->cpus, &start, err, MACH_ERR_LEN);
	if (ret < 0)
		return ret;
	refused = doorbells_hang_all(&m->doorbells);
	if (refused)
		log_warn("KVM refuses %u ioeventfds: notifications will be "
			 "slower", refused);
	return 0;
}

/*
 * A guest's reset: everything between the guest and the outside starts anew,
 * in KVM by a new VM. The outside stays: memory, disks, the terminal.
 */
static int reset(struct machine *m, char *err)
{
	doorbells_drop(&m->doorbells);
	pci_bus_reset(&m->pci);
	mach_devs_reset(m);
	mach_vga_reset(m);
	mach_chips_reset(m);
	seat_reset(&m->seat);
	vm_drop(m);
	vm_begin(m);
	return power_on(m, err);
}

/* ---- life ----------------------------------------------------------------------------- */

bool mach_has_hyperv(const struct mach_cfg *cfg)
{
	if (cfg->hyperv == MACH_AUTO)
		return !cfg->kernel &&
		       mach_profile(cfg) == &vio_profile_aero_w7;
	return cfg->hyperv == MACH_ON;
}

static int add_hyperv(struct machine *m, char *err)
{
	if (!mach_has_hyperv(&m->cfg))
		return 0;
	if (m->kvm.hyperv) {
		hyperv_add(&m->cpuid, m->kvm.hyperv, m->cfg.cpus);
		return 0;
	}
	if (m->cfg.hyperv == MACH_AUTO) {
		log_info("this host's KVM has no Hyper-V interface to show");
		return 0;
	}
	snprintf(err, MACH_ERR_LEN, "--hyperv on: this host's KVM has no "
		 "Hyper-V interface (CONFIG_KVM_HYPERV)");
	return -EOPNOTSUPP;
}

static int make_layout(struct machine *m, char *err)
{
	const struct cpuid_cfg cfg = {
		.cpus = m->cfg.cpus, .tsc_deadline = m->kvm.tsc_deadline,
	};
	unsigned phys_bits;
	int ret;

	ret = kvm_supported_cpuid(&m->kvm, m->cpuid.leaf, CPUID_MAX);
	if (ret < 0) {
		snprintf(err, MACH_ERR_LEN, "KVM does not tell which CPU "
			 "features it has: %s", strerror(-ret));
		return ret;
	}
	m->cpuid.n = (unsigned)ret;
	cpuid_adjust(&m->cpuid, &cfg);
	ret = add_hyperv(m, err);
	if (ret < 0)
		return ret;
	phys_bits = cpuid_phys_bits(&m->cpuid);
	ret = layout_init(&m->layout, m->cfg.memory, phys_bits);
	if (ret < 0)
		snprintf(err, MACH_ERR_LEN, "--memory: %" PRIu64 " MiB do not "
			 "fit into the %u address bits of this host's CPUs",
			 m->cfg.memory >> 20, phys_bits);
	return ret;
}

static int make_loops(struct machine *m)
{
	int ret = loop_create(&m->ctl, "control", 0);

	return ret ? ret : mach_loops_start(m);
}

static int make_pci(struct machine *m)
{
	struct irq_line *lines[PCI_INTX_GSIS];
	int ret;

	for (unsigned i = 0; i < PCI_INTX_GSIS; i++)
		lines[i] = irqchip_line(&m->irqchip, pci_intx_gsis[i]);
	ret = pci_bus_init(&m->pci, &m->mmio, &m->pio, lines, &m->irqchip.msi);
	if (ret < 0)
		return ret;
	m->has_pci = true;
	if (m->cfg.firmware)
		hostbridge_init_pam(&m->hostbridge);
	else
		hostbridge_init(&m->hostbridge);
	return pci_add(&m->pci, &m->hostbridge, 0, 0);
}

static int make_cpus(struct machine *m, char *err)
{
	const struct vcpus_cfg cfg = {
		.kvm = &m->kvm, .cpuid = &m->cpuid, .gmem = &m->gmem,
		.pio = &m->pio, .mmio = &m->mmio, .n = m->cfg.cpus,
		.born_ns = m->cfg.born_ns, .fate = cpu_fate,
		.reset = mach_ask_reset, .ctx = m,
	};
	int ret;

	if (m->cfg.cpus > m->kvm.max_cpus) {
		snprintf(err, MACH_ERR_LEN, "--cpus: this host's KVM takes at "
			 "most %u", m->kvm.max_cpus);
		return -EINVAL;
	}
	ret = vcpus_create(&m->cpus, &cfg, err, MACH_ERR_LEN);
	m->has_cpus = ret == 0;
	return ret;
}

/* What the user named comes first, so that a mistake is told before anything
 * about the host; the terminal last, when nothing can fail any more. */
static int build(struct machine *m, char *err)
{
	int ret;

	if ((ret = mach_display_check(&m->cfg, err)) < 0 ||
	    (ret = mach_boot_open(m, err)) < 0 ||
	    (ret = mach_devs_open(m, err)) < 0 ||
	    (ret = mem_create(&m->mem, m->cfg.memory, m->cfg.hugepages, err,
			      MACH_ERR_LEN)) < 0 ||
	    (m->cfg.prefault &&
	     (ret = mem_prefault(&m->mem, err, MACH_ERR_LEN)) < 0) ||
	    (ret = make_loops(m)) < 0 ||
	    (ret = kvm_open(&m->kvm, err, MACH_ERR_LEN)) < 0 ||
	    (ret = make_layout(m, err)) < 0 ||
	    (ret = make_cpus(m, err)) < 0)
		return ret;
	mem_regions(&m->mem, &m->layout, &m->gmem);
	if (m->cfg.firmware && (ret = mach_firmware_create(m)) < 0)
		return ret;
	vm_begin(m);
	if ((ret = mach_chips_create(m)) < 0 ||
	    (ret = make_pci(m)) < 0 ||
	    (ret = mach_vga_create(m)) < 0 ||
	    (ret = mach_devs_create(m, err)) < 0 ||
	    (ret = power_on(m, err)) < 0)
		return ret;
	if ((ret = mach_seat_create(m, err)) < 0 ||
	    (ret = mach_control_create(m, err)) < 0)
		return ret;
	return mach_serial_create(m, err);
}

const struct vio_profile *mach_profile(const struct mach_cfg *cfg)
{
	if (cfg->profile)
		return cfg->profile;
	return cfg->kernel ? &vio_profile_modern : &vio_profile_aero_w7;
}

int mach_create(struct machine **out, const struct mach_cfg *cfg,
		char err[MACH_ERR_LEN])
{
	struct machine *m = calloc(1, sizeof(*m));
	int ret;

	err[0] = '\0';
	if (!m) {
		snprintf(err, MACH_ERR_LEN, "out of memory");
		return -ENOMEM;
	}
	m->cfg = *cfg;
	m->prof = mach_profile(cfg);
	m->kvm = (struct kvm){ .fd = -1, .vm = -1 };
	m->boot.kernel_fd = m->boot.initrd_fd = -1;
	pthread_mutex_init(&m->lock, NULL);
	iospace_init(&m->pio);
	iospace_init(&m->mmio);
	irqchip_init(&m->irqchip, &m->kvm);
	doorbells_init(&m->doorbells, &m->kvm);
	ret = build(m, err);
	if (ret < 0) {
		if (!err[0])
			snprintf(err, MACH_ERR_LEN, "cannot build the machine: "
				 "%s", strerror(-ret));
		mach_destroy(m);
		return ret;
	}
	log_info("profile %s, %s transport", m->prof->name,
		 cfg->transport == MACH_PCI ? "PCI" : "MMIO");
	*out = m;
	return 0;
}

void mach_destroy(struct machine *m)
{
	if (m->has_cpus)
		vcpus_park(&m->cpus);
	doorbells_drop(&m->doorbells);
	mach_control_destroy(m);
	mach_seat_destroy(m);
	mach_devs_destroy(m);
	mach_loops_stop(m);
	vm_drop(m);
	if (m->has_cpus)
		vcpus_destroy(&m->cpus);
	mach_vga_destroy(m);
	if (m->has_pci) {
		pci_dev_fini(&m->hostbridge);
		pci_bus_fini(&m->pci);
	}
	chario_close(m->console);
	loop_destroy(m->ctl);
	mach_boot_close(m);
	doorbells_fini(&m->doorbells);
	irqchip_fini(&m->irqchip);
	mem_destroy(&m->mem);
	kvm_close(&m->kvm);
	pthread_mutex_destroy(&m->lock);
	free(m);
}

static bool asked(struct machine *m)
{
	bool yes;

	pthread_mutex_lock(&m->lock);
	yes = m->end != MACH_RUNNING;
	pthread_mutex_unlock(&m->lock);
	return yes;
}

/* One life of the guest, from its first instruction to what ends it. */
static enum mach_end run_once(struct machine *m, uint32_t *value)
{
	enum mach_end end;

	vcpus_run(&m->cpus);
	do {
		loop_run(m->ctl);
	} while (!asked(m));
	/* CPUs may ask for more until they are parked: it no longer counts. */
	vcpus_park(&m->cpus);
	pthread_mutex_lock(&m->lock);
	end = m->end;
	*value = m->value;
	m->end = MACH_RUNNING;
	pthread_mutex_unlock(&m->lock);
	m->paused = false;
	mach_control_tell(m, end);
	return end;
}

/* The UART's last bytes may still wait for room in the console's buffer. */
#define LAST_WORDS_MS 1000
static void close_console(struct machine *m)
{
	for (int ms = 0; ms < LAST_WORDS_MS && mach_serial_holds(m); ms += 10)
		loop_step(m->ctl, 10);
	chario_close(m->console);
	m->console = NULL;
}

enum mach_end mach_run(struct machine *m, int signal_fd, uint32_t *value)
{
	char err[MACH_ERR_LEN] = "";
	enum mach_end end;

	m->signal = (struct loop_fd){
		.fd = signal_fd, .events = EPOLLIN, .ready = signal_ready,
	};
	if (loop_fd_add(m->ctl, &m->signal) < 0) {
		log_warn("cannot watch for signals: %s", strerror(errno));
		return MACH_BROKEN;
	}
	for (;;) {
		end = run_once(m, value);
		if (end != MACH_RESET || m->cfg.no_reboot)
			break;
		log_info("the guest resets");
		if (reset(m, err) < 0) {
			end = MACH_BROKEN;
			break;
		}
	}
	loop_fd_del(m->ctl, &m->signal);
	close_console(m);
	if (err[0])
		log_warn("%s", err);
	if (end == MACH_CRASHED || end == MACH_BROKEN)
		vcpus_report(&m->cpus);
	if (mach_last_picture(m) < 0 && end != MACH_CRASHED)
		end = MACH_BROKEN;
	return end;
}
