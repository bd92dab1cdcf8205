#include <string.h>

#include "devices/legacy/legacy.h"
#include "devices/legacy/legacy_int.h"

enum {
	ST_OBF = 0x01, ST_SYS = 0x04, ST_CMD = 0x08, ST_UNLOCKED = 0x10,
	ST_AUX = 0x20,
	CTR_IRQ1 = 0x01, CTR_IRQ12 = 0x02, CTR_SYS = 0x04, CTR_KBD_OFF = 0x10,
	CTR_AUX_OFF = 0x20, CTR_TRANSLATE = 0x40,
	OUT_RUN = 0x01, OUT_A20 = 0x02, OUT_IRQ1 = 0x10, OUT_IRQ12 = 0x20,
	OUT_LINES = 0xcc,
	BREAK = 0xf0,
};

/* Scan codes, set 2 to set 1, as the controller's ROM has them. */
static const uint8_t set1[0x88] = {
	0xff, 0x43, 0x41, 0x3f, 0x3d, 0x3b, 0x3c, 0x58,
	0x64, 0x44, 0x42, 0x40, 0x3e, 0x0f, 0x29, 0x59,
	0x65, 0x38, 0x2a, 0x70, 0x1d, 0x10, 0x02, 0x5a,
	0x66, 0x71, 0x2c, 0x1f, 0x1e, 0x11, 0x03, 0x5b,
	0x67, 0x2e, 0x2d, 0x20, 0x12, 0x05, 0x04, 0x5c,
	0x68, 0x39, 0x2f, 0x21, 0x14, 0x13, 0x06, 0x5d,
	0x69, 0x31, 0x30, 0x23, 0x22, 0x15, 0x07, 0x5e,
	0x6a, 0x72, 0x32, 0x24, 0x16, 0x08, 0x09, 0x5f,
	0x6b, 0x33, 0x25, 0x17, 0x18, 0x0b, 0x0a, 0x60,
	0x6c, 0x34, 0x35, 0x26, 0x27, 0x19, 0x0c, 0x61,
	0x6d, 0x73, 0x28, 0x74, 0x1a, 0x0d, 0x62, 0x6e,
	0x3a, 0x36, 0x1c, 0x1b, 0x75, 0x2b, 0x63, 0x76,
	0x55, 0x56, 0x77, 0x78, 0x79, 0x7a, 0x0e, 0x7b,
	0x7c, 0x4f, 0x7d, 0x4b, 0x47, 0x7e, 0x7f, 0x6f,
	0x52, 0x53, 0x50, 0x4c, 0x4d, 0x48, 0x01, 0x45,
	0x57, 0x4e, 0x51, 0x4a, 0x37, 0x49, 0x46, 0x54,
	0x80, 0x81, 0x82, 0x41, 0x54, 0x85, 0x86, 0x87,
};

/* ---- the output buffer ---------------------------------------------------- */

static bool fetch_kbd(struct i8042 *c, uint8_t *val)
{
	while (ps2_kbd_read(&c->kbd, val)) {
		if (!(c->ctr & CTR_TRANSLATE))
			return true;
		if (*val == BREAK) {
			c->break_seen = true;
			continue;
		}
		if (*val < sizeof(set1))
			*val = set1[*val];
		if (c->break_seen)
			*val |= 0x80;
		c->break_seen = false;
		return true;
	}
	return false;
}

static bool fetch_answer(struct i8042 *c, uint8_t *val, bool *aux)
{
	uint8_t from;

	if (!ps2_pop(&c->answers, &from))
		return false;
	*aux = from;
	return ps2_pop(&c->answers, val);
}

static void pulse(struct i8042 *c)
{
	if (c->status & ST_AUX) {
		if (c->ctr & CTR_IRQ12)
			irq_pulse(c->irq12);
	} else if (c->ctr & CTR_IRQ1) {
		irq_pulse(c->irq1);
	}
}

/* Shows the next byte, if none is shown, with an edge of its own. */
static void show_next(struct i8042 *c)
{
	bool aux = false;
	uint8_t val;

	if (c->status & ST_OBF)
		return;
	if (!fetch_answer(c, &val, &aux) &&
	    (c->ctr & CTR_KBD_OFF || !fetch_kbd(c, &val))) {
		if (c->ctr & CTR_AUX_OFF || !ps2_mouse_read(&c->mouse, &val))
			return;
		aux = true;
	}
	c->obuf = val;
	c->status |= ST_OBF | (aux ? ST_AUX : 0);
	pulse(c);
}

