/* Description: command lines become a machine's description, or one sentence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "devices/net/netio.h"
#include "devices/virtio/profile.h"
#include "pci/vpci.h"
#include "vmm/options.h"

#define ARGS_MAX 80

static struct options opt;
static char err[OPTIONS_ERR_LEN];

/* Words of a line, cut at spaces. */
static int parse(const char *line)
{
	const char *argv[ARGS_MAX] = { "aerovmm" };
	char *copy = strdup(line), *save = NULL;
	int argc = 1, ret;

	options_fini(&opt);
	for (char *w = strtok_r(copy, " ", &save); w;
	     w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	ret = options_parse(&opt, argc, argv, err);
	free(copy);     /* nothing may point into argv */
	return ret;
}

static int clean(void **state)
{
	(void)state;
	options_fini(&opt);
	opt = (struct options){ .verbose = 0 };
	return 0;
}

static void defaults_are_as_documented(void **state)
{
	(void)state;
	assert_int_equal(parse("--kernel k"), 0);
	assert_int_equal(opt.want, OPTIONS_RUN);
	assert_string_equal(opt.mach.kernel, "k");
	assert_string_equal(opt.mach.cmdline, "console=ttyS0");
	assert_null(opt.mach.initrd);
	assert_int_equal(opt.mach.memory, 512 << 20);
	assert_int_equal(opt.mach.cpus, 1);
	assert_int_equal(opt.mach.ndisks, 0);
	assert_int_equal(opt.mach.transport, MACH_PCI);
	assert_string_equal(opt.mach.serial, "stdio");
	assert_null(opt.mach.profile);
	assert_false(opt.mach.hugepages || opt.mach.no_reboot ||
		     opt.mach.debug_exit || opt.mach.mmio_cmdline);
}

static void every_option_arrives(void **state)
{
	(void)state;
	assert_int_equal(parse("--profile modern --transport mmio,cmdline "
			       "--kernel=k --initrd path=i --cmdline a=b,c "
			       "--memory 2G,hugepages,prefault --cpus count=32 "
			       "--serial file:x,,y --display none --no-reboot "
			       "--debug-exit -v -vv"), 0);
	assert_ptr_equal(opt.mach.profile, &vio_profile_modern);
	assert_int_equal(opt.mach.transport, MACH_MMIO);
	assert_true(opt.mach.mmio_cmdline);
	assert_string_equal(opt.mach.initrd, "i");
	assert_string_equal(opt.mach.cmdline, "a=b,c");
	assert_int_equal(opt.mach.memory, UINT64_C(2) << 30);
	assert_true(opt.mach.hugepages && opt.mach.prefault);
	assert_int_equal(opt.mach.cpus, 32);
	assert_string_equal(opt.mach.serial, "file:x,y");
	assert_true(opt.mach.no_reboot && opt.mach.debug_exit);
	assert_int_equal(opt.verbose, 3);
}

static void disks_keep_their_order(void **state)
{
	const struct mach_disk *d = opt.mach.disk;

	(void)state;
	assert_int_equal(parse("--kernel k --disk a,ro,serial=s,format=raw "
			       "--disk path=b,direct,sync,block-size=4096,"
			       "msix=off --disk c,msix"), 0);
	assert_int_equal(opt.mach.ndisks, 3);
	assert_string_equal(d[0].path, "a");
	assert_true(d[0].ro && !d[0].direct && !d[0].sync);
	assert_string_equal(d[0].serial, "s");
	assert_int_equal(d[0].block_size, 0);
	assert_int_equal(d[0].msix, VPCI_MSIX_DEFAULT);
	assert_string_equal(d[1].path, "b");
	assert_true(!d[1].ro && d[1].direct && d[1].sync);
	assert_int_equal(d[1].block_size, 4096);
	assert_int_equal(d[1].msix, VPCI_MSIX_OFF);
	assert_int_equal(d[2].msix, VPCI_MSIX_ON);
}

static void packed_rings_are_asked_for(void **state)
{
	(void)state;
	assert_int_equal(parse("--kernel k --disk a --disk b,packed "
			       "--net none --net none,packed=on "
			       "--net none,packed=off"), 0);
	assert_false(opt.mach.disk[0].packed);
	assert_true(opt.mach.disk[1].packed);
	assert_false(opt.mach.net[0].packed);
	assert_true(opt.mach.net[1].packed);
	assert_false(opt.mach.net[2].packed);
	/* The contract knows split rings only. */
	assert_int_equal(parse("--disk a,packed"), -EINVAL);
	assert_int_equal(parse("--disk a --net none,packed"), -EINVAL);
	assert_int_equal(parse("--disk a,packed --profile modern"), 0);
}

static void queues_and_threads_arrive(void **state)
{
	const struct mach_disk *d = opt.mach.disk;

	(void)state;
	assert_int_equal(parse("--kernel k --iothreads 3 --disk a,queues=4,"
			       "iothread=2:0 --disk b"), 0);
	assert_int_equal(opt.mach.iothreads, 3);
	assert_int_equal(d[0].queues, 4);
	assert_int_equal(d[0].on.n, 2);
	assert_int_equal(d[0].on.at[0], 2);
	assert_int_equal(d[0].on.at[1], 0);
	assert_int_equal(d[1].queues, 0);
	assert_int_equal(d[1].on.n, 0);
	assert_int_equal(parse("--kernel k --iothread 2,poll-us=50"), 0);
	assert_int_equal(opt.mach.iothreads, 2);
	assert_int_equal(opt.mach.poll_us, 50);
	assert_int_equal(parse("--kernel k --iothreads poll-us=7"), 0);
	assert_int_equal(opt.mach.iothreads, 0);
	assert_int_equal(opt.mach.poll_us, 7);
	assert_int_equal(parse("--kernel k --iothreads poll-us=1001"),
			 -EINVAL);
	assert_int_equal(parse("--kernel k --iothreads 1 --disk a,iothread=1"),
			 -EINVAL);
	assert_int_equal(parse("--kernel k --net t,queues=3,iothread=1"), 0);
	assert_int_equal(opt.mach.net[0].queues, 3);
	assert_int_equal(opt.mach.net[0].on.n, 1);
	assert_int_equal(opt.mach.net[0].on.at[0], 1);
	assert_int_equal(parse("--kernel k --iothreads 1 --net t,iothread=1"),
			 -EINVAL);
	assert_int_equal(parse("--net t,queues=2 --disk a"), -EINVAL);
	assert_int_equal(parse("--kernel k --net t --net t,vhost=on "
			       "--net t,vhost=off,packed"), 0);
	assert_int_equal(opt.mach.net[0].vhost, NETIO_VHOST_AUTO);
	assert_int_equal(opt.mach.net[1].vhost, NETIO_VHOST_ON);
	assert_int_equal(opt.mach.net[2].vhost, NETIO_VHOST_OFF);
	assert_int_equal(parse("--kernel k --net t,vhost=maybe"), -EINVAL);
	assert_int_equal(parse("--disk a,queues=2"), -EINVAL);
	assert_int_equal(parse("--disk a,queues=2 --profile modern"), 0);
}

static unsigned queues_of(const char *line)
{
	assert_int_equal(parse(line), 0);
	return mach_disk_queues(&opt.mach, &opt.mach.disk[0]);
}

static unsigned threads_of(const char *line, unsigned host_cpus)
{
	assert_int_equal(parse(line), 0);
	return mach_iothreads(&opt.mach, host_cpus);
}

/* As the manual says. */
static void queues_and_threads_have_defaults(void **state)
{
	(void)state;
	assert_int_equal(queues_of("--kernel k --disk a"), 1);
	assert_int_equal(queues_of("--kernel k --disk a --cpus 2"), 2);
	assert_int_equal(queues_of("--kernel k --disk a --cpus 32"), 4);
	assert_int_equal(queues_of("--kernel k --disk a,queues=9"), 9);
	assert_int_equal(queues_of("--kernel k --disk a,msix=off --cpus 2"), 1);
	assert_int_equal(queues_of("--disk a --cpus 2"), 1);
	assert_int_equal(queues_of("--disk a,msix --cpus 2"), 1);
	assert_int_equal(queues_of("--kernel k --transport mmio --disk a "
				   "--cpus 2"), 1);
	assert_int_equal(threads_of("--kernel k", 8), 1);
	assert_int_equal(threads_of("--kernel k --disk a --cpus 4", 1), 1);
	assert_int_equal(threads_of("--kernel k --disk a --cpus 4", 4), 2);
	assert_int_equal(threads_of("--kernel k --disk a --cpus 32", 64), 4);
	assert_int_equal(threads_of("--disk a --disk b --cpus 4", 8), 2);
	assert_int_equal(threads_of("--kernel k --disk a,iothread=5", 1), 6);
	assert_int_equal(threads_of("--kernel k --net t,iothread=2", 1), 3);
	assert_int_equal(mach_net_threads(&opt.mach, 8), 0);
	assert_int_equal(parse("--kernel k --net t,queues=4 --cpus 2"), 0);
	assert_int_equal(mach_net_threads(&opt.mach, 8), 2);
	assert_int_equal(mach_net_threads(&opt.mach, 1), 1);
	assert_int_equal(parse("--kernel k --net t,queues=4 --iothreads 3"), 0);
	assert_int_equal(mach_net_threads(&opt.mach, 1), 3);
	assert_int_equal(threads_of("--kernel k --disk a --iothreads 7", 1), 7);
}

static unsigned poll_of(const char *line, unsigned threads, unsigned host_cpus)
{
	assert_int_equal(parse(line), 0);
	return mach_poll_us(&opt.mach, threads, host_cpus);
}

/* They spin only where each has a CPU that the guest's leave. */
static void spinning_has_a_default(void **state)
{
	(void)state;
	assert_int_equal(poll_of("--kernel k --disk a", 1, 1), 0);
	assert_int_equal(poll_of("--kernel k --disk a", 1, 2), 50);
	assert_int_equal(poll_of("--kernel k --disk a", 2, 2), 0);
	assert_int_equal(poll_of("--kernel k --disk a --iothreads 4", 4, 5),
			 50);
	assert_int_equal(poll_of("--kernel k --disk a --cpus 2", 1, 2), 0);
	assert_int_equal(poll_of("--kernel k --disk a --cpus 2", 1, 3), 50);
	assert_int_equal(poll_of("--kernel k --disk a --cpus 4", 2, 5), 0);
	assert_int_equal(poll_of("--kernel k --disk a --cpus 4", 2, 6), 50);
	/* What the user says holds, 0 too. */
	assert_int_equal(poll_of("--disk a --iothreads poll-us=0", 1, 64), 0);
	assert_int_equal(poll_of("--disk a --iothreads poll-us=7", 9, 1), 7);
}

static bool shared(const char *line, unsigned threads, unsigned host_cpus)
{
	assert_int_equal(parse(line), 0);
	return mach_shares_cpus(&opt.mach, threads, host_cpus);
}

static void who_shares_a_cpu_is_told(void **state)
{
	(void)state;
	assert_true(shared("--kernel k --disk a", 1, 1));
	assert_false(shared("--kernel k --disk a", 1, 2));
	assert_true(shared("--kernel k --disk a --cpus 2", 1, 2));
	/* Whatever the spinning. */
	assert_true(shared("--disk a --iothreads poll-us=7", 9, 1));
	assert_false(shared("--disk a --iothreads poll-us=0", 1, 64));
}

static void help_and_version_win(void **state)
{
	(void)state;
	assert_int_equal(parse("--help --nonsense"), 0);
	assert_int_equal(opt.want, OPTIONS_HELP);
	assert_int_equal(parse("-h"), 0);
	assert_int_equal(opt.want, OPTIONS_HELP);
	assert_int_equal(parse("--cpus 2 --version"), 0);
	assert_int_equal(opt.want, OPTIONS_VERSION);
}

static void a_disk_is_enough(void **state)
{
	(void)state;
	assert_int_equal(parse("--disk d"), 0);
	assert_null(opt.mach.kernel);
	assert_ptr_equal(mach_profile(&opt.mach), &vio_profile_aero_w7);
	assert_int_equal(parse("--disk d --profile modern"), 0);
	assert_ptr_equal(mach_profile(&opt.mach), &vio_profile_modern);
	assert_int_equal(parse("--disk d --kernel k"), 0);
	assert_ptr_equal(mach_profile(&opt.mach), &vio_profile_modern);
}

static void boot_order_arrives(void **state)
{
	(void)state;
	assert_int_equal(parse("--disk d"), 0);
	assert_int_equal(opt.mach.boot.from, MACH_BOOT_ANY);
	assert_true(!opt.mach.boot.menu && mach_bios_serial(&opt.mach));
	assert_int_equal(parse("--disk d --boot disk,menu --bios-serial off"),
			 0);
	assert_int_equal(opt.mach.boot.from, MACH_BOOT_DISK);
	assert_true(opt.mach.boot.menu && !mach_bios_serial(&opt.mach));
	assert_int_equal(parse("--disk d --boot menu"), 0);
	assert_int_equal(opt.mach.boot.from, MACH_BOOT_ANY);
	assert_true(opt.mach.boot.menu);
	assert_int_equal(parse("--disk a --cdrom c --disk b --boot 1"), 0);
	assert_int_equal(opt.mach.boot.from, MACH_BOOT_NUMBER);
	assert_int_equal(opt.mach.boot.number, 1);
	assert_int_equal(opt.mach.ndisks, 3);
	assert_true(opt.mach.disk[1].cdrom && opt.mach.disk[1].ro);
	assert_string_equal(opt.mach.disk[1].path, "c");
	assert_true(!opt.mach.disk[2].cdrom);
	assert_int_equal(parse("--cdrom c --boot cdrom"), 0);
	assert_int_equal(opt.mach.boot.from, MACH_BOOT_CDROM);
	assert_null(opt.mach.firmware);
	assert_int_equal(parse("--firmware bios.bin"), 0);
	assert_true(mach_has_hpet(&opt.mach));
	assert_int_equal(parse("--firmware bios.bin --hpet off"), 0);
	assert_false(mach_has_hpet(&opt.mach));
	assert_int_equal(parse("--disk d --profile modern"), 0);
	assert_false(mach_has_hyperv(&opt.mach));
	assert_int_equal(parse("--disk d"), 0);
	assert_true(mach_has_hyperv(&opt.mach));
	assert_int_equal(parse("--disk d --hyperv off"), 0);
	assert_false(mach_has_hyperv(&opt.mach));
	assert_int_equal(parse("--kernel k --profile aero-w7"), 0);
	assert_false(mach_has_hyperv(&opt.mach));
	assert_int_equal(parse("--kernel k --hyperv on"), 0);
	assert_true(mach_has_hyperv(&opt.mach));
	assert_int_equal(parse("--kernel k"), 0);
	assert_false(mach_has_hpet(&opt.mach));
	assert_int_equal(parse("--kernel k --hpet=on"), 0);
	assert_true(mach_has_hpet(&opt.mach));
	assert_int_equal(parse("--firmware bios.bin"), 0);
	assert_string_equal(opt.mach.firmware, "bios.bin");
	assert_ptr_equal(mach_profile(&opt.mach), &vio_profile_aero_w7);
}

static bool has_vga(const char *line)
{
	assert_int_equal(parse(line), 0);
	return mach_has_vga(&opt.mach);
}

static void a_vga_where_one_is_of_use(void **state)
{
	(void)state;
	assert_true(has_vga("--disk d"));
	assert_true(has_vga("--disk d --display none"));
	assert_false(has_vga("--disk d --vga none"));
	assert_false(has_vga("--kernel k --disk d"));
	assert_false(has_vga("--kernel k --vga auto --display none"));
	assert_true(has_vga("--kernel k --vga std"));
	assert_true(has_vga("--kernel k --display vnc:localhost:0"));
	assert_true(has_vga("--kernel k --screenshot-on-exit f"));
}

static void displays_arrive(void **state)
{
	(void)state;
	assert_int_equal(parse("--disk d --display vnc:[::1]:5900,"
			       "password-file=p --screenshot-on-exit s"), 0);
	assert_string_equal(opt.mach.display.vnc, "[::1]:5900");
	assert_string_equal(opt.mach.display.vnc_password, "p");
	assert_string_equal(opt.mach.display.screenshot, "s");
	/* whoever has a screen needs no copy of it */
	assert_false(mach_bios_serial(&opt.mach));
	assert_int_equal(parse("--disk d --display vnc:h:1 --bios-serial on"),
			 0);
	assert_null(opt.mach.display.vnc_password);
	assert_true(mach_bios_serial(&opt.mach));
}

static void mistakes_are_explained(void **state)
{
	static const struct { const char *line, *says; } bad[] = {
		{ "", "nothing to boot" },
		{ "--initrd i", "give --kernel" },
		{ "--disk d --boot 1", "no disk of that number" },
		{ "--disk d --boot 100", "say disk, cdrom" },
		{ "--disk d --boot x", "say disk, cdrom" },
		{ "--disk d --boot cdrom", "there is none" },
		{ "--cdrom c --boot 0", "no disk of that number" },
		{ "--cdrom c --cdrom d", "given twice" },
		{ "--kernel k --boot disk", "contradicts --kernel" },
		{ "--kernel k --firmware f", "contradicts --kernel" },
		{ "--firmware f --transport mmio", "PCI disks" },
		{ "--disk d --hpet maybe", "auto, on, off" },
		{ "--disk d --hyperv yes", "auto, on, off" },
		{ "--disk d --bios-serial maybe", "off, on" },
		{ "--cmdline c", "give --kernel" },
		{ "--kernel", "needs a value" },
		{ "--kernel a --kernel b", "given twice" },
		{ "--kernel a --memroy 1G", "did you mean --memory?" },
		{ "--kernel a --memory 8M", "from 16M to 4T" },
		{ "--kernel a --memory 8T", "from 16M to 4T" },
		{ "--kernel a --memory 16777217", "multiple of 4K" },
		{ "--kernel a --memory 17M,hugepages", "multiple of 2M" },
		{ "--kernel a --memory 1G,huge", "there is size, hugepages" },
		{ "--kernel a --cpus 33", "from 1 to 32" },
		{ "--kernel a --disk d,rw", "there is path, ro, direct" },
		{ "--kernel a --disk d,format=qcow2", "not one of raw" },
		{ "--kernel a --disk d,block-size=1024", "512, 4096" },
		{ "--kernel a --disk d,serial=123456789012345678901",
		  "longer than 20" },
		{ "--kernel a --serial tcp:1", "say stdio, none" },
		{ "--kernel a --serial unix:", "path must follow" },
		{ "--kernel a --display gtk", "say none or vnc:HOST:PORT" },
		{ "--kernel a --display vnc", "say none or vnc:HOST:PORT" },
		{ "--kernel a --display vnc:", "say none or vnc:HOST:PORT" },
		{ "--kernel a --display none,password-file=f", "is for vnc" },
		{ "--kernel a --vga cirrus", "auto, std, none" },
		{ "--kernel a --vga none --display vnc:[::1]:0",
		  "contradicts --vga none" },
		{ "--disk a --vga none --screenshot-on-exit f",
		  "contradicts --vga none" },
		{ "--kernel a --profile w7", "auto, aero-w7, modern" },
		{ "--kernel a --transport pci,cmdline", "is for mmio" },
		{ "--kernel a --transport mmio --disk d,msix=on",
		  "contradicts --transport mmio" },
		{ "--kernel a --profile aero-w7 --disk d,serial=x",
		  "contradicts --profile aero-w7" },
		{ "--kernel a --no-reboot=on", "takes no value" },
		{ "--kernel a disk.img", "unexpected argument" },
		{ "--kernel a -x", "no such option" },
		{ "--kernel a -vx", "no such option" },
		{ "--kernel a --", "no such option" },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(parse(bad[i].line), -EINVAL);
		if (!strstr(err, bad[i].says))
			fail_msg("\"%s\" says: %s", bad[i].line, err);
		assert_null(strchr(err, '\n'));
	}
}

static void disks_have_a_limit(void **state)
{
	char line[16 + MACH_DISKS_MAX * 16] = "--kernel k";

	(void)state;
	for (unsigned i = 0; i < MACH_DISKS_MAX; i++)
		strcat(line, " --disk d");
	assert_int_equal(parse(line), 0);
	assert_int_equal(opt.mach.ndisks, MACH_DISKS_MAX);
	strcat(line, " --disk d");
	assert_int_equal(parse(line), -EINVAL);
	assert_non_null(strstr(err, "too many disks"));
	assert_int_equal(parse("--kernel k --transport mmio --disk 1 --disk 2 "
			       "--disk 3 --disk 4 --disk 5 --disk 6 --disk 7 "
			       "--disk 8 --disk 9"), -EINVAL);
	assert_non_null(strstr(err, "room for 8 devices"));
}

/* A long argument is cut in the message and nowhere else. */
static void long_arguments_do_no_harm(void **state)
{
	char big[4000];
	const char *argv[] = { "aerovmm", big, "--disk", big };

	(void)state;
	options_fini(&opt);
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	assert_int_equal(options_parse(&opt, 2, argv, err), -EINVAL);
	options_fini(&opt);
	big[0] = '-';
	assert_int_equal(options_parse(&opt, 2, argv, err), -EINVAL);
	options_fini(&opt);
	memcpy(big, "a,", 2);
	argv[1] = "--kernel=k";
	assert_int_equal(options_parse(&opt, 4, argv, err), -EINVAL);
	assert_in_range(strlen(err), 1, OPTIONS_ERR_LEN - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_as_documented),
		cmocka_unit_test(every_option_arrives),
		cmocka_unit_test(disks_keep_their_order),
		cmocka_unit_test(packed_rings_are_asked_for),
		cmocka_unit_test(queues_and_threads_arrive),
		cmocka_unit_test(queues_and_threads_have_defaults),
		cmocka_unit_test(spinning_has_a_default),
		cmocka_unit_test(who_shares_a_cpu_is_told),
		cmocka_unit_test(help_and_version_win),
		cmocka_unit_test(a_disk_is_enough),
		cmocka_unit_test(boot_order_arrives),
		cmocka_unit_test(a_vga_where_one_is_of_use),
		cmocka_unit_test(displays_arrive),
		cmocka_unit_test(mistakes_are_explained),
		cmocka_unit_test(disks_have_a_limit),
		cmocka_unit_test(long_arguments_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, clean);
}
