/*
 * A picture in memory. Each belongs to one thread; a zeroed struct is an empty
 * one.
 */
#ifndef DEVICES_DISPLAY_IMAGE_H
#define DEVICES_DISPLAY_IMAGE_H

#include <stddef.h>
#include <stdint.h>

struct image {
	unsigned w, h;          /* dots */
	uint32_t *px;           /* w * h: 0x00RRGGBB, from the top left */
	size_t room;            /* dots that px has memory for */
};

/* Makes it w * h; the dots' values are undefined. Keeps memory it has. 0 or
 * -ENOMEM: the image is unchanged. */
int image_size(struct image *, unsigned w, unsigned h);
void image_fini(struct image *);

/* A PNG file (png.c). 0, or -errno: the file is then gone, or as it was.
 * -ENOSYS: there is no libpng. */
int image_write_png(const struct image *, const char *path);

#endif
