#include "devices/display/vnc.h"

#include <errno.h>
#include <stdio.h>

#define SAY(...) snprintf(err, errlen, __VA_ARGS__)

#ifdef HAVE_LIBVNCSERVER

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <rfb/rfb.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#include "devices/base/container.h"
#include "devices/base/dl.h"
#include "devices/base/log.h"
#include "devices/base/loop.h"
#include "devices/display/keymap.h"
#include "devices/display/seat.h"
#include "devices/display/vga.h"
#include "devices/display/vnc_int.h"

/* rfbInitServer is a macro: its name says how the library was configured. */
#define NAME_OF(x) #x
#define NAME(x) NAME_OF(x)
static struct {
	DL_POINTER(rfbCheckPasswordByList);
	DL_POINTER(rfbGetScreen);
	void (*rfbInit)(rfbScreenInfoPtr);
	DL_POINTER(rfbMarkRectAsModified);
	DL_POINTER(rfbNewClient);
	DL_POINTER(rfbNewFramebuffer);
	DL_POINTER(rfbProcessEvents);
	DL_POINTER(rfbScreenCleanup);
	DL_POINTER(rfbShutdownServer);
	rfbLogProc *rfbErr, *rfbLog;
} lib;
static const struct dl_symbol symbols[] = {
	DL_SYMBOL(lib, rfbCheckPasswordByList),
	DL_SYMBOL(lib, rfbErr),
	DL_SYMBOL(lib, rfbGetScreen),
	{ NAME(rfbInitServer), &lib.rfbInit },
	DL_SYMBOL(lib, rfbLog),
	DL_SYMBOL(lib, rfbMarkRectAsModified),
	DL_SYMBOL(lib, rfbNewClient),
	DL_SYMBOL(lib, rfbNewFramebuffer),
	DL_SYMBOL(lib, rfbProcessEvents),
	DL_SYMBOL(lib, rfbScreenCleanup),
	DL_SYMBOL(lib, rfbShutdownServer),
};

#define CLIENTS_MAX 8
#define CLIENT_WAIT_MS 5000             /* for a slow viewer */
#define NS_MS UINT64_C(1000000)
#define BUSY_MS 33                      /* between looks at the screen */
#define QUIET_MS 200

/* A viewer. The library closes its own copy of the socket when it likes. */
struct viewer {
	struct vnc *v;
	struct loop_fd src;
	rfbClientPtr client;            /* NULL: gone */
	struct keysyms keysyms;
	bool used;
};

struct vnc {
	struct loop *loop;
	struct vga *vga;
	struct seat *seat;
	rfbScreenInfoPtr screen;
	struct loop_fd listener;
	struct loop_timer timer;
	struct viewer viewer[CLIENTS_MAX];
	unsigned nviewers;
	unsigned pause_ms;
	unsigned long stamp;            /* of what `shown` shows */
	struct image shown, next;       /* the library's pixels: 0x00BBGGRR */
	char password[VNC_PASSWORD_MAX + 1];
	char *passwords[2];
	char *name;
	uint16_t port;
};

/* ---- the picture ------------------------------------------------------------------- */

/* The library's own order, so that it does not have to be told of another one
 * after each change of size. */
static void swap_colours(struct image *img)
{
	for (size_t i = 0; i < (size_t)img->w * img->h; i++) {
		uint32_t p = img->px[i];

		img->px[i] = (p >> 16 & 0xff) | (p & 0xff00) | (p & 0xff) << 16;
	}
}

static void exchange(struct vnc *v)
{
	struct image img = v->shown;

	v->shown = v->next;
	v->next = img;
}

static void mark_changes(struct vnc *v)
{
	unsigned y = 0;
	struct vnc_rect r;

	while (vnc_difference(v->shown.px, v->next.px, v->next.w, v->next.h, &y,
			      &r))
		lib.rfbMarkRectAsModified(v->screen, (int)r.x, (int)r.y,
					  (int)(r.x + r.w), (int)(r.y + r.h));
}

/* Looks at the screen. True: something has changed. */
static bool refresh(struct vnc *v)
{
	unsigned long stamp = vga_stamp(v->vga);

	if (stamp && stamp == v->stamp)
		return false;
	if (vga_snapshot(v->vga, &v->next) < 0)
		return false;
	v->stamp = stamp;
	swap_colours(&v->next);
	if (v->next.w != v->shown.w || v->next.h != v->shown.h) {
		exchange(v);
		lib.rfbNewFramebuffer(v->screen, (char *)v->shown.px,
				      (int)v->shown.w, (int)v->shown.h, 8, 3,
				      4);
		return true;
	}
	if (memcmp(v->next.px, v->shown.px,
		   (size_t)v->next.w * v->next.h * 4) == 0)
		return false;
	mark_changes(v);
	memcpy(v->shown.px, v->next.px, (size_t)v->next.w * v->next.h * 4);
	return true;
}

