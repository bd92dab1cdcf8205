#include "tests/lib/emu86.h"

#include <stddef.h>

enum { ADD, OR, ADC, SBB, AND, SUB, XOR, CMP };

/* ---- memory and registers ------------------------------------------------------ */

static uint32_t linear(const struct emu86 *e, unsigned seg, uint16_t off)
{
	return ((uint32_t)e->seg[seg] << 4) + off;
}

static unsigned load(struct emu86 *e, unsigned seg, uint16_t off, bool wide)
{
	unsigned v = e->read(e, linear(e, seg, off));

	if (wide)
		v |= (unsigned)e->read(e, linear(e, seg, (uint16_t)(off + 1))) << 8;
	return v;
}

static void store(struct emu86 *e, unsigned seg, uint16_t off, bool wide,
		  unsigned v)
{
	e->write(e, linear(e, seg, off), (uint8_t)v);
	if (wide)
		e->write(e, linear(e, seg, (uint16_t)(off + 1)),
			 (uint8_t)(v >> 8));
}

uint16_t emu86_read16(struct emu86 *e, uint16_t seg, uint16_t off)
{
	uint32_t at = ((uint32_t)seg << 4) + off;

	return (uint16_t)(e->read(e, at) | e->read(e, at + 1) << 8);
}

void emu86_write16(struct emu86 *e, uint16_t seg, uint16_t off, uint16_t val)
{
	uint32_t at = ((uint32_t)seg << 4) + off;

	e->write(e, at, (uint8_t)val);
	e->write(e, at + 1, (uint8_t)(val >> 8));
}

static unsigned reg_get(const struct emu86 *e, unsigned n, bool wide)
{
	if (wide)
		return e->r[n];
	return n < 4 ? e->r[n] & 0xff : e->r[n - 4] >> 8;
}

static void reg_set(struct emu86 *e, unsigned n, bool wide, unsigned v)
{
	if (wide)
		e->r[n] = (uint16_t)v;
	else if (n < 4)
		e->r[n] = (uint16_t)((e->r[n] & 0xff00) | (v & 0xff));
	else
		e->r[n - 4] = (uint16_t)((e->r[n - 4] & 0xff) | (v & 0xff) << 8);
}

static void push(struct emu86 *e, uint16_t v)
{
	e->r[EMU_SP] = (uint16_t)(e->r[EMU_SP] - 2);
	store(e, EMU_SS, e->r[EMU_SP], true, v);
}

static uint16_t pop(struct emu86 *e)
{
	uint16_t v = (uint16_t)load(e, EMU_SS, e->r[EMU_SP], true);

	e->r[EMU_SP] = (uint16_t)(e->r[EMU_SP] + 2);
	return v;
}

static uint8_t fetch8(struct emu86 *e)
{
	return (uint8_t)load(e, EMU_CS, e->ip++, false);
}

static uint16_t fetch16(struct emu86 *e)
{
	uint16_t lo = fetch8(e);

	return (uint16_t)(lo | fetch8(e) << 8);
}

static unsigned fetch(struct emu86 *e, bool wide)
{
	return wide ? fetch16(e) : fetch8(e);
}

/* ---- operands ---------------------------------------------------------------------- */

struct operand {
	unsigned reg;                   /* the instruction's other one */
	bool in_memory;
	unsigned rm, seg;
	uint16_t off;
};

static struct operand modrm(struct emu86 *e)
{
	static const uint8_t base[8] = {
		EMU_BX, EMU_BX, EMU_BP, EMU_BP, EMU_SI, EMU_DI, EMU_BP, EMU_BX,
	};
	uint8_t m = fetch8(e);
	unsigned mod = m >> 6;
	struct operand o = { .reg = m >> 3 & 7, .rm = m & 7, .seg = EMU_DS };

