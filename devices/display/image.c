#include "devices/display/image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "devices/base/log.h"

int image_size(struct image *img, unsigned w, unsigned h)
{
	size_t need = (size_t)w * h;

	if (need > img->room) {
		uint32_t *px = realloc(img->px, need * sizeof(*px));

		if (!px)
			return -ENOMEM;
		img->px = px;
		img->room = need;
	}
	img->w = w;
	img->h = h;
	return 0;
}

void image_fini(struct image *img)
{
	free(img->px);
	*img = (struct image){ .px = NULL };
}

/* ---- files -------------------------------------------------------------------- */

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

static int put_ppm(const struct image *img, const uint8_t *rgb, FILE *f)
{
	size_t n = 3 * (size_t)img->w * img->h;

	errno = 0;
	if (fprintf(f, "P6\n%u %u\n255\n", img->w, img->h) < 0 ||
	    fwrite(rgb, 1, n, f) != n)
		return errno ? -errno : -EIO;
	return 0;
}

/* An image that is a disk of some machine, maybe this one, is locked, and must
 * not become a picture. File systems without locks have none to ask. */
static int claim(int fd)
{
	struct flock all = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	struct stat st;

	if (fcntl(fd, F_OFD_SETLK, &all) < 0 &&
	    (errno == EAGAIN || errno == EACCES))
		return -EBUSY;
	if (fstat(fd, &st) < 0 || (S_ISREG(st.st_mode) && ftruncate(fd, 0) < 0))
		return -errno;
	return 0;
}

/* Whoever gave the path may have meant a pipe that nobody reads. */
static int create(const char *path, FILE **f)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0666);
	int err = fd < 0 ? -errno : claim(fd);

	*f = err ? NULL : fdopen(fd, "wb");
	if (*f)
		return 0;
	if (!err)
		err = -errno;
	if (fd >= 0)
		close(fd);
	return err;
}

static void remove_file(FILE *f, const char *path)
{
	struct stat st;

	/* What is not a file, like /dev/null, stays. */
	if (fstat(fileno(f), &st) == 0 && S_ISREG(st.st_mode))
		unlink(path);
}

static int write_file(const struct image *img, const char *path,
		      enum image_format format)
{
	uint8_t *rgb = as_rgb(img);
	FILE *f;
	int err = rgb ? create(path, &f) : -ENOMEM;

	if (err) {
		free(rgb);
		return err;
	}
	err = format == IMAGE_PNG ? image_put_png(img, rgb, f)
				  : put_ppm(img, rgb, f);
	if (err == 0 && fflush(f) != 0)
		err = -errno;
	if (err < 0)
		remove_file(f, path);
	fclose(f);
	free(rgb);
	return err;
}

int image_write(const struct image *img, const char *path,
		enum image_format format)
{
	char why[256];

	if (format == IMAGE_PNG && image_png_ready(why, sizeof(why)) < 0) {
		log_debug("%s", why);
		return -ENOSYS;
	}
	return write_file(img, path, format);
}
