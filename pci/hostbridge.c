#include "pci/pci.h"

/*
 * Systems look for a host bridge at 00:00.0 before they believe in mechanism
 * #1. This is the Q35 one's name without its registers.
 */
static const struct pci_id q35 = {
	.vendor = 0x8086, .device = 0x29c0,
	.sub_vendor = 0x1af4, .sub_device = 0x1100,
	.class_code = 0x060000,
};

/*
 * Firmware for QEMU's machines knows two host bridges, and unlocks the memory
 * below 1 MiB through theirs. The older one, because firmware takes the newer
 * one's for a sign of more: an ECAM window of its choice, the ICH9.
 */
static const struct pci_id i440fx = {
	.vendor = 0x8086, .device = 0x1237, .rev = 2,
	.sub_vendor = 0x1af4, .sub_device = 0x1100,
	.class_code = 0x060000,
};

/*
 * Programmable attribute map: read and write enable for each part of C0000 to
 * FFFFF (82441FX 3.2.18). It starts as "all ROM", which makes firmware copy
 * itself down from the top of 4 GiB. All of it is RAM and stays so: what is
 * stored is kept, and locks nothing.
 */
#define PAM0 0x59
#define PAMS 7
#define PAM_HIGH 0x30   /* the only half that PAM0 has */
#define PAM_LOW 0x03

void hostbridge_init(struct pci_dev *dev)
{
	pci_dev_init(dev, "hostbridge", NULL, &q35, 0);
}

void hostbridge_init_pam(struct pci_dev *dev)
{
	pci_dev_init(dev, "hostbridge", NULL, &i440fx, 0);
	dev->wmask[PAM0] = PAM_HIGH;
	for (unsigned i = 1; i < PAMS; i++)
		dev->wmask[PAM0 + i] = PAM_HIGH | PAM_LOW;
}
