/*
 * Opening an image: what it is, how large, who else has it, what O_DIRECT
 * asks for.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "devices/base/log.h"
#include "devices/block/blkio_int.h"

#define SAY(...) snprintf(err, errlen, __VA_ARGS__)

static const char *open_hint(int e, bool ro)
{
	switch (e) {
	case ENOENT:
		return ". Check the path, or make an image with "
		       "'truncate -s 8G FILE'";
	case EACCES:
	case EPERM:
		return ro ? ". The file must be readable for this user"
			  : ". The file must be readable and writable for this "
			    "user; ',ro' opens it for reading only";
	case EROFS:
		return ". The file system is read-only; use ',ro'";
	case EINVAL:
		return ". The file system may not support O_DIRECT; leave "
		       "',direct' out";
	default:
		return "";
	}
}

static bool is_image(mode_t mode)
{
	return S_ISREG(mode) || S_ISBLK(mode);
}

static int no_image(const char *path, char *err, size_t errlen)
{
	SAY("disk image '%s' is neither a file nor a block device", path);
	return -EINVAL;
}

static int open_file(struct blkio *img, const struct blkio_cfg *cfg, char *err,
		     size_t errlen)
{
	int flags = O_CLOEXEC | (cfg->ro ? O_RDONLY : O_RDWR) |
		    (cfg->direct ? O_DIRECT : 0) | (cfg->sync ? O_DSYNC : 0);
	struct stat st;
	int e;

	/* Looked at first: opening a pipe waits for its other end. */
	if (stat(cfg->path, &st) == 0 && !is_image(st.st_mode))
		return no_image(cfg->path, err, errlen);
	img->fd = open(cfg->path, flags);
	if (img->fd >= 0)
		return 0;
	e = errno;
	SAY("cannot open disk image '%s': %s%s", cfg->path, strerror(e),
	    open_hint(e, cfg->ro));
	return -e;
}

static int take_lock(struct blkio *img, char *err, size_t errlen)
{
	struct flock fl = {
		.l_type = img->ro ? F_RDLCK : F_WRLCK, .l_whence = SEEK_SET,
	};
	char who[128];
	int e;

	if (fcntl(img->fd, F_OFD_SETLK, &fl) == 0)
		return 0;
	e = errno;
	if (e != EAGAIN && e != EACCES) {
		/* Some network file systems have no locks at all. */
		log_warn("disk image '%s' cannot be locked (%s): make sure "
			 "nothing else writes to it", img->path, strerror(e));
		return 0;
	}
	blkio_holder(img->fd, who, sizeof(who));
	SAY("disk image '%s' is in use%s%s. Close that program first%s",
	    img->path, *who ? " by " : "", who,
	    img->ro ? "" : ", or open it with ',ro' in both");
	return -EBUSY;
}

static int measure_device(struct blkio *img, char *err, size_t errlen)
{
	int sector = 512;

	if (ioctl(img->fd, BLKGETSIZE64, &img->size) < 0) {
		int e = errno;

		SAY("cannot read the size of block device '%s': %s", img->path,
		    strerror(e));
		return -e;
	}
	if (ioctl(img->fd, BLKSSZGET, &sector) == 0 && sector >= 512) {
		img->off_align = (uint32_t)sector;
		if (!img->block_size)
			img->block_size = (uint32_t)sector;
	}
	return 0;
}

static int measure(struct blkio *img, char *err, size_t errlen)
{
	struct stat st;
	int rc = 0;

	if (fstat(img->fd, &st) < 0)
		return -errno;
	img->mem_align = img->off_align = 512;
	if (S_ISBLK(st.st_mode)) {
		rc = measure_device(img, err, errlen);
	} else if (S_ISREG(st.st_mode)) {
		img->size = (uint64_t)st.st_size;
	} else {
		rc = no_image(img->path, err, errlen);
	}
	if (!img->block_size)
		img->block_size = 512;
	return rc;
}

/* What O_DIRECT needs here. Kernels before 6.1 do not say; then a page is
 * right for memory and the file system's block for offsets. */
