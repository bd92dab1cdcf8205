/*
 * Who holds an image: an OFD lock has no owner to ask for, so look through
 * /proc for a process with the same file open.
 */
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "devices/block/blkio_int.h"

static bool same_file(int dir, const char *name, const struct stat *want)
{
	struct stat st;

	return fstatat(dir, name, &st, 0) == 0 && st.st_dev == want->st_dev &&
	       st.st_ino == want->st_ino;
}

/* How many descriptors of the process are that file. */
static unsigned count_open(const char *pid, const struct stat *want)
{
	char path[64];
	struct dirent *e;
	unsigned n = 0;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%.16s/fd", pid);
	d = opendir(path);
	if (!d)
		return 0;
	while ((e = readdir(d)) != NULL)
		n += e->d_name[0] != '.' && same_file(dirfd(d), e->d_name, want);
	closedir(d);
	return n;
}

static void describe(const char *pid, char *buf, size_t len)
{
	char path[64], comm[64] = "a process";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%.16s/comm", pid);
	f = fopen(path, "re");
	if (f) {
		if (fgets(comm, sizeof(comm), f))
			comm[strcspn(comm, "\n")] = 0;
		fclose(f);
	}
	snprintf(buf, len, "%s (pid %.16s)", comm, pid);
}

void blkio_holder(int fd, char *buf, size_t len)
{
	long self = (long)getpid();
	struct dirent *e;
	struct stat want;
	DIR *proc;

	buf[0] = 0;
	if (fstat(fd, &want) < 0 || !(proc = opendir("/proc")))
		return;
	while (!buf[0] && (e = readdir(proc)) != NULL)
		if (isdigit((unsigned char)e->d_name[0]) &&
		    strtol(e->d_name, NULL, 10) != self &&
		    count_open(e->d_name, &want))
			describe(e->d_name, buf, len);
	closedir(proc);
	if (!buf[0] && count_open("self", &want) > 1)
		snprintf(buf, len, "this process (twice on the command line?)");
}
