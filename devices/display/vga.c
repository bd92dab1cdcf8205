#include <errno.h>
#include <sys/mman.h>

#include "devices/base/loop.h"
#include "devices/display/vga_int.h"

#define WINDOW 0xa0000u
#define WINDOW_LEN 0x20000u
#define MAP_LEN (VGA_VRAM_LEN + VGA_TEXT_LEN)

void vga_port_write(struct vga *v, uint16_t port, uint8_t val)
{
	pthread_mutex_lock(&v->lock);
	vga_reg_write(v, port, val);
	pthread_mutex_unlock(&v->lock);
}

uint8_t vga_port_read(struct vga *v, uint16_t port)
{
	uint8_t val;

	pthread_mutex_lock(&v->lock);
	val = vga_reg_read(v, port);
	pthread_mutex_unlock(&v->lock);
	return val;
}

void vga_dispi_write(struct vga *v, uint16_t index, uint16_t val)
{
	pthread_mutex_lock(&v->lock);
	vbe_write(v, index, val);
	pthread_mutex_unlock(&v->lock);
}

uint16_t vga_dispi_read(struct vga *v, uint16_t index)
{
	uint16_t val;

	pthread_mutex_lock(&v->lock);
	val = vbe_read(v, index);
	pthread_mutex_unlock(&v->lock);
	return val;
}

uint64_t vga_lfb_read(struct vga *v, uint32_t off, unsigned size)
{
	uint64_t val = 0;

	if (size > sizeof(val) || off > VGA_VRAM_LEN - size)
		return 0;
	pthread_mutex_lock(&v->lock);
	memcpy(&val, v->vram + off, size);
	pthread_mutex_unlock(&v->lock);
	return val;
}

void vga_lfb_write(struct vga *v, uint32_t off, unsigned size, uint64_t val)
{
	if (size > sizeof(val) || off > VGA_VRAM_LEN - size)
		return;
	pthread_mutex_lock(&v->lock);
	v->writes++;
	memcpy(v->vram + off, &val, size);
	pthread_mutex_unlock(&v->lock);
}

/* A wide access is what the bus makes of it: byte after byte, so that one word
 * writes an index and its register. */
static uint64_t regs_read(struct vga *v, uint16_t port, unsigned size)
{
	uint64_t val = 0;

	for (unsigned i = 0; i < size; i++)
		val |= (uint64_t)vga_port_read(v, (uint16_t)(port + i)) <<
		       8 * i;
	return val;
}

static void regs_write(struct vga *v, uint16_t port, unsigned size,
		       uint64_t val)
{
	for (unsigned i = 0; i < size; i++)
		vga_port_write(v, (uint16_t)(port + i), (uint8_t)(val >> 8 * i));
}

#define MONO_PORTS 0x3b0
#define REGS_PORTS 0x3c0

static uint64_t mono_read(void *ctx, uint64_t off, unsigned size)
{
	return regs_read(ctx, (uint16_t)(MONO_PORTS + off), size);
}

static void mono_write(void *ctx, uint64_t off, unsigned size, uint64_t val)
{
	regs_write(ctx, (uint16_t)(MONO_PORTS + off), size, val);
}

static uint64_t ports_read(void *ctx, uint64_t off, unsigned size)
{
	return regs_read(ctx, (uint16_t)(REGS_PORTS + off), size);
}

static void ports_write(void *ctx, uint64_t off, unsigned size, uint64_t val)
{
	regs_write(ctx, (uint16_t)(REGS_PORTS + off), size, val);
}

static const struct io_ops mono_ops = { mono_read, mono_write };
static const struct io_ops ports_ops = { ports_read, ports_write };

/* ---- life --------------------------------------------------------------------------- */

static void reset(struct vga *v)
{
	vga_regs_reset(v);
	vbe_reset(v);
	vga_window_changed(v);
	v->writes++;
}

/* The picture's memory keeps what it has: a warm start clears it anyway. */
void vga_reset(struct vga *v)
{
	pthread_mutex_lock(&v->lock);
	reset(v);
	pthread_mutex_unlock(&v->lock);
}

void vga_light(struct vga *v, uint16_t w, uint16_t h)
{
	pthread_mutex_lock(&v->lock);
	vbe_write(v, DISPI_ENABLE, 0);
	vbe_write(v, DISPI_X, w);
	vbe_write(v, DISPI_Y, h);
	vbe_write(v, DISPI_BPP, 32);
	vbe_write(v, DISPI_ENABLE, DISPI_ON | DISPI_LFB | DISPI_NO_CLEAR);
	v->hw.attr_at |= ATTR_SCREEN_ON;
	pthread_mutex_unlock(&v->lock);
}

int vga_init(struct vga *v, struct iospace *pio, struct iospace *mmio)
{
	int err;

	v->vram = mmap(NULL, MAP_LEN, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (v->vram == MAP_FAILED) {
		v->vram = NULL;
		return -ENOMEM;
	}
	madvise(v->vram, MAP_LEN, MADV_DONTDUMP);
	v->text = v->vram + VGA_VRAM_LEN;
	if (!v->now_ns)
		v->now_ns = loop_now_ns;
	pthread_mutex_init(&v->lock, NULL);
	/* 3BC to 3BF are a printer's. */
	v->mono = (struct io_region){ MONO_PORTS, 0x0c, &mono_ops, v, "vga" };
	v->regs = (struct io_region){ REGS_PORTS, 0x20, &ports_ops, v, "vga" };
	v->dispi = (struct io_region){ 0x1ce, 4, &vga_dispi_ops, v, "vga" };
	v->window = (struct io_region){ WINDOW, WINDOW_LEN, &vga_window_ops, v,
					"vga" };
	reset(v);
	if ((err = iospace_add(pio, &v->mono)) ||
	    (err = iospace_add(pio, &v->regs)) ||
	    (err = iospace_add(pio, &v->dispi)) ||
	    (err = iospace_add(mmio, &v->window)))
		return err;
	return 0;
}

/* The I/O spaces go away together with the machine. */
void vga_fini(struct vga *v)
{
	if (!v->vram)
		return;
	munmap(v->vram, MAP_LEN);
	pthread_mutex_destroy(&v->lock);
	v->vram = NULL;
}

/* ---- what a person sees --------------------------------------------------------------- */

int vga_snapshot(struct vga *v, struct image *img)
{
	int err;

	pthread_mutex_lock(&v->lock);
	if (vbe_on(&v->hw)) {
		err = vbe_draw(v, img);
	} else {
		vga_text_sync(v);
		err = vga_draw(v, img);
	}
	pthread_mutex_unlock(&v->lock);
	return err;
}

unsigned long vga_stamp(struct vga *v)
{
	unsigned long stamp;

	pthread_mutex_lock(&v->lock);
	stamp = vbe_on(&v->hw) || v->text_mapped ? 0 : v->writes;
	pthread_mutex_unlock(&v->lock);
	return stamp;
}
