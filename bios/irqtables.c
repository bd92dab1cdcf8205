#include "bios/irqtables.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "bios/sum.h"
#include "devices/base/gmem.h"
#include "devices/base/le.h"
#include "pci/pci.h"

/* ---- $PIR --------------------------------------------------------------------- */

struct pir_head {
	char sig[4];
	le16 version, len;
	uint8_t router_bus, router_devfn;
	le16 exclusive;                 /* IRQs that are PCI's alone */
	le32 compatible, miniport;
	uint8_t reserved[11], sum;
} __attribute__((packed));

struct pir_slot {
	uint8_t bus, devfn;
	struct { uint8_t link; le16 irqs; } __attribute__((packed)) pin[4];
	uint8_t number, reserved;
} __attribute__((packed));

static_assert(sizeof(struct pir_head) == 32 && sizeof(struct pir_slot) == 16,
	      "$PIR");
static_assert(sizeof(struct pir_head) + PCI_SLOTS * sizeof(struct pir_slot) <=
	      LAYOUT_PIR_LEN, "a slot each");

/* A link value of F0h and above names the IRQ that it is soldered to. */
#define HARD_WIRED 0xf0

static void build_pir(const struct irqtables_cfg *cfg, struct irqtables *out)
{
	struct pir_head h = { .version = le16_put(0x0100) };
	struct pir_slot *slot = (void *)(out->pir + sizeof(h));
	unsigned exclusive = 0;

	for (unsigned i = 0; i < PCI_SLOTS; i++) {
		if (!(cfg->slots >> i & 1))
			continue;
		slot->devfn = (uint8_t)(i << 3);
		slot->number = (uint8_t)i;
		for (unsigned pin = 0; pin < 4; pin++) {
			unsigned irq = pci_intx_gsi(i, pin);

			slot->pin[pin].link = (uint8_t)(HARD_WIRED | irq);
			slot->pin[pin].irqs = le16_put((uint16_t)(1u << irq));
			exclusive |= 1u << irq;
		}
		slot++;
	}
	out->pir_len = (uint32_t)((uint8_t *)slot - out->pir);
	memcpy(h.sig, "$PIR", 4);
	h.len = le16_put((uint16_t)out->pir_len);
	h.exclusive = le16_put((uint16_t)exclusive);
	memcpy(out->pir, &h, sizeof(h));
	out->pir[offsetof(struct pir_head, sum)] =
		bios_sum(out->pir, out->pir_len);
}

/* ---- MultiProcessor Specification ----------------------------------------------- */

enum { MP_CPU, MP_BUS, MP_IOAPIC, MP_IRQ, MP_LOCAL };
enum { MP_INT = 0, MP_NMI = 1, MP_EXTINT = 3 };
enum { BUS_PCI = 0, BUS_ISA = 1 };

#define LEVEL_HIGH 0x0d         /* polarity 1:0, trigger 3:2 */
#define APIC_VERSION 0x14
#define ALL_APICS 0xff
#define PIT_PIN 2
#define ISA_IRQS 16

struct mp_head {
	char sig[4];
	le16 len;
	uint8_t spec, sum;
	char oem[8], product[12];
	le32 oem_table;
	le16 oem_len, entries;
	le32 lapic;
	le16 ext_len;
	uint8_t ext_sum, reserved;
} __attribute__((packed));

struct mp_cpu {
	uint8_t type, apic, version, flags;
	le32 signature, features, reserved[2];
} __attribute__((packed));

struct mp_bus {
	uint8_t type, id;
	char name[6];
} __attribute__((packed));

struct mp_ioapic {
	uint8_t type, id, version, flags;
	le32 addr;
} __attribute__((packed));

struct mp_irq {
	uint8_t type, kind;
	le16 flags;
	uint8_t bus, irq, apic, pin;
} __attribute__((packed));

static_assert(sizeof(struct mp_head) == 44 && sizeof(struct mp_cpu) == 20 &&
	      sizeof(struct mp_irq) == 8, "MP table");
static_assert(sizeof(struct mp_head) + LAYOUT_CPUS_MAX * sizeof(struct mp_cpu) +
	      8 * (3 + ISA_IRQS + 4 * PCI_SLOTS + 2) <= LAYOUT_MP_LEN,
	      "the largest machine");

struct mp {
	struct irqtables *out;
	unsigned entries;
};

static void put(struct mp *mp, const void *entry, unsigned len)
{
	memcpy(mp->out->mp + mp->out->mp_len, entry, len);
	mp->out->mp_len += len;
	mp->entries++;
}

static void cpus(struct mp *mp, const struct irqtables_cfg *cfg)
{
	for (unsigned i = 0; i < cfg->cpus; i++) {
		const struct mp_cpu cpu = {
			.type = MP_CPU, .apic = (uint8_t)i,
			.version = APIC_VERSION,
			.flags = i ? 1 : 3,     /* usable; the boot CPU */
			.signature = le32_put(cfg->cpu_signature),
			.features = le32_put(cfg->cpu_features),
		};

		put(mp, &cpu, sizeof(cpu));
	}
}

