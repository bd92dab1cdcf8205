/*
 * Control commands that look at the screen.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devices/display/vnc.h"
#include "vmm/control_int.h"

static bool has_screen(struct machine *m, struct control_err *err)
{
	if (!m->screen.there)
		control_fail(err, "GenericError", "the machine has no screen; "
			     "start it with --vga std");
	return m->screen.there;
}

/* QMP's default is PPM. */
static int picture_format(json_t *args, enum image_format *out,
			  struct control_err *err)
{
	json_t *format = json_object_get(args, "format");
	const char *name = format ? json_string_value(format) : "ppm";

	if (name && strcmp(name, "png") == 0) {
		*out = IMAGE_PNG;
	} else if (name && strcmp(name, "ppm") == 0) {
		*out = IMAGE_PPM;
	} else {
		control_fail(err, "GenericError", "'format' must be 'ppm' or "
			     "'png'");
		return -EINVAL;
	}
	if (*out == IMAGE_PNG &&
	    image_png_ready(err->desc, sizeof(err->desc)) < 0) {
		err->class = "GenericError";
		return -ENOSYS;
	}
	return 0;
}

json_t *control_screendump(void *ctx, json_t *args, struct control_err *err)
{
	const char *path = json_string_value(json_object_get(args,
							     "filename"));
	struct machine *m = ctx;
	enum image_format format;
	int ret;

	if (!has_screen(m, err) || picture_format(args, &format, err) < 0)
		return NULL;
	if (!path) {
		control_fail(err, "GenericError", "'filename' must say where "
			     "the picture goes");
		return NULL;
	}
	ret = mach_picture(m, path, format);
	if (ret < 0)
		control_fail(err, "GenericError", "cannot write '%.128s': %s",
			     path, strerror(-ret));
	return NULL;
}

json_t *control_query_screen_text(void *ctx, json_t *args,
				  struct control_err *err)
{
	struct machine *m = ctx;
	json_t *answer;
	char *text;
	int ret;

	(void)args;
	if (!has_screen(m, err))
		return NULL;
	ret = vga_text(&m->screen.vga, &text);
	if (ret < 0) {
		control_fail(err, "GenericError", "%s", ret == -ENOTSUP ?
			     "the screen shows graphics; take a screendump" :
			     strerror(-ret));
		return NULL;
	}
	answer = json_pack("{s:s}", "text", text);
	free(text);
	return answer;
}

json_t *control_query_vnc(void *ctx, json_t *args, struct control_err *err)
{
	const struct machine *m = ctx;
	char port[8];

	(void)args;
	(void)err;
	if (!m->screen.vnc)
		return json_pack("{s:b}", "enabled", 0);
	snprintf(port, sizeof(port), "%u", vnc_port(m->screen.vnc));
	return json_pack("{s:b,s:s,s:s}", "enabled", 1, "service", port,
			 "auth", m->cfg.display.vnc_password ? "vnc" : "none");
}
