#include "devices/display/image.h"

#include <errno.h>

#ifdef HAVE_LIBPNG
#include <png.h>

#include "devices/base/dl.h"
#include "devices/base/log.h"

static struct {
	DL_POINTER(png_image_write_to_stdio);
} lib;
static const struct dl_symbol symbols[] = {
	DL_SYMBOL(lib, png_image_write_to_stdio),
};

int image_png_ready(char *err, size_t errlen)
{
	char why[200];

	if (dl_load("libpng16.so.16", "libpng16-16", symbols, 1, why,
		    sizeof(why)) == 0)
		return 0;
	snprintf(err, errlen, "a PNG file %s", why);
	return -ENOSYS;
}

int image_put_png(const struct image *img, const uint8_t *rgb, FILE *f)
{
	png_image png = {
		.version = PNG_IMAGE_VERSION, .width = img->w, .height = img->h,
		.format = PNG_FORMAT_RGB, .flags = PNG_IMAGE_FLAG_FAST,
	};

	errno = 0;
	if (lib.png_image_write_to_stdio(&png, f, 0, rgb, 0, NULL))
		return 0;
	log_debug("libpng: %s", png.message);
	return errno ? -errno : -EIO;
}
#else
int image_png_ready(char *err, size_t errlen)
{
	snprintf(err, errlen, "this program was built without libpng. Install "
		 "libpng-dev and build it again");
	return -ENOSYS;
}

int image_put_png(const struct image *img, const uint8_t *rgb, FILE *f)
{
	(void)img;
	(void)rgb;
	(void)f;
	return -ENOSYS;
}
#endif
