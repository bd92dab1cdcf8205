/*
 * The screen: the VGA on its bus, the VNC server, and the person in front of
 * them. None of it is there in a machine that was told of no screen.
 */
#include "vmm/machine_int.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bios/vga_rom.h"
#include "devices/base/log.h"
#include "devices/display/vnc.h"

/* Where PCs of this kind have it; fixed, so that what else there is does not
 * move it. */
#define VGA_SLOT 2

bool mach_has_vga(const struct mach_cfg *cfg)
{
	const struct mach_display *d = &cfg->display;

	if (d->vga != MACH_VGA_AUTO)
		return d->vga == MACH_VGA_STD;
	return !cfg->kernel || d->vnc || d->screenshot;
}

bool mach_bios_serial(const struct mach_cfg *cfg)
{
	if (cfg->bios_serial != MACH_AUTO)
		return cfg->bios_serial == MACH_ON;
	return !cfg->display.vnc;
}

/* ---- life ------------------------------------------------------------------- */

int mach_display_check(const struct mach_cfg *cfg, char *err)
{
	return cfg->display.screenshot ? image_png_ready(err, MACH_ERR_LEN) : 0;
}

int mach_vga_create(struct machine *m)
{
	struct mach_screen *s = &m->screen;
	int ret;

	if (!mach_has_vga(&m->cfg))
		return 0;
	ram_slots_init(&s->slots, &m->kvm);
	s->vga.port = &s->slots.port;
	s->there = true;
	ret = vga_init(&s->vga, &m->pio, &m->mmio);
	if (ret == 0)
		ret = vgapci_attach(&s->pci, &s->vga, &m->pci, VGA_SLOT,
				    &s->slots.port);
	s->attached = ret == 0;
	return ret;
}

void mach_vga_reset(struct machine *m)
{
	if (m->screen.there)
		vga_reset(&m->screen.vga);
}

void mach_vga_destroy(struct machine *m)
{
	struct mach_screen *s = &m->screen;

	if (!s->there)
		return;
	if (s->attached)
		vgapci_detach(&s->pci);
	vga_fini(&s->vga);
	ram_slots_fini(&s->slots);
}

int mach_seat_create(struct machine *m, char *err)
{
	const struct mach_display *d = &m->cfg.display;
	const struct vnc_cfg cfg = {
		.address = d->vnc, .password_file = d->vnc_password,
		.name = "aerovmm",
	};

	seat_init(&m->seat);
	m->has_seat = true;
	m->seat.loop = m->ctl;
	m->seat.ps2 = &m->i8042;
	m->seat.keyboard = m->input[MACH_KEYBOARD];
	m->seat.mouse = m->input[MACH_MOUSE];
	m->seat.tablet = m->input[MACH_TABLET];
	return d->vnc ? vnc_open(&m->screen.vnc, &cfg, &m->screen.vga,
				 &m->seat, err, MACH_ERR_LEN) : 0;
}

void mach_seat_destroy(struct machine *m)
{
	vnc_close(m->screen.vnc);
	if (m->has_seat)
		seat_fini(&m->seat);
}

/* ---- what a guest finds ------------------------------------------------------- */

int mach_vga_bios(struct machine *m, struct rom_cfg *cfg)
{
	if (!m->screen.there)
		return 0;
	cfg->flags |= ROM_CFG_VGA;
	cfg->vga = VGA_SLOT << 3;
	return vga_rom_load(&m->gmem);
}

/*
 * A kernel that is loaded directly finds a framebuffer that is lit already, as
 * after a boot loader that has set a VESA mode: nobody else would set one, and
 * its own driver may be a module or not there.
 */
void mach_vga_light(struct machine *m, struct linux_screen *out)
{
	enum { W = 1024, H = 768 };

	if (!m->screen.there)
		return;
	vga_light(&m->screen.vga, W, H);
	*out = (struct linux_screen){
		.base = m->screen.pci.base, .len = VGA_VRAM_LEN,
		.w = W, .h = H, .pitch = W * 4,
	};
}

/* ---- pictures ------------------------------------------------------------------ */

int mach_picture(struct machine *m, const char *path, enum image_format format)
{
	struct image img = { 0 };
	int ret = vga_snapshot(&m->screen.vga, &img);

	if (ret == 0)
		ret = image_write(&img, path, format);
	image_fini(&img);
	return ret;
}

int mach_last_picture(struct machine *m)
{
	const char *path = m->cfg.display.screenshot;
	int ret = path ? mach_picture(m, path, IMAGE_PNG) : 0;

	if (ret < 0)
		log_warn("--screenshot-on-exit: cannot write '%s': %s", path,
			 strerror(-ret));
	return ret;
}