static void reply(struct i8042 *c, bool aux, uint8_t val)
{
	ps2_push(&c->answers, (const uint8_t[]){ aux, val }, 2);
}

static uint8_t read_data(struct i8042 *c)
{
	uint8_t val = c->obuf;

	c->status &= (uint8_t)~(ST_OBF | ST_AUX);
	show_next(c);
	return val;
}

/* ---- commands ------------------------------------------------------------- */

static void write_ctr(struct i8042 *c, uint8_t val)
{
	uint8_t was = c->ctr;
	uint8_t irq = c->status & ST_AUX ? CTR_IRQ12 : CTR_IRQ1;

	c->ctr = val;
	c->status = (uint8_t)((c->status & ~ST_SYS) |
			      (val & CTR_SYS ? ST_SYS : 0));
	/* The request is the full buffer, gated: opening the gate shows it. */
	if (c->status & ST_OBF && val & ~was & irq)
		pulse(c);
}

/* True: the guest pulls the reset line. */
static bool write_outport(struct i8042 *c, uint8_t val)
{
	c->outport = val & (OUT_RUN | OUT_A20);
	return !(val & OUT_RUN);
}

static uint8_t read_outport(const struct i8042 *c)
{
	return c->outport | OUT_LINES |
	       (c->status & ST_OBF ?
			c->status & ST_AUX ? OUT_IRQ12 : OUT_IRQ1 : 0);
}

static bool arg(struct i8042 *c, uint8_t cmd, uint8_t val)
{
	switch (cmd) {
	case 0x60:
		write_ctr(c, val);
		break;
	case 0x61 ... 0x7f:
		c->ram[cmd & 0x1f] = val;
		break;
	case 0xd1:
		return write_outport(c, val);
	case 0xd2:
		reply(c, false, val);
		break;
	case 0xd3:
		reply(c, true, val);
		break;
	case 0xd4:
		c->ctr &= (uint8_t)~CTR_AUX_OFF;
		ps2_mouse_write(&c->mouse, val);
		break;
	}
	return false;
}

static bool command(struct i8042 *c, uint8_t cmd)
{
	switch (cmd) {
	case 0x20:
		reply(c, false, c->ctr);
		break;
	case 0x21 ... 0x3f:
		reply(c, false, c->ram[cmd & 0x1f]);
		break;
	case 0x60 ... 0x7f:
	case 0xd1 ... 0xd4:
		c->pending_cmd = cmd;
		break;
	case 0xa4:                      /* a password? none */
		reply(c, false, 0xf1);
		break;
	case 0xa7:
		c->ctr |= CTR_AUX_OFF;
		break;
	case 0xa8:
		c->ctr &= (uint8_t)~CTR_AUX_OFF;
		break;
	case 0xa9:                      /* interface tests: fine */
	case 0xab:
		reply(c, false, 0x00);
		break;
	case 0xaa:                      /* self-test: fine */
		c->status |= ST_SYS;
		c->ctr |= CTR_SYS;
		reply(c, false, 0x55);
		break;
	case 0xad:
		c->ctr |= CTR_KBD_OFF;
		break;
	case 0xae:
		c->ctr &= (uint8_t)~CTR_KBD_OFF;
		break;
	case 0xc0:                      /* input port: not locked */
		reply(c, false, 0x80);
		break;
	case 0xd0:
		reply(c, false, read_outport(c));
		break;
	case 0xdd:
	case 0xdf:
		c->outport = (uint8_t)((c->outport & ~OUT_A20) |
				       (cmd == 0xdf ? OUT_A20 : 0));
		break;
	case 0xe0:                      /* test inputs: both clocks low */
		reply(c, false, 0x00);
		break;
	case 0xf0 ... 0xff:             /* pulses the outputs whose bit is 0 */
		return !(cmd & OUT_RUN);
	}
	return false;
}

static bool write_data(struct i8042 *c, uint8_t val)
{
	uint8_t cmd = c->pending_cmd;

	c->pending_cmd = 0;
	c->status &= (uint8_t)~ST_CMD;
	if (cmd)
		return arg(c, cmd, val);
	/* Talking to the keyboard lets it talk. */
	c->ctr &= (uint8_t)~CTR_KBD_OFF;
	ps2_kbd_write(&c->kbd, val);
	return false;
}

static bool write_cmd(struct i8042 *c, uint8_t val)
{
	c->pending_cmd = 0;
	c->status |= ST_CMD;
	return command(c, val);
}