	if (mod == 3)
		return o;
	o.in_memory = true;
	if (mod == 0 && o.rm == 6) {
		o.off = fetch16(e);
	} else {
		o.off = e->r[base[o.rm]];
		if (o.rm < 4)
			o.off = (uint16_t)(o.off +
					   e->r[o.rm & 1 ? EMU_DI : EMU_SI]);
		if (base[o.rm] == EMU_BP)
			o.seg = EMU_SS;
		if (mod == 1)
			o.off = (uint16_t)(o.off + (int8_t)fetch8(e));
		else if (mod == 2)
			o.off = (uint16_t)(o.off + fetch16(e));
	}
	if (e->over >= 0)
		o.seg = (unsigned)e->over;
	return o;
}

static unsigned get(struct emu86 *e, const struct operand *o, bool wide)
{
	return o->in_memory ? load(e, o->seg, o->off, wide)
			    : reg_get(e, o->rm, wide);
}

static void put(struct emu86 *e, const struct operand *o, bool wide, unsigned v)
{
	if (o->in_memory)
		store(e, o->seg, o->off, wide, v);
	else
		reg_set(e, o->rm, wide, v);
}

/* ---- arithmetic ---------------------------------------------------------------------- */

static void flag(struct emu86 *e, unsigned bit, bool on)
{
	e->flags = (uint16_t)(on ? e->flags | bit : e->flags & ~bit);
}

static void result(struct emu86 *e, unsigned v, bool wide)
{
	unsigned low = v & 0xff, parity = low ^ low >> 4;

	parity ^= parity >> 2;
	parity ^= parity >> 1;
	flag(e, EMU_ZF, (v & (wide ? 0xffff : 0xff)) == 0);
	flag(e, EMU_SF, v >> (wide ? 15 : 7) & 1);
	flag(e, EMU_PF, !(parity & 1));
}

static unsigned alu(struct emu86 *e, unsigned op, unsigned a, unsigned b,
		    bool wide)
{
	unsigned top = wide ? 15 : 7, mask = wide ? 0xffff : 0xff, v;
	unsigned carry = op == ADC || op == SBB ? e->flags & EMU_CF : 0;

	switch (op) {
	case ADD: case ADC:
		v = a + b + carry;
		flag(e, EMU_CF, v > mask);
		flag(e, EMU_OF, (~(a ^ b) & (a ^ v)) >> top & 1);
		break;
	case SUB: case SBB: case CMP:
		v = a - b - carry;
		flag(e, EMU_CF, a < b + carry);
		flag(e, EMU_OF, ((a ^ b) & (a ^ v)) >> top & 1);
		break;
	default:
		v = op == OR ? a | b : op == AND ? a & b : a ^ b;
		flag(e, EMU_CF, false);
		flag(e, EMU_OF, false);
	}
	flag(e, EMU_AF, (a ^ b ^ v) & 0x10);
	result(e, v, wide);
	return v & mask;
}

static unsigned step_by_one(struct emu86 *e, unsigned v, bool down, bool wide)
{
	bool carry = e->flags & EMU_CF;

	v = alu(e, down ? SUB : ADD, v, 1, wide);
	flag(e, EMU_CF, carry);
	return v;
}

/* One bit at a time, as the instruction sees it. */
static unsigned shift(struct emu86 *e, unsigned op, unsigned v, unsigned count,
		      bool wide)
{
	unsigned top = wide ? 15 : 7, mask = wide ? 0xffff : 0xff;

	for (count &= 31; count; count--) {
		unsigned carry = e->flags & EMU_CF, out;

		if (op == 0 || op == 2 || op == 4) {            /* left */
			out = v >> top & 1;
			v = (v << 1 & mask) | (op == 0 ? out :
					       op == 2 ? carry : 0);
			flag(e, EMU_OF, out != (v >> top & 1));
		} else {
			unsigned in = op == 1 ? v & 1 : op == 3 ? carry :
				      op == 7 ? v >> top : 0;

			out = v & 1;
			flag(e, EMU_OF, in != (v >> top & 1));
			v = v >> 1 | in << top;
		}
		flag(e, EMU_CF, out);
		if (op >= 4)
			result(e, v, wide);
	}
	return v;
}

