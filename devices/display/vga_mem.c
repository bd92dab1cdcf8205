/*
 * The window at A0000: 128 KiB of addresses, which the registers make 64 KiB of
 * four planes behind latches, or a bank of the linear framebuffer.
 *
 * A text screen uses little of that: even bytes are plane 0, odd ones plane 1.
 * While the registers say so, the 32 KiB at B8000 can be plain memory of the
 * guest (ram_port), which saves an exit a character. It is asked for after
 * TEXT_HITS accesses in a row, since a memory slot costs as much as some
 * hundred exits, and given back when a register says otherwise.
 */
#include <string.h>

#include "devices/base/log.h"
#include "devices/display/vga_int.h"

#define TEXT_AT 0x18000u                /* of the window: B8000 */
#define TEXT_HITS 1024

/* A bit a plane becomes a byte a plane. */
static uint32_t spread(uint8_t bits)
{
	return (bits & 1 ? 0x000000ffu : 0) | (bits & 2 ? 0x0000ff00u : 0) |
	       (bits & 4 ? 0x00ff0000u : 0) | (bits & 8 ? 0xff000000u : 0);
}

/* From the window's offset to the planes' address; false: not decoded. */
static bool decode(const struct vga_hw *hw, uint32_t *at)
{
	if (vbe_linear(hw))
		return *at < 0x10000;
	switch (hw->gfx[GFX_MISC] >> 2 & 3) {
	case 0:
		return true;
	case 1:
		return *at < 0x10000;
	case 2:
		*at -= 0x10000;
		return *at < 0x8000;
	default:
		*at -= TEXT_AT;
		return *at < 0x8000;
	}
}

static uint32_t linear_at(const struct vga_hw *hw, uint32_t at)
{
	return ((uint32_t)hw->dispi[DISPI_BANK] << 16 | at) %
	       VGA_VRAM_LEN;
}

/* Where in the planes; a bank is 64 KiB of each. */
static uint32_t plane_at(const struct vga_hw *hw, uint32_t at)
{
	uint32_t bank = vbe_on(hw) ? hw->dispi[DISPI_BANK] : 0;

	return (bank << 16 | (at & 0xffff)) % (VGA_VRAM_LEN / 4);
}

/* ---- writing ------------------------------------------------------------------ */

static uint8_t rotate(const struct vga_hw *hw, uint8_t val)
{
	unsigned by = hw->gfx[GFX_ROTATE] & 7;

	return (uint8_t)(val >> by | val << (8 - by));
}

static uint32_t combine(const struct vga_hw *hw, uint32_t new)
{
	switch (hw->gfx[GFX_ROTATE] >> 3) {
	case 0: return new;
	case 1: return new & hw->latch;
	case 2: return new | hw->latch;
	default: return new ^ hw->latch;
	}
}

/* What the four planes are given for a byte of the CPU. */
static uint32_t write_data(const struct vga_hw *hw, uint8_t val)
{
	uint32_t set = spread(hw->gfx[GFX_SET_RESET]), new, enable;
	uint32_t mask = hw->gfx[GFX_BIT_MASK] * 0x01010101u;

	switch (hw->gfx[GFX_MODE] & 3) {
	case 0:
		enable = spread(hw->gfx[GFX_ENABLE_SR]);
		new = rotate(hw, val) * 0x01010101u;
		new = (new & ~enable) | (set & enable);
		break;
	case 1:
		return hw->latch;
	case 2:
		new = spread(val);
		break;
	default:
		mask &= rotate(hw, val) * 0x01010101u;
		new = set;
	}
	return (combine(hw, new) & mask) | (hw->latch & ~mask);
}

static void write_planes(struct vga *v, uint32_t at, uint8_t val)
{
	const struct vga_hw *hw = &v->hw;
	uint8_t planes = hw->seq[SEQ_MAP_MASK];
	uint32_t mask, all;

	if (hw->seq[SEQ_MODE] & SEQ_CHAIN4) {
		planes &= (uint8_t)(1u << (at & 3));
		at &= ~3u;
	} else if (!(hw->seq[SEQ_MODE] & SEQ_SEQUENTIAL)) {
		planes &= at & 1 ? 0x0a : 0x05;
		at &= ~1u;
	}
	at = plane_at(hw, at);
	mask = spread(planes);
	all = (vga_planes(v, at) & ~mask) | (write_data(hw, val) & mask);
	memcpy(v->vram + 4 * (size_t)at, &all, sizeof(all));
}

/* ---- reading ------------------------------------------------------------------- */

/* A bit is 1 where all planes that matter hold the colour asked for. */
static uint8_t compare(const struct vga_hw *hw)
{
	uint32_t differ = (hw->latch ^ spread(hw->gfx[GFX_COMPARE])) &
			  spread(hw->gfx[GFX_DONT_CARE]);

	differ |= differ >> 16;
	differ |= differ >> 8;
	return (uint8_t)~differ;
}

