/*
 * Description: an image is opened only when that makes sense, the user is told
 * why not, and nobody else writes to it meanwhile.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "devices/block/blkio.h"
#include "tests/lib/img.h"

static char path[PATH_MAX], err[512];
static int fd;

static void make(uint64_t size)
{
	fd = img_make(NULL, size, path);
}

static void drop(void)
{
	close(fd);
	unlink(path);
}

static int open_it(struct blkio **img, bool ro, uint32_t block_size)
{
	struct blkio_cfg c = { .path = path, .ro = ro,
			       .block_size = block_size };

	err[0] = 0;
	*img = NULL;
	return blkio_open(img, &c, err, sizeof(err));
}

static void assert_says(const char *what)
{
	if (!strstr(err, what))
		fail_msg("says \"%s\", not \"%s\"", err, what);
	/* One line, and it names the image. */
	assert_null(strchr(err, '\n'));
	assert_non_null(strstr(err, path));
}

/* ---- sizes ---------------------------------------------------------------- */

static void sizes_are_rounded_down(void **state)
{
	static const struct { uint64_t bytes, size; uint32_t block; } of[] = {
		{ 512, 512, 0 }, { 1 << 20, 1 << 20, 512 },
		{ 1000, 512, 0 }, { 1023, 512, 512 }, { 1025, 1024, 0 },
		{ 4096, 4096, 4096 }, { 8191, 4096, 4096 },
		{ (UINT64_C(1) << 40) + 511, UINT64_C(1) << 40, 0 },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(of) / sizeof(of[0]); i++) {
		struct blkio *img;
		char said[1024];

		make(of[i].bytes);
		img_catch_stderr();
		assert_int_equal(0, open_it(&img, i % 2, of[i].block));
		img_caught(said, sizeof(said));
		assert_int_equal(of[i].size, img->size);
		assert_int_equal(of[i].block ? of[i].block : 512,
				 img->block_size);
		assert_int_equal(i % 2, img->ro);
		/* A warning if, and only if, bytes are lost. */
		assert_int_equal(of[i].size != of[i].bytes,
				 strstr(said, "not a multiple") != NULL);
		blkio_close(img);
		drop();
	}
}

static void empty_images_are_refused(void **state)
{
	static const struct { uint64_t bytes; uint32_t block; const char *says; }
	of[] = {
		{ 0, 0, "is empty; give it a size" },
		{ 1, 0, "has 1 bytes, less than a block of 512" },
		{ 511, 512, "has 511 bytes, less than a block of 512" },
		{ 4095, 4096, "has 4095 bytes, less than a block of 4096" },
	};

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct blkio *img;
		char said[1024];

		make(of[i].bytes);
		img_catch_stderr();
		assert_int_equal(-EINVAL, open_it(&img, false, of[i].block));
		img_caught(said, sizeof(said));
		assert_says(of[i].says);
		assert_string_equal("", said);
		assert_null(img);
		drop();
	}
}

static void likely_formats_are_pointed_out(void **state)
{
	static const struct { const char *name, *magic; size_t len; } of[] = {
		{ "qcow2", "QFI\xfb", 4 }, { "VMDK", "KDMV", 4 },
		{ "VHDX", "vhdxfile", 8 }, { "raw", "\xeb\x63\x90", 3 },
	};

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct blkio *img;
		char said[1024];

		make(8192);
		assert_int_equal(of[i].len, pwrite(fd, of[i].magic, of[i].len,
						   0));
		img_catch_stderr();
		assert_int_equal(0, open_it(&img, false, 0));
		img_caught(said, sizeof(said));
		if (i < 3)
			assert_non_null(strstr(said, of[i].name));
		else
			assert_string_equal("", said);
		blkio_close(img);
		drop();
	}
}

/* ---- what is not an image ------------------------------------------------- */

static void missing_files(void **state)
{
	struct blkio *img;

	(void)state;
	snprintf(path, sizeof(path), "/nonexistent/disk.img");
	assert_int_equal(-ENOENT, open_it(&img, false, 0));
	assert_says("No such file");
	assert_says("truncate -s");
}

static void folders_and_devices(void **state)
{
	struct blkio *img;

	(void)state;
	snprintf(path, sizeof(path), "/tmp");
	assert_int_equal(-EINVAL, open_it(&img, false, 0));
	assert_says("neither a file nor a block device");
	assert_int_equal(-EINVAL, open_it(&img, true, 0));
	assert_says("neither a file nor a block device");
	snprintf(path, sizeof(path), "/dev/null");
	assert_int_equal(-EINVAL, open_it(&img, false, 0));
	assert_says("neither a file nor a block device");
}

/* Opening one for reading would wait for a writer. */
static void pipes_do_not_hang(void **state)
{
	struct blkio *img;

	(void)state;
	make(0);
	close(fd);
	unlink(path);
	assert_int_equal(0, mkfifo(path, 0600));
	assert_true(open_it(&img, true, 0) < 0);
	assert_says("neither a file nor a block device");
	assert_true(open_it(&img, false, 0) < 0);
	unlink(path);
}

