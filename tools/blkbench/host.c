/*
 * The host's own figure: the micro-guest's requests, made by one thread with
 * one io_uring, which polls nothing and sleeps for the next completion, as fio
 * does it.
 */
#include "tools/blkbench/bench.h"

#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct slot {
	uint64_t start, block;
	struct stream *stream;
	uint8_t *data;
	bool write;
};

struct host {
	struct work work;
	struct io_uring ring;
	int fd;
	FILE *out;
	struct stream stream[WORK_QUEUES_MAX];
	struct slot *slots;
	struct hist hist;
	unsigned inflight;
	bool verify, check;
	uint64_t began, ends, requests, writes, errors, bad;
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void next(struct host *h, struct slot *s, uint64_t now)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&h->ring);
	uint64_t off;

	s->write = stream_next(s->stream, &h->work, &s->block);
	s->start = now;
	off = s->block * h->work.bs;
	if (s->write && h->verify)
		block_fill(s->data, h->work.bs, h->work.seed, s->block);
	if (s->write)
		io_uring_prep_write(sqe, 0, s->data, h->work.bs, off);
	else
		io_uring_prep_read(sqe, 0, s->data, h->work.bs, off);
	sqe->flags |= IOSQE_FIXED_FILE;
	io_uring_sqe_set_data(sqe, s);
	h->inflight++;
}

static void begin(struct host *h)
{
	fputs("blkbench: begin\n", h->out);
	fflush(h->out);
	h->began = now_ns();
	h->ends = h->work.count ? 0 : h->began + h->work.ticks;
}

static void complete(struct host *h, struct slot *s, int res, uint64_t now)
{
	bool good = res == (int)h->work.bs;

	h->inflight--;
	h->errors += !good;
	if (h->check && good &&
	    !block_good(s->data, h->work.bs, h->work.seed, s->block))
		h->bad++;
	if (h->began) {
		h->requests++;
		h->writes += s->write;
		if (s->start >= h->began)
			hist_add(&h->hist, now - s->start);
	}
	if (s->stream->left && !(h->ends && now >= h->ends))
		next(h, s, now);
}

static int reap(struct host *h)
{
	struct io_uring_cqe *cqe;
	unsigned head, n = 0;
	int ret = io_uring_submit_and_wait(&h->ring, 1);

	if (ret < 0 && ret != -EINTR)
		return ret;
	io_uring_for_each_cqe(&h->ring, head, cqe) {
		complete(h, io_uring_cqe_get_data(cqe), cqe->res, now_ns());
		n++;
	}
	io_uring_cq_advance(&h->ring, n);
	return 0;
}

static int pass(struct host *h)
{
	uint64_t warm_ends = now_ns() + h->work.warm;
	unsigned n = h->work.depth * h->work.queues;
	int ret = 0;

	for (unsigned i = 0; i < h->work.queues; i++)
		stream_init(&h->stream[i], &h->work, i);
	for (unsigned i = 0; i < n; i++)
		if (h->slots[i].stream->left)
			next(h, &h->slots[i], now_ns());
	while (h->inflight && ret == 0) {
		if (!h->began && now_ns() >= warm_ends)
			begin(h);
		ret = reap(h);
	}
	return ret;
}

static int open_ring(struct host *h)
{
	unsigned n = h->work.depth * h->work.queues;
	int ret;

	ret = io_uring_queue_init(n, &h->ring, IORING_SETUP_SINGLE_ISSUER |
				  IORING_SETUP_DEFER_TASKRUN);
	if (ret == -EINVAL)             /* before Linux 6.1 */
		ret = io_uring_queue_init(n, &h->ring, 0);
	return ret ? ret : io_uring_register_files(&h->ring, &h->fd, 1);
}

static int open_all(struct host *h, const struct job *job)
{
	unsigned n = job->work.depth * job->work.queues;
	int flags = job->work.writes || h->verify ? O_RDWR : O_RDONLY;
	uint8_t *data;

	h->fd = open(job->cfg->path, flags | O_CLOEXEC |
		     (job->cfg->direct ? O_DIRECT : 0));
	if (h->fd < 0)
		return -errno;
	h->slots = calloc(n, sizeof(*h->slots));
	if (!h->slots || posix_memalign((void **)&data, 4096,
					(size_t)n * job->work.bs))
		return -ENOMEM;
	memset(data, 0, (size_t)n * job->work.bs);
	for (unsigned i = 0; i < n; i++)
		h->slots[i] = (struct slot){
			.stream = &h->stream[i / job->work.depth],
			.data = data + (size_t)i * job->work.bs,
		};
	return open_ring(h);
}

static void done(const struct host *h, uint64_t ns)
{
	const struct hist *t = &h->hist;

	fprintf(h->out, "blkbench: done requests=%lu writes=%lu ticks=%lu "
		"errors=%lu bad=%lu kicks=0 mean=%lu p50=%lu p99=%lu p999=%lu "
		"max=%lu\n", h->requests, h->writes, ns, h->errors, h->bad,
		t->n ? t->sum / t->n : 0, hist_permille(t, 500),
		hist_permille(t, 990), hist_permille(t, 999), t->max);
	fflush(h->out);
}

int host_run(const struct job *job, FILE *out)
{
	struct host *h = calloc(1, sizeof(*h));
	int ret = -ENOMEM;

	if (h) {
		h->work = job->work;
		h->verify = job->cfg->verify;
		h->out = out;
		ret = open_all(h, job);
	}
	if (ret == 0 && !h->work.warm)
		begin(h);
	if (ret == 0)
		ret = pass(h);
	if (ret == 0 && h->verify) {
		if (fdatasync(h->fd) < 0)
			ret = -errno;
		h->work.writes = 0;
		h->check = true;
		ret = ret ? ret : pass(h);
	}
	if (ret == 0)
		done(h, now_ns() - h->began);
	else
		fprintf(out, "blkbench: error %s\n", strerror(-ret));
	fflush(out);
	/* The process ends: what is in flight ends with it. */
	return ret ? EXIT_HOST : EXIT_OK;
}
