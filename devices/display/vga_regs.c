#include "devices/display/vga_int.h"

enum {
	ATTR_PORT = 0x3c0, ATTR_READ, MISC_WRITE, ENABLE_PORT, SEQ_INDEX,
	SEQ_DATA, PEL_MASK, DAC_READ, DAC_WRITE, DAC_DATA, FEATURE_READ,
	MISC_READ = 0x3cc, GFX_INDEX = 0x3ce, GFX_DATA,
	CRTC_INDEX = 0x3d4, CRTC_DATA, STATUS1 = 0x3da,
};
#define SWITCH_SENSE 0x10               /* status 0: a colour monitor */
#define CRTC_PROTECT 0x80               /* in CRTC_V_SYNC_END: 0-7 read-only */
#define OVERFLOW_SPLIT 0x10             /* but for this bit of 7 */

static const uint8_t seq_bits[5] = { 0x03, 0x3d, 0x0f, 0x3f, 0x0e };
static const uint8_t gfx_bits[9] = {
	0x0f, 0x0f, 0x0f, 0x1f, 0x03, 0x7b, 0x0f, 0x0f, 0xff,
};

void vga_regs_reset(struct vga *v)
{
	memset(&v->hw, 0, sizeof(v->hw));
	v->hw.misc = MISC_COLOUR;
	v->hw.pel_mask = 0xff;
}

/* ---- colours ---------------------------------------------------------------- */

/* Six bits become eight so that 3F is FF and equal steps stay equal. */
static uint32_t widen(const struct vga_hw *hw, uint8_t v)
{
	if (hw->dispi[DISPI_ENABLE] & DISPI_DAC8)
		return v;
	v &= 0x3f;
	return (uint32_t)v << 2 | v >> 4;
}

uint32_t vga_colour(const struct vga_hw *hw, uint8_t index)
{
	const uint8_t *c = hw->dac[index & hw->pel_mask];

	return widen(hw, c[0]) << 16 | widen(hw, c[1]) << 8 | widen(hw, c[2]);
}

void vga_palette(const struct vga_hw *hw, uint32_t out[16])
{
	uint8_t high = hw->attr[ATTR_SELECT];

	for (unsigned i = 0; i < 16; i++) {
		uint8_t index = hw->attr[i & hw->attr[ATTR_PLANES]] & 0x3f;

		if (hw->attr[ATTR_MODE] & ATTR_P54)
			index = (uint8_t)((index & 0x0f) | (high & 3) << 4);
		out[i] = vga_colour(hw, (uint8_t)(index | (high & 0x0c) << 4));
	}
}

/* ---- the DAC ---------------------------------------------------------------- */

static uint8_t dac_read(struct vga_hw *hw)
{
	uint8_t val = hw->dac[hw->dac_rd][hw->dac_n];

	if (++hw->dac_n == 3) {
		hw->dac_n = 0;
		hw->dac_rd++;
	}
	return val;
}

static void dac_write(struct vga_hw *hw, uint8_t val)
{
	if (!(hw->dispi[DISPI_ENABLE] & DISPI_DAC8))
		val &= 0x3f;
	hw->dac_hold[hw->dac_n] = val;
	if (++hw->dac_n == 3) {
		hw->dac_n = 0;
		memcpy(hw->dac[hw->dac_wr++], hw->dac_hold, 3);
	}
}

/* ---- where the beam is -------------------------------------------------------- */

#define LINE_NS 31778                   /* 31.469 kHz */
#define LINE_SHOWN_NS 25422             /* without the borders */

/*
 * Status 1 by the clock, so that a program which counts frames measures what a
 * monitor does. Bit 3 lasts from sync to the top of the picture: a guest that
 * polls through exits would miss the two lines that a real sync takes.
 */
static uint8_t status1(struct vga *v)
{
	const uint8_t *c = v->hw.crtc;
	uint8_t over = c[CRTC_OVERFLOW];
	unsigned total = (c[CRTC_V_TOTAL] | (over & 0x01) << 8 |
			  (over & 0x20) << 4) + 2u;
	unsigned shown = (c[CRTC_V_END] | (over & 0x02) << 7 |
			  (over & 0x40) << 3) + 1u;
	unsigned sync = c[CRTC_V_SYNC] | (over & 0x04) << 6 |
			(over & 0x80) << 2;
	uint64_t now = v->now_ns();
	unsigned line;

	if (total < 100 || shown >= total || sync < shown || sync >= total) {
		total = 449;            /* a text screen's numbers */
		shown = 400;
		sync = 412;
	}
	line = (unsigned)(now / LINE_NS % total);
	return (uint8_t)((line >= shown || now % LINE_NS >= LINE_SHOWN_NS) |
			 (line >= sync) << 3);
}

/* ---- ports --------------------------------------------------------------------- */

