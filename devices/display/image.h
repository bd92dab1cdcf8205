/*
 * A picture in memory. Each belongs to one thread; a zeroed struct is an empty
 * one.
 */
#ifndef DEVICES_DISPLAY_IMAGE_H
#define DEVICES_DISPLAY_IMAGE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct image {
	unsigned w, h;          /* dots */
	uint32_t *px;           /* w * h: 0x00RRGGBB, from the top left */
	size_t room;            /* dots that px has memory for */
};

/* Makes it w * h; the dots' values are undefined. Keeps memory it has. 0 or
 * -ENOMEM: the image is unchanged. */
int image_size(struct image *, unsigned w, unsigned h);
void image_fini(struct image *);

enum image_format { IMAGE_PPM, IMAGE_PNG };

/* A file of it; never waits for a reader. 0, or -errno: the file is then gone,
 * or as it was. -ENOSYS: PNG, and there is no libpng. -EBUSY: somebody has it
 * locked, as disk images are. */
int image_write(const struct image *, const char *path, enum image_format);

/* Can PNG files be written? 0, or -ENOSYS with a sentence in err. */
int image_png_ready(char *err, size_t errlen);
/* png.c's part of image_write; image_png_ready was 0. rgb: 3 bytes a dot. */
int image_put_png(const struct image *, const uint8_t *rgb, FILE *);

#endif
