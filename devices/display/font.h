/*
 * Code page 437: how its characters look, and what they are in Unicode. Const
 * data; any thread.
 */
#ifndef DEVICES_DISPLAY_FONT_H
#define DEVICES_DISPLAY_FONT_H

#include <stdint.h>

enum font_id { FONT_8X8, FONT_8X14, FONT_8X16, FONTS };

/* 256 characters of *height rows each, a byte a row, the leftmost dot in
 * bit 7. */
const uint8_t *font_rows(enum font_id, unsigned *height);

/* The Unicode code point of what a PC shows for this byte. */
uint16_t font_unicode(uint8_t);

#endif
