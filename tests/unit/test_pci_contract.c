/* Description: the contract's manifest says what configuration space says
 * (windows-device-contract, AERO-W7-VIRTIO 1.1 and 3.x.1). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "devices/block/blkio.h"
#include "devices/contract.h"
#include "devices/virtio/blk.h"
#include "devices/virtio/input.h"
#include "devices/virtio/net.h"
#include "devices/virtio/snd.h"
#include "pci/vpci.h"
#include "tests/lib/pci_rig.h"

#define PROF (&vio_profile_aero_w7)
#define INPUT_SLOT 10
#define FUNCTIONS 6

static const struct where {
	unsigned slot, func;
	const char *device;             /* of the manifest */
} where[FUNCTIONS] = {
	{ 8, 0, "virtio-net" },
	{ 9, 0, "virtio-blk" },
	{ INPUT_SLOT, 0, "virtio-input" },
	{ INPUT_SLOT, 1, "virtio-input" },
	{ INPUT_SLOT, 2, "virtio-input" },
	{ 11, 0, "virtio-snd" },
};

struct machine {
	struct pci_rig pci;
	struct loop *loop;
	struct gmem mem;
	struct vio_dev *dev[FUNCTIONS];
	struct vpci tp[FUNCTIONS];
	char manifest[16384];
};

static void make_net(struct machine *m)
{
	struct netio *io;
	char err[200];

	assert_int_equal(0, netio_open(&io, &(struct netio_cfg){
		.kind = NETIO_NONE }, err, sizeof(err)));
	assert_int_equal(0, net_create(&m->dev[0], &(struct net_cfg){
		.prof = PROF, .name = "net0", .gmem = &m->mem,
		.ctl_loop = m->loop, .loops = &m->loop, .nloops = 1 }, &io));
}

static void make_blk(struct machine *m)
{
	struct blkio *img;

	assert_int_equal(0, blkio_mem_open(&img, 1 << 20, 512));
	assert_int_equal(0, blk_create(&m->dev[1], &(struct blk_cfg){
		.prof = PROF, .name = "disk0", .queues = 1, .gmem = &m->mem,
		.ctl_loop = m->loop, .loops = &m->loop, .nloops = 1 }, img));
}

static void make_input(struct machine *m)
{
	static const char *const kinds[] = { "keyboard", "mouse", "tablet" };

	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(0, input_create(&m->dev[2 + i],
						 &(struct input_cfg){
			.prof = PROF, .kind = kinds[i], .name = kinds[i],
			.gmem = &m->mem, .ctl_loop = m->loop,
			.loops = &m->loop, .nloops = 1 }));
}

static void make_snd(struct machine *m)
{
	struct sndio *io;
	char err[200];

	assert_int_equal(0, sndio_open(&io, &(struct sndio_cfg){ "null", NULL },
				       err, sizeof(err)));
	assert_int_equal(0, snd_create(&m->dev[5], &(struct snd_cfg){
		.prof = PROF, .name = "sound0", .gmem = &m->mem,
		.ctl_loop = m->loop, .loop = m->loop }, io, err,
		sizeof(err)));
}

static int setup(void **state)
{
	struct machine *m = calloc(1, sizeof(*m));
	FILE *f;

	assert_non_null(m);
	assert_int_equal(0, loop_create(&m->loop, "io", 0));
	pci_rig_init(&m->pci);
	make_net(m);
	make_blk(m);
	make_input(m);
	make_snd(m);
	for (unsigned i = 0; i < FUNCTIONS; i++)
		assert_int_equal(0, vpci_attach(&m->tp[i], m->dev[i],
						&m->pci.bus,
						(int)where[i].slot,
						where[i].func,
						VPCI_MSIX_DEFAULT, NULL));
	f = fmemopen(m->manifest, sizeof(m->manifest), "w");
	assert_non_null(f);
	assert_int_equal(0, contract_print_json(f));
	fclose(f);
	*state = m;
	return 0;
}

static int teardown(void **state)
{
	struct machine *m = *state;

	for (unsigned i = 0; i < FUNCTIONS; i++) {
		vio_reset(m->dev[i]);
		pci_dev_fini(&m->tp[i].pci);
		vio_destroy(m->dev[i]);
	}
	pci_rig_fini(&m->pci);
	loop_destroy(m->loop);
	free(m);
	return 0;
}

static uint32_t cfg(struct machine *m, unsigned i, unsigned off, unsigned size)
{
	return pci_rig_get(&m->pci, where[i].slot, where[i].func, off, size);
}

/* The device's part of the manifest must hold the text. */
__attribute__((format(printf, 3, 4)))
static void says(struct machine *m, const char *device, const char *fmt, ...)
{
	char want[200], start[64], *from, *at;
	const char *end;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(want, sizeof(want), fmt, ap);
	va_end(ap);
	snprintf(start, sizeof(start), "\"device\": \"%s\"", device);
	from = strstr(m->manifest, start);
	assert_non_null(from);
	end = strstr(from + 1, "\"device\":");
	at = strstr(from, want);
	if (!at || (end && at > end))
		fail_msg("%s does not say %s", device, want);
}