static int measure_direct(struct blkio *img, char *err, size_t errlen)
{
	struct statx sx;

	if (!img->direct)
		return 0;
	if (statx(img->fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &sx) == 0 &&
	    (sx.stx_mask & STATX_DIOALIGN)) {
		if (sx.stx_dio_offset_align == 0) {
			SAY("the file system of '%s' does not support O_DIRECT "
			    "for it; leave ',direct' out", img->path);
			return -EINVAL;
		}
		img->mem_align = sx.stx_dio_mem_align;
		img->off_align = sx.stx_dio_offset_align;
	} else {
		img->mem_align = 4096;
	}
	if (img->off_align > img->block_size) {
		SAY("O_DIRECT on '%s' needs blocks of %u bytes, the guest's "
		    "are %u; use ',block-size=%u' or leave ',direct' out",
		    img->path, img->off_align, img->block_size,
		    img->off_align);
		return -EINVAL;
	}
	return 0;
}

static void no_block(const struct blkio *img, char *err, size_t errlen)
{
	if (img->size == 0)
		SAY("disk image '%s' is empty; give it a size with "
		    "'truncate -s 8G FILE'", img->path);
	else
		SAY("disk image '%s' has %" PRIu64 " bytes, less than a block "
		    "of %u: is it the right file? 'truncate -s 8G FILE' gives "
		    "it a size", img->path, img->size, img->block_size);
}

static void warn_of_size(struct blkio *img)
{
	uint64_t rest = img->size % img->block_size;

	if (!rest)
		return;
	log_warn("disk image '%s': its size, %" PRIu64 " bytes, is not a "
		 "multiple of %u; the last %" PRIu64 " bytes are not visible "
		 "to the guest", img->path, img->size, img->block_size, rest);
	img->size -= rest;
}

/* Never guessed, always raw; but say so when that is likely a mistake. */
static void warn_of_format(const struct blkio *img)
{
	static const struct { const char *name, *magic; size_t len; } known[] = {
		{ "qcow2", "QFI\xfb", 4 },
		{ "VMDK", "KDMV", 4 },
		{ "VHDX", "vhdxfile", 8 },
		{ "VDI", "<<< ", 4 },
	};
	void *head;
	ssize_t n;

	if (img->size < 4096 || posix_memalign(&head, 4096, 4096))
		return;
	n = pread(img->fd, head, 4096, 0);
	for (size_t i = 0; n == 4096 && i < sizeof(known) / sizeof(known[0]);
	     i++)
		if (memcmp(head, known[i].magic, known[i].len) == 0)
			log_warn("disk image '%s' looks like %s but is used as "
				 "raw; if the guest finds no system on it, "
				 "convert it: qemu-img convert -O raw",
				 img->path, known[i].name);
	free(head);
}

int blkio_open(struct blkio **out, const struct blkio_cfg *cfg, char *err,
	       size_t errlen)
{
	struct blkio *img = calloc(1, sizeof(*img));
	int rc;

	if (!img || !(img->path = strdup(cfg->path))) {
		free(img);
		SAY("out of memory");
		return -ENOMEM;
	}
	img->ro = cfg->ro;
	img->direct = cfg->direct;
	img->block_size = cfg->block_size;
	img->fd = -1;
	if ((rc = open_file(img, cfg, err, errlen)) ||
	    (rc = measure(img, err, errlen)) ||
	    (rc = measure_direct(img, err, errlen)) ||
	    (rc = take_lock(img, err, errlen))) {
		blkio_close(img);
		return rc;
	}
	if (img->size < img->block_size) {
		no_block(img, err, errlen);
		blkio_close(img);
		return -EINVAL;
	}
	warn_of_size(img);
	warn_of_format(img);
	*out = img;
	return 0;
}

int blkio_grow(const struct blkio *img, uint64_t size, char *err,
	       size_t errlen)
{
	struct stat st = { .st_mode = 0 };
	uint64_t now = 0;

	if (img->fd < 0 || img->ro) {
		SAY("'%s' is read-only", img->path);
		return -EROFS;
	}
	if (fstat(img->fd, &st) == 0)
		now = (uint64_t)st.st_size;
	if (S_ISBLK(st.st_mode))
		ioctl(img->fd, BLKGETSIZE64, &now);
	/* Never shorter: somebody else may have made it longer. */
	if (now >= size)
		return 0;
	if (S_ISBLK(st.st_mode)) {
		SAY("block device '%s' has %" PRIu64 " bytes only", img->path,
		    now);
		return -ENOSPC;
	}
	if (ftruncate(img->fd, (off_t)size) < 0) {
		int e = errno;

		SAY("cannot make '%s' larger: %s", img->path, strerror(e));
		return -e;
	}
	return 0;
}

void blkio_close(struct blkio *img)
{
	if (!img)
		return;
	if (img->fd >= 0)
		close(img->fd);
	free(img->mem);
	free(img->path);
	free(img);
}
