/*
 * A byte stream to the outside for the serial port: the terminal, a file, a
 * unix socket, a pseudo-terminal, or nothing.
 *
 * Lives on one loop (the control loop). chario_write: any thread, never
 * blocks; bytes that do not fit are refused, so that the UART can hold THRE
 * down. The terminal is put back on every way out (chario_restore_terminal is
 * safe in atexit and signal handlers).
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
	/* Owner loop. The person asked to leave (Ctrl-A X); stdio only. */
	void (*quit)(void *ctx);
};

/*
 * spec: "stdio", "none", "file:PATH", "unix:PATH", "pty". Errors are one
 * sentence in err (host text: what, where, what to do). 0 or -errno.
 */
int chario_open(struct chario **, struct loop *, const char *spec,
		const struct chario_cb *, void *ctx, char *err, size_t errlen);
void chario_close(struct chario *);     /* writes out what is buffered */
size_t chario_write(struct chario *, const uint8_t *buf, size_t len);
void chario_resume(struct chario *);    /* any thread */
void chario_restore_terminal(void);

#endif
