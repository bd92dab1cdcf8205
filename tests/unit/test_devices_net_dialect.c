/*
 * Description: a driver that puts virtio 1.x's 12-byte header in front of
 * frames, where the contract has 10, is told apart and its user told, once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/lib/net_rig.h"

/* What is written to stderr meanwhile. */
struct spy {
	FILE *file;
	int was;
	char text[4096];
};

static void spy_on(struct spy *s)
{
	s->file = tmpfile();
	assert_non_null(s->file);
	s->was = dup(2);
	assert_int_equal(2, dup2(fileno(s->file), 2));
}

static unsigned spy_lines(struct spy *s, const char *word)
{
	unsigned n = 0;
	size_t len;

	dup2(s->was, 2);
	close(s->was);
	rewind(s->file);
	len = fread(s->text, 1, sizeof(s->text) - 1, s->file);
	s->text[len] = '\0';
	for (const char *p = s->text; (p = strstr(p, word)); p++)
		n++;
	fclose(s->file);
	return n;
}

/* How many there are for frames of card net_rig_mac behind hdr bytes. */
static unsigned warnings(const struct vio_profile *prof, size_t hdr, unsigned n,
			 const uint32_t *cut)
{
	uint8_t bytes[12 + 100] = { 0 };
	struct net_rig r;
	struct spy s;

	net_rig_open(&r, prof, NULL, 0, 0);
	net_rig_start(&r, UINT64_MAX);
	net_rig_frame(bytes + hdr, 100,
		      (const uint8_t *)"\xff\xff\xff\xff\xff\xff", 1);
	memcpy(bytes + hdr + 6, net_rig_mac, 6);
	spy_on(&s);
	for (unsigned i = 0; i < 30; i++) {
		net_rig_send(&r, bytes, hdr + 100, n, cut);
		net_rig_settle(&r);
		if (i == 15)
			net_rig_start(&r, UINT64_MAX);
	}
	net_rig_close(&r);
	return spy_lines(&s, "--profile modern");
}

static void driver_of_another_dialect_is_told_apart(void **state)
{
	static const uint32_t twelve = 12, ten = 10, more = 40;
	const struct vio_profile *w7 = &vio_profile_aero_w7;

	(void)state;
	assert_int_equal(1, warnings(w7, 12, 2, &twelve));
	assert_int_equal(1, warnings(w7, 12, 0, NULL));
	assert_int_equal(1, warnings(w7, 12, 2, &more));
	assert_int_equal(0, warnings(w7, 10, 2, &ten));
	assert_int_equal(0, warnings(w7, 10, 0, NULL));
	assert_int_equal(0, warnings(w7, 10, 2, &more));
	/* Such a first descriptor alone proves nothing. */
	assert_int_equal(0, warnings(w7, 10, 2, &twelve));
	assert_int_equal(0, warnings(&vio_profile_modern, 12, 2, &twelve));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(driver_of_another_dialect_is_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