static void files_without_permission(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	make(4096);
	fchmod(fd, 0444);
	pid = fork();
	if (pid == 0) {
		struct blkio *img;
		int rw, ro;

		/* As nobody, whom modes mean something to. */
		if (geteuid() == 0 && setuid(65534))
			_exit(9);
		ro = open_it(&img, true, 0);
		blkio_close(img);
		rw = open_it(&img, false, 0);
		_exit(rw == -EACCES && strstr(err, ",ro") && ro == 0 ? 0 : 1);
	}
	assert_int_equal(pid, waitpid(pid, &status, 0));
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 9) {
		fprintf(stderr, "skip: cannot become another user\n");
		drop();
		skip();
	}
	assert_int_equal(0, WEXITSTATUS(status));
	drop();
}

/* ---- locks ---------------------------------------------------------------- */

static void one_writer_or_many_readers(void **state)
{
	struct blkio *a, *b, *c;

	(void)state;
	make(1 << 20);
	assert_int_equal(0, open_it(&a, false, 0));
	assert_int_equal(-EBUSY, open_it(&b, false, 0));
	assert_says("in use");
	assert_says("this process");
	assert_int_equal(-EBUSY, open_it(&b, true, 0));
	blkio_close(a);
	assert_int_equal(0, open_it(&a, true, 0));
	assert_int_equal(0, open_it(&b, true, 0));
	assert_int_equal(-EBUSY, open_it(&c, false, 0));
	blkio_close(a);
	assert_int_equal(-EBUSY, open_it(&c, false, 0));
	blkio_close(b);
	assert_int_equal(0, open_it(&c, false, 0));
	blkio_close(c);
	drop();
}

/* Another process, whose other descriptors come and go. */
static void the_holder_is_named(void **state)
{
	char want[32], byte = 0;
	struct blkio *img;
	int up[2], down[2], status;
	pid_t pid;

	(void)state;
	make(1 << 20);
	/* This test's own descriptor would be as good a guess. */
	close(fd);
	assert_int_equal(0, pipe(up) | pipe(down));
	pid = fork();
	if (pid == 0) {
		if (open_it(&img, false, 0) || write(up[1], &byte, 1) != 1)
			_exit(1);
		/* The lock is the open file's: closing another one of the
		 * same file does not lose it. */
		close(open(path, O_RDWR));
		if (read(down[0], &byte, 1) != 1)
			_exit(1);
		_exit(0);
	}
	assert_int_equal(1, read(up[0], &byte, 1));
	assert_int_equal(-EBUSY, open_it(&img, false, 0));
	snprintf(want, sizeof(want), "(pid %d)", (int)pid);
	assert_says(want);
	assert_says("test_devices_bl");         /* its name, as ps shows it */
	assert_int_equal(1, write(down[1], &byte, 1));
	assert_int_equal(pid, waitpid(pid, &status, 0));
	assert_int_equal(0, status);
	assert_int_equal(0, open_it(&img, false, 0));
	blkio_close(img);
	for (unsigned i = 0; i < 2; i++) {
		close(up[i]);
		close(down[i]);
	}
	unlink(path);
}

/* ---- growing -------------------------------------------------------------- */

static void files_grow(void **state)
{
	struct rlimit was;
	struct blkio *img;
	struct stat st;

	(void)state;
	make(1 << 20);
	assert_int_equal(0, open_it(&img, false, 0));
	assert_int_equal(0, blkio_grow(img, 2 << 20, err, sizeof(err)));
	assert_int_equal(0, fstat(fd, &st));
	assert_int_equal(2 << 20, st.st_size);
	/* Never shorter. */
	assert_int_equal(0, blkio_grow(img, 1 << 20, err, sizeof(err)));
	assert_int_equal(0, fstat(fd, &st));
	assert_int_equal(2 << 20, st.st_size);
	/* Some file systems take any size: a limit of the process. */
	assert_int_equal(0, getrlimit(RLIMIT_FSIZE, &was));
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(0, setrlimit(RLIMIT_FSIZE, &(struct rlimit){
		.rlim_cur = 3 << 20, .rlim_max = was.rlim_max }));
	assert_int_equal(-EFBIG, blkio_grow(img, 4 << 20, err, sizeof(err)));
	assert_says("cannot make");
	assert_int_equal(0, setrlimit(RLIMIT_FSIZE, &was));
	blkio_close(img);
	assert_int_equal(0, open_it(&img, true, 0));
	assert_int_equal(-EROFS, blkio_grow(img, 4 << 20, err, sizeof(err)));
	assert_says("read-only");
	blkio_close(img);
	drop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_are_rounded_down),
		cmocka_unit_test(empty_images_are_refused),
		cmocka_unit_test(likely_formats_are_pointed_out),
		cmocka_unit_test(missing_files),
		cmocka_unit_test(folders_and_devices),
		cmocka_unit_test(pipes_do_not_hang),
		cmocka_unit_test(files_without_permission),
		cmocka_unit_test(one_writer_or_many_readers),
		cmocka_unit_test(the_holder_is_named),
		cmocka_unit_test(files_grow),
	};

	return cmocka_run_group_tests_name("blkio open", tests, NULL, NULL);
}