/* The monochrome ports answer or those for colour, as MISC says. */
static bool crtc_port(const struct vga_hw *hw, uint16_t *port)
{
	bool colour = hw->misc & MISC_COLOUR;

	if ((*port & 0xfff0) == 0x3b0) {
		*port ^= 0x60;
		return !colour;
	}
	return (*port & 0xfff0) != 0x3d0 || colour;
}

static uint8_t attr_read(const struct vga_hw *hw)
{
	unsigned at = hw->attr_at & 0x1f;

	return at < sizeof(hw->attr) ? hw->attr[at] : 0;
}

uint8_t vga_reg_read(struct vga *v, uint16_t port)
{
	struct vga_hw *hw = &v->hw;

	if (!crtc_port(hw, &port))
		return 0xff;
	switch (port) {
	case ATTR_PORT: return hw->attr_at;
	case ATTR_READ: return attr_read(hw);
	case MISC_WRITE: return SWITCH_SENSE;           /* status 0 */
	case ENABLE_PORT: return hw->enable;
	case SEQ_INDEX: return hw->seq_at;
	case SEQ_DATA: return hw->seq_at < 5 ? hw->seq[hw->seq_at] : 0;
	case PEL_MASK: return hw->pel_mask;
	case DAC_READ: return hw->dac_state;
	case DAC_WRITE: return hw->dac_wr;
	case DAC_DATA: return dac_read(hw);
	case FEATURE_READ: return hw->feature;
	case MISC_READ: return hw->misc;
	case GFX_INDEX: return hw->gfx_at;
	case GFX_DATA: return hw->gfx_at < 9 ? hw->gfx[hw->gfx_at] : 0;
	case CRTC_INDEX: return hw->crtc_at;
	case CRTC_DATA:
		return hw->crtc_at < sizeof(hw->crtc) ? hw->crtc[hw->crtc_at]
						      : 0;
	case STATUS1:
		hw->attr_data = false;
		return status1(v);
	default: return 0xff;
	}
}

static void attr_write(struct vga_hw *hw, uint8_t val)
{
	static const uint8_t bits[5] = { 0xef, 0xff, 0x3f, 0x0f, 0x0f };
	unsigned at = hw->attr_at & 0x1f;

	hw->attr_data = !hw->attr_data;
	if (hw->attr_data)
		hw->attr_at = val & 0x3f;
	else if (at < 0x10)
		hw->attr[at] = val & 0x3f;
	else if (at < sizeof(hw->attr))
		hw->attr[at] = val & bits[at - 0x10];
}

static void crtc_write(struct vga_hw *hw, uint8_t val)
{
	unsigned at = hw->crtc_at;

	if (at >= sizeof(hw->crtc))
		return;
	if (hw->crtc[CRTC_V_SYNC_END] & CRTC_PROTECT && at <= CRTC_OVERFLOW) {
		if (at != CRTC_OVERFLOW)
			return;
		val = (uint8_t)((hw->crtc[at] & ~OVERFLOW_SPLIT) |
				(val & OVERFLOW_SPLIT));
	}
	hw->crtc[at] = val;
}

static void seq_write(struct vga *v, uint8_t val)
{
	struct vga_hw *hw = &v->hw;

	if (hw->seq_at >= sizeof(hw->seq))
		return;
	hw->seq[hw->seq_at] = val & seq_bits[hw->seq_at];
	vga_window_changed(v);
}

static void gfx_write(struct vga *v, uint8_t val)
{
	struct vga_hw *hw = &v->hw;

	if (hw->gfx_at >= sizeof(hw->gfx))
		return;
	hw->gfx[hw->gfx_at] = val & gfx_bits[hw->gfx_at];
	vga_window_changed(v);
}

static void dac_index(struct vga_hw *hw, bool read, uint8_t val)
{
	hw->dac_n = 0;
	hw->dac_state = read ? 3 : 0;
	if (read)
		hw->dac_rd = val;
	else
		hw->dac_wr = val;
}

void vga_reg_write(struct vga *v, uint16_t port, uint8_t val)
{
	struct vga_hw *hw = &v->hw;

	if (!crtc_port(hw, &port))
		return;
	v->writes++;
	switch (port) {
	case ATTR_PORT: attr_write(hw, val); break;
	case MISC_WRITE: hw->misc = val; break;
	case ENABLE_PORT: hw->enable = val & 1; break;
	case SEQ_INDEX: hw->seq_at = val & 0x07; break;
	case SEQ_DATA: seq_write(v, val); break;
	case PEL_MASK: hw->pel_mask = val; break;
	case DAC_READ: dac_index(hw, true, val); break;
	case DAC_WRITE: dac_index(hw, false, val); break;
	case DAC_DATA: dac_write(hw, val); break;
	case GFX_INDEX: hw->gfx_at = val & 0x0f; break;
	case GFX_DATA: gfx_write(v, val); break;
	case CRTC_INDEX: hw->crtc_at = val & 0x3f; break;
	case CRTC_DATA: crtc_write(hw, val); break;
	case STATUS1: hw->feature = val; break;
	default: break;
	}
}
