/*
 * The world around a micro-guest of conformance tests: starts aerovmm with all
 * devices of the contract, passes on what the guest prints, and does what it
 * asks for in lines that start with '!':
 *
 *   new                     a test begins: frames are forgotten, the cable in
 *   put LENGTH SEED, get    a frame to the guest, the next one from it
 *   link 0|1                the cable
 *   event KIND (TYPE CODE VALUE)...
 *   fill|is OFF LEN BYTE, pattern OFF LEN SEED      the image
 *   played, sound OFF LEN, silence OFF
 *                           how much was played, what, how many zeroes
 *
 * Each is answered by "=" and hex digits, "=-" for nothing or no.
 *
 *   partner AEROVMM GUEST.elf FOLDER CMDLINE
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/conform/cf.h"

#define FRAMES 4096
#define STALL_MS 240000
#define WAV_HEAD 44

static struct {
	pid_t pid;
	int to, from, net, ctl;
	const char *dir;
	struct { uint16_t len; uint8_t data[CF_FRAME_MAX]; } frame[FRAMES];
	unsigned first, n;
	bool link_down;
	char line[4096];
	unsigned len;
} vm;

_Noreturn static void die(const char *what)
{
	fprintf(stderr, "partner: %s: %s\n", what, strerror(errno));
	if (vm.pid > 0)
		kill(vm.pid, SIGKILL);
	exit(1);
}

static void check(bool good, const char *what)
{
	if (!good)
		die(what);
}

__attribute__((format(printf, 1, 2))) static const char *path(const char *f, ...)
{
	static char to[4][512];
	static unsigned next;
	char name[128];
	va_list ap;

	va_start(ap, f);
	vsnprintf(name, sizeof(name), f, ap);
	va_end(ap);
	next = (next + 1) % 4;
	snprintf(to[next], sizeof(to[next]), "%s/%s", vm.dir, name);
	return to[next];
}

/* ---- files ---------------------------------------------------------------- */

static void make_disk(const char *name)
{
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);

	check(fd >= 0 && ftruncate(fd, CF_DISK_BYTES) == 0, name);
	close(fd);
}

static void make_recording(const char *name)
{
	const uint32_t bytes = 2 * CF_RECORD;
	const uint32_t head[11] = {     /* little-endian, as this host is */
		0x46464952, 36 + bytes, 0x45564157, 0x20746d66, 16, 0x00010001,
		48000, 96000, 0x00100002, 0x61746164, bytes,
	};
	FILE *f = fopen(name, "wb");

	check(f && fwrite(head, 1, WAV_HEAD, f) == WAV_HEAD, name);
	for (unsigned i = 0; i < CF_RECORD; i++) {
		int16_t v = cf_record(i);

		check(fwrite(&v, 2, 1, f) == 1, name);
	}
	check(fclose(f) == 0, name);
}

/* Bytes of a file; how many there were. */
static unsigned file_get(const char *name, off_t off, void *to, unsigned len)
{
	int fd = open(name, O_RDONLY);
	ssize_t n = pread(fd, to, len, off);

	check(fd >= 0 && n >= 0, name);
	close(fd);
	return (unsigned)n;
}

static unsigned played(void)
{
	int fd = open(path("out.wav"), O_RDONLY);
	off_t end = lseek(fd, 0, SEEK_END);

	check(fd >= 0 && end >= 0, "out.wav");
	close(fd);
	return end < WAV_HEAD ? 0 : (unsigned)(end - WAV_HEAD);
}

/* ---- the control socket --------------------------------------------------- */

/* The next line of it, without its end. */
static void ctl_line(char *to, unsigned max)
{
	unsigned n = 0;
	char c;

	for (;;) {
		ssize_t got = read(vm.ctl, &c, 1);

		check(got == 1, "the control socket");
		if (c == '\n')
			break;
		if (n + 1 < max && c != '\r')
			to[n++] = c;
	}
	to[n] = 0;
}

__attribute__((format(printf, 1, 2))) static void ctl(const char *f, ...)
{
	char text[1024];
	va_list ap;
	int n;

	va_start(ap, f);
	n = vsnprintf(text, sizeof(text) - 1, f, ap);
	va_end(ap);
	text[n++] = '\n';
	check(write(vm.ctl, text, (size_t)n) == n, "the control socket");
	do
		ctl_line(text, sizeof(text));
	while (strncmp(text, "{\"event\"", 8) == 0 || strstr(text, "\"event\":"));
	if (strstr(text, "\"error\""))
		fprintf(stderr, "partner: %s\n", text);
}

static void ctl_open(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	char line[4096];
	int tries;

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path("ctl"));
	vm.ctl = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	for (tries = 0; connect(vm.ctl, (struct sockaddr *)&a, sizeof(a)); tries++) {
		check(tries < 3000 && waitpid(vm.pid, NULL, WNOHANG) == 0,
		      "aerovmm does not come up");
		usleep(10000);
	}
	ctl_line(line, sizeof(line));
	ctl("{\"execute\":\"qmp_capabilities\"}");
}

