/*
 * The terminal's line discipline and the flags of standard descriptors, and
 * how both are put back. One terminal a process: it is the process's.
 */
#ifndef DEVICES_CHAR_TERM_H
#define DEVICES_CHAR_TERM_H

#include <stdbool.h>

/*
 * A descriptor for what fd is, that does not block and is ours: O_NONBLOCK on
 * fd itself would reach every process that shares it. Only where there is no
 * other way it is set there, until term_restore. *socket: use MSG_DONTWAIT.
 * mode: O_RDONLY or O_WRONLY. -errno.
 */
int term_nonblocking(int fd, int mode, bool *socket);

/* Every key as it is, from the terminal fd. Again: if somebody (a shell that
 * stopped and continued us) has changed that. Set-up or owner loop. */
void term_raw(int fd);
void term_raw_again(int fd);
/* Another job has the terminal: reading it and changing it is not for us. */
bool term_background(int fd);
/* Ignores signals that would stop us for using the terminal from the
 * background; before one that ends us, the terminal is put back. */
void term_signals(void);

/* Puts all back. Any thread, signal handlers. */
void term_restore(void);

#endif