static void buses(struct mp *mp)
{
	const struct mp_bus pci = { MP_BUS, BUS_PCI, "PCI   " },
			    isa = { MP_BUS, BUS_ISA, "ISA   " };
	const struct mp_ioapic ioapic = {
		.type = MP_IOAPIC, .id = LAYOUT_IOAPIC_ID, .version = 0x11,
		.flags = 1, .addr = le32_put(LAYOUT_IOAPIC),
	};

	put(mp, &pci, sizeof(pci));
	put(mp, &isa, sizeof(isa));
	put(mp, &ioapic, sizeof(ioapic));
}

static void irq(struct mp *mp, uint8_t bus, unsigned source, unsigned pin,
		uint16_t flags)
{
	const struct mp_irq e = {
		.type = MP_IRQ, .kind = MP_INT, .flags = le16_put(flags),
		.bus = bus, .irq = (uint8_t)source, .apic = LAYOUT_IOAPIC_ID,
		.pin = (uint8_t)pin,
	};

	put(mp, &e, sizeof(e));
}

static bool is_pci(unsigned gsi)
{
	for (unsigned i = 0; i < PCI_INTX_GSIS; i++)
		if (pci_intx_gsis[i] == gsi)
			return true;
	return false;
}

static void irqs(struct mp *mp, const struct irqtables_cfg *cfg)
{
	for (unsigned i = 0; i < ISA_IRQS; i++)
		if (i != PIT_PIN && !is_pci(i))
			irq(mp, BUS_ISA, i, i ? i : PIT_PIN,
			    i == LAYOUT_SCI_GSI ? LEVEL_HIGH : 0);
	for (unsigned slot = 0; slot < PCI_SLOTS; slot++)
		for (unsigned pin = 0; pin < 4; pin++)
			if (cfg->slots >> slot & 1)
				irq(mp, BUS_PCI, slot << 2 | pin,
				    pci_intx_gsi(slot, pin), LEVEL_HIGH);
}

static void locals(struct mp *mp)
{
	const struct mp_irq ext = {
		.type = MP_LOCAL, .kind = MP_EXTINT, .bus = BUS_ISA,
		.apic = ALL_APICS, .pin = 0,
	}, nmi = {
		.type = MP_LOCAL, .kind = MP_NMI, .bus = BUS_ISA,
		.apic = ALL_APICS, .pin = 1,
	};

	put(mp, &ext, sizeof(ext));
	put(mp, &nmi, sizeof(nmi));
}

static void build_mp(const struct irqtables_cfg *cfg, struct irqtables *out)
{
	struct mp_head h = { .sig = "PCMP", .spec = 4, .oem = "AERO    ",
			     .product = "AEROVMM     ",
			     .lapic = le32_put(LAYOUT_LAPIC) };
	struct mp mp = { .out = out };

	out->mp_len = sizeof(h);
	cpus(&mp, cfg);
	buses(&mp);
	irqs(&mp, cfg);
	locals(&mp);
	h.len = le16_put((uint16_t)out->mp_len);
	h.entries = le16_put((uint16_t)mp.entries);
	memcpy(out->mp, &h, sizeof(h));
	out->mp[offsetof(struct mp_head, sum)] =
		bios_sum(out->mp, out->mp_len);
}

/* Revision 1.4, configuration table present, virtual wire mode. */
static void build_pointer(struct irqtables *out)
{
	const le32 at = le32_put(LAYOUT_MP);

	memcpy(out->mp_pointer, "_MP_", 4);
	memcpy(out->mp_pointer + 4, &at, 4);
	out->mp_pointer[8] = 1;
	out->mp_pointer[9] = 4;
	out->mp_pointer[10] = bios_sum(out->mp_pointer,
				       sizeof(out->mp_pointer));
}

int irqtables_build(const struct irqtables_cfg *cfg, struct irqtables *out)
{
	if (cfg->cpus < 1 || cfg->cpus > LAYOUT_CPUS_MAX)
		return -EINVAL;
	memset(out, 0, sizeof(*out));
	build_pir(cfg, out);
	build_mp(cfg, out);
	build_pointer(out);
	return 0;
}

int irqtables_install(const struct gmem *mem, const struct irqtables *t)
{
	if (gmem_write(mem, LAYOUT_PIR, t->pir, t->pir_len) ||
	    gmem_write(mem, LAYOUT_MP, t->mp, t->mp_len) ||
	    gmem_write(mem, LAYOUT_MP_POINTER, t->mp_pointer,
		       sizeof(t->mp_pointer)))
		return -EFAULT;
	return 0;
}
