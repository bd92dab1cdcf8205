/*
 * Description: a VNC viewer sees the VGA's screen and its changes, types and
 * points; without the password nobody gets in, and without one the server is not
 * reached from elsewhere.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <cmocka.h>

#include "devices/base/dl.h"
#include "devices/display/seat.h"
#include "devices/display/vnc.h"
#include "devices/display/vnc_int.h"
#include "devices/legacy/legacy.h"
#include "tests/lib/irq_probe.h"
#include "tests/lib/vga_rig.h"

#define ERR_LEN 512
static char err[ERR_LEN];

/* ---- what needs no library ----------------------------------------------------- */

static void addresses(void **state)
{
	static const char *const bad[] = {
		"", ":", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", ":5900",
		"127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:5900x", "::1:5900",
		"[]:5900", "127.0.0.1: 1",
	};
	int fd;

	(void)state;
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(-EINVAL, vnc_listen(bad[i], true, err,
						     sizeof(err)));
		assert_non_null(strstr(err, "127.0.0.1:5900"));
	}
	assert_int_equal(-EACCES, vnc_listen("0.0.0.0:0", false, err,
					     sizeof(err)));
	assert_non_null(strstr(err, "password-file"));
	assert_int_equal(-EACCES, vnc_listen("[::]:0", false, err, sizeof(err)));
	assert_int_equal(-EACCES, vnc_listen("192.0.2.1:0", false, err,
					     sizeof(err)));
	fd = vnc_listen("127.0.0.2:0", false, err, sizeof(err));
	assert_true(fd >= 0);
	close(fd);
	fd = vnc_listen("localhost:0", false, err, sizeof(err));
	assert_true(fd >= 0);
	close(fd);
	fd = vnc_listen("0.0.0.0:0", true, err, sizeof(err));
	assert_true(fd >= 0);
	close(fd);
}

static void write_text(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(0, fclose(f));
}

static void passwords(void **state)
{
	char path[] = "/tmp/vnc-pw-XXXXXX", out[VNC_PASSWORD_MAX + 1];
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	write_text(path, "");
	assert_int_equal(-EINVAL, vnc_password(path, out, err, sizeof(err)));
	write_text(path, "\nsecond");
	assert_int_equal(-EINVAL, vnc_password(path, out, err, sizeof(err)));
	write_text(path, "ninebytes\n");
	assert_int_equal(-EINVAL, vnc_password(path, out, err, sizeof(err)));
	assert_non_null(strstr(err, "9 bytes"));
	write_text(path, "eightbyt\r\nmore\n");
	assert_int_equal(0, vnc_password(path, out, err, sizeof(err)));
	assert_string_equal("eightbyt", out);
	write_text(path, "x");
	assert_int_equal(0, vnc_password(path, out, err, sizeof(err)));
	assert_string_equal("x", out);
	unlink(path);
	assert_int_equal(-ENOENT, vnc_password(path, out, err, sizeof(err)));
	assert_non_null(strstr(err, path));
}

static void differences(void **state)
{
	uint32_t a[8 * 16] = { 0 }, b[8 * 16] = { 0 };
	struct vnc_rect r;
	unsigned y = 0;

	(void)state;
	assert_false(vnc_difference(a, b, 8, 16, &y, &r));
	b[8 * 3 + 4] = b[8 * 4 + 2] = b[8 * 4 + 3] = b[8 * 5 + 6] = 1;
	b[8 * 15 + 7] = 1;
	y = 0;
	assert_true(vnc_difference(a, b, 8, 16, &y, &r));
	assert_int_equal(2, r.x);
	assert_int_equal(3, r.y);
	assert_int_equal(5, r.w);
	assert_int_equal(3, r.h);
	assert_true(vnc_difference(a, b, 8, 16, &y, &r));
	assert_int_equal(7, r.x);
	assert_int_equal(15, r.y);
	assert_int_equal(1, r.w);
	assert_int_equal(1, r.h);
	assert_false(vnc_difference(a, b, 8, 16, &y, &r));
}

#ifdef HAVE_LIBVNCSERVER

/* ---- a viewer, RFB 3.8 (RFC 6143) --------------------------------------------------- */

static struct rig {
	struct vga_rig card;
	struct i8042 chip;
	struct irq_probe irq1, irq12;
	struct seat seat;
	struct vnc *vnc;
	int sock;
	unsigned w, h;                  /* what the viewer takes it to be */
	uint32_t *px;
} rig;

