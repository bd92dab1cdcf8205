#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/lib/snd_test.h"

uint8_t snd_noise[SND_PAYLOAD_MAX + 64];

int snd_make_noise(void **state)
{
	struct rnd rnd;

	(void)state;
	rnd_init(&rnd, "sound");
	rnd_fill(&rnd, snd_noise, sizeof(snd_noise));
	return 0;
}

void snd_open_up(struct snd_rig *r, const struct vio_profile *prof)
{
	snd_rig_open(r, prof, NULL);
	snd_rig_up(r);
}

void snd_assert_played(const struct snd_rig *r, const void *sound, size_t len)
{
	assert_int_equal(len, r->tape->nplayed);
	assert_memory_equal(sound, r->tape->played, len);
}
