#include <errno.h>

#include "devices/display/font.h"
#include "devices/display/vga_int.h"

#define ID_FIRST 0xb0c0
#define ID_LAST 0xb0c5

/* A linear framebuffer mode as the registers ask for it. */
struct vbe_mode {
	unsigned w, h, bpp;
	uint32_t pitch;         /* bytes; with 4 bpp, of each plane */
};

static uint32_t pitch_of(unsigned bpp, unsigned w)
{
	return bpp == 4 ? w / 8 : w * ((bpp + 7) / 8);
}

static uint32_t memory_of(unsigned bpp)
{
	return bpp == 4 ? VGA_VRAM_LEN / 4 : VGA_VRAM_LEN;
}

/* Whether there is such a mode, and its pitch. Bochs takes 0 bpp for 8. */
static bool valid(const uint16_t *r, struct vbe_mode *m)
{
	unsigned virt = r[DISPI_VIRT_X];

	m->w = r[DISPI_X];
	m->h = r[DISPI_Y];
	m->bpp = r[DISPI_BPP];
	switch (m->bpp) {
	case 4: case 8: case 15: case 16: case 24: case 32: break;
	default: return false;
	}
	if (m->bpp == 4 && (m->w % 8 || virt % 8))
		return false;
	m->pitch = pitch_of(m->bpp, virt);
	return m->w && m->w <= VGA_MAX_X && m->h && m->h <= VGA_MAX_Y &&
	       virt >= m->w &&
	       (uint64_t)m->pitch * m->h <= memory_of(m->bpp);
}

/* ---- registers ------------------------------------------------------------------- */

void vbe_reset(struct vga *v)
{
	uint16_t *r = v->hw.dispi;

	v->hw.dispi_at = 0;
	memset(r, 0, sizeof(v->hw.dispi));
	r[DISPI_ID] = ID_LAST;
	r[DISPI_MEMORY] = VGA_VRAM_LEN >> 16;
}

static void set_virtual(uint16_t *r, unsigned w)
{
	struct vbe_mode m;
	uint16_t before = r[DISPI_VIRT_X];
	uint32_t lines;

	r[DISPI_VIRT_X] = (uint16_t)w;
	if (!valid(r, &m)) {
		r[DISPI_VIRT_X] = before;
		return;
	}
	lines = memory_of(m.bpp) / m.pitch;
	r[DISPI_VIRT_Y] = (uint16_t)(lines > 0xffff ? 0xffff : lines);
}

/* The guest may have put any numbers there: without a mode in them, the display
 * stays off. */
static void turn_on(struct vga *v, uint16_t enable)
{
	uint16_t *r = v->hw.dispi;
	struct vbe_mode m;

	if (r[DISPI_BPP] == 0)
		r[DISPI_BPP] = 8;
	r[DISPI_VIRT_X] = r[DISPI_X];
	if (!valid(r, &m)) {
		r[DISPI_ENABLE] = enable & (uint16_t)~DISPI_ON;
		return;
	}
	set_virtual(r, m.w);
	r[DISPI_OFF_X] = r[DISPI_OFF_Y] = r[DISPI_BANK] = 0;
	if (!(enable & DISPI_NO_CLEAR))
		memset(v->vram, 0, (size_t)m.pitch * m.h *
				   (m.bpp == 4 ? 4 : 1));
	r[DISPI_ENABLE] = enable;
}

static void write_enable(struct vga *v, uint16_t val)
{
	uint16_t *r = v->hw.dispi;

	if (val & DISPI_ON && !vbe_on(&v->hw))
		turn_on(v, val);
	else
		r[DISPI_ENABLE] = val;
	vga_window_changed(v);
}

/* X, Y and BPP of a picture that is being shown: the new ones must make a mode
 * with the others, or the old ones stay. */
static void write_size(struct vga *v, uint16_t index, uint16_t val)
{
	uint16_t *r = v->hw.dispi, before[11];
	struct vbe_mode m;

	memcpy(before, r, sizeof(before));
	r[index] = val;
	if (!vbe_on(&v->hw))
		return;
	if (r[DISPI_VIRT_X] < r[DISPI_X] || index == DISPI_BPP)
		r[DISPI_VIRT_X] = r[DISPI_X];
	if (valid(r, &m))
		set_virtual(r, r[DISPI_VIRT_X]);
	else
		memcpy(r, before, sizeof(before));
}

/* ---- what Bochs has not: the BIOS' heavy work in one access ---------------------- */

