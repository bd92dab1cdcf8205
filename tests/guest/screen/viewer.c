/*
 * A person in front of a screen, for tests: a VNC viewer made of libvncclient,
 * or a look at a PPM file.
 *
 *   viewer HOST:PORT|FILE [ACTION]...
 *
 *   password=TEXT     before the others: what to say at the door
 *   size=WxH          the screen has that size
 *   dot=X,Y,RRGGBB    a dot of it has that colour
 *   type=TEXT         characters of ASCII, a key after the other; \n is Enter
 *   key=KEYSYM        one key, by its X keysym
 *   hold=KEYSYM       a key goes down, and stays down
 *   point=X,Y,BUTTONS the pointer moves there
 *   save=FILE         the picture as PPM
 *
 * What is to be seen is waited for, a minute long. Status 1: it did not come, or
 * the server went; the last line of standard error says which.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <rfb/rfbclient.h>

#define WAIT_S 30

static char *password;

static int complain(const char *what, const char *action)
{
	fprintf(stderr, "viewer: %s: %s\n", action, what);
	return 1;
}

/* ---- the screen ------------------------------------------------------------------ */

struct screen {
	rfbClient *vnc;                 /* NULL: a file, which does not change */
	unsigned w, h;
	uint8_t *rgb;                   /* of a file */
};

static uint32_t dot_at(const struct screen *s, unsigned x, unsigned y)
{
	size_t at = (size_t)y * s->w + x;
	const uint8_t *p = s->vnc ? s->vnc->frameBuffer + 4 * at
				  : s->rgb + 3 * at;

	return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
}

static int read_file(struct screen *s, const char *path)
{
	FILE *f = fopen(path, "rb");
	size_t n;
	int ret = -1;

	if (!f)
		return -1;
	if (fscanf(f, "P6 %u %u 255", &s->w, &s->h) == 2 && fgetc(f) == '\n' &&
	    s->w <= 4096 && s->h <= 4096) {
		n = (size_t)3 * s->w * s->h;
		s->rgb = malloc(n + 1);
		ret = s->rgb && fread(s->rgb, 1, n, f) == n && fgetc(f) == EOF
			? 0 : -1;
	}
	fclose(f);
	return ret;
}

static char *say_password(rfbClient *c)
{
	(void)c;
	return password ? strdup(password) : NULL;
}

static int pictures;                    /* that have come */

static void painted(rfbClient *c)
{
	(void)c;
	pictures++;
}

static int connect_to(struct screen *s, const char *where)
{
	const char *colon = strrchr(where, ':');

	s->vnc = rfbGetClient(8, 3, 4);
	if (!s->vnc || !colon)
		return -1;
	s->vnc->serverHost = strndup(where, (size_t)(colon - where));
	s->vnc->serverPort = atoi(colon + 1);
	s->vnc->GetPassword = say_password;
	s->vnc->canHandleNewFBSize = TRUE;
	s->vnc->FinishedFrameBufferUpdate = painted;
	/* None that loses anything. */
	s->vnc->appData.encodingsString = "zrle hextile raw";
	s->vnc->appData.enableJPEG = FALSE;
	/* Frees the client when it fails. */
	if (!rfbInitClient(s->vnc, NULL, NULL)) {
		s->vnc = NULL;
		return -1;
	}
	return 0;
}

/* Lets the server speak for a moment. */
static int pump(struct screen *s)
{
	int n;

	if (!s->vnc)
		return -1;
	n = WaitForMessage(s->vnc, 100000);
	if (n < 0 || (n > 0 && !HandleRFBServerMessage(s->vnc)))
		return -1;
	s->w = (unsigned)s->vnc->width;
	s->h = (unsigned)s->vnc->height;
	return 0;
}

/* Closing with something unread would take along what was said. */
static void leave(struct screen *s)
{
	char rest[4096];

	if (!s->vnc)
		return;
	SetBlocking(s->vnc->sock);
	shutdown(s->vnc->sock, SHUT_WR);
	while (read(s->vnc->sock, rest, sizeof(rest)) > 0)
		;
	rfbClientCleanup(s->vnc);
}