static void open_rig(struct rig *r, const char *password_file)
{
	const struct vnc_cfg cfg = {
		.address = "127.0.0.1:0", .password_file = password_file,
		.name = "a test",
	};

	memset(r, 0, sizeof(*r));
	vga_rig_init(&r->card, false);
	vga_rig_mode(&r->card, 0x03);
	vga_rig_text_ready(&r->card);
	irq_probe_init(&r->irq1);
	irq_probe_init(&r->irq12);
	assert_int_equal(0, i8042_init(&r->chip, &r->card.pio, &r->irq1.line,
				       &r->irq12.line));
	outb(&r->card.pio, 0x64, 0x60);
	outb(&r->card.pio, 0x60, 0x41);
	outb(&r->card.pio, 0x60, 0xf4);
	inb(&r->card.pio, 0x60);
	seat_init(&r->seat);
	r->seat.ps2 = &r->chip;
	r->sock = -1;
	if (vnc_open(&r->vnc, &cfg, &r->card.vga, &r->seat, err,
		     sizeof(err)) < 0)
		fail_msg("%s", err);
}

static void close_rig(struct rig *r)
{
	if (r->sock >= 0)
		close(r->sock);
	vnc_close(r->vnc);
	seat_fini(&r->seat);
	vga_rig_fini(&r->card);
	free(r->px);
}

static int setup(void **state)
{
	open_rig(&rig, NULL);
	*state = &rig;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	close_rig(&rig);
	return 0;
}

