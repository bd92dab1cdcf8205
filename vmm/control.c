#include "vmm/control.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "devices/base/container.h"
#include "devices/base/log.h"
#include "devices/base/loop.h"

#define IN_MAX (64 * 1024)      /* one command */
#define OUT_MAX (256 * 1024)    /* answers not read yet */
#define EVENT_MAX (OUT_MAX / 2) /* beyond it events are left out */
#define WASTE_MAX (1024 * 1024) /* read for nothing before hanging up */

struct client {
	struct control *control;
	struct loop_fd src;             /* fd -1: free */
	/* leaving: gets its last answer, and what it still says is thrown away,
	 * because closing on unread input would take that answer along. */
	bool negotiated, leaving;
	size_t waste;
	char *in;
	size_t in_len;
	char *out;
	size_t out_len, out_room;
};

struct control {
	struct loop *loop;
	const struct control_cmd *cmds;
	void *ctx;
	char *path, *lock_path;
	int lock_fd;
	struct loop_fd listener;
	struct client client[CONTROL_CLIENTS];
};

void control_fail(struct control_err *err, const char *class, const char *fmt,
		  ...)
{
	va_list ap;

	err->class = class;
	va_start(ap, fmt);
	vsnprintf(err->desc, sizeof(err->desc), fmt, ap);
	va_end(ap);
}

json_t *control_string(const char *text)
{
	json_t *string = json_string(text);
	char *copy = string ? NULL : strdup(text);

	for (char *at = copy; at && *at; at++)
		if ((unsigned char)*at >= 0x80)
			*at = '?';
	if (copy)
		string = json_string(copy);
	free(copy);
	return string;
}

/* ---- output --------------------------------------------------------------- */

static void watch(struct client *c)
{
	uint32_t want = EPOLLIN | (c->out_len ? EPOLLOUT : 0);

	if (want == c->src.events)
		return;
	c->src.events = want;
	loop_fd_mod(c->control->loop, &c->src);
}

static void drop(struct client *c)
{
	loop_fd_del(c->control->loop, &c->src);
	close(c->src.fd);
	c->src.fd = -1;
	free(c->in);
	free(c->out);
	c->in = c->out = NULL;
	c->in_len = c->out_len = c->out_room = 0;
}

