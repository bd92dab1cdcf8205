/* What the world around the tests and the tests agree on. */
#include "tests/conform/cf.h"

uint8_t cf_byte(unsigned seed, unsigned i)
{
	return (uint8_t)(seed * 31 + i * 7 + i / 251);
}

/* To everybody, from another card. */
void cf_frame(void *to, unsigned len, unsigned seed)
{
	static const uint8_t head[14] = {
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0x02, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0x88, 0xb5,
	};
	uint8_t *p = to;

	for (unsigned i = 0; i < len; i++)
		p[i] = i < 14 ? head[i] : cf_byte(seed, i);
}

int16_t cf_record(unsigned i)
{
	return i < CF_RECORD ? (int16_t)(i * 29 + 1) : 0;
}
