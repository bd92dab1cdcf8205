#include "tools/blkbench/bench.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* A tenth of the run, at most half a second, is not counted. */
static unsigned warm_ms(const struct bench_cfg *cfg)
{
	unsigned ms = cfg->runtime_ms / 10;

	if (cfg->work.count)
		return 0;
	return ms < 500 ? ms : 500;
}

static void make_job(struct job *job, const struct bench_cfg *cfg, unsigned d,
		     enum side side)
{
	bool guest = side == SIDE_AEROVMM || side == SIDE_QEMU;
	double per_ms = guest ? tsc_khz() : 1e6;

	*job = (struct job){
		.cfg = cfg, .side = side, .work = cfg->work,
		.tick_us = 1e3 / per_ms,
	};
	job->work.depth = cfg->depth[d];
	if (!cfg->work.count)
		job->work.ticks = (uint64_t)(cfg->runtime_ms * per_ms);
	job->work.warm = (uint64_t)(warm_ms(cfg) * per_ms);
}

/* After the guest's own look at what it wrote. */
static int verify(const struct job *job, char err[BENCH_ERR_LEN])
{
	uint64_t bad;
	int ret = target_verify(job->cfg, &job->work, &bad, err);

	if (ret == 0 && bad) {
		snprintf(err, BENCH_ERR_LEN, "%s: %" PRIu64 " blocks of the "
			 "file are not what was written",
			 side_names[job->side], bad);
		ret = -EIO;
	}
	return ret;
}

static int run_one(const struct bench_cfg *cfg, unsigned i, unsigned d,
		   enum side side, struct result *runs, char *err)
{
	struct result *r = &runs[report_at(cfg, i, d, side)];
	struct job job;
	char what[80];
	int ret;

	make_job(&job, cfg, d, side);
	/* Another pattern each time, so that none can be an earlier run's. */
	if (cfg->verify)
		job.work.seed += report_at(cfg, i, d, side);
	snprintf(what, sizeof(what), "blkbench: run %u of %u, depth %u, %s",
		 i + 1, cfg->repeat, cfg->depth[d], side_names[side]);
	ret = bench_run(&job, what, r, err);
	return ret == 0 && cfg->verify ? verify(&job, err) : ret;
}

static int run_all(const struct bench_cfg *cfg, struct result *runs, char *err)
{
	for (unsigned i = 0; i < cfg->repeat; i++)
		for (unsigned d = 0; d < cfg->ndepths; d++)
			for (unsigned s = 0; s < SIDES; s++) {
				int ret = cfg->side[s] ?
					  run_one(cfg, i, d, (enum side)s, runs,
						  err) : 0;

				if (ret < 0)
					return ret;
			}
	return 0;
}

static int report(const struct bench_cfg *cfg, const struct result *runs,
		  char *err)
{
	struct report *rep = malloc(sizeof(*rep));
	int ret;

	if (!rep) {
		snprintf(err, BENCH_ERR_LEN, "out of memory");
		return -ENOMEM;
	}
	report_medians(rep, cfg, runs);
	if (cfg->json)
		report_json(rep, stdout);
	else
		report_table(rep, stdout);
	ret = cfg->svg ? report_svg(rep, cfg->svg) : 0;
	if (ret < 0)
		snprintf(err, BENCH_ERR_LEN, "cannot write '%s': %s", cfg->svg,
			 strerror(-ret));
	free(rep);
	return ret;
}

static int measure(struct bench_cfg *cfg, char *err)
{
	struct result *runs = calloc((size_t)cfg->repeat * cfg->ndepths * SIDES,
				     sizeof(*runs));
	int ret = -ENOMEM;

	if (!runs)
		snprintf(err, BENCH_ERR_LEN, "out of memory");
	else if ((ret = target_check(cfg, err)) == 0 &&
		 (ret = run_all(cfg, runs, err)) == 0)
		ret = report(cfg, runs, err);
	free(runs);
	return ret;
}

static int print_cmdline(struct bench_cfg *cfg)
{
	struct job job;
	char text[512];

	cfg->work.blocks = cfg->size / cfg->work.bs;
	make_job(&job, cfg, 0, SIDE_AEROVMM);
	guest_cmdline(&job, text, sizeof(text));
	puts(text);
	return 0;
}

static int act(struct bench_cfg *cfg, char *err)
{
	int ret = 0;

	if (cfg->emit)
		ret = guest_emit(cfg->emit, err);
	if (ret < 0)
		return ret;
	switch (cfg->want) {
	case BENCH_HELP:
		bench_help(stdout);
		return 0;
	case BENCH_VERSION:
		puts("blkbench " AEROVMM_VERSION);
		return 0;
	case BENCH_EMIT:
		return 0;
	case BENCH_CMDLINE:
		return print_cmdline(cfg);
	default:
		return measure(cfg, err);
	}
}

int main(int argc, char **argv)
{
	char err[BENCH_ERR_LEN];
	struct bench_cfg cfg;
	int ret;

	signal(SIGPIPE, SIG_IGN);
	if (bench_options(&cfg, argc, argv, err) < 0) {
		fprintf(stderr, "blkbench: %s\n", err);
		return EXIT_USAGE;
	}
	ret = act(&cfg, err);
	if (ret == 0 && (fflush(stdout) != 0 || ferror(stdout))) {
		snprintf(err, sizeof(err), "cannot write to standard output: "
			 "%s", strerror(errno));
		ret = -EIO;
	}
	if (ret == 0)
		return EXIT_OK;
	fprintf(stderr, "blkbench: %s\n", err);
	return ret == -EPROTO ? EXIT_CRASH : EXIT_HOST;
}
