/*
 * Writes AML, ACPI's byte code, front to back into a buffer. Things with a
 * body (scopes, devices, packages) are begun and ended; the length that AML
 * wants in front of a body is put there when it ends. Running out of room sets
 * full and drops what follows, so one check at the end will do.
 *
 * Names are dotted paths as in ASL ("\\_SB.PCI0", "_HID"); short segments are
 * padded. The names and counts are ours, never the guest's. Any thread.
 */
#ifndef BIOS_AML_H
#define BIOS_AML_H

#include <stdbool.h>
#include <stdint.h>

struct aml {
	uint8_t *buf;
	uint32_t len, cap;
	bool full;
};

/* Where a body began. */
typedef uint32_t aml_mark;

void aml_init(struct aml *, void *buf, uint32_t cap);

/* ---- things with a body; aml_end closes the innermost one ---------------- */

aml_mark aml_scope(struct aml *, const char *path);
aml_mark aml_device(struct aml *, const char *name);
aml_mark aml_processor(struct aml *, const char *name, uint8_t id);
aml_mark aml_method(struct aml *, const char *name, unsigned args);
aml_mark aml_package(struct aml *, uint8_t elements);
void aml_end(struct aml *, aml_mark);

/* ---- terms -------------------------------------------------------------- */

void aml_path(struct aml *, const char *path);
void aml_int(struct aml *, uint32_t value);

/* Name (name, ...) with the value following. */
void aml_name(struct aml *, const char *name);
void aml_name_int(struct aml *, const char *name, uint32_t value);
void aml_name_str(struct aml *, const char *name, const char *value);
/* id: an EISA id, three letters and four hexadecimal digits. */
void aml_name_eisa(struct aml *, const char *name, const char *id);

/* Inside methods. */
void aml_store_int(struct aml *, uint32_t value, const char *to);
void aml_store_arg0(struct aml *, const char *to);
void aml_return_path(struct aml *, const char *path);

/* ---- Name (name, ResourceTemplate () {...}) ------------------------------ */

aml_mark aml_resources(struct aml *, const char *name);
void aml_resources_end(struct aml *, aml_mark);

void aml_res_io(struct aml *, uint16_t base, uint8_t len);
/* An edge-triggered ISA interrupt. */
void aml_res_irq(struct aml *, unsigned irq);
void aml_res_dma4(struct aml *);
void aml_res_mem32(struct aml *, bool writable, uint32_t base, uint32_t len);
/* Level, active high. */
void aml_res_gsi(struct aml *, uint32_t gsi, bool shared);
/* Windows that a bus produces; last is included. */
void aml_res_bus(struct aml *, uint16_t first, uint16_t last);
void aml_res_io_window(struct aml *, uint16_t first, uint16_t last);
void aml_res_mem32_window(struct aml *, uint32_t first, uint32_t last,
			  bool cacheable);
void aml_res_mem64_window(struct aml *, uint64_t first, uint64_t last);

#endif