static void fill_text(struct vga *v, uint16_t val)
{
	for (uint32_t i = 0; i < VGA_PLANES_LEN; i += 4) {
		v->vram[i] = (uint8_t)val;
		v->vram[i + 1] = (uint8_t)(val >> 8);
	}
	for (uint32_t i = 0; v->text_mapped && i < VGA_TEXT_LEN; i++)
		v->text[i] = (uint8_t)(val >> 8 * (i & 1));
}

static void load_font(struct vga *v, uint16_t val)
{
	/* The order of the blocks in plane 2 is that of bits 0, 1, 2. */
	static const uint8_t place[8] = { 0, 2, 4, 6, 1, 3, 5, 7 };
	uint8_t *to = v->vram + 4 * (0x2000 * place[val & 7]) + 2;
	const uint8_t *rows;
	unsigned height;

	if (val >> 8 >= FONTS)
		return;
	rows = font_rows(val >> 8, &height);
	for (unsigned c = 0; c < 256; c++)
		for (unsigned y = 0; y < 32; y++)
			to[4 * (32 * c + y)] = y < height ? rows[height * c + y]
							  : 0;
}

/* An entry's level of red (2), green (1) or blue (0). */
static uint8_t dac_level(unsigned set, unsigned entry, unsigned colour)
{
	static const uint8_t greys[4] = { 0x00, 0x2a, 0x2a, 0x3f };
	unsigned bright;

	if (set == VGA_X_DAC_MONO)
		return greys[entry >> 3 & 3];
	if (set == VGA_X_DAC_CGA && colour == 1 && (entry & 0x17) == 6)
		return 0x15;                    /* yellow is brown */
	bright = set == VGA_X_DAC_EGA ? entry >> (3 + colour) : entry >> 4;
	return (uint8_t)((entry >> colour & 1) * 0x2a + (bright & 1) * 0x15);
}

/* As written through the ports from entry 0 on. */
static void load_dac(struct vga *v, uint16_t set)
{
	enum { ENTRIES = 64 };
	struct vga_hw *hw = &v->hw;

	if (set > VGA_X_DAC_EGA)
		return;
	for (unsigned i = 0; i < ENTRIES; i++)
		for (unsigned c = 0; c < 3; c++)
			hw->dac[i][c] = dac_level(set, i, 2 - c);
	memcpy(hw->dac_hold, hw->dac[ENTRIES - 1], sizeof(hw->dac_hold));
	hw->dac_wr = ENTRIES;
	hw->dac_n = hw->dac_state = 0;
}

static void write_extra(struct vga *v, uint16_t index, uint16_t val)
{
	switch (index) {
	case VGA_X_FILL:
		fill_text(v, val);
		break;
	case VGA_X_CLEAR:
		memset(v->vram, 0, VGA_PLANES_LEN);
		if (v->text_mapped)
			memset(v->text, 0, VGA_TEXT_LEN);
		break;
	case VGA_X_FONT:
		load_font(v, val);
		break;
	case VGA_X_DAC:
		load_dac(v, val);
		break;
	default:
		break;
	}
}

void vbe_write(struct vga *v, uint16_t index, uint16_t val)
{
	uint16_t *r = v->hw.dispi;

	v->writes++;
	switch (index) {
	case DISPI_ID:
		if (val >= ID_FIRST && val <= ID_LAST)
			r[index] = val;
		break;
	case DISPI_X: case DISPI_Y: case DISPI_BPP:
		write_size(v, index, val);
		break;
	case DISPI_ENABLE:
		write_enable(v, val);
		break;
	case DISPI_VIRT_X:
		if (vbe_on(&v->hw))
			set_virtual(r, val);
		else
			r[index] = val;
		break;
	case DISPI_VIRT_Y:
		if (!vbe_on(&v->hw))
			r[index] = val;
		break;
	case DISPI_BANK: case DISPI_OFF_X: case DISPI_OFF_Y:
		r[index] = val;
		break;
	default:
		write_extra(v, index, val);
	}
}

uint16_t vbe_read(struct vga *v, uint16_t index)
{
	const uint16_t *r = v->hw.dispi;

	if (index == VGA_X_ID)
		return VGA_X_MAGIC;
	if (index > DISPI_MEMORY)
		return 0;
	if (r[DISPI_ENABLE] & DISPI_CAPS) {
		switch (index) {
		case DISPI_X: return VGA_MAX_X;
		case DISPI_Y: return VGA_MAX_Y;
		case DISPI_BPP: return 32;
		default: break;
		}
	}
	return r[index];
}

/* Ports 1CE index, 1CF data; 1D0 is data, too, for those who like their words
 * aligned. Words only, as with Bochs. */
