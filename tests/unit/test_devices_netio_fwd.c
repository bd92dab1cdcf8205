/* Description: hostfwd= says which port of the host leads to the guest's. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <arpa/inet.h>
#include <string.h>
#include <cmocka.h>

#include "devices/net/netio_int.h"

static void forwards_are_parsed(void **state)
{
	static const struct {
		const char *spec;
		bool udp;
		const char *host, *guest;
		uint16_t hport, gport;
	} row[] = {
		{ "tcp::2222-:22", false, "127.0.0.1", "0.0.0.0", 2222, 22 },
		{ "udp::53-:5353", true, "127.0.0.1", "0.0.0.0", 53, 5353 },
		{ "tcp:0.0.0.0:1-10.0.2.15:65535", false, "0.0.0.0",
		  "10.0.2.15", 1, 65535 },
		{ "tcp:192.168.100.200:8080-:80", false, "192.168.100.200",
		  "0.0.0.0", 8080, 80 },
	};
	char err[256];

	(void)state;
	for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct netio_fwd f;

		assert_int_equal(0, netio_fwd_parse(&f, row[i].spec, err,
						    sizeof(err)));
		assert_int_equal(row[i].udp, f.udp);
		assert_int_equal(inet_addr(row[i].host), f.host.s_addr);
		assert_int_equal(inet_addr(row[i].guest), f.guest.s_addr);
		assert_int_equal(row[i].hport, f.host_port);
		assert_int_equal(row[i].gport, f.guest_port);
	}
}

static void forwards_that_make_no_sense(void **state)
{
	static const char *const bad[] = {
		"", "tcp", "tcp:", "tcp::", "tcp::22", "tcp::22-", "tcp::22-22",
		"tcp:22-22", "tcp::-:22", "tcp::22-:", "tcp::0-:22",
		"tcp::65536-:22", "tcp::22-:99999999999999999999",
		"tcp::22x-:22", "tcp::22-:22x", "tcp::-1-:22", "sctp::1-:2",
		"tcp:localhost:22-:22", "tcp:1.2.3:22-:22",
		"tcp:1.2.3.4.5:22-:22", "tcp::22-:22 ", " tcp::22-:22",
		"tcp:1234567890.1234567890:1-:2", "TCP::22-:22",
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct netio_fwd f;
		char err[256] = "";

		assert_int_equal(-EINVAL, netio_fwd_parse(&f, bad[i], err,
							  sizeof(err)));
		assert_non_null(strstr(err, "hostfwd=tcp:"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forwards_are_parsed),
		cmocka_unit_test(forwards_that_make_no_sense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
