#include "vmm/irqchip.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "devices/base/container.h"
#include "devices/base/log.h"
#include "pci/pci.h"
#include "vmm/kvm.h"

#define PIT_PIN 2       /* of the IOAPIC */

/*
 * KVM_IRQ_LINE for the RTC's GSI 8, too. KVM_IRQ_LINE_STATUS would tell about a
 * tick that found the last one unserved, but also drops it, so it is only for
 * an RTC that injects again.
 */
static void set_line(struct irq_line *line, bool level)
{
	struct irqchip_line *l = container_of(line, struct irqchip_line, line);
	struct kvm_irq_level arg = { .irq = l->gsi, .level = level };

	if (!__atomic_load_n(&l->chip->live, __ATOMIC_ACQUIRE))
		return;
	if (ioctl(l->chip->kvm->vm, KVM_IRQ_LINE, &arg) < 0)
		host_err_limited("kvm", "KVM_IRQ_LINE, GSI %u: %s", l->gsi,
				 strerror(errno));
}

/* A message to an address where no APIC is, or to a CPU that ignores it, is
 * the guest's affair; KVM says so by 0 or an error and the message is lost. */
static void send_msi(struct msi_sink *sink, uint64_t addr, uint32_t data)
{
	struct irqchip *chip = container_of(sink, struct irqchip, msi);
	struct kvm_msi msi = {
		.address_lo = (uint32_t)addr,
		.address_hi = (uint32_t)(addr >> 32),
		.data = data,
	};

	if (__atomic_load_n(&chip->live, __ATOMIC_ACQUIRE))
		ioctl(chip->kvm->vm, KVM_SIGNAL_MSI, &msi);
}

/* ---- routes ------------------------------------------------------------------ */

static void route_pin(struct kvm_irq_routing *r, unsigned gsi,
		      unsigned controller, unsigned pin)
{
	r->entries[r->nr++] = (struct kvm_irq_routing_entry){
		.gsi = gsi,
		.type = KVM_IRQ_ROUTING_IRQCHIP,
		.u.irqchip = { .irqchip = controller, .pin = pin },
	};
}

static void route_lines(struct kvm_irq_routing *r)
{
	for (unsigned gsi = 0; gsi < LAYOUT_GSIS; gsi++) {
		if (gsi == PIT_PIN)
			continue;       /* the PICs' cascade */
		if (gsi < 16)
			route_pin(r, gsi, gsi < 8 ? KVM_IRQCHIP_PIC_MASTER :
				  KVM_IRQCHIP_PIC_SLAVE, gsi % 8);
		route_pin(r, gsi, KVM_IRQCHIP_IOAPIC, gsi ? gsi : PIT_PIN);
	}
}

static void route_wires(const struct irqchip *chip, struct kvm_irq_routing *r)
{
	for (unsigned i = 0; i < IRQCHIP_WIRES; i++) {
		const struct irqchip_route *to = &chip->route[i];

		if (!to->used)
			continue;
		r->entries[r->nr++] = (struct kvm_irq_routing_entry){
			.gsi = LAYOUT_GSIS + i,
			.type = KVM_IRQ_ROUTING_MSI,
			.u.msi = {
				.address_lo = (uint32_t)to->addr,
				.address_hi = (uint32_t)(to->addr >> 32),
				.data = to->data,
			},
		};
	}
}

/* All of them: KVM has no way to change one. Lock held. */
static int set_routes(const struct irqchip *chip)
{
	size_t most = 2 * LAYOUT_GSIS + IRQCHIP_WIRES;
	struct kvm_irq_routing *r;
	int ret;

	r = calloc(1, sizeof(*r) + most * sizeof(r->entries[0]));
	if (!r)
		return -ENOMEM;
	route_lines(r);
	route_wires(chip, r);
	ret = ioctl(chip->kvm->vm, KVM_SET_GSI_ROUTING, r) < 0 ? -errno : 0;
	free(r);
	return ret;
}

/* ---- wires ------------------------------------------------------------------- */

static int tie(const struct irqchip *chip, const struct msi_wire *w, bool on)
{
	struct kvm_irqfd arg = {
		.fd = (uint32_t)w->fd, .gsi = LAYOUT_GSIS + w->slot,
		.flags = on ? 0 : KVM_IRQFD_FLAG_DEASSIGN,
	};

	return ioctl(chip->kvm->vm, KVM_IRQFD, &arg) < 0 ? -errno : 0;
}

static void cut(struct irqchip *chip, struct msi_wire *w)
{
	/* The route stays in KVM until the next change; nothing leads to it. */
	chip->route[w->slot].used = false;
	close(w->fd);
	w->fd = -1;
}

static int new_wire(struct irqchip *chip, struct msi_wire *w)
{
	for (w->slot = 0; w->slot < IRQCHIP_WIRES; w->slot++)
		if (!chip->route[w->slot].used)
			break;
	if (w->slot == IRQCHIP_WIRES)
		return -ENOSPC;
	w->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return w->fd < 0 ? -errno : 0;
}