static uint8_t read_planes(struct vga *v, uint32_t at)
{
	struct vga_hw *hw = &v->hw;
	unsigned plane = hw->gfx[GFX_READ_MAP];

	if (hw->seq[SEQ_MODE] & SEQ_CHAIN4) {
		plane = at & 3;
		at &= ~3u;
	} else if (hw->gfx[GFX_MODE] & MODE_ODD_EVEN) {
		plane = (plane & 2) | (at & 1);
		at &= ~1u;
	}
	hw->latch = vga_planes(v, plane_at(hw, at));
	if (hw->gfx[GFX_MODE] & MODE_READ1)
		return compare(hw);
	return (uint8_t)(hw->latch >> 8 * plane);
}

/* ---- the text window as plain memory -------------------------------------------- */

/* Is the window at B8000 nothing but characters and attributes? */
static bool plain_text(const struct vga_hw *hw)
{
	const uint8_t *g = hw->gfx;

	return !vbe_on(hw) && hw->seq[SEQ_MAP_MASK] == 0x03 &&
	       !(hw->seq[SEQ_MODE] & (SEQ_CHAIN4 | SEQ_SEQUENTIAL)) &&
	       g[GFX_MISC] >> 2 == 3 && g[GFX_ENABLE_SR] == 0 &&
	       g[GFX_ROTATE] == 0 && !(g[GFX_READ_MAP] & 2) &&
	       (g[GFX_MODE] & (MODE_ODD_EVEN | MODE_READ1 | 3)) ==
	       MODE_ODD_EVEN && g[GFX_BIT_MASK] == 0xff;
}

static int text_map(struct vga *v, bool on)
{
	return v->port->map(v->port, v->window.base + TEXT_AT, v->text,
			    VGA_TEXT_LEN, on);
}

static void text_give(struct vga *v)
{
	for (uint32_t i = 0; i < VGA_TEXT_LEN; i++)
		v->text[i] = v->vram[4 * (i & ~1u) + (i & 1)];
	if (text_map(v, true) == 0)
		v->text_mapped = true;
	else
		v->port = NULL;
}

void vga_text_sync(struct vga *v)
{
	for (uint32_t i = 0; v->text_mapped && i < VGA_TEXT_LEN; i++)
		v->vram[4 * (i & ~1u) + (i & 1)] = v->text[i];
}

/* Out of the guest's reach first, so that nothing it writes is lost. If that
 * fails it stays what it is, text, until the next change. */
static void text_take(struct vga *v)
{
	int err = text_map(v, false);

	if (err < 0) {
		host_err_limited("vga", "the host cannot take the text window "
				 "back (%s): the screen may be wrong until the "
				 "guest changes its mode again", strerror(-err));
		return;
	}
	vga_text_sync(v);
	v->text_mapped = false;
}

void vga_window_changed(struct vga *v)
{
	v->text_hits = 0;
	if (v->text_mapped && !plain_text(&v->hw))
		text_take(v);
}

static void text_hit(struct vga *v, uint32_t at)
{
	if (!v->port || at < TEXT_AT || ++v->text_hits < TEXT_HITS)
		return;
	v->text_hits = 0;
	if (plain_text(&v->hw))
		text_give(v);
}

/* ---- accesses -------------------------------------------------------------------- */

static uint8_t read8(struct vga *v, uint32_t at)
{
	if (v->text_mapped)
		return at < TEXT_AT ? 0xff : v->text[at - TEXT_AT];
	if (!decode(&v->hw, &at))
		return 0xff;
	if (vbe_linear(&v->hw))
		return v->vram[linear_at(&v->hw, at)];
	return read_planes(v, at);
}

static void write8(struct vga *v, uint32_t at, uint8_t val)
{
	if (v->text_mapped) {
		if (at >= TEXT_AT)
			v->text[at - TEXT_AT] = val;
		return;
	}
	if (!decode(&v->hw, &at))
		return;
	if (vbe_linear(&v->hw))
		v->vram[linear_at(&v->hw, at)] = val;
	else
		write_planes(v, at, val);
}

static uint64_t window_read(void *ctx, uint64_t off, unsigned size)
{
	struct vga *v = ctx;
	uint64_t val = 0;

	pthread_mutex_lock(&v->lock);
	if (!v->text_mapped)
		text_hit(v, (uint32_t)off);
	for (unsigned i = 0; i < size; i++)
		val |= (uint64_t)read8(v, (uint32_t)off + i) << 8 * i;
	pthread_mutex_unlock(&v->lock);
	return val;
}

static void window_write(void *ctx, uint64_t off, unsigned size, uint64_t val)
{
	struct vga *v = ctx;

	pthread_mutex_lock(&v->lock);
	v->writes++;
	if (!v->text_mapped)
		text_hit(v, (uint32_t)off);
	for (unsigned i = 0; i < size; i++)
		write8(v, (uint32_t)off + i, (uint8_t)(val >> 8 * i));
	pthread_mutex_unlock(&v->lock);
}

const struct io_ops vga_window_ops = {
	.read = window_read, .write = window_write,
};
