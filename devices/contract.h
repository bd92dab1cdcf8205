/*
 * The device contract as a manifest: what Windows drivers and their installer
 * may rely on, from the same tables the devices are made of.
 *
 * Fields are those of windows-device-contract.json. It has none for the
 * revision, the subsystem and the class: these stand in the hardware ids
 * (REV_, SUBSYS_, CC_). Any thread.
 */
#ifndef DEVICES_CONTRACT_H
#define DEVICES_CONTRACT_H

#include <stdio.h>

/* 0, or -EIO: the stream did not take it. */
int contract_print_json(FILE *);

#endif
