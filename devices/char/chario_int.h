/* Between chario.c and the kinds of outside. Owner loop, unless said. */
#ifndef DEVICES_CHAR_CHARIO_INT_H
#define DEVICES_CHAR_CHARIO_INT_H

#include <pthread.h>
#include <sys/types.h>

#include "devices/base/loop.h"
#include "devices/char/chario.h"

#define CHARIO_RING 65536
#define CHARIO_IN 4096

struct chario_kind {
	const char *name;
	bool takes_path;
	int (*open)(struct chario *, const char *path, char *err,
		    size_t errlen);
	/* Gives back what open took, but for in_fd and out_fd. */
	void (*close)(struct chario *);
	/* The far side left. NULL: there is one far side only, and what comes
	 * in has ended. */
	void (*gone)(struct chario *);
	/* Picks from what came in what is for the guest, in place. */
	size_t (*filter)(struct chario *, uint8_t *buf, size_t n);
	/* Input failed with this errno; true: dealt with. */
	bool (*in_failed)(struct chario *, int err);
};

struct chario {
	/* [c] const while open, [m] under lock, [o] under out_lock, the rest
	 * is the owner loop's */
	const struct chario_kind *kind;         /* [c] */
	struct loop *loop;                      /* [c] */
	const struct chario_cb *cb;             /* [c] */
	void *ctx;                              /* [c] */
	struct chario *next;                    /* list of open ones */

	pthread_mutex_t lock;
	uint8_t *ring;                          /* [m] CHARIO_RING bytes */
	size_t at, used;                        /* [m] */
	bool connected;                         /* [m] there is a far side */
	bool discard;                           /* [m] there never will be */
	bool flush_due;                         /* [m] the loop knows of bytes */
	bool refused;                           /* [m] a write took too little */
	bool resume_due;                        /* [m] */

	struct loop_bell bell;                  /* flush_due or resume_due */
	pthread_mutex_t out_lock;               /* taken before lock */
	int out_fd;                             /* [o] -1: none */
	bool socket;                            /* [c] what out_fd is */
	uint64_t flushed_ns;
	struct loop_timer flush_timer;
	struct loop_fd out_src;                 /* watched while out_fd is full */
	bool out_on;

	int in_fd;                              /* -1: none */
	bool in_socket;                         /* [c] */
	struct loop_fd in_src;
	bool in_added, in_on;                   /* watched at all; for input */
	bool in_direct;                         /* always ready, epoll refuses */
	bool in_wait;                           /* until chario_resume */
	bool in_ended;                          /* nothing more will come */
	bool hung_up;                           /* the far side left */
	uint8_t in[CHARIO_IN];
	size_t in_n;

	/* the kinds' own */
	struct loop_fd listener;                /* unix */
	char path[108];
	dev_t dev;
	ino_t ino;
	struct loop_timer poll;                 /* pty, stdio */
	bool tty, escape;                       /* stdio */
};

extern const struct chario_kind chario_stdio;   /* chario_stdio.c */
extern const struct chario_kind chario_unix;    /* chario_unix.c */
extern const struct chario_kind chario_pty;     /* chario_pty.c */

/* Puts the sentence into err and returns code. */
__attribute__((format(printf, 4, 5)))
int chario_fail(int code, char *err, size_t errlen, const char *fmt, ...);

/* A far side is there: takes over what to read and what to write, -1 for
 * neither. */
void chario_connect(struct chario *, int in_fd, int out_fd);
/* It left: closes both. What was not sent waits for the next. */
void chario_disconnect(struct chario *);
/* Stops and starts watching in_fd for input. */
void chario_in_stop(struct chario *);
void chario_in_start(struct chario *);
/* Something for the person, not from the guest; dropped if there is no room.
 * Any thread. */
void chario_say(struct chario *, const char *text);

#endif
