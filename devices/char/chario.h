/*
 * A byte stream to the outside for the serial port: the terminal, a file, a
 * unix socket, a pseudo-terminal, or nothing.
 *
 * Lives on one loop (the control loop). chario_write: any thread, never
 * blocks; bytes that do not fit are refused, so that the UART can hold THRE
 * down. A socket or pseudo-terminal that nobody is connected to refuses
 * nothing: the newest 64 KiB wait for whoever comes.
 *
 * Bytes go out in batches a few milliseconds apart, so that a guest printing
 * byte by byte costs few system calls. What is buffered goes out at
 * chario_close and at exit() too, waiting at most a second for an outside that
 * takes nothing, and half a minute for one that takes little.
 *
 * The terminal is put back on every way out: chario_close, exit(), and signals
 * that end the process, where their handlers are the default ones when stdio is
 * opened; other handlers call chario_restore_terminal, which is safe there.
 * The process ignores SIGPIPE from the first chario_open on, and with stdio
 * SIGTTIN and SIGTTOU.
 */
#ifndef DEVICES_CHAR_CHARIO_H
#define DEVICES_CHAR_CHARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct chario;
struct loop;

struct chario_cb {
	/* Owner loop. Bytes came in; returns how many it took. The rest is
	 * offered again after chario_resume. */
	size_t (*input)(void *ctx, const uint8_t *buf, size_t len);
	/* Owner loop. There is room again after a refused write. */
	void (*writable)(void *ctx);
	/* Owner loop. The person asked to leave (Ctrl-A X); stdio on a
	 * terminal only. */
	void (*quit)(void *ctx);
};

/*
 * spec: "stdio", "none", "file:PATH", "unix:PATH", "pty". Errors are one
 * sentence in err (host text: what, where, what to do). 0 or -errno. cb stays
 * the caller's; each of its members may be NULL. Owner loop.
 */
int chario_open(struct chario **, struct loop *, const char *spec,
		const struct chario_cb *cb, void *ctx, char *err,
		size_t errlen);
/* Owner loop; nobody writes any more. Writes out what is buffered. NULL: does
 * nothing. */
void chario_close(struct chario *);
/* Returns how many bytes were taken. */
size_t chario_write(struct chario *, const uint8_t *buf, size_t len);
void chario_resume(struct chario *);    /* any thread */
void chario_restore_terminal(void);     /* any thread, signal handlers */

#endif
