#include "tools/blkbench/bench.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

size_t report_at(const struct bench_cfg *cfg, unsigned repeat, unsigned depth,
		 enum side side)
{
	return ((size_t)repeat * cfg->ndepths + depth) * SIDES + side;
}

/* ---- medians -------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Of v, which is sorted by it; what is not known is left out. */
static double median(double *v, unsigned n)
{
	unsigned known = 0;

	for (unsigned i = 0; i < n; i++)
		if (!isnan(v[i]))
			v[known++] = v[i];
	if (!known)
		return NAN;
	qsort(v, known, sizeof(*v), by_value);
	return known % 2 ? v[known / 2] : (v[known / 2 - 1] + v[known / 2]) / 2;
}

static const size_t columns[] = {
	offsetof(struct result, iops), offsetof(struct result, mbs),
	offsetof(struct result, mean), offsetof(struct result, p50),
	offsetof(struct result, p99), offsetof(struct result, p999),
	offsetof(struct result, max), offsetof(struct result, exits),
	offsetof(struct result, syscalls), offsetof(struct result, cpu),
	offsetof(struct result, switches), offsetof(struct result, notifies),
};

static double value(const struct result *r, size_t off)
{
	double v;

	memcpy(&v, (const char *)r + off, sizeof(v));
	return v;
}

static void median_of(struct report *rep, const struct result *runs,
		      unsigned d, enum side s)
{
	const struct bench_cfg *cfg = rep->cfg;
	struct result *to = &rep->at[d][s];
	double v[BENCH_REPEATS_MAX];

	for (size_t c = 0; c < sizeof(columns) / sizeof(columns[0]); c++) {
		double m;

		for (unsigned i = 0; i < cfg->repeat; i++)
			v[i] = value(&runs[report_at(cfg, i, d, s)],
				     columns[c]);
		m = median(v, cfg->repeat);
		memcpy((char *)to + columns[c], &m, sizeof(m));
		if (c == 0) {
			rep->low[d][s] = v[0];
			rep->high[d][s] = v[cfg->repeat - 1];
		}
	}
	for (unsigned i = 0; i < cfg->repeat; i++) {
		const struct result *r = &runs[report_at(cfg, i, d, s)];

		to->requests += r->requests;
		to->writes += r->writes;
		to->kicks += r->kicks;
	}
}

void report_medians(struct report *rep, const struct bench_cfg *cfg,
		    const struct result *runs)
{
	memset(rep, 0, sizeof(*rep));
	rep->cfg = cfg;
	for (unsigned d = 0; d < cfg->ndepths; d++)
		for (unsigned s = 0; s < SIDES; s++)
			if (cfg->side[s])
				median_of(rep, runs, d, (enum side)s);
}

/* ---- words ---------------------------------------------------------------- */

static const char *pattern(const struct bench_cfg *cfg)
{
	static const char *const names[2][3] = {
		{ "sequential reads", "sequential writes",
		  "sequential reads and writes" },
		{ "random reads", "random writes", "random reads and writes" },
	};

	return names[cfg->work.random][cfg->work.writes == 0 ? 0 :
				       cfg->work.writes == 100 ? 1 : 2];
}

void report_title(const struct bench_cfg *cfg, char *to, size_t len)
{
	unsigned bs = cfg->work.bs;

	snprintf(to, len, "%g %s %s, %s", bs >= 1024 ? bs / 1024.0 : bs,
		 bs >= 1024 ? "KiB" : "B", pattern(cfg),
		 cfg->direct ? "O_DIRECT" : "page cache");
}

static void cell(FILE *f, int width, int digits, double v)
{
	if (isnan(v))
		fprintf(f, "%*s", width, "-");
	else
		fprintf(f, "%*.*f", width, digits, v);
}

static enum side reference(const struct bench_cfg *cfg)
{
	return cfg->side[SIDE_HOST] ? SIDE_HOST : SIDE_FIO;
}

/* ---- the table ------------------------------------------------------------ */

static void table_row(const struct report *rep, FILE *f, unsigned d,
		      enum side s)
{
	const struct bench_cfg *cfg = rep->cfg;
	const struct result *r = &rep->at[d][s];
	double host = rep->at[d][reference(cfg)].iops;

	fprintf(f, "%5u  %-8s", cfg->depth[d], side_names[s]);
	cell(f, 10, 0, r->iops);
	cell(f, 9, 1, r->mbs);
	cell(f, 10, 1, r->p50);
	cell(f, 10, 1, r->p99);
	cell(f, 11, 1, r->p999);
	cell(f, 8, 3, r->exits);
	cell(f, 10, 3, r->syscalls);
	cell(f, 9, 2, r->cpu);
	if (host > 0)
		fprintf(f, "%8.0f %%", r->iops / host * 100);
	fputc('\n', f);
}

