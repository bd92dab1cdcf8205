/* Description: what clients of the control socket say, to all commands of a
 * machine with devices and no CPU. Each line is answered. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "devices/base/log.h"
#include "devices/block/blkio.h"
#include "devices/net/netio.h"
#include "devices/virtio/blk.h"
#include "devices/virtio/input.h"
#include "devices/virtio/net.h"
#include "tests/fuzz/fz_vio.h"
#include "tests/lib/pci_rig.h"
#include "vmm/control_int.h"

#define DEVS 5

static struct machine m;
static struct mach_dev dev[DEVS];
static struct sockaddr_un addr = { .sun_family = AF_UNIX };

static void add_disk(void)
{
	struct blkio *img;
	const struct blk_cfg cfg = {
		.prof = m.prof, .name = "disk0", .queues = 1,
		.gmem = fz_vio_mem(), .ctl_loop = m.ctl, .loops = &m.ctl,
		.nloops = 1,
	};

	BUG_ON(blkio_mem_open(&img, 65536, 512));
	BUG_ON(blk_create(&dev[0].dev, &cfg, img));
	m.cfg.ndisks = 1;
}

static void add_net(void)
{
	char err[256];
	struct netio *io;
	const struct net_cfg cfg = {
		.prof = m.prof, .name = "net0", .gmem = fz_vio_mem(),
		.ctl_loop = m.ctl, .loops = &m.ctl, .nloops = 1,
	};

	BUG_ON(netio_open(&io, &(struct netio_cfg){ .kind = NETIO_NONE }, err,
			  sizeof(err)));
	BUG_ON(net_create(&dev[1].dev, &cfg, &io));
}

static void add_inputs(void)
{
	static const char *const kind[MACH_INPUTS] = {
		[MACH_KEYBOARD] = "keyboard", [MACH_MOUSE] = "mouse",
		[MACH_TABLET] = "tablet",
	};

	for (unsigned i = 0; i < MACH_INPUTS; i++) {
		const struct input_cfg cfg = {
			.prof = m.prof, .kind = kind[i], .name = kind[i],
			.gmem = fz_vio_mem(), .ctl_loop = m.ctl,
			.loops = &m.ctl, .nloops = 1,
		};

		BUG_ON(input_create(&dev[2 + i].dev, &cfg));
		m.input[i] = dev[2 + i].dev;
	}
}

static void add_bus(void)
{
	struct irq_line *line[PCI_INTX_GSIS];
	static struct irq_probe probe[PCI_INTX_GSIS];
	static struct msi_probe msi;

	iospace_init(&m.pio);
	iospace_init(&m.mmio);
	msi_probe_init(&msi);
	for (unsigned i = 0; i < PCI_INTX_GSIS; i++) {
		irq_probe_init(&probe[i]);
		line[i] = &probe[i].line;
	}
	BUG_ON(pci_bus_init(&m.pci, &m.mmio, &m.pio, line, &msi.sink));
	for (unsigned i = 0; i < DEVS; i++)
		BUG_ON(vpci_attach(&dev[i].pci, dev[i].dev, &m.pci, -1, 0,
				   VPCI_MSIX_DEFAULT, NULL));
}

void fz_setup(void)
{
	static struct irq_probe sci;
	static char path[64];
	char err[MACH_ERR_LEN];

	m.ctl = fz_vio_loop();
	m.prof = &vio_profile_modern;
	m.dev = dev;
	m.ndevs = DEVS;
	pthread_mutex_init(&m.lock, NULL);
	pthread_mutex_init(&m.cpus.lock, NULL);
	pthread_cond_init(&m.cpus.wake, NULL);
	add_disk();
	add_net();
	add_inputs();
	add_bus();
	irq_probe_init(&sci);
	BUG_ON(pm_init(&m.pm, &m.pio, LAYOUT_PM, &sci.line, m.ctl));
	snprintf(path, sizeof(path), "/tmp/fuzz-control.%d", (int)getpid());
	m.cfg.control = path;
	strcpy(addr.sun_path, path);
	if (mach_control_create(&m, err))
		die(1, "%s", err);
}

/* ---- a client ------------------------------------------------------------- */

static bool blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\0';
}

/* Lines that want an answer. */
static unsigned requests(const uint8_t *p, size_t len)
{
	unsigned n = 0;
	bool any = false;

	for (size_t i = 0; i < len; i++) {
		if (p[i] == '\n') {
			n += any;
			any = false;
		} else if (!blank(p[i])) {
			any = true;
		}
	}
	return n;
}

static void settle(void)
{
	for (unsigned i = 0; i < 64 && loop_step(m.ctl, 0); i++)
		;
}

/* Takes the whole lines from buf[*len]; counts those that are no events. */
static unsigned take_lines(char *buf, size_t *len)
{
	char *at = buf, *end;
	unsigned n = 0;

	while ((end = memchr(at, '\n', *len - (size_t)(at - buf)))) {
		n += strncmp(at, "{\"event\"", 8) != 0;
		at = end + 1;
	}
	*len -= (size_t)(at - buf);
	memmove(buf, at, *len);
	return n;
}

/* Reads until nothing more comes: what does not fit into the socket is sent
 * when there is room again. */
static unsigned answers(int fd)
{
	static char buf[1 << 20];
	size_t len = 0;
	unsigned n = 0;
	ssize_t got;

	do {
		settle();
		got = recv(fd, buf + len, sizeof(buf) - len, MSG_DONTWAIT);
		if (got > 0) {
			len += (size_t)got;
			n += take_lines(buf, &len);
		}
	} while (got > 0);
	BUG_ON(len);
	return n;
}

void fz_one(struct fz *in)
{
	static const char hello[] = "{\"execute\":\"qmp_capabilities\"}\n";
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool polite = fz_u8(in) & 1;
	size_t len;
	const uint8_t *p = fz_bytes(in, 16384, &len);

	BUG_ON(fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr)));
	if (polite)
		BUG_ON(write(fd, hello, sizeof(hello) - 1) < 0);
	BUG_ON(len && write(fd, p, len) != (ssize_t)len);
	/* The greeting is the first of them. */
	BUG_ON(answers(fd) != 1 + polite + requests(p, len));
	close(fd);
	settle();
	m.paused = false;
	m.end = MACH_RUNNING;
	m.held.n = 0;
	loop_timer_del(m.ctl, &m.held.timer);
	net_set_link(dev[1].dev, true);
}