static void multiply(struct emu86 *e, unsigned v, bool wide, bool negative)
{
	uint32_t r;

	if (wide) {
		r = negative ? (uint32_t)((int16_t)e->r[EMU_AX] * (int16_t)v)
			     : (uint32_t)e->r[EMU_AX] * v;
		e->r[EMU_DX] = (uint16_t)(r >> 16);
	} else {
		r = negative ? (uint32_t)((int8_t)e->r[EMU_AX] * (int8_t)v)
			     : (e->r[EMU_AX] & 0xff) * v;
	}
	e->r[EMU_AX] = (uint16_t)r;
	flag(e, EMU_CF, r >> (wide ? 16 : 8));
	flag(e, EMU_OF, r >> (wide ? 16 : 8));
}

static void divide(struct emu86 *e, unsigned v, bool wide)
{
	uint32_t a = e->r[EMU_AX];

	if (wide)
		a |= (uint32_t)e->r[EMU_DX] << 16;
	if (v == 0 || a / v > (wide ? 0xffffu : 0xffu)) {
		e->fault = "division overflow";
		return;
	}
	if (wide) {
		e->r[EMU_AX] = (uint16_t)(a / v);
		e->r[EMU_DX] = (uint16_t)(a % v);
	} else {
		e->r[EMU_AX] = (uint16_t)(a / v | a % v << 8);
	}
}

/* ---- groups of instructions ------------------------------------------------------------ */

static bool condition(const struct emu86 *e, unsigned n)
{
	bool c = e->flags & EMU_CF, z = e->flags & EMU_ZF;
	bool s = e->flags & EMU_SF, o = e->flags & EMU_OF, yes;

	switch (n >> 1) {
	case 0: yes = o; break;
	case 1: yes = c; break;
	case 2: yes = z; break;
	case 3: yes = c || z; break;
	case 4: yes = s; break;
	case 5: yes = e->flags & EMU_PF; break;
	case 6: yes = s != o; break;
	default: yes = z || s != o;
	}
	return yes != (n & 1);
}

static void branch(struct emu86 *e, bool taken)
{
	int8_t by = (int8_t)fetch8(e);

	if (taken)
		e->ip = (uint16_t)(e->ip + by);
}

static void string_once(struct emu86 *e, uint8_t op)
{
	bool wide = op & 1;
	int by = (wide ? 2 : 1) * (e->flags & EMU_DF ? -1 : 1);
	unsigned src = e->over >= 0 ? (unsigned)e->over : EMU_DS, a = 0, b;
	bool from = op < 0xa8 || (op & 0xfe) == 0xac;
	bool to = (op & 0xfe) != 0xac;

	a = from ? load(e, src, e->r[EMU_SI], wide) : reg_get(e, EMU_AX, wide);
	switch (op & 0xfe) {
	case 0xa4: case 0xaa:
		store(e, EMU_ES, e->r[EMU_DI], wide, a);
		break;
	case 0xac:
		reg_set(e, EMU_AX, wide, a);
		break;
	default:                        /* cmps, scas */
		b = load(e, EMU_ES, e->r[EMU_DI], wide);
		alu(e, CMP, a, b, wide);
	}
	if (from)
		e->r[EMU_SI] = (uint16_t)(e->r[EMU_SI] + by);
	if (to)
		e->r[EMU_DI] = (uint16_t)(e->r[EMU_DI] + by);
}

static void string(struct emu86 *e, uint8_t op)
{
	bool compares = (op & 0xfe) == 0xa6 || (op & 0xfe) == 0xae;

	if (!e->rep) {
		string_once(e, op);
		return;
	}
	while (e->r[EMU_CX]) {
		e->r[EMU_CX]--;
		e->steps++;
		string_once(e, op);
		if (compares && !(e->flags & EMU_ZF) == (e->rep == 'z'))
			break;
	}
}

