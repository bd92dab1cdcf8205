#include "tools/blkbench/bench.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/machine.h"
#include "vmm/optkv.h"

#define SAY(...) snprintf(err, BENCH_ERR_LEN, __VA_ARGS__)

enum {
	OPT_RW = 256, OPT_MIX, OPT_BS, OPT_DEPTH, OPT_QUEUES, OPT_IOTHREADS, OPT_POLL,
	OPT_RUNTIME, OPT_COUNT, OPT_SIZE, OPT_RING, OPT_INDIRECT, OPT_EVENT,
	OPT_DIRECT, OPT_PROFILE, OPT_TRANSPORT, OPT_REPEAT, OPT_NO_HOST,
	OPT_NO_AEROVMM, OPT_FIO, OPT_QEMU, OPT_JSON, OPT_SVG, OPT_VERIFY,
	OPT_DESTROY, OPT_SEED, OPT_EMIT, OPT_CMDLINE, OPT_QUIET, OPT_HELP,
	OPT_VERSION,
};

static const struct option options[] = {
	{ "rw", required_argument, NULL, OPT_RW },
	{ "write-percent", required_argument, NULL, OPT_MIX },
	{ "bs", required_argument, NULL, OPT_BS },
	{ "depth", required_argument, NULL, OPT_DEPTH },
	{ "queues", required_argument, NULL, OPT_QUEUES },
	{ "iothreads", required_argument, NULL, OPT_IOTHREADS },
	{ "poll-us", required_argument, NULL, OPT_POLL },
	{ "runtime", required_argument, NULL, OPT_RUNTIME },
	{ "count", required_argument, NULL, OPT_COUNT },
	{ "size", required_argument, NULL, OPT_SIZE },
	{ "ring", required_argument, NULL, OPT_RING },
	{ "indirect", required_argument, NULL, OPT_INDIRECT },
	{ "event-idx", required_argument, NULL, OPT_EVENT },
	{ "direct", required_argument, NULL, OPT_DIRECT },
	{ "profile", required_argument, NULL, OPT_PROFILE },
	{ "transport", required_argument, NULL, OPT_TRANSPORT },
	{ "repeat", required_argument, NULL, OPT_REPEAT },
	{ "no-host", no_argument, NULL, OPT_NO_HOST },
	{ "no-aerovmm", no_argument, NULL, OPT_NO_AEROVMM },
	{ "fio", optional_argument, NULL, OPT_FIO },
	{ "qemu", optional_argument, NULL, OPT_QEMU },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "svg", required_argument, NULL, OPT_SVG },
	{ "verify", no_argument, NULL, OPT_VERIFY },
	{ "destroy", no_argument, NULL, OPT_DESTROY },
	{ "seed", required_argument, NULL, OPT_SEED },
	{ "emit-guest", required_argument, NULL, OPT_EMIT },
	{ "print-cmdline", no_argument, NULL, OPT_CMDLINE },
	{ "quiet", no_argument, NULL, OPT_QUIET },
	{ "help", no_argument, NULL, OPT_HELP },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ NULL, 0, NULL, 0 },
};

