#include "pci/pci.h"

/* Systems look for a host bridge at 00:00.0 before they believe in mechanism
 * #1. This is the Q35 one's name without its registers. */
void hostbridge_init(struct pci_dev *dev)
{
	static const struct pci_id id = {
		.vendor = 0x8086, .device = 0x29c0,
		.sub_vendor = 0x1af4, .sub_device = 0x1100,
		.class_code = 0x060000,
	};

	pci_dev_init(dev, "hostbridge", NULL, &id, 0);
}