static void ids_are_those_of_configuration_space(void **state)
{
	struct machine *m = *state;

	for (unsigned i = 0; i < FUNCTIONS; i++) {
		const char *d = where[i].device;
		unsigned vendor = cfg(m, i, 0x00, 2), dev = cfg(m, i, 0x02, 2);
		unsigned rev = cfg(m, i, 0x08, 1);
		unsigned class_code = cfg(m, i, 0x08, 4) >> 8;
		unsigned sub = cfg(m, i, 0x2e, 2), sub_vendor;
		char id[64];

		sub_vendor = cfg(m, i, 0x2c, 2);
		snprintf(id, sizeof(id), "\"PCI\\\\VEN_%04X&DEV_%04X", vendor,
			 dev);
		says(m, d, "\"pci_vendor_id\": \"0x%04X\"", vendor);
		says(m, d, "\"pci_device_id\": \"0x%04X\"", dev);
		says(m, d, "\"virtio_device_type\": %u", dev - 0x1040);
		says(m, d, "\"pci_device_id_transitional\": \"0x%04X\"",
		     0x1000 + dev - 0x1040 - 1);
		says(m, d, "%s&SUBSYS_%04X%04X&REV_%02X\"", id, sub,
		     sub_vendor, rev);
		says(m, d, "%s&SUBSYS_%04X%04X\"", id, sub, sub_vendor);
		says(m, d, "%s&REV_%02X\"", id, rev);
		says(m, d, "%s&CC_%06X\"", id, class_code);
		says(m, d, "%s\"", id);
	}
}

/* The numbers of the documents, once more by themselves. */
static void c1_1_identity(void **state)
{
	static const struct { uint16_t dev, sub; uint32_t class_code; } id[] = {
		{ 0x1041, 0x0001, 0x020000 }, { 0x1042, 0x0002, 0x010000 },
		{ 0x1052, 0x0010, 0x098000 }, { 0x1052, 0x0011, 0x098000 },
		{ 0x1052, 0x0012, 0x098000 }, { 0x1059, 0x0019, 0x040100 },
	};
	struct machine *m = *state;

	for (unsigned i = 0; i < FUNCTIONS; i++) {
		assert_int_equal(0x1af4, cfg(m, i, 0x00, 2));
		assert_int_equal(id[i].dev, cfg(m, i, 0x02, 2));
		assert_int_equal(0x01, cfg(m, i, 0x08, 1));
		assert_int_equal(id[i].class_code, cfg(m, i, 0x08, 4) >> 8);
		assert_int_equal(0x1af4, cfg(m, i, 0x2c, 2));
		assert_int_equal(id[i].sub, cfg(m, i, 0x2e, 2));
		/* INTA#, and INTx only unless asked for more */
		assert_int_equal(1, cfg(m, i, 0x3d, 1));
		assert_int_equal(0, m->tp[i].pci.msix.n);
	}
}

/* 3.3: one multi-function device, the keyboard says so. */
static void c3_3_keyboard_is_function_0(void **state)
{
	struct machine *m = *state;

	for (unsigned i = 0; i < FUNCTIONS; i++)
		assert_int_equal(where[i].slot == INPUT_SLOT &&
				 where[i].func == 0 ? 0x80 : 0x00,
				 cfg(m, i, 0x0e, 1));
}

static void names_of_the_drivers(void **state)
{
	struct machine *m = *state;

	says(m, "virtio-blk", "\"driver_service_name\": \"aerovioblk\"");
	says(m, "virtio-blk", "\"inf_name\": \"aero-virtio-blk.inf\"");
	says(m, "virtio-net", "\"driver_service_name\": \"aerovionet\"");
	says(m, "virtio-net", "\"inf_name\": \"aero-virtio-net.inf\"");
	says(m, "virtio-snd", "\"driver_service_name\": \"aeroviosnd\"");
	says(m, "virtio-snd", "\"inf_name\": \"aero-virtio-snd.inf\"");
	says(m, "virtio-input", "\"driver_service_name\": \"aerovioinput\"");
	says(m, "virtio-input", "\"inf_name\": \"aero-virtio-input.inf\"");
}

/* Every key is one the manifest's schema knows. */
static void fields_are_the_schemas(void **state)
{
	static const char *const keys[] = {
		"$schema", "schema_version", "contract_name",
		"contract_version", "devices", "device", "pci_vendor_id",
		"pci_device_id", "pci_device_id_transitional",
		"hardware_id_patterns", "driver_service_name", "inf_name",
		"virtio_device_type",
	};
	struct machine *m = *state;
	int depth = 0;

	for (const char *p = m->manifest; *p; p++) {
		size_t n = 0;
		bool known = false;

		depth += (*p == '{' || *p == '[') - (*p == '}' || *p == ']');
		assert_true(depth >= 0);
		if (*p != '"')
			continue;
		n = strcspn(++p, "\"");
		for (unsigned i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
			known |= strlen(keys[i]) == n &&
				 memcmp(keys[i], p, n) == 0;
		p += n;
		if (p[1] == ':' && !known)
			fail_msg("an unknown key before %.40s", p);
	}
	assert_int_equal(0, depth);
}

static void a_full_disk_is_told(void **state)
{
	FILE *f = fopen("/dev/full", "w");

	(void)state;
	assert_non_null(f);
	assert_true(contract_print_json(f) < 0);
	fclose(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_are_those_of_configuration_space),
		cmocka_unit_test(c1_1_identity),
		cmocka_unit_test(c3_3_keyboard_is_function_0),
		cmocka_unit_test(names_of_the_drivers),
		cmocka_unit_test(fields_are_the_schemas),
		cmocka_unit_test(a_full_disk_is_told),
	};

	return cmocka_run_group_tests_name("device contract", tests, setup,
					   teardown);
}