static void set_link(bool up)
{
	ctl("{\"execute\":\"set_link\",\"arguments\":{\"name\":\"net0\","
	    "\"up\":%s}}", up ? "true" : "false");
	vm.link_down = !up;
}

/* What QMP calls the events that the tests send. */
static int event_json(char *to, size_t max, unsigned type, unsigned code,
		      int value)
{
	const char *down = value ? "true" : "false";

	if (type == 1 && code >= 0x110)
		return snprintf(to, max, "{\"type\":\"btn\",\"data\":{"
				"\"down\":%s,\"button\":\"left\"}}", down);
	if (type == 1)
		return snprintf(to, max, "{\"type\":\"key\",\"data\":{"
				"\"down\":%s,\"key\":{\"type\":\"qcode\","
				"\"data\":\"%s\"}}}", down,
				code == 30 ? "a" : "s");
	return snprintf(to, max, "{\"type\":\"%s\",\"data\":{\"axis\":\"%s\","
			"\"value\":%d}}", type == 2 ? "rel" : "abs",
			code == 0 ? "x" : code == 1 ? "y" : "wheel", value);
}

static void event(const char *args)
{
	unsigned kind, type[2], code[2], n;
	int value[2], at = 0;
	char json[512];

	n = (unsigned)sscanf(args, "%u %u %u %d %u %u %d", &kind, &type[0],
			     &code[0], &value[0], &type[1], &code[1],
			     &value[1]);
	check(n == 4 || n == 7, args);
	for (unsigned i = 0; i < n / 3; i++) {
		if (i)
			json[at++] = ',';
		at += event_json(json + at, sizeof(json) - (size_t)at, type[i],
				 code[i], value[i]);
	}
	ctl("{\"execute\":\"input-send-event\",\"arguments\":{\"events\":[%s]}}",
	    json);
}

/* ---- the cable ------------------------------------------------------------ */

static void net_drain(void)
{
	for (;;) {
		uint8_t data[CF_FRAME_MAX];
		ssize_t n = recv(vm.net, data, sizeof(data), MSG_DONTWAIT);
		unsigned at = (vm.first + vm.n) % FRAMES;

		if (n < 0)
			return;
		check(vm.n < FRAMES, "too many frames");
		memcpy(vm.frame[at].data, data, (size_t)n);
		vm.frame[at].len = (uint16_t)n;
		vm.n++;
	}
}

static void net_put(unsigned len, unsigned seed)
{
	uint8_t data[CF_FRAME_MAX];

	check(len <= sizeof(data), "a frame's length");
	cf_frame(data, len, seed);
	check(send(vm.net, data, len, 0) == (ssize_t)len, "the cable");
}

/* ---- requests ------------------------------------------------------------- */

static void answer(const void *data, unsigned len)
{
	static char text[3 * CF_FRAME_MAX];
	const uint8_t *p = data;
	unsigned n = 0;

	text[n++] = '=';
	for (unsigned i = 0; i < len; i++)
		n += (unsigned)sprintf(text + n, "%02x", p[i]);
	text[n++] = '\n';
	check(write(vm.to, text, n) == (ssize_t)n, "the guest's serial port");
}

static void answer_none(void)
{
	check(write(vm.to, "=-\n", 3) == 3, "the guest's serial port");
}

static void get(void)
{
	unsigned at = vm.first;

	net_drain();
	if (!vm.n) {
		answer_none();
		return;
	}
	vm.first = (vm.first + 1) % FRAMES;
	vm.n--;
	answer(vm.frame[at].data, vm.frame[at].len);
}

static void sound(unsigned off, unsigned len)
{
	uint8_t data[CF_FRAME_MAX];

	check(len <= sizeof(data), "a length");
	answer(data, file_get(path("out.wav"), WAV_HEAD + off, data, len));
}

static void answer_number(unsigned n)
{
	answer((uint8_t[]){ (uint8_t)(n >> 24), (uint8_t)(n >> 16),
			    (uint8_t)(n >> 8), (uint8_t)n }, 4);
}

static void image_put(unsigned off, const void *data, unsigned len)
{
	int fd = open(path("disk0"), O_WRONLY);

	check(fd >= 0 && pwrite(fd, data, len, off) == (ssize_t)len, "disk0");
	close(fd);
	answer(NULL, 0);
}

/* Sets a part of the image, or compares with it. */
static void image(const char *what, unsigned off, unsigned len, unsigned arg)
{
	uint8_t data[CF_FRAME_MAX], got[CF_FRAME_MAX];

	check(len <= sizeof(data), "a length");
	for (unsigned i = 0; i < len; i++)
		data[i] = what[0] == 'p' ? cf_byte(arg, i) : (uint8_t)arg;
	if (what[0] != 'i')
		image_put(off, data, len);
	else if (file_get(path("disk0"), off, got, len) == len &&
		 memcmp(data, got, len) == 0)
		answer(NULL, 0);
	else
		answer_none();
}

