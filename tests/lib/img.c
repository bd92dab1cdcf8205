#include "tests/lib/img.h"

#include <errno.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "devices/base/log.h"
#include "tests/lib/mounts.h"

static const char *tmp_dir(void)
{
	const char *dir = getenv("TMPDIR");

	return dir ? dir : "/tmp";
}

int img_make(const char *dir, uint64_t size, char *path)
{
	int fd;

	snprintf(path, PATH_MAX, "%s/aerovmm-img.XXXXXX", dir ? dir : tmp_dir());
	fd = mkstemp(path);
	BUG_ON(fd < 0 || ftruncate(fd, (off_t)size));
	return fd;
}

bool img_small_fs(uint64_t bytes, char *dir, const char **why)
{
	char opts[64];
	int rc;

	*why = "not root";
	if (geteuid() != 0)
		return false;
	rc = mounts_own();
	if (rc) {
		*why = strerror(-rc);
		return false;
	}
	snprintf(dir, PATH_MAX, "%s/aerovmm-fs.XXXXXX", tmp_dir());
	BUG_ON(!mkdtemp(dir));
	snprintf(opts, sizeof(opts), "size=%llu", (unsigned long long)bytes);
	if (mount("small", dir, "tmpfs", 0, opts)) {
		*why = strerror(errno);
		rmdir(dir);
		return false;
	}
	return true;
}

void img_small_fs_gone(const char *dir)
{
	umount2(dir, MNT_DETACH);
	rmdir(dir);
}

bool img_on_tmpfs(const char *dir)
{
	struct statfs fs;

	return statfs(dir, &fs) == 0 && fs.f_type == TMPFS_MAGIC;
}

static int real_stderr = -1, caught = -1;

void img_catch_stderr(void)
{
	fflush(stderr);
	real_stderr = dup(STDERR_FILENO);
	caught = memfd_create("stderr", MFD_CLOEXEC);
	BUG_ON(real_stderr < 0 || caught < 0);
	BUG_ON(dup2(caught, STDERR_FILENO) < 0);
}

void img_caught(char *buf, size_t len)
{
	ssize_t n;

	fflush(stderr);
	BUG_ON(dup2(real_stderr, STDERR_FILENO) < 0);
	n = pread(caught, buf, len - 1, 0);
	buf[n > 0 ? n : 0] = 0;
	close(real_stderr);
	close(caught);
}