static uint64_t dispi_read(void *ctx, uint64_t off, unsigned size)
{
	struct vga *v = ctx;
	uint16_t val;

	if (size != 2)
		return ~(uint64_t)0;
	pthread_mutex_lock(&v->lock);
	val = off ? vbe_read(v, v->hw.dispi_at) : v->hw.dispi_at;
	pthread_mutex_unlock(&v->lock);
	return val;
}

static void dispi_write(void *ctx, uint64_t off, unsigned size, uint64_t val)
{
	struct vga *v = ctx;

	if (size != 2)
		return;
	pthread_mutex_lock(&v->lock);
	if (off)
		vbe_write(v, v->hw.dispi_at, (uint16_t)val);
	else
		v->hw.dispi_at = (uint16_t)val;
	pthread_mutex_unlock(&v->lock);
}

const struct io_ops vga_dispi_ops = { .read = dispi_read, .write = dispi_write };

/* ---- the picture ------------------------------------------------------------------ */

static uint32_t rgb555(uint32_t p)
{
	uint32_t r = p >> 10 & 31, g = p >> 5 & 31, b = p & 31;

	return (r << 3 | r >> 2) << 16 | (g << 3 | g >> 2) << 8 |
	       (b << 3 | b >> 2);
}

static uint32_t rgb565(uint32_t p)
{
	uint32_t r = p >> 11 & 31, g = p >> 5 & 63, b = p & 31;

	return (r << 3 | r >> 2) << 16 | (g << 2 | g >> 4) << 8 |
	       (b << 3 | b >> 2);
}

static void draw_planes(const struct vga *v, const uint32_t *colour,
			uint32_t at, uint32_t *out, unsigned w)
{
	for (unsigned x = 0; x < w; x += 8) {
		uint32_t p = vga_planes(v, at++);

		for (unsigned b = 8; b-- > 0;)
			*out++ = colour[(p >> b & 1) | (p >> b >> 7 & 2) |
					(p >> b >> 14 & 4) |
					(p >> b >> 21 & 8)];
	}
}

static void draw_line(unsigned bpp, const uint32_t *colour, const uint8_t *p,
		      uint32_t *out, unsigned w)
{
	switch (bpp) {
	case 8:
		for (unsigned x = 0; x < w; x++)
			out[x] = colour[p[x]];
		break;
	case 15:
		for (unsigned x = 0; x < w; x++, p += 2)
			out[x] = rgb555(p[0] | (uint32_t)p[1] << 8);
		break;
	case 16:
		for (unsigned x = 0; x < w; x++, p += 2)
			out[x] = rgb565(p[0] | (uint32_t)p[1] << 8);
		break;
	default:
		for (unsigned x = 0; x < w; x++, p += bpp / 8)
			out[x] = p[0] | (uint32_t)p[1] << 8 |
				 (uint32_t)p[2] << 16;
	}
}

static void colours(const struct vga_hw *hw, unsigned bpp, uint32_t *out)
{
	if (bpp == 4)
		vga_palette(hw, out);
	for (unsigned i = 0; bpp == 8 && i < 256; i++)
		out[i] = vga_colour(hw, (uint8_t)i);
}

int vbe_draw(const struct vga *v, struct image *img)
{
	const uint16_t *r = v->hw.dispi;
	uint32_t colour[256];
	struct vbe_mode m;
	int err;

	/* Each write keeps what is shown valid. */
	if (!valid(r, &m))
		return -EINVAL;
	err = image_size(img, m.w, m.h);
	if (err)
		return err;
	/* As in QEMU's VGA, by which bochs-drm blanks: the attribute
	 * controller's switch is in the way of these pictures, too. */
	if (!(v->hw.attr_at & ATTR_SCREEN_ON)) {
		memset(img->px, 0, (size_t)m.w * m.h * sizeof(*img->px));
		return 0;
	}
	colours(&v->hw, m.bpp, colour);
	for (unsigned y = 0; y < m.h; y++) {
		uint32_t *out = img->px + (size_t)y * m.w;
		uint64_t at = (uint64_t)m.pitch * (r[DISPI_OFF_Y] + y) +
			      pitch_of(m.bpp, r[DISPI_OFF_X]);

		if (at + pitch_of(m.bpp, m.w) > memory_of(m.bpp))
			memset(out, 0, m.w * sizeof(*out));
		else if (m.bpp == 4)
			draw_planes(v, colour, (uint32_t)at, out, m.w);
		else
			draw_line(m.bpp, colour, v->vram + at, out, m.w);
	}
	return 0;
}
