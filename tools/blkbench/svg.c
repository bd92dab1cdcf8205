/*
 * The picture: throughput and latency over depth, two panels side by side.
 * Depth is on a logarithmic scale, latency, too; colours and markers are told
 * apart without colour vision.
 */
#include "tools/blkbench/bench.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#define WIDTH 960
#define HEIGHT 440
#define PLOT_W 380.0
#define PLOT_H 270.0
#define TOP 80.0

struct panel {
	double x0;                      /* left edge of the plot */
	double low, high;               /* of the y axis */
	bool log;
	double step;                    /* of a linear axis */
};

static const struct { const char *colour, *dash; } looks[SIDES] = {
	[SIDE_AEROVMM] = { "#0072b2", "none" },
	[SIDE_QEMU] = { "#d55e00", "none" },
	[SIDE_HOST] = { "#555555", "6 4" },
	[SIDE_FIO] = { "#009e73", "2 3" },
};

static double x_of(const struct report *rep, const struct panel *p, unsigned d)
{
	const unsigned *depth = rep->cfg->depth;
	double low = depth[0], high = depth[0];

	for (unsigned i = 0; i < rep->cfg->ndepths; i++) {
		low = fmin(low, depth[i]);
		high = fmax(high, depth[i]);
	}
	if (high <= low)
		return p->x0 + PLOT_W / 2;
	return p->x0 + 20 + (PLOT_W - 40) * log2(depth[d] / low) /
	       log2(high / low);
}

static double y_of(const struct panel *p, double v)
{
	double part = p->log ? log10(fmax(v, p->low) / p->low) /
			       log10(p->high / p->low)
			     : (v - p->low) / (p->high - p->low);

	return TOP + PLOT_H * (1 - part);
}

/* 1, 2 or 5 times a power of ten, some six of them up to v. */
static double nice_step(double v)
{
	double step = pow(10, floor(log10(v / 6)));

	return v / step > 30 ? step * 5 : v / step > 12 ? step * 2 : step;
}

static void number(char *to, size_t len, double v)
{
	if (v >= 1e6)
		snprintf(to, len, "%gM", v / 1e6);
	else if (v >= 1e3)
		snprintf(to, len, "%gk", v / 1e3);
	else
		snprintf(to, len, "%g", v);
}

static void text(FILE *f, double x, double y, const char *anchor,
		 const char *style, const char *s)
{
	fprintf(f, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" %s>", x, y,
		anchor, style);
	for (; *s; s++) {
		if (*s == '<')
			fputs("&lt;", f);
		else if (*s == '&')
			fputs("&amp;", f);
		else
			fputc(*s, f);
	}
	fputs("</text>\n", f);
}

static void tick(FILE *f, const struct panel *p, double v)
{
	double y = y_of(p, v);
	char s[32];

	number(s, sizeof(s), v);
	fprintf(f, "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\" "
		"stroke=\"#dddddd\"/>\n", p->x0, p->x0 + PLOT_W, y, y);
	text(f, p->x0 - 8, y + 4, "end", "", s);
}

static void axes(FILE *f, const struct report *rep, const struct panel *p,
		 const char *title, const char *unit)
{
	static const double parts[] = { 1, 2, 5 };
	char s[32];

	if (p->log) {
		for (double v = p->low; v <= p->high * 1.001; v *= 10)
			for (unsigned i = 0; i < 3; i++)
				if (v * parts[i] <= p->high * 1.001 &&
				    (i == 0 || p->high / p->low < 2000))
					tick(f, p, v * parts[i]);
	} else {
		for (double v = 0; v <= p->high * 1.001; v += p->step)
			tick(f, p, v);
	}
	for (unsigned d = 0; d < rep->cfg->ndepths; d++) {
		snprintf(s, sizeof(s), "%u", rep->cfg->depth[d]);
		text(f, x_of(rep, p, d), TOP + PLOT_H + 20, "middle", "", s);
	}
	fprintf(f, "<path d=\"M%.1f %.1fV%.1fH%.1f\" fill=\"none\" "
		"stroke=\"#333333\"/>\n", p->x0, TOP, TOP + PLOT_H,
		p->x0 + PLOT_W);
	text(f, p->x0 + PLOT_W / 2, TOP + PLOT_H + 42, "middle", "",
	     "requests in flight");
	text(f, p->x0, TOP - 12, "start", "font-weight=\"bold\"", title);
	text(f, p->x0 + PLOT_W, TOP - 12, "end", "fill=\"#666666\"", unit);
}