static void group3(struct emu86 *e, bool wide)
{
	struct operand o = modrm(e);
	unsigned v = get(e, &o, wide);

	switch (o.reg) {
	case 0: alu(e, AND, v, fetch(e, wide), wide); break;
	case 2: put(e, &o, wide, ~v); break;
	case 3: put(e, &o, wide, alu(e, SUB, 0, v, wide)); break;
	case 4: multiply(e, v, wide, false); break;
	case 5: multiply(e, v, wide, true); break;
	case 6: divide(e, v, wide); break;
	default: e->fault = "no such instruction (F6, F7)";
	}
}

static void group5(struct emu86 *e, bool wide)
{
	struct operand o = modrm(e);
	unsigned v = get(e, &o, wide);

	switch (o.reg) {
	case 0: case 1:
		put(e, &o, wide, step_by_one(e, v, o.reg, wide));
		break;
	case 2:
		push(e, e->ip);
		e->ip = (uint16_t)v;
		break;
	case 4: e->ip = (uint16_t)v; break;
	case 6: push(e, (uint16_t)v); break;
	default: e->fault = "no such instruction (FE, FF)";
	}
}

static void call_far(struct emu86 *e)
{
	uint16_t off = fetch16(e), seg = fetch16(e);

	push(e, e->seg[EMU_CS]);
	push(e, e->ip);
	e->seg[EMU_CS] = seg;
	e->ip = off;
}

void emu86_int(struct emu86 *e, uint8_t n)
{
	push(e, e->flags);
	push(e, e->seg[EMU_CS]);
	push(e, e->ip);
	flag(e, EMU_IF, false);
	e->ip = emu86_read16(e, 0, (uint16_t)(4 * n));
	e->seg[EMU_CS] = emu86_read16(e, 0, (uint16_t)(4 * n + 2));
}

void emu86_iret(struct emu86 *e)
{
	e->ip = pop(e);
	e->seg[EMU_CS] = pop(e);
	e->flags = pop(e);
}

static void push_all(struct emu86 *e)
{
	uint16_t sp = e->r[EMU_SP];

	for (unsigned i = 0; i < 8; i++)
		push(e, i == EMU_SP ? sp : e->r[i]);
}

static void pop_all(struct emu86 *e)
{
	for (unsigned i = 8; i-- > 0;) {
		uint16_t v = pop(e);

		if (i != EMU_SP)
			e->r[i] = v;
	}
}

/* ---- 00 to 3F: the eight operations, in six forms ------------------------------------------ */

static void arithmetic(struct emu86 *e, uint8_t op)
{
	unsigned what = op >> 3;
	bool wide = op & 1;
	struct operand o;
	unsigned v;

	if ((op & 6) == 4) {
		v = alu(e, what, reg_get(e, EMU_AX, wide), fetch(e, wide), wide);
		if (what != CMP)
			reg_set(e, EMU_AX, wide, v);
		return;
	}
	if ((op & 6) == 6) {            /* push and pop of a segment */
		if (op > 0x1f || op == 0x0f || op == 0x17)
			e->fault = "no such instruction (00 to 3F)";
		else if (op & 1)
			e->seg[op >> 3] = pop(e);
		else
			push(e, e->seg[op >> 3]);
		return;
	}
	o = modrm(e);
	if (op & 2) {
		v = alu(e, what, reg_get(e, o.reg, wide), get(e, &o, wide),
			wide);
		if (what != CMP)
			reg_set(e, o.reg, wide, v);
	} else {
		v = alu(e, what, get(e, &o, wide), reg_get(e, o.reg, wide),
			wide);
		if (what != CMP)
			put(e, &o, wide, v);
	}
}

/* ---- 80 to 8F --------------------------------------------------------------------------------- */