static int dial(const struct rig *r)
{
	const struct sockaddr_in sa = {
		.sin_family = AF_INET, .sin_port = htons(vnc_port(r->vnc)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	/* Long enough for any machine; a server that is silent is broken. */
	const struct timeval wait = { .tv_sec = 60 };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	assert_int_equal(0, connect(fd, (const struct sockaddr *)&sa,
				    sizeof(sa)));
	return fd;
}

/* False: the other side has closed. */
static bool take(int fd, void *to, size_t n)
{
	for (size_t got = 0; got < n;) {
		ssize_t k = read(fd, (char *)to + got, n - got);

		if (k <= 0)
			return false;
		got += (size_t)k;
	}
	return true;
}

static void want(int fd, void *to, size_t n)
{
	assert_true(take(fd, to, n));
}

static void tell(int fd, const void *bytes, size_t n)
{
	assert_int_equal(n, write(fd, bytes, n));
}

static unsigned be16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

/* To the list of security types; returns what is offered, one bit a type. */
static unsigned greet(int fd)
{
	uint8_t b[64];
	unsigned offered = 0;

	want(fd, b, 12);
	assert_memory_equal("RFB 003.008\n", b, 12);
	tell(fd, "RFB 003.008\n", 12);
	want(fd, b, 1);
	assert_in_range(b[0], 1, 8);
	for (unsigned n = b[0]; n; n--) {
		want(fd, b, 1);
		if (b[0] < 32)
			offered |= 1u << b[0];
	}
	return offered;
}

static void set_up(struct rig *r)
{
	/* 32 bits, little-endian, red at 16: our images' dots */
	static const uint8_t format[20] = {
		0, 0, 0, 0, 32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0,
	};
	/* raw, and desktop size */
	static const uint8_t encodings[] = {
		2, 0, 0, 2, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0x21,
	};
	uint8_t b[64];

	tell(r->sock, "\1", 1);         /* shared */
	want(r->sock, b, 24);
	r->w = be16(b);
	r->h = be16(b + 2);
	assert_int_equal(6, be16(b + 22));
	want(r->sock, b, 6);
	assert_memory_equal("a test", b, 6);
	r->px = calloc((size_t)r->w * r->h, 4);
	tell(r->sock, format, sizeof(format));
	tell(r->sock, encodings, sizeof(encodings));
}

static void come_in(struct rig *r)
{
	uint8_t b[4];

	r->sock = dial(r);
	assert_true(greet(r->sock) & 2);
	tell(r->sock, "\1", 1);         /* none */
	want(r->sock, b, 4);
	assert_memory_equal("\0\0\0\0", b, 4);
	set_up(r);
}

static void ask(struct rig *r, bool incremental)
{
	const uint8_t b[10] = {
		3, incremental, 0, 0, 0, 0, (uint8_t)(r->w >> 8),
		(uint8_t)r->w, (uint8_t)(r->h >> 8), (uint8_t)r->h,
	};

	tell(r->sock, b, sizeof(b));
}

static void take_rectangle(struct rig *r)
{
	uint8_t b[12];
	unsigned x, y, w, h;

	want(r->sock, b, 12);
	x = be16(b);
	y = be16(b + 2);
	w = be16(b + 4);
	h = be16(b + 6);
	if (memcmp(b + 8, "\xff\xff\xff\x21", 4) == 0) {
		r->w = w;
		r->h = h;
		r->px = realloc(r->px, (size_t)w * h * 4);
		return;
	}
	assert_memory_equal("\0\0\0\0", b + 8, 4);
	assert_true(x + w <= r->w && y + h <= r->h);
	for (unsigned i = 0; i < h; i++)
		want(r->sock, r->px + (size_t)(y + i) * r->w + x, 4 * w);
}

/* Asks and takes updates until the viewer's picture is the screen's. */
static void watch(struct rig *r)
{
	struct image img = { 0 };
	bool same = false;

	ask(r, false);
	for (unsigned i = 0; i < 200 && !same; i++) {
		uint8_t b[4];

		want(r->sock, b, 4);
		assert_int_equal(0, b[0]);
		for (unsigned n = be16(b + 2); n; n--)
			take_rectangle(r);
		assert_int_equal(0, vga_snapshot(&r->card.vga, &img));
		same = img.w == r->w && img.h == r->h &&
		       memcmp(img.px, r->px, (size_t)img.w * img.h * 4) == 0;
		if (!same)
			ask(r, true);
	}
	assert_true(same);
	image_fini(&img);
}

static void sees_the_screen(void **state)
{
	struct rig *r = *state;

	vga_rig_print(&r->card, 3, 4, "seen from afar", 0x1e);
	come_in(r);
	watch(r);
	assert_int_equal(720, r->w);
	assert_int_equal(400, r->h);
}

static void sees_changes(void **state)
{
	struct rig *r = *state;

	come_in(r);
	watch(r);
	vga_rig_print(&r->card, 60, 20, "changed", 0x4f);
	ask(r, true);
	watch(r);
	/* another size, and memory that changes without an access to us */
	vga_rig_dispi_mode(&r->card, 320, 200, 32, 0x41);
	ask(r, true);
	watch(r);
	assert_int_equal(320, r->w);
	assert_int_equal(200, r->h);
	memset(r->card.vga.vram + 4 * (320 * 100 + 50), 0x77, 400);
	ask(r, true);
	watch(r);
	assert_int_equal(0x777777, r->px[320 * 100 + 50]);
	vga_rig_dispi(&r->card, 4, 0);
	ask(r, true);
	watch(r);
	assert_int_equal(720, r->w);
}

/* Waits until the guest's keyboard has bytes, and reads them. */
static unsigned typed(struct rig *r, unsigned n)
{
	unsigned all = 0;

	for (unsigned tries = 0; n && tries < 60000; tries++) {
		if (inb(&r->card.pio, 0x64) & 1) {
			all = all << 8 | inb(&r->card.pio, 0x60);
			n--;
		} else {
			usleep(1000);
		}
	}
	assert_int_equal(0, n);
	return all;
}

static void key(struct rig *r, unsigned keysym, bool down)
{
	const uint8_t b[8] = {
		4, down, 0, 0, 0, 0, (uint8_t)(keysym >> 8), (uint8_t)keysym,
	};

	tell(r->sock, b, sizeof(b));
}

static void types_and_points(void **state)
{
	struct rig *r = *state;
	const uint8_t pointer[6] = { 5, 0, 0, 100, 0, 50 };
	const uint8_t moved[6] = { 5, 1, 0, 110, 0, 45 };

	come_in(r);
	key(r, 'a', true);
	key(r, 'a', false);
	assert_int_equal(0x1e9e, typed(r, 2));
	key(r, '!', true);
	key(r, '!', false);
	assert_int_equal(0x2a02aa82, typed(r, 4));
	outb(&r->card.pio, 0x64, 0xd4);
	outb(&r->card.pio, 0x60, 0xf4);
	assert_int_equal(0xfa, typed(r, 1));
	tell(r->sock, pointer, sizeof(pointer));
	tell(r->sock, moved, sizeof(moved));
	assert_int_equal(0x090a05, typed(r, 3));
	/* what is down goes up when the viewer goes */
	key(r, 0xffe3, true);
	assert_int_equal(0x1d, typed(r, 1));
	close(r->sock);
	r->sock = -1;
	assert_int_equal(0x9d080000, typed(r, 4));
}

static void many_viewers(void **state)
{
	struct rig *r = *state;
	int fd[12];
	uint8_t b[12];
	unsigned in = 0;

	for (unsigned i = 0; i < 12; i++)
		fd[i] = dial(r);
	for (unsigned i = 0; i < 12; i++)
		in += take(fd[i], b, 12);
	assert_int_equal(8, in);        /* the others are sent away */
	for (unsigned i = 0; i < 12; i++)
		close(fd[i]);
	/* their places are free again, sooner or later */
	for (unsigned i = 0; r->sock < 0 && i < 6000; i++) {
		r->sock = dial(r);
		if (take(r->sock, b, 12))
			break;
		close(r->sock);
		r->sock = -1;
		usleep(10000);
	}
	assert_true(r->sock >= 0);
}

static void nonsense_is_survived(void **state)
{
	struct rig *r = *state;
	static uint8_t noise[4096];
	int fd = dial(r);

	for (unsigned i = 0; i < sizeof(noise); i++)
		noise[i] = (uint8_t)(i * 37 + (i >> 5));
	tell(fd, noise, sizeof(noise));
	close(fd);
	come_in(r);
	/* a key message without its end, then silence: the next viewer waits no
	 * longer than for a slow one */
	tell(r->sock, "\4\1", 2);
	close(r->sock);
	free(r->px);
	come_in(r);
	watch(r);
}

static void password(void **state)
{
	static void (*encrypt)(unsigned char *, char *);
	static const struct dl_symbol symbol = { "rfbEncryptBytes", &encrypt };
	char path[] = "/tmp/vnc-pw-XXXXXX", word[] = "secret", wrong[] = "secreT";
	struct rig *r = &rig;
	uint8_t challenge[16], b[4];
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	write_text(path, "secret\n");
	assert_int_equal(0, dl_load("libvncserver.so.1", "libvncserver1",
				    &symbol, 1, err, sizeof(err)));
	open_rig(r, path);
	unlink(path);
	fd = dial(r);
	assert_int_equal(1u << 2, greet(fd));           /* nothing but that */
	tell(fd, "\2", 1);
	want(fd, challenge, 16);
	encrypt(challenge, wrong);
	tell(fd, challenge, 16);
	want(fd, b, 4);
	assert_memory_equal("\0\0\0\1", b, 4);
	close(fd);
	/* asking for "none" nevertheless */
	fd = dial(r);
	greet(fd);
	tell(fd, "\1", 1);
	if (take(fd, b, 4))
		assert_memory_not_equal("\0\0\0\0", b, 4);
	close(fd);
	r->sock = dial(r);
	greet(r->sock);
	tell(r->sock, "\2", 1);
	want(r->sock, challenge, 16);
	encrypt(challenge, word);
	tell(r->sock, challenge, 16);
	want(r->sock, b, 4);
	assert_memory_equal("\0\0\0\0", b, 4);
	set_up(r);
	watch(r);
	close_rig(r);
}

static void refusals(void **state)
{
	struct rig *r = *state;
	char address[64];
	const struct vnc_cfg taken = { .address = address, .name = "x" };
	const struct vnc_cfg open_door = { .address = "0.0.0.0:0", .name = "x" };
	const struct vnc_cfg no_file = {
		.address = "0.0.0.0:0", .password_file = "/nowhere/pw",
		.name = "x",
	};
	struct vnc *v;

	snprintf(address, sizeof(address), "127.0.0.1:%u", vnc_port(r->vnc));
	assert_int_equal(-EADDRINUSE, vnc_open(&v, &taken, &r->card.vga,
					       &r->seat, err, sizeof(err)));
	assert_non_null(strstr(err, "in use"));
	assert_int_equal(-EACCES, vnc_open(&v, &open_door, &r->card.vga,
					   &r->seat, err, sizeof(err)));
	assert_int_equal(-ENOENT, vnc_open(&v, &no_file, &r->card.vga, &r->seat,
					   err, sizeof(err)));
	assert_non_null(strstr(err, "/nowhere/pw"));
}
#else
static void no_library(void **state)
{
	(void)state;
	puts("skip: vnc: built without libvncserver");
	skip();
}
#endif

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses), cmocka_unit_test(passwords),
		cmocka_unit_test(differences),
#ifdef HAVE_LIBVNCSERVER
		T(sees_the_screen), T(sees_changes), T(types_and_points),
		T(many_viewers), T(nonsense_is_survived), T(refusals),
		cmocka_unit_test(password),
#else
		cmocka_unit_test(no_library),
#endif
	};

	return cmocka_run_group_tests_name("vnc", tests, NULL, NULL);
}