/* ---- actions --------------------------------------------------------------------- */

static int see_size(struct screen *s, const char *val)
{
	unsigned w, h;

	return sscanf(val, "%ux%u", &w, &h) == 2 && s->w == w && s->h == h;
}

static int see_dot(struct screen *s, const char *val)
{
	unsigned x, y, colour;

	return sscanf(val, "%u,%u,%x", &x, &y, &colour) == 3 && x < s->w &&
	       y < s->h && dot_at(s, x, y) == colour;
}

static int wait_for(struct screen *s, const char *action,
		    int (*see)(struct screen *, const char *), const char *val)
{
	time_t end = time(NULL) + WAIT_S;

	while (!see(s, val)) {
		if (time(NULL) > end || pump(s) < 0)
			return complain("is not to be seen", action);
	}
	return 0;
}

static int key(struct screen *s, uint32_t keysym, int down, int up)
{
	if ((down && !SendKeyEvent(s->vnc, keysym, TRUE)) ||
	    (up && !SendKeyEvent(s->vnc, keysym, FALSE)))
		return complain("the server went", "key");
	return 0;
}

static int type(struct screen *s, const char *text)
{
	int ret = 0;

	for (; *text && ret == 0; text++)
		ret = key(s, *text == '\n' ? XK_Return : (uint8_t)*text, 1, 1);
	return ret;
}

static int point(struct screen *s, const char *val)
{
	int x, y, buttons;

	if (sscanf(val, "%d,%d,%d", &x, &y, &buttons) != 3)
		return complain("not X,Y,BUTTONS", val);
	return SendPointerEvent(s->vnc, x, y, buttons) ? 0 :
	       complain("the server went", "point");
}

static int save(const struct screen *s, const char *path)
{
	FILE *f = fopen(path, "wb");

	if (!f)
		return complain("cannot be written", path);
	fprintf(f, "P6\n%u %u\n255\n", s->w, s->h);
	for (unsigned y = 0; y < s->h; y++)
		for (unsigned x = 0; x < s->w; x++) {
			uint32_t c = dot_at(s, x, y);

			fputc((int)(c >> 16), f);
			fputc((int)(c >> 8 & 255), f);
			fputc((int)(c & 255), f);
		}
	return fclose(f) == 0 ? 0 : complain("cannot be written", path);
}

static int act(struct screen *s, const char *action)
{
	const char *val = strchr(action, '=');
	size_t len = val ? (size_t)(val++ - action) : 0;

#define IS(word) (len == strlen(word) && memcmp(action, word, len) == 0)
	if (IS("size"))
		return wait_for(s, action, see_size, val);
	if (IS("dot"))
		return wait_for(s, action, see_dot, val);
	if (IS("save"))
		return save(s, val);
	if (IS("password"))
		return 0;
	if (!s->vnc)
		return complain("no such action for a file", action);
	if (IS("type"))
		return type(s, val);
	if (IS("key"))
		return key(s, (uint32_t)strtoul(val, NULL, 0), 1, 1);
	if (IS("hold"))
		return key(s, (uint32_t)strtoul(val, NULL, 0), 1, 0);
	if (IS("point"))
		return point(s, val);
	return complain("no such action", action);
#undef IS
}

int main(int argc, char **argv)
{
	struct screen s = { 0 };
	int ret = 0;

	if (argc < 2)
		return complain("HOST:PORT or a file is missing", "usage");
	if (argc > 2 && strncmp(argv[2], "password=", 9) == 0)
		password = argv[2] + 9;
	rfbEnableClientLogging = FALSE;
	if (read_file(&s, argv[1]) < 0 && connect_to(&s, argv[1]) < 0)
		return complain("neither a picture nor a server", argv[1]);
	/* The first picture. */
	for (int i = 0; s.vnc && !pictures; i++)
		if (i == 10 * WAIT_S || pump(&s) < 0)
			return complain("shows nothing", argv[1]);
	for (int i = 2; i < argc && ret == 0; i++)
		ret = act(&s, argv[i]);
	leave(&s);
	free(s.rgb);
	return ret;
}
