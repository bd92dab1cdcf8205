#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "devices/base/container.h"
#include "devices/char/chario_int.h"
#include "devices/char/term.h"

#define CTRL_A 0x01
/* How often a job in the background looks whether it has come to the front. */
#define BACKGROUND_NS UINT64_C(500000000)

static const char help[] =
	"\r\n"
	"Ctrl-A X       leave: ends the machine\r\n"
	"Ctrl-A H       this help\r\n"
	"Ctrl-A Ctrl-A  a Ctrl-A for the guest\r\n";

static bool in_use;

static void wait_for_front(struct chario *c)
{
	chario_in_stop(c);
	loop_timer_set(c->loop, &c->poll, loop_now_ns() + BACKGROUND_NS);
}

static void poll_fn(struct loop_timer *t)
{
	struct chario *c = container_of(t, struct chario, poll);

	if (term_background(STDIN_FILENO)) {
		wait_for_front(c);
		return;
	}
	term_raw_again(STDIN_FILENO);
	chario_in_start(c);
}

static bool in_failed(struct chario *c, int err)
{
	if (err != EIO || !c->tty || !term_background(STDIN_FILENO))
		return false;
	wait_for_front(c);
	return true;
}

/* True: the key is for the guest. */
static bool take_key(struct chario *c, uint8_t key)
{
	if (!c->escape) {
		c->escape = key == CTRL_A;
		return !c->escape;
	}
	c->escape = false;
	switch (key) {
	case CTRL_A:
		return true;
	case 'x':
	case 'X':
		if (c->cb->quit)
			c->cb->quit(c->ctx);
		return false;
	case 'h':
	case 'H':
	case '?':
		chario_say(c, help);
		return false;
	default:
		return false;
	}
}

static size_t filter(struct chario *c, uint8_t *buf, size_t n)
{
	size_t kept = 0;

	if (!c->tty)
		return n;
	term_raw_again(STDIN_FILENO);
	for (size_t i = 0; i < n; i++)
		if (take_key(c, buf[i]))
			buf[kept++] = buf[i];
	return kept;
}

static int stdio_open(struct chario *c, const char *path, char *err,
		      size_t errlen)
{
	int in, out;

	(void)path;
	if (__atomic_exchange_n(&in_use, true, __ATOMIC_ACQ_REL))
		return chario_fail(-EBUSY, err, errlen, "'stdio' can be used "
				   "once only");
	term_signals();
	out = term_nonblocking(STDOUT_FILENO, O_WRONLY, &c->socket);
	if (out < 0) {
		chario_fail(0, err, errlen, "standard output cannot be used: "
			    "%s. Redirect it, or use none", strerror(-out));
		goto err_unuse;
	}
	/* Without standard input the guest hears nothing, no more. */
	in = term_nonblocking(STDIN_FILENO, O_RDONLY, &c->in_socket);
	c->tty = in >= 0 && isatty(STDIN_FILENO);
	c->poll.fired = poll_fn;
	if (c->tty && !term_background(STDIN_FILENO))
		term_raw(STDIN_FILENO);
	chario_connect(c, in < 0 ? -1 : in, out);
	if (c->tty && term_background(STDIN_FILENO))
		wait_for_front(c);
	return 0;
err_unuse:
	__atomic_store_n(&in_use, false, __ATOMIC_RELEASE);
	return out;
}

static void stdio_close(struct chario *c)
{
	loop_timer_del(c->loop, &c->poll);
	term_restore();
	__atomic_store_n(&in_use, false, __ATOMIC_RELEASE);
}

void chario_restore_terminal(void)
{
	term_restore();
}

const struct chario_kind chario_stdio = {
	.name = "stdio",
	.open = stdio_open,
	.close = stdio_close,
	.filter = filter,
	.in_failed = in_failed,
};
