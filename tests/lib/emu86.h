/*
 * An interpreter for real-mode code of an 80186, to run a BIOS without a
 * machine: what Windows does with INT 10h. It knows no exception: code that
 * divides by zero or is none of an 80186's ends with a reason in fault.
 */
#ifndef TESTS_LIB_EMU86_H
#define TESTS_LIB_EMU86_H

#include <stdbool.h>
#include <stdint.h>

enum { EMU_AX, EMU_CX, EMU_DX, EMU_BX, EMU_SP, EMU_BP, EMU_SI, EMU_DI };
enum { EMU_ES, EMU_CS, EMU_SS, EMU_DS };
enum { EMU_CF = 0x001, EMU_PF = 0x004, EMU_AF = 0x010, EMU_ZF = 0x040,
       EMU_SF = 0x080, EMU_IF = 0x200, EMU_DF = 0x400, EMU_OF = 0x800 };

struct emu86 {
	uint16_t r[8], seg[4], ip, flags;
	uint64_t steps;                 /* instructions; each repetition one */
	const char *fault;
	/* The bus; addresses below 1 MiB + 64 KiB. */
	uint8_t (*read)(struct emu86 *, uint32_t at);
	void (*write)(struct emu86 *, uint32_t at, uint8_t val);
	uint16_t (*in)(struct emu86 *, uint16_t port, unsigned size);
	void (*out)(struct emu86 *, uint16_t port, unsigned size, uint16_t val);
	/* Asked before each instruction; false ends the run. */
	bool (*before)(struct emu86 *);
	/* of the instruction that is being run */
	int over;                       /* segment override, or -1 */
	char rep;                       /* 0, 'z' or 'n' */
};

/* Until before() says no, or a fault, or limit instructions ("too long"). */
void emu86_run(struct emu86 *, uint64_t limit);
/* Pushes flags, CS and IP, and goes to the interrupt's vector. */
void emu86_int(struct emu86 *, uint8_t n);
void emu86_iret(struct emu86 *);

uint16_t emu86_read16(struct emu86 *, uint16_t seg, uint16_t off);
void emu86_write16(struct emu86 *, uint16_t seg, uint16_t off, uint16_t val);

#endif
