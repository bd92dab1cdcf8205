/*
 * What a batch of reads costs the loop that serves it: how often the loop goes
 * round, for after each round it publishes and may interrupt; context switches;
 * CPU time, the kernel's worker threads included.
 *
 *   build/tools/bench/iocost FILE BATCH BYTES [direct] [ring]
 *
 * direct: O_DIRECT. ring: io_uring also where an image in memory needs none.
 * The file is only read. Rounds and switches hardly depend on what else runs; of
 * the CPU time look at the least.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "devices/base/container.h"
#include "devices/base/log.h"
#include "devices/block/blkio.h"

#define BATCHES 4000
#define GROUP 20                /* batches between two looks at the clock */

struct load {
	struct loop *loop;
	struct loop_bell bell;  /* rung: a batch is to be submitted */
	struct blkio *img;
	struct blkio_chan chan;
	struct blkio_req *req;
	struct iovec *iov;
	char *buf;
	unsigned batch, bytes, seed;
	unsigned todo, left;    /* batches not submitted, reads not done */
};

static void done(struct blkio_req *r, int err)
{
	struct load *w = container_of(r->chan, struct load, chan);

	BUG_ON(err);
	if (--w->left == 0)
		loop_bell_mark(w->loop, &w->bell);
}

static void submit(struct loop_bell *b)
{
	struct load *w = container_of(b, struct load, bell);
	uint64_t blocks = w->img->size / w->bytes;

	if (w->todo == 0)
		return;
	w->todo--;
	w->left = w->batch;
	for (unsigned i = 0; i < w->batch; i++) {
		w->seed = w->seed * 1103515245 + 12345;
		w->iov[i] = (struct iovec){
			w->buf + (size_t)i * w->bytes, w->bytes,
		};
		w->req[i] = (struct blkio_req){
			.op = BLKIO_READ, .len = w->bytes, .done = done,
			.off = (w->seed >> 8) % blocks * w->bytes,
			.iov = &w->iov[i], .niov = 1,
		};
		blkio_submit(&w->chan, &w->req[i]);
	}
}

/* How many rounds of the loop they took. */
static unsigned batches(struct load *w, unsigned n)
{
	unsigned rounds = 0;

	w->todo = n;
	loop_bell_mark(w->loop, &w->bell);
	for (; w->todo || w->left; rounds++)
		loop_step(w->loop, -1);
	return rounds;
}

static double cpu_us(const struct rusage *u)
{
	return (double)(u->ru_utime.tv_sec + u->ru_stime.tv_sec) * 1e6 +
	       (double)(u->ru_utime.tv_usec + u->ru_stime.tv_usec);
}

static void measure(struct load *w)
{
	double least = 0, n = (double)BATCHES * w->batch;
	struct rusage first, last, now;
	unsigned rounds = 0;

	batches(w, 1);
	getrusage(RUSAGE_SELF, &first);
	now = first;
	for (unsigned i = 0; i < BATCHES / GROUP; i++) {
		double us;

		last = now;
		rounds += batches(w, GROUP);
		getrusage(RUSAGE_SELF, &now);
		us = (cpu_us(&now) - cpu_us(&last)) / (GROUP * w->batch);
		if (i == 0 || us < least)
			least = us;
	}
	printf("%u x %u bytes: a request: rounds %.3f, context switches %.3f, "
	       "CPU us %.2f (least %.2f)\n", w->batch, w->bytes, rounds / n,
	       (double)(now.ru_nvcsw + now.ru_nivcsw - first.ru_nvcsw -
			first.ru_nivcsw) / n,
	       (cpu_us(&now) - cpu_us(&first)) / n, least);
}

static bool has(char **argv, const char *word)
{
	while (*argv && strcmp(*argv, word))
		argv++;
	return *argv != NULL;
}

int main(int argc, char **argv)
{
	struct load w = { .bell.rung = submit, .seed = 1 };
	struct blkio_cfg cfg = { .ro = true };
	char err[256];
	void *buf;

	if (argc < 4 || (w.batch = (unsigned)atoi(argv[2])) == 0 ||
	    (w.bytes = (unsigned)atoi(argv[3])) == 0) {
		fprintf(stderr, "usage: iocost FILE BATCH BYTES [direct] "
			"[ring]\n");
		return 2;
	}
	cfg.path = argv[1];
	cfg.direct = has(argv + 4, "direct");
	if (blkio_open(&w.img, &cfg, err, sizeof(err))) {
		fprintf(stderr, "iocost: %s\n", err);
		return 1;
	}
	if (w.img->size < w.bytes) {
		fprintf(stderr, "iocost: '%s' is shorter than one read; make "
			"it longer with truncate\n", argv[1]);
		return 1;
	}
	w.img->in_memory &= !has(argv + 4, "ring");
	w.req = calloc(w.batch, sizeof(*w.req));
	w.iov = calloc(w.batch, sizeof(*w.iov));
	BUG_ON(!w.req || !w.iov ||
	       posix_memalign(&buf, 4096, (size_t)w.batch * w.bytes));
	w.buf = buf;
	BUG_ON(loop_create(&w.loop, "io", LOOP_URING) ||
	       loop_bell_add(w.loop, &w.bell) ||
	       blkio_chan_init(&w.chan, w.img, w.loop));
	measure(&w);
	blkio_chan_fini(&w.chan);
	loop_bell_del(w.loop, &w.bell);
	loop_destroy(w.loop);
	blkio_close(w.img);
	free(w.buf);
	free(w.iov);
	free(w.req);
	return 0;
}
