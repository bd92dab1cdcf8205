#include "tests/lib/mounts.h"

#include <errno.h>
#include <mntent.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>

int mounts_own(void)
{
	struct mntent *m;
	int rc = 0;
	FILE *f;

	if (unshare(CLONE_NEWNS))
		return -errno;
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0)
		return 0;
	if (errno != EINVAL)
		return -errno;
	/* In a chroot "/" need not be a mount: those below it, one by one. */
	f = setmntent("/proc/self/mounts", "re");
	if (!f)
		return -errno;
	while (rc == 0 && (m = getmntent(f)))
		if (mount(NULL, m->mnt_dir, NULL, MS_PRIVATE, NULL))
			rc = -errno;
	endmntent(f);
	return rc;
}
