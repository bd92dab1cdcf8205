/*
 * The control socket: a JSON dialogue in the shape of QMP. A greeting, then
 * qmp_capabilities, then commands; `id` is echoed; errors are
 * {"error": {"class", "desc"}}; events come in between.
 *
 * Everything runs on the control loop; control_event too. A client's input is
 * bounded, its output is too: one that does not read loses events first and
 * then its connection, and never delays the guest. Up to CONTROL_CLIENTS at a
 * time.
 */
#ifndef VMM_CONTROL_H
#define VMM_CONTROL_H

#include <stdbool.h>
#include <stddef.h>

#define CONTROL_CLIENTS 8

struct control;
struct loop;
typedef struct json_t json_t;

/* What went wrong with a command. class is one of QMP's. */
struct control_err {
	const char *class;
	char desc[256];
};
__attribute__((format(printf, 3, 4)))
void control_fail(struct control_err *, const char *class, const char *fmt,
		  ...);

/* A JSON string of any text: JSON is UTF-8, and in text that is not, every byte
 * beyond ASCII becomes a '?'. Pure. */
json_t *control_string(const char *text);

struct control_cmd {
	const char *name;
	/* args: an object, never NULL. Returns what "return" holds (a new
	 * reference; NULL stands for an empty object) or fills err. */
	json_t *(*run)(void *ctx, json_t *args, struct control_err *err);
};

/* cmds ends with a row without a name. An error is one sentence in err. */
int control_open(struct control **, struct loop *, const char *path,
		 const struct control_cmd *cmds, void *ctx, char *err,
		 size_t errlen);
/* Removes the socket; answers that were written are sent first. */
void control_close(struct control *);
/* To all clients that finished the greeting. Takes the reference of data,
 * which may be NULL. */
void control_event(struct control *, const char *name, json_t *data);

#endif
