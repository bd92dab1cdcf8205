#include "tools/blkbench/bench.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define PIECE (UINT64_C(1) << 20)
#define SAY(...) snprintf(err, BENCH_ERR_LEN, __VA_ARGS__)

static void warn(const struct bench_cfg *cfg, const char *text)
{
	if (!cfg->quiet)
		fprintf(stderr, "blkbench: %s: %s\n", cfg->path, text);
}

static bool all_zero(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i])
			return false;
	return true;
}

/* 1: some byte is not 0. 0: none. Holes are not read. */
static int holds_data(int fd, uint64_t size)
{
	uint8_t *buf = malloc(PIECE);
	off_t at = 0;
	int ret = 0;

	if (!buf)
		return -ENOMEM;
	while (ret == 0 && (uint64_t)at < size) {
		off_t data = lseek(fd, at, SEEK_DATA);
		ssize_t n;

		if (data < 0 && errno == ENXIO)
			break;
		if (data >= 0)
			at = data;
		n = pread(fd, buf, PIECE, at);
		if (n < 0)
			ret = -errno;
		else if (n == 0)
			break;
		else if (!all_zero(buf, (size_t)n))
			ret = 1;
		at += n;
	}
	free(buf);
	return ret;
}

/* Of the first size bytes those in the page cache, in per cent. */
static int cached(int fd, uint64_t size)
{
	uint64_t pages = (size + 4095) / 4096, n = 0;
	unsigned char *in = malloc(pages);
	void *map = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);

	if (in && map != MAP_FAILED && mincore(map, size, in) == 0)
		for (uint64_t i = 0; i < pages; i++)
			n += in[i] & 1;
	if (map != MAP_FAILED)
		munmap(map, size);
	free(in);
	return (int)(n * 100 / pages);
}

static uint64_t memory_available(void)
{
	return (uint64_t)sysconf(_SC_AVPHYS_PAGES) *
	       (uint64_t)sysconf(_SC_PAGESIZE);
}

/* Whoever comes first would pay for filling the cache. */
static void fill_cache(int fd, uint64_t size)
{
	uint8_t *buf = malloc(PIECE);

	for (uint64_t at = 0; buf && at < size; at += PIECE)
		if (pread(fd, buf, PIECE, (off_t)at) <= 0)
			break;
	free(buf);
}

static void warn_unfair(const struct bench_cfg *cfg, int fd, const struct stat *st)
{
	bool file = S_ISREG(st->st_mode), memory;
	struct statfs fs;

	memory = fstatfs(fd, &fs) == 0 && file &&
		 ((unsigned long)fs.f_type == TMPFS_MAGIC ||
		  (unsigned long)fs.f_type == RAMFS_MAGIC);
	if (memory && cfg->direct)
		warn(cfg, "lies in memory, so O_DIRECT has no disk behind it");
	if (file && !cfg->work.writes && !cfg->verify &&
	    (uint64_t)st->st_blocks * 512 < cfg->size)
		warn(cfg, "has holes, which are read without its disk; write "
		     "to all of it first for figures of the disk");
	if (cfg->direct || memory || cached(fd, cfg->size) == 100)
		return;
	if (cfg->size > memory_available() / 2) {
		warn(cfg, "does not fit into the page cache: who runs later "
		     "finds more of it there; use --size or --direct on");
		return;
	}
	if (!cfg->quiet)
		fprintf(stderr, "blkbench: %s: reading it into the page cache\n",
			cfg->path);
	fill_cache(fd, cfg->size);
	if (cached(fd, cfg->size) < 95)
		warn(cfg, "did not stay in the page cache: who runs later finds "
		     "more of it there; use --size or --direct on");
}

static int measure(struct bench_cfg *cfg, int fd, const struct stat *st,
		   char *err)
{
	uint64_t have = (uint64_t)st->st_size;

	if (S_ISBLK(st->st_mode) && ioctl(fd, BLKGETSIZE64, &have) < 0)
		have = 0;
	if (cfg->size > have) {
		SAY("'%s' has %" PRIu64 " bytes, --size asks for %" PRIu64,
		    cfg->path, have, cfg->size);
		return -EINVAL;
	}
	if (!cfg->size)
		cfg->size = have;
	cfg->work.blocks = cfg->size / cfg->work.bs;
	if (cfg->work.blocks < cfg->work.queues) {
		SAY("'%s' is too small: %" PRIu64 " bytes; make one with "
		    "'truncate -s 1G FILE'", cfg->path, cfg->size);
		return -EINVAL;
	}
	return 0;
}