void bench_help(FILE *f)
{
	fputs(
"usage: blkbench [OPTIONS] FILE\n"
"\n"
"Measures virtio-blk of aerovmm without a guest operating system: a micro-guest\n"
"drives the disk FILE, a file or block device, and beside it the host makes the\n"
"same requests by io_uring.\n"
"\n"
"What is asked of the disk\n"
"  --rw KIND            read, write, rw, randread (default), randwrite, randrw\n"
"  --write-percent N    of rw and randrw (default 50)\n"
"  --bs SIZE            bytes a request, 512 to 1M (default 4K)\n"
"  --depth N[,N...]     requests in flight in each queue (default 32)\n"
"  --queues N           1 to 8 (default 1)\n"
"  --runtime SECONDS    of each run (default 3)\n"
"  --count N            so many requests instead\n"
"  --size SIZE          use the first bytes only (default: all)\n"
"  --direct on|off      O_DIRECT, or the page cache (default on)\n"
"  --seed N             of the order of random requests (default 1)\n"
"  --destroy            write over what FILE holds\n"
"  --verify             write --count blocks, read them back and compare\n"
"\n"
"The machine\n"
"  --ring split|packed  format of the rings (default split)\n"
"  --indirect on|off    indirect descriptors (default on)\n"
"  --event-idx on|off   (default on)\n"
"  --profile NAME       modern (default) or aero-w7\n"
"  --transport NAME     pci (default) or mmio\n"
"  --iothreads N        as for aerovmm\n"
"  --poll-us N          how long they look for work before they sleep\n"
"                       (default as for aerovmm: 50 or 0, by CPUs)\n"
"\n"
"What is compared\n"
"  --repeat N           runs of each, in turn; medians are shown (default 1)\n"
"  --fio[=PROGRAM]      fio with io_uring, too\n"
"  --qemu[=PROGRAM]     QEMU (q35, virtio-blk-pci, iothread) with the same guest\n"
"  --no-host            without the host's own figure\n"
"  --no-aerovmm         without aerovmm\n"
"\n"
"Results\n"
"  --json               JSON instead of a table\n"
"  --svg FILE           a picture of throughput and latency over depth\n"
"  --quiet              no progress, no hints\n"
"  --emit-guest FILE    write the micro-guest, a bzImage, for other VMMs\n"
"  --print-cmdline      and the kernel command line that gives it this work\n"
"  --help, --version\n"
"\n"
"Exit status: 0 done, 1 the host or a request failed, 2 the command line, 4 the\n"
"guest crashed.\n", f);
}

bool bench_writes(const struct bench_cfg *cfg)
{
	return cfg->work.writes || cfg->verify;
}

/* ---- values --------------------------------------------------------------- */

static int take_number(const char *name, const char *text, uint64_t min,
		       uint64_t max, uint64_t *to, char *err)
{
	uint64_t v;

	if (optkv_size(text, &v) < 0 || v < min || v > max) {
		SAY("--%s: '%s' is not a number from %llu to %llu", name, text,
		    (unsigned long long)min, (unsigned long long)max);
		return -EINVAL;
	}
	*to = v;
	return 0;
}

static int take_unsigned(const char *name, const char *text, unsigned min,
			 unsigned max, unsigned *to, char *err)
{
	uint64_t v;
	int ret = take_number(name, text, min, max, &v, err);

	if (ret == 0)
		*to = (unsigned)v;
	return ret;
}

/* words end with NULL; at: which one it is. */
static int take_word(const char *name, const char *text,
		     const char *const *words, unsigned *at, char *err)
{
	size_t n;

	for (*at = 0; words[*at]; (*at)++)
		if (!strcmp(words[*at], text))
			return 0;
	n = (size_t)SAY("--%s: no '%s'; there are:", name, text);
	for (unsigned i = 0; words[i] && n < BENCH_ERR_LEN; i++)
		n += (size_t)snprintf(err + n, BENCH_ERR_LEN - n, " %s",
				      words[i]);
	return -EINVAL;
}

static int take_flag(const char *name, const char *text, bool *to, char *err)
{
	static const char *const words[] = { "off", "on", NULL };
	unsigned at;
	int ret = take_word(name, text, words, &at, err);

	if (ret == 0)
		*to = at == 1;
	return ret;
}

static int take_rw(struct bench_cfg *cfg, const char *text, char *err)
{
	static const char *const words[] = {
		"read", "write", "rw", "randread", "randwrite", "randrw", NULL,
	};
	static const uint32_t writes[] = { 0, 100, 50 };
	unsigned at;
	int ret = take_word("rw", text, words, &at, err);

	if (ret < 0)
		return ret;
	cfg->work.random = at >= 3;
	cfg->work.writes = writes[at % 3];
	return 0;
}

static int take_depths(struct bench_cfg *cfg, char *text, char *err)
{
	int ret = 0;

	cfg->ndepths = 0;
	for (char *at, *save = NULL; ret == 0 &&
	     (at = strtok_r(cfg->ndepths ? NULL : text, ",", &save));) {
		if (cfg->ndepths == BENCH_DEPTHS_MAX) {
			SAY("--depth: at most %d of them", BENCH_DEPTHS_MAX);
			return -EINVAL;
		}
		ret = take_unsigned("depth", at, 1, WORK_DEPTH_MAX,
				    &cfg->depth[cfg->ndepths++], err);
	}
	if (ret == 0 && !cfg->ndepths)
		ret = take_unsigned("depth", "", 1, WORK_DEPTH_MAX,
				    &cfg->depth[0], err);
	return ret;
}