static void out(struct i8042 *c, uint8_t val,
		bool (*write)(struct i8042 *, uint8_t))
{
	bool reset;

	pthread_mutex_lock(&c->lock);
	reset = write(c, val);
	show_next(c);
	pthread_mutex_unlock(&c->lock);
	if (reset && c->reset)
		c->reset(c->ctx);
}

/* ---- ports: one byte wide each -------------------------------------------- */

static uint64_t data_in(void *ctx, uint64_t off, unsigned size)
{
	struct i8042 *c = ctx;
	uint8_t val;

	(void)off, (void)size;
	pthread_mutex_lock(&c->lock);
	val = read_data(c);
	pthread_mutex_unlock(&c->lock);
	return val;
}

static void data_out(void *ctx, uint64_t off, unsigned size, uint64_t val)
{
	(void)off, (void)size;
	out(ctx, (uint8_t)val, write_data);
}

static uint64_t cmd_in(void *ctx, uint64_t off, unsigned size)
{
	struct i8042 *c = ctx;
	uint8_t val;

	(void)off, (void)size;
	pthread_mutex_lock(&c->lock);
	val = c->status;
	pthread_mutex_unlock(&c->lock);
	return val;
}

static void cmd_out(void *ctx, uint64_t off, unsigned size, uint64_t val)
{
	(void)off, (void)size;
	out(ctx, (uint8_t)val, write_cmd);
}

static const struct io_ops data_ops = { .read = data_in, .write = data_out };
static const struct io_ops cmd_ops = { .read = cmd_in, .write = cmd_out };

/* ---- from the outside ----------------------------------------------------- */

bool i8042_key(struct i8042 *c, const uint8_t *codes, size_t n)
{
	bool took;

	pthread_mutex_lock(&c->lock);
	took = ps2_kbd_key(&c->kbd, codes, n);
	show_next(c);
	pthread_mutex_unlock(&c->lock);
	return took;
}

bool i8042_scans(struct i8042 *c)
{
	bool yes;

	pthread_mutex_lock(&c->lock);
	yes = c->kbd.scanning;
	pthread_mutex_unlock(&c->lock);
	return yes;
}

bool i8042_idle(struct i8042 *c)
{
	bool yes;

	pthread_mutex_lock(&c->lock);
	yes = !c->kbd.keys.n && !(c->status & ST_OBF);
	pthread_mutex_unlock(&c->lock);
	return yes;
}

void i8042_mouse(struct i8042 *c, int dx, int dy, int dz, unsigned buttons)
{
	pthread_mutex_lock(&c->lock);
	ps2_mouse_move(&c->mouse, dx, dy, dz, buttons);
	show_next(c);
	pthread_mutex_unlock(&c->lock);
}

/*
 * As a BIOS leaves it, because a kernel may be started without one: self-test
 * passed, translation on, the keyboard's interrupt on.
 */
void i8042_reset(struct i8042 *c)
{
	pthread_mutex_lock(&c->lock);
	c->status = ST_SYS | ST_UNLOCKED;
	c->ctr = CTR_IRQ1 | CTR_SYS | CTR_TRANSLATE;
	c->outport = OUT_RUN | OUT_A20;
	c->pending_cmd = c->obuf = 0;
	c->break_seen = false;
	memset(c->ram, 0, sizeof(c->ram));
	ps2_clear(&c->answers);
	ps2_kbd_reset(&c->kbd);
	ps2_mouse_reset(&c->mouse);
	pthread_mutex_unlock(&c->lock);
}

int i8042_init(struct i8042 *c, struct iospace *pio, struct irq_line *irq1,
	       struct irq_line *irq12)
{
	int err;

	c->data = (struct io_region){ .base = 0x60, .len = 1, .ops = &data_ops,
				      .ctx = c, .name = "i8042-data" };
	c->cmd = (struct io_region){ .base = 0x64, .len = 1, .ops = &cmd_ops,
				     .ctx = c, .name = "i8042-command" };
	c->irq1 = irq1;
	c->irq12 = irq12;
	pthread_mutex_init(&c->lock, NULL);
	i8042_reset(c);
	err = iospace_add(pio, &c->data);
	if (err)
		return err;
	err = iospace_add(pio, &c->cmd);
	if (err)
		goto err_del_data;
	return 0;
err_del_data:
	iospace_del(pio, &c->data);
	return err;
}