static int wire_up(struct irqchip *chip, struct msi_wire *w, uint64_t addr,
		   uint32_t data)
{
	bool new = w->fd < 0;
	int ret = new ? new_wire(chip, w) : 0;

	if (ret < 0)
		return ret;
	chip->route[w->slot] = (struct irqchip_route){ addr, data, true };
	ret = set_routes(chip);
	if (ret == 0 && new)
		ret = tie(chip, w, true);
	if (ret < 0) {
		if (!new)
			tie(chip, w, false);
		cut(chip, w);
	}
	return ret;
}

static int wire(struct msi_sink *sink, struct msi_wire *w, uint64_t addr,
		uint32_t data)
{
	struct irqchip *chip = container_of(sink, struct irqchip, msi);
	int ret = -ENODEV;

	pthread_mutex_lock(&chip->lock);
	if (__atomic_load_n(&chip->live, __ATOMIC_ACQUIRE))
		ret = wire_up(chip, w, addr, data);
	pthread_mutex_unlock(&chip->lock);
	if (ret == 0)
		log_debug("irqfd: GSI %u sends %#" PRIx32 " to %#" PRIx64,
			  LAYOUT_GSIS + w->slot, data, addr);
	return ret;
}

static void unwire(struct msi_sink *sink, struct msi_wire *w)
{
	struct irqchip *chip = container_of(sink, struct irqchip, msi);

	pthread_mutex_lock(&chip->lock);
	if (__atomic_load_n(&chip->live, __ATOMIC_ACQUIRE))
		tie(chip, w, false);
	cut(chip, w);
	pthread_mutex_unlock(&chip->lock);
}

/* ---- life -------------------------------------------------------------------- */

void irqchip_init(struct irqchip *chip, const struct kvm *kvm)
{
	*chip = (struct irqchip){
		.kvm = kvm,
		.msi = { .send = send_msi, .wire = wire, .unwire = unwire },
	};
	pthread_mutex_init(&chip->lock, NULL);
	for (unsigned i = 0; i < LAYOUT_GSIS; i++)
		chip->gsi[i] = (struct irqchip_line){
			.line.set = set_line, .chip = chip, .gsi = i,
		};
}

void irqchip_fini(struct irqchip *chip)
{
	pthread_mutex_destroy(&chip->lock);
}

/*
 * PCI's lines and the SCI are level-triggered in the PICs as well: firmware
 * says so by ports 4D0 and 4D1, but a kernel that is loaded directly had none.
 */
static int set_pic_levels(const struct kvm *kvm)
{
	uint16_t level = 1u << LAYOUT_SCI_GSI;
	int ret = 0;

	for (unsigned i = 0; i < PCI_INTX_GSIS; i++)
		level |= (uint16_t)(1u << pci_intx_gsis[i]);
	for (unsigned i = 0; i < 2 && ret == 0; i++) {
		struct kvm_irqchip pic = {
			.chip_id = i ? KVM_IRQCHIP_PIC_SLAVE
				     : KVM_IRQCHIP_PIC_MASTER,
		};

		if (ioctl(kvm->vm, KVM_GET_IRQCHIP, &pic) < 0)
			return -errno;
		pic.chip.pic.elcr = (uint8_t)(level >> (8 * i));
		if (ioctl(kvm->vm, KVM_SET_IRQCHIP, &pic) < 0)
			ret = -errno;
	}
	return ret;
}

int irqchip_create(struct irqchip *chip, char *err, size_t errlen)
{
	struct kvm_pit_config pit = { .flags = KVM_PIT_SPEAKER_DUMMY };
	const char *what = "interrupt controllers";
	int ret = 0;

	if (ioctl(chip->kvm->vm, KVM_CREATE_IRQCHIP, 0) < 0) {
		ret = -errno;
	} else if (ioctl(chip->kvm->vm, KVM_CREATE_PIT2, &pit) < 0) {
		ret = -errno;
		what = "interval timer";
	} else {
		pthread_mutex_lock(&chip->lock);
		ret = set_routes(chip);
		pthread_mutex_unlock(&chip->lock);
		what = "interrupt routes";
		if (ret == 0)
			ret = set_pic_levels(chip->kvm);
	}
	if (ret < 0)
		snprintf(err, errlen, "KVM refuses the %s: %s", what,
			 strerror(-ret));
	else
		__atomic_store_n(&chip->live, true, __ATOMIC_RELEASE);
	return ret;
}

void irqchip_drop(struct irqchip *chip)
{
	__atomic_store_n(&chip->live, false, __ATOMIC_RELEASE);
}

void irqchip_pit_irq(struct irqchip *chip, bool on)
{
	struct kvm_pit_state2 state;

	if (!__atomic_load_n(&chip->live, __ATOMIC_ACQUIRE))
		return;
	if (ioctl(chip->kvm->vm, KVM_GET_PIT2, &state) == 0) {
		state.flags &= ~(uint32_t)KVM_PIT_FLAGS_HPET_LEGACY;
		state.flags |= on ? 0 : KVM_PIT_FLAGS_HPET_LEGACY;
		if (ioctl(chip->kvm->vm, KVM_SET_PIT2, &state) == 0)
			return;
	}
	host_err_limited("kvm", "cannot switch the PIT's interrupt: %s",
			 strerror(errno));
}