/* ---- viewers ------------------------------------------------------------------------- */

static void drop_gone(struct vnc *v)
{
	for (unsigned i = 0; i < CLIENTS_MAX; i++) {
		struct viewer *w = &v->viewer[i];

		if (!w->used || w->client)
			continue;
		loop_fd_del(v->loop, &w->src);
		close(w->src.fd);
		w->used = false;
		seat_leave(v->seat);
		if (--v->nviewers == 0)
			loop_timer_del(v->loop, &v->timer);
	}
}

/* The library reads what came, answers, and sends what was marked. */
static void serve(struct vnc *v)
{
	lib.rfbProcessEvents(v->screen, 0);
	drop_gone(v);
}

static void viewer_ready(struct loop_fd *src, uint32_t events)
{
	struct viewer *w = container_of(src, struct viewer, src);
	struct vnc *v = w->v;

	(void)events;
	serve(v);
	/* Whoever types wants to see it soon. */
	if (v->nviewers && v->pause_ms > BUSY_MS) {
		v->pause_ms = BUSY_MS;
		loop_timer_set(v->loop, &v->timer,
			       loop_now_ns() + BUSY_MS * NS_MS);
	}
}

static void look(struct loop_timer *t)
{
	struct vnc *v = container_of(t, struct vnc, timer);

	if (refresh(v))
		v->pause_ms = BUSY_MS;
	else if (v->pause_ms < QUIET_MS)
		v->pause_ms += v->pause_ms / 4;
	serve(v);
	if (v->nviewers)
		loop_timer_set(v->loop, t, loop_now_ns() +
			       v->pause_ms * NS_MS);
}

static void viewer_gone(rfbClientPtr client)
{
	struct viewer *w = client->clientData;

	if (w)
		w->client = NULL;
}

static void add_viewer(struct vnc *v, struct viewer *w, int fd)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	/* The library watches its sockets by select(). */
	if (copy < 0 || copy >= FD_SETSIZE)
		goto err_copy;
	/* A first look, so that nobody is shown what was long ago. */
	refresh(v);
	*w = (struct viewer){
		.v = v, .used = true,
		.src = { .fd = fd, .events = EPOLLIN, .ready = viewer_ready },
	};
	if (loop_fd_add(v->loop, &w->src) < 0)
		goto err_used;
	w->client = lib.rfbNewClient(v->screen, copy);
	if (!w->client) {               /* copy is closed */
		loop_fd_del(v->loop, &w->src);
		copy = -1;
		goto err_used;
	}
	w->client->clientData = w;
	w->client->clientGoneHook = viewer_gone;
	v->pause_ms = BUSY_MS;
	if (v->nviewers++ == 0)
		loop_timer_set(v->loop, &v->timer, loop_now_ns());
	return;
err_used:
	w->used = false;
err_copy:
	if (copy >= 0)
		close(copy);
	close(fd);
}

static void accept_viewer(struct loop_fd *src, uint32_t events)
{
	struct vnc *v = container_of(src, struct vnc, listener);
	int fd = accept4(src->fd, NULL, NULL, SOCK_CLOEXEC), on = 1;

	(void)events;
	if (fd < 0)
		return;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	for (unsigned i = 0; i < CLIENTS_MAX; i++)
		if (!v->viewer[i].used) {
			add_viewer(v, &v->viewer[i], fd);
			return;
		}
	close(fd);
}

/* ---- what the library calls ------------------------------------------------------------ */

static void key_event(rfbBool down, rfbKeySym keysym, rfbClientPtr client)
{
	struct viewer *w = client->clientData;
	struct key_event ev[KEYSYM_EVENTS];
	unsigned n;

	if (!w)
		return;
	n = keysym_events(&w->keysyms, (uint32_t)keysym, down, ev);
	for (unsigned i = 0; i < n; i++)
		seat_key(w->v->seat, ev[i].code, ev[i].down);
}

/* Buttons 4 and 5 are a wheel's notches. */
static void pointer_event(int mask, int x, int y, rfbClientPtr client)
{
	struct viewer *w = client->clientData;
	int wheel = (mask >> 3 & 1) - (mask >> 4 & 1);

	if (w)
		seat_pointer(w->v->seat, x, y, w->v->screen->width,
			     w->v->screen->height, (unsigned)mask & 7, wheel);
}