static void marker(FILE *f, enum side s, double x, double y)
{
	const char *c = looks[s].colour;

	switch (s) {
	case SIDE_AEROVMM:
		fprintf(f, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" fill=\"%s\"/>\n",
			x, y, c);
		break;
	case SIDE_QEMU:
		fprintf(f, "<rect x=\"%.1f\" y=\"%.1f\" width=\"8\" height=\"8\" "
			"fill=\"%s\"/>\n", x - 4, y - 4, c);
		break;
	case SIDE_HOST:
		fprintf(f, "<path d=\"M%.1f %.1fl5 8h-10z\" fill=\"%s\"/>\n", x,
			y - 5, c);
		break;
	default:
		fprintf(f, "<path d=\"M%.1f %.1fl5 5l-5 5l-5 -5z\" "
			"fill=\"%s\"/>\n", x, y - 5, c);
		break;
	}
}

/* get: the figure of a result; thin: a second line of the same side. */
static void curve(FILE *f, const struct report *rep, const struct panel *p,
		  enum side s, double (*get)(const struct result *), bool thin)
{
	const char *dash = thin ? "1 4" : looks[s].dash;

	fprintf(f, "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"%s\" "
		"stroke-linecap=\"round\" stroke-dasharray=\"%s\" points=\"",
		looks[s].colour, thin ? "1.5" : "2.2", dash);
	for (unsigned d = 0; d < rep->cfg->ndepths; d++)
		fprintf(f, "%.1f,%.1f ", x_of(rep, p, d),
			y_of(p, get(&rep->at[d][s])));
	fputs("\"/>\n", f);
	for (unsigned d = 0; d < rep->cfg->ndepths && !thin; d++)
		marker(f, s, x_of(rep, p, d), y_of(p, get(&rep->at[d][s])));
}

static double get_iops(const struct result *r) { return r->iops; }
static double get_p50(const struct result *r) { return r->p50; }
static double get_p99(const struct result *r) { return r->p99; }

static void find_range(const struct report *rep, double *iops, double *low,
		       double *high)
{
	*iops = *high = 1;
	*low = 1e9;
	for (unsigned d = 0; d < rep->cfg->ndepths; d++)
		for (unsigned s = 0; s < SIDES; s++) {
			const struct result *r = &rep->at[d][s];

			if (!rep->cfg->side[s])
				continue;
			*iops = fmax(*iops, r->iops);
			*high = fmax(*high, fmax(r->p50, r->p99));
			*low = fmin(*low, fmax(r->p50, 0.1));
		}
}

static void legend(FILE *f, const struct report *rep)
{
	double x = 70;

	for (unsigned s = 0; s < SIDES; s++) {
		if (!rep->cfg->side[s])
			continue;
		fprintf(f, "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\" "
			"stroke=\"%s\" stroke-width=\"2.2\" "
			"stroke-dasharray=\"%s\"/>\n", x, x + 34, HEIGHT - 18,
			HEIGHT - 18, looks[s].colour, looks[s].dash);
		marker(f, (enum side)s, x + 17, HEIGHT - 18);
		text(f, x + 42, HEIGHT - 14, "start", "", s == SIDE_HOST ?
		     "host, io_uring" : s == SIDE_FIO ? "fio, io_uring" :
		     s == SIDE_QEMU ? "QEMU" : "aerovmm");
		x += 170;
	}
}

int report_svg(const struct report *rep, const char *path)
{
	struct panel left = { .x0 = 70 }, right = { .x0 = 550, .log = true };
	FILE *f = fopen(path, "we");
	double iops, low, high;
	char title[160];
	bool bad;

	if (!f)
		return -errno;
	find_range(rep, &iops, &low, &high);
	left.step = nice_step(iops);
	left.high = ceil(iops / left.step) * left.step;
	right.low = pow(10, floor(log10(low)));
	right.high = pow(10, ceil(log10(high)));
	if (right.high <= right.low)
		right.high = right.low * 10;
	report_title(rep->cfg, title, sizeof(title));
	fprintf(f, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" "
		"height=\"%d\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" "
		"font-size=\"12\" fill=\"#222222\">\n<title>", WIDTH, HEIGHT,
		WIDTH, HEIGHT);
	fprintf(f, "%s</title>\n<rect width=\"%d\" height=\"%d\" "
		"fill=\"#ffffff\"/>\n", title, WIDTH, HEIGHT);
	text(f, WIDTH / 2.0, 32, "middle",
	     "font-size=\"17\" font-weight=\"bold\"", title);
	axes(f, rep, &left, "Throughput", "requests a second");
	axes(f, rep, &right, "Latency: median, and 99 % (dotted)",
	     "microseconds");
	for (unsigned s = 0; s < SIDES; s++) {
		if (!rep->cfg->side[s])
			continue;
		curve(f, rep, &left, (enum side)s, get_iops, false);
		curve(f, rep, &right, (enum side)s, get_p99, true);
		curve(f, rep, &right, (enum side)s, get_p50, false);
	}
	legend(f, rep);
	fputs("</svg>\n", f);
	bad = ferror(f);
	return fclose(f) || bad ? -EIO : 0;
}
