/*
 * What a micro-guest stands on: ports, MMIO, console, interrupts, processors,
 * PCI. Freestanding, general-purpose instructions only, so that it also runs
 * where ring 0 is emulated.
 *
 * A micro-guest defines guest_main and reports with ok(): each call is one test
 * line on the serial port; the machine is left through the debug exit port.
 */
#ifndef TESTS_GUEST_RT_RT_H
#define TESTS_GUEST_RT_RT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- the micro-guest's own ------------------------------------------------ */

void guest_main(void);

/* ---- reporting ------------------------------------------------------------ */

__attribute__((format(printf, 1, 2))) void say(const char *fmt, ...);
/* One test. false: the line says "not ok", and the run fails. Returns good. */
__attribute__((format(printf, 2, 3))) bool ok(bool good, const char *fmt, ...);
__attribute__((noreturn)) void leave(uint8_t value);    /* debug exit */
/* What stands behind "name=" on the kernel command line, as a number. */
uint64_t param(const char *name, uint64_t otherwise);

/* ---- machine -------------------------------------------------------------- */

#define PORT_FN(t, s)                                                          \
static inline t in##s(uint16_t port)                                           \
{                                                                              \
	t v;                                                                   \
	__asm__ volatile("in" #s " %1, %0" : "=a"(v) : "Nd"(port));            \
	return v;                                                              \
}                                                                              \
static inline void out##s(uint16_t port, t v)                                  \
{                                                                              \
	__asm__ volatile("out" #s " %0, %1" : : "a"(v), "Nd"(port));           \
}
PORT_FN(uint8_t, b)
PORT_FN(uint16_t, w)
PORT_FN(uint32_t, l)

#define MMIO_FN(t, bits)                                                       \
static inline t rd##bits(uint64_t at)                                          \
{                                                                              \
	return *(volatile t *)at;                                              \
}                                                                              \
static inline void wr##bits(uint64_t at, t v)                                  \
{                                                                              \
	*(volatile t *)at = v;                                                 \
}
MMIO_FN(uint8_t, 8)
MMIO_FN(uint16_t, 16)
MMIO_FN(uint32_t, 32)
MMIO_FN(uint64_t, 64)

void *memset(void *, int, size_t);
void *memcpy(void *, const void *, size_t);
int memcmp(const void *, const void *, size_t);

/* Microseconds by the ACPI PM timer, since the start; to be looked at every 4 s. It
 * keeps the last reading, so only one processor may use it. */
uint64_t now_us(void);
/* Any processor; less than 4 s. */
void wait_us(uint64_t us);
/* Until cond, at most ms milliseconds; gives cond's last value. As now_us. */
#define wait_for(ms, cond) ({                                                  \
	uint64_t end_ = now_us() + (uint64_t)(ms) * 1000;                      \
	bool met_;                                                             \
	while (!(met_ = (cond)) && now_us() < end_)                            \
		__asm__ volatile("pause" : : : "memory");                      \
	met_; })

/* Maps the 2 MiB pages of [at, at + len) to themselves, uncached. */
void map(uint64_t at, uint64_t len);
/* Page-aligned zeroed memory below 4 GiB, never given back. */
void *pages(size_t bytes);
/* The same, with whatever is in it: for what is too much to clear in ring 0. */
void *room(size_t bytes);

/*
 * Goes on in ring 3, with interrupts off and all ports and memory its own: that
 * code runs natively where ring 0 is emulated. fn must not return.
 */
__attribute__((noreturn)) void ring3(void (*fn)(void));

/* ---- interrupts ----------------------------------------------------------- */

typedef void (*irq_fn)(unsigned vector);
void irq_handler(unsigned vector, irq_fn);      /* 32..255 */
void irq_enable(void);
void irq_disable(void);
void eoi(void);                                 /* local APIC */
/* IOAPIC pin -> vector on this processor, level, active high. */
void ioapic_level(unsigned gsi, unsigned vector);
void ioapic_edge(unsigned gsi, unsigned vector);
void ioapic_mask(unsigned gsi);
uint64_t msi_addr(void);                        /* this processor */

/* ---- processors ----------------------------------------------------------- */

unsigned cpu_id(void);                          /* local APIC id */
/* Starts processor id on fn; true when it came up. */
bool cpu_start(unsigned id, void (*fn)(void));

/* ---- PCI ------------------------------------------------------------------ */

struct pci_fn { uint8_t slot, func; };
uint32_t pci_rd(struct pci_fn, unsigned off, unsigned size);
void pci_wr(struct pci_fn, unsigned off, unsigned size, uint32_t);
/* The nth function with that vendor and device id. */
bool pci_find(uint16_t vendor, uint16_t device, unsigned nth, struct pci_fn *);
unsigned pci_find_cap(struct pci_fn, uint8_t id, unsigned after);
uint64_t pci_bar(struct pci_fn, unsigned bar);
void pci_set_bar(struct pci_fn, unsigned bar, uint64_t at);

#endif
