/*
 * What the control socket can ask of a machine.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "devices/base/log.h"
#include "devices/block/blkio.h"
#include "devices/virtio/blk.h"
#include "devices/virtio/net.h"
#include "vmm/control_int.h"

/* ---- questions ------------------------------------------------------------ */

static json_t *query_status(void *ctx, json_t *args, struct control_err *err)
{
	const struct machine *m = ctx;

	(void)args;
	(void)err;
	return json_pack("{s:s,s:b,s:b,s:s}", "status",
			 m->paused ? "paused" : "running", "running",
			 !m->paused, "singlestep", 0, "profile",
			 m->prof->name);
}

static const char *class_text(uint32_t class_code)
{
	switch (class_code) {
	case 0x0100: return "SCSI controller";
	case 0x0200: return "Ethernet controller";
	case 0x0300: return "VGA controller";
	case 0x0401: return "Audio controller";
	case 0x0600: return "Host bridge";
	case 0x0980: return "Input controller";
	default: return "Device";
	}
}

static json_t *pci_regions(const struct pci_dev *dev)
{
	json_t *list = json_array();

	for (int i = 0; i < PCI_BARS; i++) {
		const struct pci_bar *bar = &dev->bar[i];

		if (bar->type == PCI_BAR_NONE)
			continue;
		json_array_append_new(list, json_pack(
			"{s:i,s:s,s:I,s:I,s:b,s:b}", "bar", i, "type",
			bar->type == PCI_BAR_IO ? "io" : "memory", "address",
			(json_int_t)(bar->mapped ? bar->region.base : 0),
			"size", (json_int_t)bar->len, "prefetch",
			bar->prefetch, "mem_type_64",
			bar->type == PCI_BAR_MEM64));
	}
	return list;
}

static json_t *pci_function(struct pci_bus *bus, const struct pci_dev *dev)
{
	unsigned slot = dev->slot, func = dev->func;
	uint32_t class_code = pci_cfg_read(bus, slot, func, 0x0a, 2);
	json_t *fn;

	fn = json_pack("{s:i,s:i,s:i,s:{s:i,s:s},s:{s:i,s:i,s:i,s:i},s:s,s:o}",
		       "bus", 0, "slot", slot, "function", func,
		       "class_info", "class", class_code, "desc",
		       class_text(class_code),
		       "id", "vendor", pci_cfg_read(bus, slot, func, 0, 2),
		       "device", pci_cfg_read(bus, slot, func, 2, 2),
		       "subsystem-vendor",
		       pci_cfg_read(bus, slot, func, 0x2c, 2), "subsystem",
		       pci_cfg_read(bus, slot, func, 0x2e, 2),
		       "qdev_id", dev->name, "regions", pci_regions(dev));
	json_object_set_new(fn, "revision", json_integer(
			    pci_cfg_read(bus, slot, func, 8, 1)));
	json_object_set_new(fn, "irq", json_integer(
			    pci_cfg_read(bus, slot, func, 0x3c, 1)));
	json_object_set_new(fn, "irq_pin", json_integer(
			    pci_cfg_read(bus, slot, func, 0x3d, 1)));
	json_object_set_new(fn, "msix", json_pack(
			    "{s:i,s:b}", "vectors", dev->msix.n, "enabled",
			    pci_msix_enabled(dev)));
	return fn;
}

static json_t *query_pci(void *ctx, json_t *args, struct control_err *err)
{
	struct machine *m = ctx;
	json_t *list = json_array();

	(void)args;
	(void)err;
	for (unsigned slot = 0; slot < PCI_SLOTS; slot++)
		for (unsigned func = 0; func < PCI_FUNCS; func++)
			if (m->pci.dev[slot][func])
				json_array_append_new(list, pci_function(
					&m->pci, m->pci.dev[slot][func]));
	return json_pack("[{s:i,s:o}]", "bus", 0, "devices", list);
}

static json_t *query_block(void *ctx, json_t *args, struct control_err *err)
{
	struct machine *m = ctx;
	json_t *list = json_array();

	(void)args;
	(void)err;
	for (unsigned i = 0; i < m->cfg.ndisks; i++) {
		const struct blkio *img = blk_image(m->dev[i].dev);

		json_array_append_new(list, json_pack(
			"{s:s,s:b,s:b,s:{s:o,s:b,s:s,s:{s:o,s:s,s:I}}}",
			"device", m->dev[i].dev->name, "locked", 0,
			"removable", 0, "inserted", "file",
			control_string(img->path), "ro", img->ro, "drv", "raw",
			"image", "filename", control_string(img->path),
			"format", "raw", "virtual-size",
			(json_int_t)blk_size(m->dev[i].dev)));
	}
	return list;
}

/* ---- orders ----------------------------------------------------------------- */

