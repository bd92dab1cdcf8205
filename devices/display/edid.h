/*
 * What our monitor says of itself (VESA E-EDID 1.3): 1024x768 preferred, the
 * usual sizes up to 1920x1200 at 60 Hz. Pure; any thread.
 */
#ifndef DEVICES_DISPLAY_EDID_H
#define DEVICES_DISPLAY_EDID_H

#include <stdint.h>

#define EDID_LEN 128

void edid_make(uint8_t out[EDID_LEN]);

#endif