static int check_direct(const struct bench_cfg *cfg, char *err)
{
	int fd, e;

	if (!cfg->direct)
		return 0;
	fd = open(cfg->path, O_RDONLY | O_DIRECT | O_CLOEXEC);
	e = errno;
	if (fd >= 0)
		return close(fd);
	SAY("cannot open '%s' with O_DIRECT: %s%s", cfg->path, strerror(e),
	    e == EINVAL ? "; its file system may not have it, say --direct off"
	    : "");
	return -e;
}

/* A VMM that has the file open holds a lock on it. */
static int check_use(const struct bench_cfg *cfg, int fd, const struct stat *st,
		     char *err)
{
	struct flock lock = {
		.l_type = bench_writes(cfg) ? F_WRLCK : F_RDLCK,
		.l_whence = SEEK_SET,
	};
	int other;

	if (fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK) {
		SAY("'%s' is in use by another program; close that first",
		    cfg->path);
		return -EBUSY;
	}
	if (!S_ISBLK(st->st_mode) || !bench_writes(cfg))
		return 0;
	/* Refused while it is mounted or part of something else. */
	other = open(cfg->path, O_RDWR | O_EXCL | O_CLOEXEC);
	if (other >= 0)
		return close(other);
	SAY("'%s' is in use: %s; unmount it first", cfg->path, strerror(errno));
	return -EBUSY;
}

static int check_overwrite(const struct bench_cfg *cfg, int fd,
			   const struct stat *st, char *err)
{
	int ret;

	if (!bench_writes(cfg) || cfg->destroy)
		return 0;
	if (S_ISBLK(st->st_mode)) {
		SAY("'%s' is a block device, and this would write to it; say "
		    "--destroy if what it holds may be lost", cfg->path);
		return -EPERM;
	}
	ret = holds_data(fd, (uint64_t)st->st_size);
	if (ret == 1) {
		SAY("'%s' holds data, and this would write over it; say "
		    "--destroy if they may be lost, or use a new file",
		    cfg->path);
		return -EPERM;
	}
	if (ret < 0)
		SAY("cannot read '%s': %s", cfg->path, strerror(-ret));
	return ret;
}

int target_check(struct bench_cfg *cfg, char err[BENCH_ERR_LEN])
{
	struct stat st;
	int fd, ret;

	/* Looked at first: opening a pipe waits for its other end. */
	if (stat(cfg->path, &st) < 0) {
		ret = -errno;
		SAY("'%s': %s%s", cfg->path, strerror(-ret), ret == -ENOENT ?
		    "; make a file with 'truncate -s 1G FILE'" : "");
		return ret;
	}
	if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode)) {
		SAY("'%s' is neither a file nor a block device", cfg->path);
		return -EINVAL;
	}
	fd = open(cfg->path, O_CLOEXEC |
		  (bench_writes(cfg) ? O_RDWR : O_RDONLY));
	if (fd < 0) {
		ret = -errno;
		SAY("cannot open '%s': %s", cfg->path, strerror(-ret));
		return ret;
	}
	if ((ret = measure(cfg, fd, &st, err)) == 0 &&
	    (ret = check_use(cfg, fd, &st, err)) == 0 &&
	    (ret = check_overwrite(cfg, fd, &st, err)) == 0 &&
	    (ret = check_direct(cfg, err)) == 0)
		warn_unfair(cfg, fd, &st);
	close(fd);
	return ret;
}

static int verify_stream(int fd, const struct work *w, unsigned q, void *buf,
			 uint64_t *bad)
{
	struct stream s;
	uint64_t block;

	stream_init(&s, w, q);
	while (s.left) {
		stream_next(&s, w, &block);
		if (pread(fd, buf, w->bs, (off_t)(block * w->bs)) !=
		    (ssize_t)w->bs)
			return errno ? -errno : -EIO;
		*bad += !block_good(buf, w->bs, w->seed, block);
	}
	return 0;
}

int target_verify(const struct bench_cfg *cfg, const struct work *w,
		  uint64_t *bad, char err[BENCH_ERR_LEN])
{
	int fd = open(cfg->path, O_RDONLY | O_CLOEXEC), ret = 0;
	void *buf = malloc(w->bs);

	*bad = 0;
	errno = 0;
	if (fd < 0 || !buf)
		ret = -ENOMEM;
	for (unsigned q = 0; q < w->queues && ret == 0; q++)
		ret = verify_stream(fd, w, q, buf, bad);
	if (ret < 0)
		SAY("cannot read back '%s': %s", cfg->path, strerror(-ret));
	free(buf);
	if (fd >= 0)
		close(fd);
	return ret;
}
