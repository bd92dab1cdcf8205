#include "devices/contract.h"

#include <errno.h>
#include <stdint.h>

#include "devices/base/log.h"
#include "devices/virtio/profile.h"
#include "devices/virtio/virtio.h"

#define FUNCTIONS 3
#define TRANSITIONAL (0x1000 - 1)        /* + device id */

/* Names of windows-device-contract.md, which binds beside AERO-W7-VIRTIO. */
static const struct driver {
	const char *device, *service, *inf;
	const char *row[FUNCTIONS];     /* of profile aero-w7 */
} drivers[] = {
	{ "virtio-blk", "aerovioblk", "aero-virtio-blk.inf", { "blk" } },
	{ "virtio-net", "aerovionet", "aero-virtio-net.inf", { "net" } },
	{ "virtio-snd", "aeroviosnd", "aero-virtio-snd.inf", { "snd" } },
	{ "virtio-input", "aerovioinput", "aero-virtio-input.inf",
	  { "keyboard", "mouse", "tablet" } },
};
#define DRIVERS (sizeof(drivers) / sizeof(drivers[0]))

static const struct vio_profile *const profile = &vio_profile_aero_w7;

static const struct vio_dev_row *row_of(const char *name)
{
	const struct vio_dev_row *row = vio_profile_row(profile, name);

	BUG_ON(!row);
	return row;
}

/* A hardware id as PnP makes it; in JSON a backslash is two. */
static void print_id(FILE *f, const struct vio_dev_row *row)
{
	fprintf(f, "\"PCI\\\\VEN_%04X&DEV_%04X", VIRTIO_PCI_VENDOR,
		VIRTIO_PCI_DEVICE_BASE + row->type);
}

static void print_patterns(FILE *f, const struct driver *d)
{
	const struct vio_dev_row *row = row_of(d->row[0]);
	const char *indent = "        ";

	fprintf(f, "      \"hardware_id_patterns\": [\n");
	for (unsigned i = 0; i < FUNCTIONS && d->row[i]; i++) {
		unsigned sub = row_of(d->row[i])->sub_device;

		fputs(indent, f);
		print_id(f, row);
		fprintf(f, "&SUBSYS_%04X%04X&REV_%02X\",\n%s", sub,
			profile->sub_vendor, profile->pci_rev, indent);
		print_id(f, row);
		fprintf(f, "&SUBSYS_%04X%04X\",\n", sub, profile->sub_vendor);
	}
	fputs(indent, f);
	print_id(f, row);
	fprintf(f, "&REV_%02X\",\n%s", profile->pci_rev, indent);
	print_id(f, row);
	fprintf(f, "&CC_%06X\",\n%s", row->class_code, indent);
	print_id(f, row);
	fprintf(f, "\"\n      ],\n");
}

static void print_device(FILE *f, const struct driver *d)
{
	const struct vio_dev_row *row = row_of(d->row[0]);

	fprintf(f, "    {\n      \"device\": \"%s\",\n", d->device);
	fprintf(f, "      \"pci_vendor_id\": \"0x%04X\",\n",
		VIRTIO_PCI_VENDOR);
	fprintf(f, "      \"pci_device_id\": \"0x%04X\",\n",
		VIRTIO_PCI_DEVICE_BASE + row->type);
	fprintf(f, "      \"pci_device_id_transitional\": \"0x%04X\",\n",
		TRANSITIONAL + row->type);
	print_patterns(f, d);
	fprintf(f, "      \"driver_service_name\": \"%s\",\n", d->service);
	fprintf(f, "      \"inf_name\": \"%s\",\n", d->inf);
	fprintf(f, "      \"virtio_device_type\": %u\n    }", row->type);
}

int contract_print_json(FILE *f)
{
	fputs("{\n"
	      "  \"$schema\": \"./windows-device-contract.schema.json\",\n"
	      "  \"schema_version\": 1,\n"
	      "  \"contract_name\": \"aero-windows-pci-device-contract\",\n"
	      "  \"contract_version\": \"1.0.6\",\n"
	      "  \"devices\": [\n", f);
	for (unsigned i = 0; i < DRIVERS; i++) {
		print_device(f, &drivers[i]);
		fputs(i + 1 < DRIVERS ? ",\n" : "\n", f);
	}
	fputs("  ]\n}\n", f);
	return fflush(f) || ferror(f) ? -EIO : 0;
}