/* False: the client is gone. */
static bool flush(struct client *c)
{
	while (c->out_len) {
		ssize_t n = send(c->src.fd, c->out, c->out_len,
				 MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (n < 0) {
			drop(c);
			return false;
		}
		c->out_len -= (size_t)n;
		memmove(c->out, c->out + n, c->out_len);
	}
	if (c->leaving && !c->out_len)
		shutdown(c->src.fd, SHUT_WR);
	watch(c);
	return true;
}

static bool put(struct client *c, const char *text, size_t len)
{
	if (c->out_len + len > c->out_room) {
		size_t room = c->out_len + len + 4096;
		char *more = realloc(c->out, room);

		if (!more)
			return false;
		c->out = more;
		c->out_room = room;
	}
	memcpy(c->out + c->out_len, text, len);
	c->out_len += len;
	return true;
}

/* Takes the reference. limit: what may wait unread. False: the client is gone,
 * or over the limit. */
static bool say(struct client *c, json_t *msg, size_t limit)
{
	char *text = json_dumps(msg, JSON_COMPACT);
	bool fits;

	json_decref(msg);
	if (!text)
		return false;
	fits = c->out_len + strlen(text) + 2 <= limit &&
	       put(c, text, strlen(text)) && put(c, "\r\n", 2);
	free(text);
	return fits && flush(c);
}

/* An answer that cannot be kept for a client ends the connection. */
static bool answer(struct client *c, json_t *msg)
{
	if (say(c, msg, OUT_MAX))
		return true;
	if (c->src.fd >= 0)
		drop(c);
	return false;
}

static json_t *version(void)
{
	unsigned major = 0, minor = 0, micro = 0;

	sscanf(AEROVMM_VERSION, "%u.%u.%u", &major, &minor, &micro);
	return json_pack("{s:{s:i,s:i,s:i},s:s}", "qemu", "major", major,
			 "minor", minor, "micro", micro, "package",
			 "aerovmm " AEROVMM_VERSION);
}

static json_t *greeting(void)
{
	return json_pack("{s:{s:o,s:[]}}", "QMP", "version", version(),
			 "capabilities");
}

static json_t *failure(const char *class, const char *desc)
{
	/* A name that is quoted may have been cut within a character. */
	return json_pack("{s:{s:s,s:o}}", "error", "class", class, "desc",
			 control_string(desc));
}

/* ---- commands ------------------------------------------------------------- */

static json_t *list_commands(const struct control *ctl)
{
	static const char *const own[] = {
		"qmp_capabilities", "query-commands", "query-version",
	};
	json_t *list = json_array();

	for (unsigned i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		json_array_append_new(list, json_pack("{s:s}", "name", own[i]));
	for (const struct control_cmd *c = ctl->cmds; c->name; c++)
		json_array_append_new(list, json_pack("{s:s}", "name",
						      c->name));
	return list;
}

static json_t *run_command(struct client *c, const char *name, json_t *args,
			   struct control_err *err)
{
	struct control *ctl = c->control;

	if (strcmp(name, "qmp_capabilities") == 0) {
		if (c->negotiated)
			control_fail(err, "CommandNotFound", "capabilities "
				     "were negotiated already");
		c->negotiated = true;
		return NULL;
	}
	if (!c->negotiated) {
		control_fail(err, "CommandNotFound", "say qmp_capabilities "
			     "first");
		return NULL;
	}
	if (strcmp(name, "query-commands") == 0)
		return list_commands(ctl);
	if (strcmp(name, "query-version") == 0)
		return version();
	for (const struct control_cmd *cmd = ctl->cmds; cmd->name; cmd++)
		if (strcmp(name, cmd->name) == 0)
			return cmd->run(ctl->ctx, args, err);
	control_fail(err, "CommandNotFound", "no command '%.64s'; "
		     "query-commands lists them", name);
	return NULL;
}

static json_t *execute(struct client *c, json_t *request)
{
	json_t *name = json_object_get(request, "execute");
	json_t *args = json_object_get(request, "arguments");
	struct control_err err = { .class = NULL };
	json_t *none = NULL, *result, *reply;

	if (!json_is_string(name))
		return failure("GenericError", "a command is an object with "
			       "'execute', a string");
	if (args && !json_is_object(args))
		return failure("GenericError", "'arguments' must be an object");
	if (!args)
		args = none = json_object();
	result = run_command(c, json_string_value(name), args, &err);
	json_decref(none);
	if (err.class) {
		json_decref(result);
		return failure(err.class, err.desc);
	}
	reply = json_object();
	json_object_set_new(reply, "return", result ? result : json_object());
	return reply;
}

/* False: the client is gone. */
static bool serve_request(struct client *c, json_t *request)
{
	json_t *id = json_object_get(request, "id");
	json_t *reply;

	if (!json_is_object(request))
		reply = failure("GenericError", "a command is an object");
	else
		reply = execute(c, request);
	if (id)
		json_object_set(reply, "id", id);
	return answer(c, reply);
}

/* ---- input ---------------------------------------------------------------- */

static void take(struct client *c, size_t n)
{
	c->in_len -= n;
	memmove(c->in, c->in + n, c->in_len);
}

static size_t blanks(const struct client *c)
{
	size_t n = 0;

	while (n < c->in_len && strchr(" \t\r\n", c->in[n]))
		n++;
	return n;
}

/*
 * One request a line. A line that is no JSON is answered by an error, and the
 * next one is a new start.
 */
static bool serve_line(struct client *c, size_t len)
{
	json_error_t why;
	json_t *request;
	bool here;

	request = json_loadb(c->in, len, JSON_REJECT_DUPLICATES, &why);
	take(c, len);
	if (!request) {
		char desc[256];

		snprintf(desc, sizeof(desc), "not JSON: %s", why.text);
		return answer(c, failure("GenericError", desc));
	}
	here = serve_request(c, request);
	json_decref(request);
	return here;
}

static bool serve_input(struct client *c)
{
	char *end;

	for (;;) {
		take(c, blanks(c));
		end = memchr(c->in, '\n', c->in_len);
		if (!end)
			break;
		if (!serve_line(c, (size_t)(end - c->in)))
			return false;
	}
	if (c->in_len < IN_MAX)
		return true;
	c->leaving = true;
	c->in_len = 0;
	return answer(c, failure("GenericError", "a command longer than 64 "
				 "KiB"));
}

static void client_ready(struct loop_fd *src, uint32_t events)
{
	struct client *c = container_of(src, struct client, src);
	ssize_t n;

	if ((events & EPOLLOUT) && !flush(c))
		return;
	if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
		return;
	n = recv(c->src.fd, c->in + c->in_len, IN_MAX - c->in_len,
		 MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (c->leaving && n > 0)
		c->waste += (size_t)n;
	if (n <= 0 || c->waste > WASTE_MAX) {
		drop(c);
		return;
	}
	if (c->leaving)
		return;
	c->in_len += (size_t)n;
	serve_input(c);
}

/* ---- clients -------------------------------------------------------------- */

static void welcome(struct control *ctl, int fd)
{
	struct client *c = NULL;

	for (unsigned i = 0; i < CONTROL_CLIENTS && !c; i++)
		if (ctl->client[i].src.fd < 0)
			c = &ctl->client[i];
	if (!c) {
		close(fd);
		return;
	}
	*c = (struct client){
		.control = ctl,
		.src = { .fd = fd, .events = EPOLLIN, .ready = client_ready },
		.in = malloc(IN_MAX),
	};
	if (!c->in || loop_fd_add(ctl->loop, &c->src) < 0) {
		free(c->in);
		close(fd);
		c->src.fd = -1;
		return;
	}
	answer(c, greeting());
}

static void incoming(struct loop_fd *src, uint32_t events)
{
	struct control *ctl = container_of(src, struct control, listener);
	int fd = accept4(src->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)events;
	if (fd >= 0)
		welcome(ctl, fd);
	else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
		host_err_limited("control", "cannot accept on %s: %s",
				 ctl->path, strerror(errno));
}

void control_event(struct control *ctl, const char *name, json_t *data)
{
	struct timespec now;
	json_t *event;

	if (!ctl) {
		json_decref(data);
		return;
	}
	clock_gettime(CLOCK_REALTIME, &now);
	event = json_pack("{s:s,s:o,s:{s:I,s:I}}", "event", name, "data",
			  data ? data : json_object(), "timestamp", "seconds",
			  (json_int_t)now.tv_sec, "microseconds",
			  (json_int_t)now.tv_nsec / 1000);
	for (unsigned i = 0; i < CONTROL_CLIENTS; i++)
		if (ctl->client[i].src.fd >= 0 && ctl->client[i].negotiated)
			say(&ctl->client[i], json_incref(event), EVENT_MAX);
	json_decref(event);
}

/* ---- the socket ----------------------------------------------------------- */

#define SAY(...) snprintf(err, errlen, __VA_ARGS__)

/* Who holds PATH.lock owns PATH; a socket without an owner is stale. */
static int take_path(struct control *ctl, char *err, size_t errlen)
{
	struct stat st;

	ctl->lock_fd = open(ctl->lock_path, O_RDWR | O_CREAT | O_CLOEXEC |
			    O_NOFOLLOW, 0600);
	if (ctl->lock_fd < 0) {
		SAY("cannot make the control socket's lock '%s': %s. Choose a "
		    "folder you may write to", ctl->lock_path, strerror(errno));
		return -errno;
	}
	if (flock(ctl->lock_fd, LOCK_EX | LOCK_NB) < 0) {
		SAY("another machine has the control socket '%s'. Choose "
		    "another path", ctl->path);
		return -EADDRINUSE;
	}
	if (lstat(ctl->path, &st) == 0 && !S_ISSOCK(st.st_mode)) {
		SAY("'%s' exists and is not a socket. Remove it or choose "
		    "another path", ctl->path);
		return -EEXIST;
	}
	unlink(ctl->path);
	return 0;
}

static int listen_on_path(struct control *ctl, char *err, size_t errlen)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd, code;

	if (strlen(ctl->path) >= sizeof(addr.sun_path)) {
		SAY("the control socket's path '%s' is longer than %zu bytes",
		    ctl->path, sizeof(addr.sun_path) - 1);
		return -ENAMETOOLONG;
	}
	strcpy(addr.sun_path, ctl->path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* Nobody else can connect between bind and chmod: until listen, a
	 * connection is refused. */
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    chmod(ctl->path, 0600) < 0 || listen(fd, 8) < 0) {
		code = errno;
		SAY("cannot listen on the control socket '%s': %s", ctl->path,
		    strerror(code));
		if (fd >= 0)
			close(fd);
		return -code;
	}
	ctl->listener = (struct loop_fd){
		.fd = fd, .events = EPOLLIN, .ready = incoming,
	};
	return 0;
}

static void release(struct control *ctl)
{
	if (ctl->lock_fd >= 0) {
		unlink(ctl->lock_path);
		close(ctl->lock_fd);
	}
	free(ctl->path);
	free(ctl->lock_path);
	free(ctl);
}

int control_open(struct control **out, struct loop *loop, const char *path,
		 const struct control_cmd *cmds, void *ctx, char *err,
		 size_t errlen)
{
	struct control *ctl = calloc(1, sizeof(*ctl));
	int ret;

	if (!ctl)
		return -ENOMEM;
	ctl->loop = loop;
	ctl->cmds = cmds;
	ctl->ctx = ctx;
	ctl->lock_fd = -1;
	for (unsigned i = 0; i < CONTROL_CLIENTS; i++)
		ctl->client[i].src.fd = -1;
	ctl->path = strdup(path);
	if (!ctl->path || asprintf(&ctl->lock_path, "%s.lock", path) < 0) {
		free(ctl->path);
		free(ctl);
		return -ENOMEM;
	}
	if ((ret = take_path(ctl, err, errlen))) {
		/* The lock is not ours to remove. */
		if (ctl->lock_fd >= 0)
			close(ctl->lock_fd);
		ctl->lock_fd = -1;
		release(ctl);
		return ret;
	}
	if ((ret = listen_on_path(ctl, err, errlen)) ||
	    (ret = loop_fd_add(loop, &ctl->listener))) {
		release(ctl);
		return ret;
	}
	*out = ctl;
	return 0;
}

void control_close(struct control *ctl)
{
	if (!ctl)
		return;
	for (unsigned i = 0; i < CONTROL_CLIENTS; i++) {
		struct client *c = &ctl->client[i];

		if (c->src.fd >= 0 && flush(c))
			drop(c);
	}
	loop_fd_del(ctl->loop, &ctl->listener);
	close(ctl->listener.fd);
	unlink(ctl->path);
	release(ctl);
}