static void moves(struct emu86 *e, uint8_t op)
{
	struct operand o = modrm(e);
	bool wide = op & 1;
	unsigned v;

	switch (op) {
	case 0x80: case 0x81: case 0x83:
		v = op == 0x83 ? (uint16_t)(int8_t)fetch8(e) : fetch(e, wide);
		v = alu(e, o.reg, get(e, &o, wide), v, wide);
		if (o.reg != CMP)
			put(e, &o, wide, v);
		break;
	case 0x84: case 0x85:
		alu(e, AND, get(e, &o, wide), reg_get(e, o.reg, wide), wide);
		break;
	case 0x86: case 0x87:
		v = get(e, &o, wide);
		put(e, &o, wide, reg_get(e, o.reg, wide));
		reg_set(e, o.reg, wide, v);
		break;
	case 0x88: case 0x89:
		put(e, &o, wide, reg_get(e, o.reg, wide));
		break;
	case 0x8a: case 0x8b:
		reg_set(e, o.reg, wide, get(e, &o, wide));
		break;
	case 0x8c: put(e, &o, true, e->seg[o.reg & 3]); break;
	case 0x8d: e->r[o.reg] = o.off; break;
	case 0x8e:
		if (o.reg == EMU_SS || o.reg == EMU_CS)
			e->fault = "the stack or the code moved";
		e->seg[o.reg & 3] = (uint16_t)get(e, &o, true);
		break;
	case 0x8f: put(e, &o, true, pop(e)); break;
	default: e->fault = "no such instruction (80 to 8F)";
	}
}

/* ---- 40 to 7F and 90 to 9F ----------------------------------------------------------------------- */

static void middle(struct emu86 *e, uint8_t op)
{
	uint16_t v;

	if (op < 0x50) {
		e->r[op & 7] = (uint16_t)step_by_one(e, e->r[op & 7], op & 8,
						     true);
	} else if (op < 0x58) {
		push(e, e->r[op & 7]);
	} else if (op < 0x60) {
		e->r[op & 7] = pop(e);
	} else if (op >= 0x70 && op < 0x80) {
		branch(e, condition(e, op & 15));
	} else if (op >= 0x90 && op < 0x98) {
		v = e->r[op & 7];
		e->r[op & 7] = e->r[EMU_AX];
		e->r[EMU_AX] = v;
	} else {
		switch (op) {
		case 0x60: push_all(e); break;
		case 0x61: pop_all(e); break;
		case 0x68: push(e, fetch16(e)); break;
		case 0x6a: push(e, (uint16_t)(int8_t)fetch8(e)); break;
		case 0x98: e->r[EMU_AX] = (uint16_t)(int8_t)e->r[EMU_AX]; break;
		case 0x99:
			e->r[EMU_DX] = e->r[EMU_AX] & 0x8000 ? 0xffff : 0;
			break;
		case 0x9a: call_far(e); break;
		case 0x9c: push(e, e->flags); break;
		case 0x9d: e->flags = pop(e); break;
		default: e->fault = "no such instruction (60 to 9F)";
		}
	}
}

/* ---- A0 to CF ---------------------------------------------------------------------------------------- */

static void far_pointer(struct emu86 *e, unsigned seg)
{
	struct operand o = modrm(e);

	if (!o.in_memory)
		e->fault = "a far pointer in a register";
	e->r[o.reg] = (uint16_t)load(e, o.seg, o.off, true);
	e->seg[seg] = (uint16_t)load(e, o.seg, (uint16_t)(o.off + 2), true);
}

static void returns(struct emu86 *e, uint8_t op)
{
	uint16_t drop = op & 1 ? 0 : fetch16(e);

	e->ip = pop(e);
	if (op >= 0xca)
		e->seg[EMU_CS] = pop(e);
	e->r[EMU_SP] = (uint16_t)(e->r[EMU_SP] + drop);
}

