/*
 * blkbench: block throughput without a guest operating system. One run is one
 * child process that makes a job's requests and says so, line by line, on a
 * pipe: aerovmm or QEMU with the micro-guest inside, the host by io_uring, or
 * fio. The parent reads, counts what the child costs, and reports. Parent and
 * child each have one thread that calls these functions.
 */
#ifndef TOOLS_BLKBENCH_BENCH_H
#define TOOLS_BLKBENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "tools/blkbench/work.h"

enum { EXIT_OK = 0, EXIT_HOST = 1, EXIT_USAGE = 2, EXIT_CRASH = 4 };

#define BENCH_ERR_LEN 512
#define BENCH_DEPTHS_MAX 16
#define BENCH_REPEATS_MAX 99

enum side { SIDE_AEROVMM, SIDE_QEMU, SIDE_HOST, SIDE_FIO, SIDES };
extern const char *const side_names[SIDES + 1];

enum bench_want { BENCH_RUN, BENCH_HELP, BENCH_VERSION, BENCH_EMIT,
		  BENCH_CMDLINE };

struct bench_cfg {
	enum bench_want want;
	const char *path;               /* file or block device */
	const char *emit, *svg;         /* files to write; NULL: none */
	const char *qemu, *fio;         /* programs */
	bool side[SIDES];
	bool json, quiet, verbose, destroy;
	bool direct;                    /* O_DIRECT */
	bool mmio, strict;              /* transport; profile aero-w7 */
	bool packed, indirect, event_idx;
	bool verify;
	unsigned depth[BENCH_DEPTHS_MAX], ndepths;
	unsigned repeat, runtime_ms, iothreads, poll_us;
	uint64_t size;                  /* bytes used; 0: the whole file */
	struct work work;               /* but for depth, ticks, blocks */
};

/* What one run of one side found; times in microseconds. */
struct result {
	double iops, mbs, mean, p50, p99, p999, max;
	uint64_t requests, writes, kicks;
	/* Per request; NAN: not known. */
	double exits, syscalls, cpu, switches, notifies;
};

/* A side's part of a job. */
struct job {
	const struct bench_cfg *cfg;
	enum side side;
	struct work work;               /* ticks of the TSC, or ns (host) */
	double tick_us;                 /* microseconds a tick */
};

/* ---- options.c ------------------------------------------------------------ */

/* 0, or -EINVAL with one sentence in err. */
int bench_options(struct bench_cfg *, int argc, char **argv,
		  char err[BENCH_ERR_LEN]);
void bench_help(FILE *);
bool bench_writes(const struct bench_cfg *);

/* ---- target.c: the file or device ----------------------------------------- */

/*
 * Checks it and fills cfg->work.blocks and cfg->size: it exists, is large
 * enough, can be used as asked, and is not overwritten unless it holds nothing
 * or destroy is given. Prints warnings about what makes figures unfair. 0, or
 * -errno with one sentence.
 */
int target_check(struct bench_cfg *, char err[BENCH_ERR_LEN]);
/* Reads back what verify wrote: blocks that are not as they should be. */
int target_verify(const struct bench_cfg *, const struct work *,
		  uint64_t *bad, char err[BENCH_ERR_LEN]);

/* ---- sides.c: the children ------------------------------------------------ */

/* In the child; lines go to fd. Does not return. */
__attribute__((noreturn)) void side_child(const struct job *, int fd);
/* The kernel command line that tells the micro-guest its work. */
void guest_cmdline(const struct job *, char *to, size_t len);
/* The micro-guest's bzImage as a file; -errno. */
int guest_open(void);
int guest_emit(const char *path, char err[BENCH_ERR_LEN]);

/* host.c: makes the requests by io_uring; lines go to out. Exit status. */
int host_run(const struct job *, FILE *out);

/* ---- counters.c: what a process costs ------------------------------------- */

enum counter { COUNT_SYSCALLS, COUNT_CPU_NS, COUNT_SWITCHES, COUNT_EXITS };
struct counters {
	pid_t pid;
	int fd[COUNT_EXITS];            /* -1: the host does not tell */
	int stats, vm;                  /* likewise */
	off_t stats_at;
	char exits_path[64];
	double exits;                   /* NAN: not known */
};

/* Of pid and what it starts later; stopped at 0. */
void counters_open(struct counters *, pid_t pid);
void counters_start(struct counters *);
void counters_stop(struct counters *);
/* NAN: not known. */
double counters_get(const struct counters *, enum counter);
void counters_close(const struct counters *);
/* In the child, once it has a VM: lets the parent find KVM's counters. */
void counters_offer(void);

/* ---- run.c ---------------------------------------------------------------- */

/* One run. 0; -EIO with one sentence in err; -EPROTO: the guest crashed. what:
 * for the line that shows progress. */
int bench_run(const struct job *, const char *what, struct result *,
	      char err[BENCH_ERR_LEN]);
/* Ticks of the TSC in a millisecond. */
double tsc_khz(void);

/* ---- report.c, svg.c ------------------------------------------------------ */

struct report {
	const struct bench_cfg *cfg;
	/* Medians of the repeats, by depth and side; and the range of IOPS. */
	struct result at[BENCH_DEPTHS_MAX][SIDES];
	double low[BENCH_DEPTHS_MAX][SIDES], high[BENCH_DEPTHS_MAX][SIDES];
};

void report_medians(struct report *, const struct bench_cfg *,
		    const struct result *runs);
/* Where a run stands in runs. */
size_t report_at(const struct bench_cfg *, unsigned repeat, unsigned depth,
		 enum side);
void report_table(const struct report *, FILE *);
void report_json(const struct report *, FILE *);
void report_title(const struct bench_cfg *, char *to, size_t len);
/* 0 or -errno. */
int report_svg(const struct report *, const char *path);

#endif