static unsigned silence(unsigned off)
{
	FILE *f = fopen(path("out.wav"), "rb");
	unsigned n = 0;

	check(f && fseek(f, WAV_HEAD + (long)off, SEEK_SET) == 0, "out.wav");
	while (getc(f) == 0)
		n++;
	fclose(f);
	return n;
}

static void new_test(void)
{
	if (vm.link_down)
		set_link(true);
	net_drain();
	vm.n = 0;
	answer(NULL, 0);
}

static void request(const char *s)
{
	unsigned a, b, c;

	if (sscanf(s, "put %u %u", &a, &b) == 2) {
		net_put(a, b);
		answer(NULL, 0);
	} else if (sscanf(s, "link %u", &a) == 1) {
		set_link(a);
		answer(NULL, 0);
	} else if (strncmp(s, "event ", 6) == 0) {
		event(s + 6);
		answer(NULL, 0);
	} else if (sscanf(s, "%*s %u %u %u", &a, &b, &c) == 3) {
		image(s, a, b, c);
	} else if (sscanf(s, "sound %u %u", &a, &b) == 2) {
		sound(a, b);
	} else if (strcmp(s, "played") == 0) {
		answer_number(played());
	} else if (sscanf(s, "silence %u", &a) == 1) {
		answer_number(silence(a));
	} else if (strcmp(s, "get") == 0) {
		get();
	} else if (strcmp(s, "new") == 0) {
		new_test();
	} else {
		fprintf(stderr, "partner: '%s'?\n", s);
		answer_none();
	}
}

/* ---- the machine ---------------------------------------------------------- */

static void start(char **argv)
{
	int in[2], out[2], net[2];
	char fd[32], sound[1200], control[600];

	check(pipe(in) == 0 && pipe(out) == 0 &&
	      socketpair(AF_UNIX, SOCK_DGRAM, 0, net) == 0, "pipes");
	snprintf(fd, sizeof(fd), "fd=%d", net[1]);
	snprintf(sound, sizeof(sound), "wav:%s,in=%s", path("out.wav"),
		 path("in.wav"));
	snprintf(control, sizeof(control), "unix:%s", path("ctl"));
	vm.pid = fork();
	check(vm.pid >= 0, "fork");
	if (vm.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(in[0], 0);
		dup2(out[1], 1);
		close(in[1]);
		close(out[0]);
		close(net[0]);
		execl(argv[1], argv[1], "--kernel", argv[2], "--profile",
		      "aero-w7", "--memory", "5G", "--cpus", "2", "--disk",
		      path("disk0"), "--disk", path("disk1,msix=on"), "--net",
		      fd, "--input", "keyboard,mouse,tablet", "--sound",
		      sound, "--control", control,
		      "--serial", "stdio", "--debug-exit", "--no-reboot",
		      "--cmdline", argv[4], NULL);
		die(argv[1]);
	}
	close(in[0]);
	close(out[1]);
	close(net[1]);
	vm.to = in[1];
	vm.from = out[0];
	vm.net = net[0];
}

/* What the guest says, line by line. False: it said all. */
static bool listen_to(void)
{
	char data[4096];
	ssize_t n = read(vm.from, data, sizeof(data));

	for (ssize_t i = 0; i < n; i++) {
		if (data[i] == '\r')
			continue;
		if (data[i] != '\n') {
			if (vm.len + 1 < sizeof(vm.line))
				vm.line[vm.len++] = data[i];
			continue;
		}
		vm.line[vm.len] = 0;
		vm.len = 0;
		if (vm.line[0] == '!') {
			request(vm.line + 1);
		} else {
			puts(vm.line);
			fflush(stdout);
		}
	}
	return n > 0;
}

int main(int argc, char **argv)
{
	int status;

	if (argc != 5) {
		fprintf(stderr, "usage: partner AEROVMM GUEST.elf FOLDER CMDLINE\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	vm.dir = argv[3];
	make_disk(path("disk0"));
	make_disk(path("disk1"));
	make_recording(path("in.wav"));
	start(argv);
	ctl_open();
	for (;;) {
		struct pollfd p[2] = {
			{ vm.from, POLLIN, 0 }, { vm.net, POLLIN, 0 },
		};

		errno = ETIMEDOUT;
		check(poll(p, 2, STALL_MS) > 0, "the guest has stalled");
		if (p[1].revents & POLLIN)
			net_drain();
		if (p[0].revents && !listen_to())
			break;
		if (p[1].revents & (POLLHUP | POLLERR))
			vm.net = -1;
	}
	check(waitpid(vm.pid, &status, 0) == vm.pid, "waiting for aerovmm");
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 1) {
		printf("not ok aerovmm ends with status 1 # it was %#x\n", status);
		return 1;
	}
	return 0;
}
