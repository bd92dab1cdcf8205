/*
 * Helper program of the boot tests, linked statically: it runs inside guests
 * and, to check the image afterwards, next to the VMM.
 *
 *   gtool write DEV FIRST LAST   write numbered blocks to slots FIRST..LAST-1,
 *                                a few at a time; fdatasync; print "SYNCED n"
 *                                when every block below slot n is durable
 *   gtool check IMAGE FIRST N    slots FIRST..N-1 hold the blocks written
 *   gtool outb PORT VALUE        one byte to an I/O port
 *   gtool paint DEV              the lower half of a framebuffer of 32 bits a
 *                                dot: red is x, green is y; prints its size
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fb.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define BLOCK		4096
#define BATCH_MAX	8
#define MAGIC		0x6b636f6c62746e67ull

struct block {
	uint64_t magic;
	uint64_t number;
	uint64_t fill[BLOCK / 8 - 3];
	uint64_t sum;
};

static uint64_t mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15ull;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
	return x ^ (x >> 31);
}

/* The fill depends on the number, so a block in a wrong slot is noticed. */
static void block_make(struct block *b, uint64_t number)
{
	uint64_t sum = MAGIC ^ number;
	size_t i;

	b->magic = MAGIC;
	b->number = number;
	for (i = 0; i < sizeof(b->fill) / sizeof(b->fill[0]); i++) {
		b->fill[i] = mix(number * BLOCK + i);
		sum = mix(sum ^ b->fill[i]);
	}
	b->sum = sum;
}

static int fail(const char *what)
{
	fprintf(stderr, "gtool: %s: %s\n", what, strerror(errno));
	return 1;
}

static int write_blocks(const char *path, uint64_t first, uint64_t last)
{
	struct block b;
	uint64_t next = first, end;
	int fd = open(path, O_WRONLY);

	if (fd < 0)
		return fail(path);
	while (next < last) {
		end = next + 1 + mix(next) % BATCH_MAX;
		if (end > last)
			end = last;
		for (; next < end; next++) {
			block_make(&b, next);
			if (pwrite(fd, &b, BLOCK, (off_t)(next * BLOCK)) != BLOCK)
				return fail("pwrite");
		}
		if (fdatasync(fd) < 0)
			return fail("fdatasync");
		/* One write call a line, so two writers do not mix theirs. */
		dprintf(STDOUT_FILENO, "SYNCED %llu\n", (unsigned long long)next);
	}
	close(fd);
	return 0;
}

static int check_blocks(const char *path, uint64_t first, uint64_t end)
{
	struct block want, got;
	uint64_t n;
	int fd = open(path, O_RDONLY);

	if (fd < 0)
		return fail(path);
	for (n = first; n < end; n++) {
		block_make(&want, n);
		if (pread(fd, &got, BLOCK, (off_t)(n * BLOCK)) != BLOCK)
			return fail("pread");
		if (memcmp(&want, &got, BLOCK) != 0) {
			fprintf(stderr, "gtool: block %llu is lost (magic %llx, number %llu)\n",
				(unsigned long long)n, (unsigned long long)got.magic,
				(unsigned long long)got.number);
			return 1;
		}
	}
	close(fd);
	return 0;
}

static int out_byte(unsigned long port, unsigned long value)
{
	if (ioperm(port, 1, 1) < 0)
		return fail("ioperm");
	outb((unsigned char)value, (unsigned short)port);
	return 0;
}

/*
 * The lower half in one write: where Linux (since 5.18, Debian's 6.12 too) has a DRM
 * driver behind the file, a write of just one whole line is damage that ends at column
 * 0, and never gets from its shadow to the screen.
 */
static int paint(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	struct fb_var_screeninfo var;
	struct fb_fix_screeninfo fix;
	uint32_t top, dots, *px;
	size_t len;

	if (fd < 0 || ioctl(fd, FBIOGET_VSCREENINFO, &var) < 0 ||
	    ioctl(fd, FBIOGET_FSCREENINFO, &fix) < 0)
		return fail(path);
	if (var.bits_per_pixel != 32 || var.xres > 4096) {
		fprintf(stderr, "gtool: %s: %u bits a dot\n", path,
			var.bits_per_pixel);
		return 1;
	}
	top = var.yres / 2;
	dots = fix.line_length / 4;
	len = (size_t)fix.line_length * (var.yres - top);
	px = calloc(1, len);
	if (!px)
		return fail("calloc");
	for (uint32_t y = top; y < var.yres; y++)
		for (uint32_t x = 0; x < var.xres; x++)
			px[(size_t)dots * (y - top) + x] =
				(x & 255) << var.red.offset |
				(y & 255) << var.green.offset |
				0x5au << var.blue.offset;
	if (pwrite(fd, px, len, (off_t)fix.line_length * top) != (ssize_t)len)
		return fail(path);
	printf("%ux%u\n", var.xres, var.yres);
	free(px);
	close(fd);
	return 0;
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";

	if (argc == 5 && strcmp(verb, "write") == 0)
		return write_blocks(argv[2], strtoull(argv[3], NULL, 0),
				    strtoull(argv[4], NULL, 0));
	if (argc == 5 && strcmp(verb, "check") == 0)
		return check_blocks(argv[2], strtoull(argv[3], NULL, 0),
				    strtoull(argv[4], NULL, 0));
	if (argc == 4 && strcmp(verb, "outb") == 0)
		return out_byte(strtoul(argv[2], NULL, 0),
				strtoul(argv[3], NULL, 0));
	if (argc == 3 && strcmp(verb, "paint") == 0)
		return paint(argv[2]);
	fprintf(stderr, "usage: gtool write DEV FIRST LAST | check IMAGE FIRST END | outb PORT VALUE | paint DEV\n");
	return 2;
}
