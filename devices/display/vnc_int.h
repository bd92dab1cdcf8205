/* What does not need libvncserver. */
#ifndef DEVICES_DISPLAY_VNC_INT_H
#define DEVICES_DISPLAY_VNC_INT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A listening socket, close-on-exec and non-blocking, at cfg's address. any:
 * addresses that are not this host's own loopback are allowed. */
int vnc_listen(const char *address, bool any, char *err, size_t errlen);

#define VNC_PASSWORD_MAX 8              /* what the protocol uses of one */
/* The first line of a file. 0, or -errno with a sentence in err. */
int vnc_password(const char *file, char out[VNC_PASSWORD_MAX + 1], char *err,
		 size_t errlen);

/* The first rectangle that differs, from row *y on; *y: where to look next.
 * False: there is none. Both pictures are w * h. */
struct vnc_rect {
	unsigned x, y, w, h;
};
bool vnc_difference(const uint32_t *a, const uint32_t *b, unsigned w, unsigned h,
		    unsigned *y, struct vnc_rect *);

#endif
