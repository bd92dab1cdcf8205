/*
 * What a frame costs the network's thread: written to a tap by a system call
 * each, as aerovmm does it, or in batches through io_uring. CPU time of this
 * thread, the kernel's part included, so that the tap's own work is in both.
 *
 *   build/tools/bench/tapcost          root, or user namespaces
 */
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define FRAMES 8192
#define ROUNDS 31
#define RING 64
#define HDR 12
#define PLAIN 1514
#define JUMBO 9014

static struct io_uring ring;

static void need(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "tapcost: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int open_tap(void)
{
	struct ifreq ifr = {
		.ifr_name = "cost0", .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR,
	};
	int hdr = HDR, sock, fd;

	if (unshare(CLONE_NEWNET) < 0)
		need(unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0, "unshare");
	fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
	need(fd >= 0 && ioctl(fd, TUNSETIFF, &ifr) == 0, "/dev/net/tun");
	need(ioctl(fd, TUNSETVNETHDRSZ, &hdr) == 0, "headers");
	sock = socket(AF_INET, SOCK_DGRAM, 0);
	need(ioctl(sock, SIOCGIFFLAGS, &ifr) == 0, "flags");
	ifr.ifr_flags |= IFF_UP;
	need(ioctl(sock, SIOCSIFFLAGS, &ifr) == 0, "up");
	close(sock);
	return fd;
}

static uint64_t cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void by_calls(int fd, const struct iovec *iov)
{
	for (unsigned i = 0; i < FRAMES; i++)
		need(writev(fd, iov, 2) > 0, "writev");
}

static void by_ring(int fd, const struct iovec *iov, unsigned batch)
{
	for (unsigned i = 0; i < FRAMES; i += batch) {
		struct io_uring_cqe *cqe;

		for (unsigned k = 0; k < batch; k++)
			io_uring_prep_writev(io_uring_get_sqe(&ring), fd, iov, 2,
					     0);
		need(io_uring_submit_and_wait(&ring, batch) == (int)batch,
		     "submit");
		for (unsigned k = 0; k < batch; k++) {
			need(io_uring_wait_cqe(&ring, &cqe) == 0 && cqe->res > 0,
			     "io_uring");
			io_uring_cqe_seen(&ring, cqe);
		}
	}
}

static int order(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* batch 0: a call each. ns a frame, the median of interleaved rounds. */
static void measure(int fd, size_t len, const unsigned *batch, unsigned n)
{
	static uint8_t hdr[HDR], frame[JUMBO];
	const struct iovec iov[2] = { { hdr, HDR }, { frame, len } };
	uint64_t ns[8][ROUNDS];

	memset(frame, 0xff, 6);
	frame[12] = 0x88;
	frame[13] = 0xb5;
	for (unsigned r = 0; r < ROUNDS; r++) {
		for (unsigned i = 0; i < n; i++) {
			uint64_t start = cpu_ns();

			if (batch[i])
				by_ring(fd, iov, batch[i]);
			else
				by_calls(fd, iov);
			ns[i][r] = (cpu_ns() - start) / FRAMES;
		}
	}
	printf("| %zu bytes |", len);
	for (unsigned i = 0; i < n; i++) {
		qsort(ns[i], ROUNDS, sizeof(ns[i][0]), order);
		printf(" %llu |", (unsigned long long)ns[i][ROUNDS / 2]);
	}
	printf("\n");
}

int main(void)
{
	static const unsigned batch[] = { 0, 1, 4, 16, 64 };
	int fd = open_tap();

	errno = -io_uring_queue_init(RING, &ring, IORING_SETUP_SINGLE_ISSUER |
				     IORING_SETUP_DEFER_TASKRUN);
	need(errno == 0, "io_uring");
	printf("| ns of CPU a frame | writev | io_uring, 1 | 4 | 16 | 64 |\n"
	       "|---|---|---|---|---|---|\n");
	measure(fd, 60, batch, 5);
	measure(fd, PLAIN, batch, 5);
	measure(fd, JUMBO, batch, 5);
	return 0;
}