static void upper(struct emu86 *e, uint8_t op)
{
	bool wide = op & 1;
	struct operand o;
	uint16_t off;

	if (op >= 0xb0 && op < 0xc0) {
		reg_set(e, op & 7, op & 8, fetch(e, op & 8));
		return;
	}
	switch (op) {
	case 0xa0: case 0xa1: case 0xa2: case 0xa3:
		off = fetch16(e);
		o.seg = e->over >= 0 ? (unsigned)e->over : EMU_DS;
		if (op & 2)
			store(e, o.seg, off, wide, reg_get(e, EMU_AX, wide));
		else
			reg_set(e, EMU_AX, wide, load(e, o.seg, off, wide));
		break;
	case 0xa8: case 0xa9:
		alu(e, AND, reg_get(e, EMU_AX, wide), fetch(e, wide), wide);
		break;
	case 0xc0: case 0xc1:
		o = modrm(e);
		off = fetch8(e);
		put(e, &o, wide, shift(e, o.reg, get(e, &o, wide), off, wide));
		break;
	case 0xc2: case 0xc3: case 0xca: case 0xcb: returns(e, op); break;
	case 0xc4: far_pointer(e, EMU_ES); break;
	case 0xc5: far_pointer(e, EMU_DS); break;
	case 0xc6: case 0xc7:
		o = modrm(e);
		put(e, &o, wide, fetch(e, wide));
		break;
	case 0xcd: emu86_int(e, fetch8(e)); break;
	case 0xcf: emu86_iret(e); break;
	default:
		if (op < 0xb0)
			string(e, op);  /* A4 to A7, AA to AF */
		else
			e->fault = "no such instruction (C0 to CF)";
	}
}

/* ---- D0 to FF -------------------------------------------------------------------------------------------- */

static void ports(struct emu86 *e, uint8_t op)
{
	bool wide = op & 1;

	if (op & 2)
		e->out(e, e->r[EMU_DX], wide ? 2 : 1,
		       (uint16_t)reg_get(e, EMU_AX, wide));
	else
		reg_set(e, EMU_AX, wide,
			e->in(e, e->r[EMU_DX], wide ? 2 : 1));
}

static void last(struct emu86 *e, uint8_t op)
{
	struct operand o;
	uint16_t by;

	switch (op) {
	case 0xd0: case 0xd1: case 0xd2: case 0xd3:
		o = modrm(e);
		put(e, &o, op & 1, shift(e, o.reg, get(e, &o, op & 1),
					 op & 2 ? e->r[EMU_CX] & 0xff : 1,
					 op & 1));
		break;
	case 0xe0: branch(e, --e->r[EMU_CX] && !(e->flags & EMU_ZF)); break;
	case 0xe1: branch(e, --e->r[EMU_CX] && e->flags & EMU_ZF); break;
	case 0xe2: branch(e, --e->r[EMU_CX]); break;
	case 0xe3: branch(e, !e->r[EMU_CX]); break;
	case 0xe8: case 0xe9:
		by = fetch16(e);
		if (op == 0xe8)
			push(e, e->ip);
		e->ip = (uint16_t)(e->ip + by);
		break;
	case 0xeb: branch(e, true); break;
	case 0xec: case 0xed: case 0xee: case 0xef: ports(e, op); break;
	case 0xf5: e->flags ^= EMU_CF; break;
	case 0xf6: case 0xf7: group3(e, op & 1); break;
	case 0xf8: case 0xf9: flag(e, EMU_CF, op & 1); break;
	case 0xfc: case 0xfd: flag(e, EMU_DF, op & 1); break;
	case 0xfe: case 0xff: group5(e, op & 1); break;
	default: e->fault = "no such instruction (D0 to FF)";
	}
}

static uint8_t prefixes(struct emu86 *e)
{
	uint8_t op;

	e->over = -1;
	e->rep = 0;
	for (;;) {
		op = fetch8(e);
		if ((op & 0xe7) == 0x26)
			e->over = op >> 3 & 3;
		else if (op == 0xf2 || op == 0xf3)
			e->rep = op == 0xf3 ? 'z' : 'n';
		else
			return op;
	}
}

void emu86_run(struct emu86 *e, uint64_t limit)
{
	limit += e->steps;
	e->fault = NULL;
	while (!e->fault && e->before(e)) {
		uint8_t op = prefixes(e);

		if (++e->steps > limit)
			e->fault = "too long";
		else if (op < 0x40)
			arithmetic(e, op);
		else if (op < 0x80 || (op >= 0x90 && op < 0xa0))
			middle(e, op);
		else if (op < 0x90)
			moves(e, op);
		else if (op < 0xd0)
			upper(e, op);
		else
			last(e, op);
	}
}