__attribute__((format(printf, 1, 2))) static void quiet(const char *fmt, ...)
{
	char line[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	line[strcspn(line, "\n")] = '\0';
	log_debug("vnc: %s", line);
}

/* ---- life ---------------------------------------------------------------------------------- */

static int open_screen(struct vnc *v)
{
	rfbScreenInfoPtr s;

	*lib.rfbLog = quiet;
	*lib.rfbErr = quiet;
	s = lib.rfbGetScreen(NULL, NULL, 640, 480, 8, 3, 4);
	if (!s)
		return -ENOMEM;
	v->screen = s;
	s->desktopName = v->name;
	s->screenData = v;
	/* We listen ourselves. */
	s->port = s->ipv6port = 0;
	s->httpDir = NULL;
	s->permitFileTransfer = FALSE;
	s->alwaysShared = TRUE;
	s->deferUpdateTime = 0;
	s->maxClientWait = CLIENT_WAIT_MS;
	s->cursor = NULL;               /* the guest draws its own */
	s->kbdAddEvent = key_event;
	s->ptrAddEvent = pointer_event;
	if (v->password[0]) {
		v->passwords[0] = v->password;
		s->authPasswdData = v->passwords;
		s->passwordCheck = lib.rfbCheckPasswordByList;
	}
	return refresh(v) ? 0 : -ENOMEM;
}

static uint16_t port_of(int fd)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);

	if (getsockname(fd, (struct sockaddr *)&sa, &len) < 0)
		return 0;
	/* The same place in both families. */
	return ntohs(((struct sockaddr_in *)(void *)&sa)->sin_port);
}

static int start(struct vnc *v, const struct vnc_cfg *cfg, char *err,
		 size_t errlen)
{
	int ret;

	if (cfg->password_file) {
		ret = vnc_password(cfg->password_file, v->password, err,
				   errlen);
		if (ret < 0)
			return ret;
	}
	ret = vnc_listen(cfg->address, v->password[0], err, errlen);
	if (ret < 0)
		return ret;
	v->listener = (struct loop_fd){
		.fd = ret, .events = EPOLLIN, .ready = accept_viewer,
	};
	v->port = port_of(ret);
	if ((ret = open_screen(v)) < 0 ||
	    (ret = loop_create(&v->loop, "vnc", 0)) < 0)
		return ret;
	lib.rfbInit(v->screen);
	ret = loop_fd_add(v->loop, &v->listener);
	return ret < 0 ? ret : loop_start(v->loop);
}

int vnc_open(struct vnc **out, const struct vnc_cfg *cfg, struct vga *vga,
	     struct seat *seat, char *err, size_t errlen)
{
	int ret = dl_load("libvncserver.so.1", "libvncserver1", symbols,
			  sizeof(symbols) / sizeof(symbols[0]), err, errlen);
	struct vnc *v;

	if (ret < 0)
		return ret;
	v = calloc(1, sizeof(*v));
	if (!v)
		return -ENOMEM;
	v->vga = vga;
	v->seat = seat;
	v->listener.fd = -1;
	v->timer.fired = look;
	v->name = strdup(cfg->name);
	err[0] = '\0';
	ret = v->name ? start(v, cfg, err, errlen) : -ENOMEM;
	if (ret < 0) {
		if (!err[0])
			SAY("cannot start a VNC server: %s", strerror(-ret));
		vnc_close(v);
		return ret;
	}
	log_info("vnc: listening on port %u", v->port);
	*out = v;
	return 0;
}

void vnc_close(struct vnc *v)
{
	if (!v)
		return;
	if (v->loop)
		loop_stop(v->loop);
	if (v->screen) {
		lib.rfbShutdownServer(v->screen, TRUE);
		if (v->loop)
			drop_gone(v);
		lib.rfbScreenCleanup(v->screen);
	}
	if (v->loop)
		loop_destroy(v->loop);
	if (v->listener.fd >= 0)
		close(v->listener.fd);
	image_fini(&v->shown);
	image_fini(&v->next);
	explicit_bzero(v->password, sizeof(v->password));
	free(v->name);
	free(v);
}

uint16_t vnc_port(const struct vnc *v)
{
	return v->port;
}

#else

int vnc_open(struct vnc **out, const struct vnc_cfg *cfg, struct vga *vga,
	     struct seat *seat, char *err, size_t errlen)
{
	(void)out;
	(void)cfg;
	(void)vga;
	(void)seat;
	SAY("this program was built without libvncserver. Install "
	    "libvncserver-dev and build it again");
	return -ENOSYS;
}

void vnc_close(struct vnc *v)
{
	(void)v;
}

uint16_t vnc_port(const struct vnc *v)
{
	(void)v;
	return 0;
}

#endif