static json_t *stop(void *ctx, json_t *args, struct control_err *err)
{
	struct machine *m = ctx;

	(void)args;
	(void)err;
	if (m->paused)
		return NULL;
	m->paused = true;
	vcpus_park(&m->cpus);
	control_event(m->control, "STOP", NULL);
	return NULL;
}

static json_t *cont(void *ctx, json_t *args, struct control_err *err)
{
	struct machine *m = ctx;

	(void)args;
	(void)err;
	if (!m->paused)
		return NULL;
	m->paused = false;
	vcpus_run(&m->cpus);
	control_event(m->control, "RESUME", NULL);
	return NULL;
}

static json_t *system_reset(void *ctx, json_t *args, struct control_err *err)
{
	(void)args;
	(void)err;
	mach_ask(ctx, MACH_RESET, 0);
	return NULL;
}

void mach_power_button(struct machine *m)
{
	control_event(m->control, "POWERDOWN", NULL);
	pm_power_button(&m->pm);
}

static json_t *system_powerdown(void *ctx, json_t *args,
				struct control_err *err)
{
	(void)args;
	(void)err;
	mach_power_button(ctx);
	return NULL;
}

static json_t *quit(void *ctx, json_t *args, struct control_err *err)
{
	(void)args;
	(void)err;
	mach_ask(ctx, MACH_QUIT, 0);
	return NULL;
}

static struct vio_dev *find(struct machine *m, json_t *args, const char *key,
			    const char *kind, struct control_err *err)
{
	const char *name = json_string_value(json_object_get(args, key));
	struct vio_dev *dev = name ? mach_dev_find(m, name) : NULL;

	if (dev && strcmp(dev->cls->name, kind) == 0)
		return dev;
	control_fail(err, "DeviceNotFound", "no %s device '%s'", kind,
		     name ? name : "");
	return NULL;
}

static json_t *set_link(void *ctx, json_t *args, struct control_err *err)
{
	struct vio_dev *dev = find(ctx, args, "name", "net", err);
	json_t *up = json_object_get(args, "up");

	if (dev && !json_is_boolean(up))
		control_fail(err, "GenericError", "'up' must be true or false");
	else if (dev)
		net_set_link(dev, json_is_true(up));
	return NULL;
}

static json_t *block_resize(void *ctx, json_t *args, struct control_err *err)
{
	struct machine *m = ctx;
	struct vio_dev *dev = find(m, args, "device", "blk", err);
	json_t *size = json_object_get(args, "size");
	char why[256];

	if (!dev)
		return NULL;
	if (!json_is_integer(size) || json_integer_value(size) <= 0)
		control_fail(err, "GenericError", "'size' must be a number of "
			     "bytes");
	else if (blk_resize(dev, (uint64_t)json_integer_value(size), why,
			    sizeof(why)) < 0)
		control_fail(err, "GenericError", "%s", why);
	return NULL;
}

static const struct control_cmd commands[] = {
	{ "block_resize", block_resize },
	{ "cont", cont },
	{ "input-send-event", control_input_send_event },
	{ "query-block", query_block },
	{ "query-input", control_query_input },
	{ "query-pci", query_pci },
	{ "query-screen-text", control_query_screen_text },
	{ "query-status", query_status },
	{ "query-vnc", control_query_vnc },
	{ "quit", quit },
	{ "screendump", control_screendump },
	{ "send-key", control_send_key },
	{ "set_link", set_link },
	{ "stop", stop },
	{ "system_powerdown", system_powerdown },
	{ "system_reset", system_reset },
	{ NULL, NULL },
};

/* ---- life ------------------------------------------------------------------- */

int mach_control_create(struct machine *m, char *err)
{
	if (!m->cfg.control)
		return 0;
	return control_open(&m->control, m->ctl, m->cfg.control, commands, m,
			    err, MACH_ERR_LEN);
}

void mach_control_destroy(struct machine *m)
{
	if (m->ctl)
		loop_timer_del(m->ctl, &m->held.timer);
	control_close(m->control);
	m->control = NULL;
}

void mach_control_tell(struct machine *m, enum mach_end end)
{
	const char *reason = "host-error";
	bool guest = true;

	switch (end) {
	case MACH_RESET:
		control_event(m->control, m->cfg.no_reboot ? "SHUTDOWN" :
			      "RESET", json_pack("{s:b,s:s}", "guest", 1,
						 "reason", "guest-reset"));
		return;
	case MACH_POWEROFF: reason = "guest-shutdown"; break;
	case MACH_CRASHED: reason = "guest-panic"; break;
	case MACH_DEBUG_EXIT: reason = "guest-shutdown"; break;
	case MACH_QUIT: reason = "host-qmp-quit"; guest = false; break;
	default: guest = false;
	}
	control_event(m->control, "SHUTDOWN", json_pack(
		      "{s:b,s:s}", "guest", guest, "reason", reason));
}