static int take_runtime(struct bench_cfg *cfg, const char *text, char *err)
{
	char *end;
	double s = strtod(text, &end);

	if (end == text || *end || !(s >= 0.1 && s <= 3600)) {
		SAY("--runtime: '%s' is not a number of seconds from 0.1 to "
		    "3600", text);
		return -EINVAL;
	}
	cfg->runtime_ms = (unsigned)(s * 1000);
	return 0;
}

/* ---- one option ----------------------------------------------------------- */

static int take_work(struct bench_cfg *cfg, int opt, char *v, char *err)
{
	struct work *w = &cfg->work;

	switch (opt) {
	case OPT_RW: return take_rw(cfg, v, err);
	case OPT_BS: return take_unsigned("bs", v, 512, WORK_BS_MAX, &w->bs, err);
	case OPT_DEPTH: return take_depths(cfg, v, err);
	case OPT_QUEUES: return take_unsigned("queues", v, 1, WORK_QUEUES_MAX,
					      &w->queues, err);
	case OPT_RUNTIME: return take_runtime(cfg, v, err);
	case OPT_COUNT: return take_number("count", v, 1, UINT64_C(1) << 40,
					   &w->count, err);
	case OPT_SIZE: return take_number("size", v, 512, UINT64_C(1) << 50,
					  &cfg->size, err);
	case OPT_SEED: return take_number("seed", v, 0, UINT64_C(1) << 60,
					  &w->seed, err);
	case OPT_DIRECT: return take_flag("direct", v, &cfg->direct, err);
	case OPT_DESTROY: cfg->destroy = true; return 0;
	case OPT_VERIFY: cfg->verify = true; return 0;
	default: return -ENOENT;
	}
}

static int take_machine(struct bench_cfg *cfg, int opt, char *v, char *err)
{
	static const char *const rings[] = { "split", "packed", NULL };
	static const char *const profiles[] = { "modern", "aero-w7", NULL };
	static const char *const transports[] = { "pci", "mmio", NULL };
	unsigned at = 0;
	int ret = 0;

	switch (opt) {
	case OPT_RING:
		ret = take_word("ring", v, rings, &at, err);
		cfg->packed = at == 1;
		return ret;
	case OPT_PROFILE:
		ret = take_word("profile", v, profiles, &at, err);
		cfg->strict = at == 1;
		return ret;
	case OPT_TRANSPORT:
		ret = take_word("transport", v, transports, &at, err);
		cfg->mmio = at == 1;
		return ret;
	case OPT_INDIRECT: return take_flag("indirect", v, &cfg->indirect, err);
	case OPT_EVENT: return take_flag("event-idx", v, &cfg->event_idx, err);
	case OPT_IOTHREADS: return take_unsigned("iothreads", v, 1, 16,
						 &cfg->iothreads, err);
	case OPT_POLL: return take_unsigned("poll-us", v, 0, 1000,
					    &cfg->poll_us, err);
	default: return -ENOENT;
	}
}

static int take_rest(struct bench_cfg *cfg, int opt, char *v, char *err)
{
	switch (opt) {
	case OPT_REPEAT: return take_unsigned("repeat", v, 1,
					      BENCH_REPEATS_MAX, &cfg->repeat,
					      err);
	case OPT_FIO: cfg->side[SIDE_FIO] = true;
		cfg->fio = v ? v : cfg->fio;
		return 0;
	case OPT_QEMU: cfg->side[SIDE_QEMU] = true;
		cfg->qemu = v ? v : cfg->qemu;
		return 0;
	case OPT_NO_HOST: cfg->side[SIDE_HOST] = false; return 0;
	case OPT_NO_AEROVMM: cfg->side[SIDE_AEROVMM] = false; return 0;
	case OPT_JSON: cfg->json = true; return 0;
	case OPT_SVG: cfg->svg = v; return 0;
	case OPT_QUIET: cfg->quiet = true; return 0;
	case OPT_EMIT: cfg->emit = v; return 0;
	case OPT_CMDLINE: cfg->want = BENCH_CMDLINE; return 0;
	case OPT_HELP: cfg->want = BENCH_HELP; return 0;
	case OPT_VERSION: cfg->want = BENCH_VERSION; return 0;
	default: return -ENOENT;
	}
}