void report_table(const struct report *rep, FILE *f)
{
	const struct bench_cfg *cfg = rep->cfg;
	bool unknown = false;
	char title[128];

	report_title(cfg, title, sizeof(title));
	fprintf(f, "%s: %s\n%s%s%s ring%s, queues: %u; ", cfg->path, title,
		cfg->strict ? "aero-w7, " : "",
		cfg->mmio ? "virtio-mmio, " : "",
		cfg->packed ? "packed" : "split",
		cfg->indirect ? cfg->event_idx ? ", indirect, EVENT_IDX" :
		", indirect" : cfg->event_idx ? ", EVENT_IDX" : "",
		cfg->work.queues);
	if (cfg->work.count)
		fprintf(f, "%" PRIu64 " requests", cfg->work.count);
	else
		fprintf(f, "%g s", cfg->runtime_ms / 1e3);
	fprintf(f, "%s\n\n", cfg->repeat > 1 ? " each, medians" : "");
	fprintf(f, "%5s  %-8s%10s%9s%10s%10s%11s%8s%10s%9s%s\n", "depth", "",
		"IOPS", "MB/s", "p50 us", "p99 us", "p99.9 us", "exits",
		"syscalls", "CPU us",
		rep->at[0][reference(cfg)].iops > 0 ? "   of host" : "");
	for (unsigned d = 0; d < cfg->ndepths; d++)
		for (unsigned s = 0; s < SIDES; s++)
			if (cfg->side[s]) {
				table_row(rep, f, d, (enum side)s);
				unknown |= isnan(rep->at[d][s].syscalls);
			}
	fputs("\nexits, syscalls and CPU time: per request, of all threads\n",
	      f);
	if (unknown)
		fputs("-: the host does not tell, or only root\n", f);
}

/* ---- JSON ----------------------------------------------------------------- */

static void json_text(FILE *f, const char *s)
{
	fputc('"', f);
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			fprintf(f, "\\%c", c);
		else if (c < 0x20)
			fprintf(f, "\\u%04x", c);
		else
			fputc(c, f);
	}
	fputc('"', f);
}

static void json_value(FILE *f, const char *key, double v)
{
	if (isnan(v))
		fprintf(f, ", \"%s\": null", key);
	else
		fprintf(f, ", \"%s\": %.4f", key, v);
}

static void json_row(const struct report *rep, FILE *f, unsigned d, enum side s)
{
	const struct result *r = &rep->at[d][s];
	double host = rep->at[d][reference(rep->cfg)].iops;

	fprintf(f, "    {\"depth\": %u, \"side\": \"%s\", \"requests\": %" PRIu64
		", \"writes\": %" PRIu64, rep->cfg->depth[d], side_names[s],
		r->requests, r->writes);
	json_value(f, "iops", r->iops);
	json_value(f, "iops_low", rep->low[d][s]);
	json_value(f, "iops_high", rep->high[d][s]);
	json_value(f, "mb_per_s", r->mbs);
	json_value(f, "mean_us", r->mean);
	json_value(f, "p50_us", r->p50);
	json_value(f, "p99_us", r->p99);
	json_value(f, "p999_us", r->p999);
	json_value(f, "max_us", r->max);
	json_value(f, "exits_per_request", r->exits);
	json_value(f, "kicks_per_request", r->notifies);
	json_value(f, "syscalls_per_request", r->syscalls);
	json_value(f, "cpu_us_per_request", r->cpu);
	json_value(f, "context_switches_per_request", r->switches);
	json_value(f, "percent_of_host", host > 0 ? r->iops / host * 100 : NAN);
	fputc('}', f);
}

void report_json(const struct report *rep, FILE *f)
{
	const struct bench_cfg *cfg = rep->cfg;
	const char *sep = "";

	fputs("{\n  \"version\": \"" AEROVMM_VERSION "\",\n  \"file\": ", f);
	json_text(f, cfg->path);
	fprintf(f, ",\n  \"size\": %" PRIu64 ", \"block_size\": %u, "
		"\"direct\": %s, \"random\": %s, \"write_percent\": %u,\n"
		"  \"queues\": %u, \"ring\": \"%s\", \"indirect\": %s, "
		"\"event_idx\": %s, \"transport\": \"%s\", "
		"\"profile\": \"%s\",\n  \"verify\": %s, \"repeat\": %u,\n"
		"  \"results\": [\n", cfg->size, cfg->work.bs,
		cfg->direct ? "true" : "false",
		cfg->work.random ? "true" : "false", cfg->work.writes,
		cfg->work.queues, cfg->packed ? "packed" : "split",
		cfg->indirect ? "true" : "false",
		cfg->event_idx ? "true" : "false", cfg->mmio ? "mmio" : "pci",
		cfg->strict ? "aero-w7" : "modern",
		cfg->verify ? "true" : "false", cfg->repeat);
	for (unsigned d = 0; d < cfg->ndepths; d++)
		for (unsigned s = 0; s < SIDES; s++)
			if (cfg->side[s]) {
				fputs(sep, f);
				json_row(rep, f, d, (enum side)s);
				sep = ",\n";
			}
	fputs("\n  ]\n}\n", f);
}
