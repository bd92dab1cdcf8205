/* The checksum of firmware's tables: what makes all bytes add up to 0, given
 * that the checksum's own byte is 0 meanwhile. Pure. */
#ifndef BIOS_SUM_H
#define BIOS_SUM_H

#include <stdint.h>

static inline uint8_t bios_sum(const void *data, uint32_t len)
{
	const uint8_t *p = data;
	uint8_t sum = 0;

	while (len--)
		sum = (uint8_t)(sum + *p++);
	return (uint8_t)-sum;
}

#endif
