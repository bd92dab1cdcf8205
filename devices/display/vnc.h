/*
 * The screen over the network: a VNC (RFB 3.8) server made of libvncserver. It
 * has a thread of its own, since the library waits for slow viewers. While
 * nobody looks, the thread sleeps; while somebody does, it compares the screen
 * with what was sent, more often while things change.
 *
 * Without a password it listens on loopback addresses only: whoever reaches the
 * port sees the screen and types. With one, the network still sees everything
 * that is not tunnelled: VNC's password protects the door, not the wire.
 *
 * Set-up thread only.
 */
#ifndef DEVICES_DISPLAY_VNC_H
#define DEVICES_DISPLAY_VNC_H

#include <stddef.h>
#include <stdint.h>

struct vnc;
struct vga;
struct seat;

struct vnc_cfg {
	const char *address;            /* "HOST:PORT", "[ADDRESS]:PORT"; port 0:
					 * any that is free */
	const char *password_file;      /* its first line; NULL: none */
	const char *name;               /* shown as the window's title */
};

/* 0, or -errno with one sentence in err: what is wrong, what to do. */
int vnc_open(struct vnc **, const struct vnc_cfg *, struct vga *, struct seat *,
	     char *err, size_t errlen);
/* NULL does nothing. VGA and seat outlive it. */
void vnc_close(struct vnc *);

/* The port it listens on. */
uint16_t vnc_port(const struct vnc *);

#endif