/* ---- all of them ---------------------------------------------------------- */

static int check_depths(const struct bench_cfg *cfg, char *err)
{
	for (unsigned i = 0; i < cfg->ndepths; i++) {
		if (cfg->depth[i] * cfg->work.queues <= WORK_DEPTH_MAX)
			continue;
		SAY("--depth: %u in each of %u queues are more than %d requests",
		    cfg->depth[i], cfg->work.queues, WORK_DEPTH_MAX);
		return -EINVAL;
	}
	return 0;
}

static int check(struct bench_cfg *cfg, unsigned mix, char *err)
{
	const char *wrong = NULL;

	if (mix <= 100 && cfg->work.writes != 50)
		wrong = "--write-percent: only with --rw rw or randrw";
	else if (mix <= 100)
		cfg->work.writes = mix;
	if (cfg->work.bs % 512)
		wrong = "--bs: must be a multiple of 512";
	else if (cfg->packed && cfg->strict)
		wrong = "--ring: profile aero-w7 has no packed rings";
	else if (cfg->verify && !cfg->work.count)
		wrong = "--verify: needs --count";
	else if (cfg->verify && cfg->side[SIDE_FIO])
		wrong = "--verify: fio's writes have another pattern; leave "
			"--fio out";
	else if (cfg->side[SIDE_QEMU] && (cfg->mmio || cfg->strict))
		wrong = "--qemu: has neither --transport mmio nor --profile "
			"aero-w7";
	if (wrong) {
		SAY("%s", wrong);
		return -EINVAL;
	}
	if (cfg->verify)
		cfg->work.writes = 100;
	/* The strict profile has no EVENT_IDX. */
	if (cfg->strict)
		cfg->event_idx = false;
	return check_depths(cfg, err);
}

static int take_file(struct bench_cfg *cfg, int n, char **file, char *err)
{
	if (cfg->want != BENCH_RUN)
		return 0;
	if (cfg->emit && n == 0) {
		cfg->want = BENCH_EMIT;
		return 0;
	}
	if (n != 1) {
		SAY(n ? "one FILE only; '%s' is another"
		    : "a FILE must be named%s; see --help", n ? file[1] : "");
		return -EINVAL;
	}
	cfg->path = file[0];
	return 0;
}

int bench_options(struct bench_cfg *cfg, int argc, char **argv,
		  char err[BENCH_ERR_LEN])
{
	unsigned mix = 101;
	int opt, ret = 0;

	*cfg = (struct bench_cfg){
		.qemu = "qemu-system-x86_64", .fio = "fio",
		.side = { [SIDE_AEROVMM] = true, [SIDE_HOST] = true },
		.direct = true, .indirect = true, .event_idx = true,
		.depth = { 32 }, .ndepths = 1, .repeat = 1, .runtime_ms = 3000,
		.poll_us = MACH_POLL_AUTO,
		.work = { .bs = 4096, .queues = 1, .random = true, .seed = 1 },
	};
	opterr = 0;
	while (ret == 0 && (opt = getopt_long(argc, argv, "hv", options,
					      NULL)) != -1) {
		if (opt == '?') {
			SAY("no option '%s', or its value is missing; see "
			    "--help", argv[optind - 1]);
			return -EINVAL;
		}
		if (opt == 'h')
			opt = OPT_HELP;
		cfg->verbose |= opt == 'v';
		if (opt == 'v')
			continue;
		if (opt == OPT_MIX) {
			ret = take_unsigned("write-percent", optarg, 0, 100,
					    &mix, err);
			continue;
		}
		ret = take_work(cfg, opt, optarg, err);
		if (ret == -ENOENT)
			ret = take_machine(cfg, opt, optarg, err);
		if (ret == -ENOENT)
			ret = take_rest(cfg, opt, optarg, err);
	}
	if (ret == 0)
		ret = take_file(cfg, argc - optind, argv + optind, err);
	return ret ? ret : check(cfg, mix, err);
}
