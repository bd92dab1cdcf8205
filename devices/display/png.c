#include "devices/display/image.h"

#include <errno.h>

#ifdef HAVE_LIBPNG
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "devices/base/dl.h"
#include "devices/base/log.h"

static struct {
	DL_POINTER(png_image_write_to_stdio);
} lib;
static const struct dl_symbol symbols[] = {
	DL_SYMBOL(lib, png_image_write_to_stdio),
};

static uint8_t *as_rgb(const struct image *img)
{
	size_t n = (size_t)img->w * img->h;
	uint8_t *rgb = malloc(3 * n), *to = rgb;

	for (size_t i = 0; rgb && i < n; i++) {
		*to++ = (uint8_t)(img->px[i] >> 16);
		*to++ = (uint8_t)(img->px[i] >> 8);
		*to++ = (uint8_t)img->px[i];
	}
	return rgb;
}

static int write_file(const struct image *img, FILE *f)
{
	png_image png = {
		.version = PNG_IMAGE_VERSION, .width = img->w, .height = img->h,
		.format = PNG_FORMAT_RGB, .flags = PNG_IMAGE_FLAG_FAST,
	};
	uint8_t *rgb = as_rgb(img);
	int err = 0;

	if (!rgb)
		return -ENOMEM;
	errno = 0;
	if (!lib.png_image_write_to_stdio(&png, f, 0, rgb, 0, NULL)) {
		err = errno ? -errno : -EIO;
		log_debug("libpng: %s", png.message);
	}
	free(rgb);
	return err;
}
static void remove_file(FILE *f, const char *path)
{
	struct stat st;

	/* What is not a file, like /dev/null, stays. */
	if (fstat(fileno(f), &st) == 0 && S_ISREG(st.st_mode))
		unlink(path);
}

int image_write_png(const struct image *img, const char *path)
{
	char why[256];
	FILE *f;
	int err;

	if (dl_load("libpng16.so.16", "libpng16-16", symbols, 1, why,
		    sizeof(why)) < 0) {
		log_warn("a picture %s", why);
		return -ENOSYS;
	}
	f = fopen(path, "wbe");
	if (!f)
		return -errno;
	err = write_file(img, f);
	if (err == 0 && fflush(f) != 0)
		err = -errno;
	if (err < 0)
		remove_file(f, path);
	fclose(f);
	return err;
}
#else
int image_write_png(const struct image *img, const char *path)
{
	(void)img;
	(void)path;
	return -ENOSYS;
}
#endif
