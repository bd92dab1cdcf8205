/* Description: CPUs of one machine agree about its topology, on both vendors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "vmm/cpuid.h"
#include "vmm/hyperv.h"

#define BITS(reg, low, n) ((reg) >> (low) & ((1u << (n)) - 1))

/* As a host with 64 threads of 2 a core would report itself. */
static const struct cpuid_leaf intel[] = {
	{ 0, 0, false, 0x1f, 0x756e6547, 0x6c65746e, 0x49656e69 },
	{ 1, 0, false, 0x606a6, 0x2a400800, 0xfffa3203, 0x1fabfbff },
	{ 4, 0, true, 0x7c004121, 0x02c0003f, 63, 0 },
	{ 4, 1, true, 0x7c004122, 0x01c0003f, 63, 0 },
	{ 4, 2, true, 0x7c004143, 0x04c0003f, 1023, 0 },
	{ 4, 3, true, 0x7c0fc163, 0x02c0003f, 0xbfff, 4 },
	{ 4, 4, true, 0, 0, 0, 0 },
	{ 7, 0, true, 2, 0xf1bf07af, 0x40405f4e, 0xac084410 },
	{ 7, 1, true, 0x130, 0, 0, 0 },
	{ 0xa, 0, false, 0x08300805, 0, 0xf, 0x8604 },
	{ 0xb, 0, true, 1, 2, 0x100, 0x2a },
	{ 0xb, 1, true, 6, 64, 0x201, 0x2a },
	{ 0xb, 2, true, 0, 0, 2, 0x2a },
	{ 0x12, 0, true, 1, 0, 0, 0 },
	{ 0x1f, 0, true, 1, 2, 0x100, 0x2a },
	{ 0x1f, 1, true, 6, 64, 0x201, 0x2a },
	{ 0x80000001, 0, false, 0, 0, 0x121, 0x2c100800 },
	{ 0x80000008, 0, false, 0x392e, 0, 0, 0 },
};
static const struct cpuid_leaf amd[] = {
	{ 0, 0, false, 0x10, 0x68747541, 0x444d4163, 0x69746e65 },
	{ 1, 0, false, 0xa10f11, 0x2a400800, 0xfffa3203, 0x178bfbff },
	{ 7, 0, true, 1, 0xf1bf97a9, 0x00405fce, 0x10000010 },
	{ 0x80000001, 0, false, 0, 0x40000000, 0x75c237ff, 0x2fd3fbff },
	{ 0x80000008, 0, false, 0x3934, 0x791ef257, 0x703f, 0x10007 },
	{ 0x8000001d, 0, true, 0x4121, 0x01c0003f, 63, 0 },
	{ 0x8000001d, 1, true, 0x4122, 0x01c0003f, 63, 0 },
	{ 0x8000001d, 2, true, 0x4143, 0x01c0003f, 2047, 2 },
	{ 0x8000001d, 3, true, 0x3c163, 0x03c0003f, 0x7fff, 1 },
	{ 0x8000001d, 4, true, 0, 0, 0, 0 },
	{ 0x8000001e, 0, false, 0x2a, 0x115, 0x100, 0 },
	{ 0x80000022, 0, false, 7, 6, 0, 0 },
	{ 0x80000026, 0, true, 1, 2, 0x100, 0x2a },
};

static void make(struct cpuid_set *set, const struct cpuid_leaf *host,
		 size_t size, unsigned cpus, bool deadline)
{
	const struct cpuid_cfg cfg = { .cpus = cpus, .tsc_deadline = deadline };

	memset(set, 0, sizeof(*set));
	memcpy(set->leaf, host, size);
	set->n = (unsigned)(size / sizeof(*host));
	cpuid_adjust(set, &cfg);
}

static unsigned core_bits(unsigned cpus)
{
	unsigned bits = 0;

	while (1u << bits < cpus)
		bits++;
	return bits;
}

static void check_common(struct cpuid_set *set, unsigned cpus, unsigned cpu)
{
	const struct cpuid_leaf *l = cpuid_find(set, 1, 0);

	assert_int_equal(BITS(l->ebx, 24, 8), cpu);
	assert_int_equal(BITS(l->ebx, 16, 8), cpus);
	assert_int_equal(BITS(l->ebx, 0, 16), 0x0800);
	assert_int_equal(BITS(l->edx, 28, 1), cpus > 1);
	assert_int_equal(BITS(l->ecx, 31, 1), 1);
	l = cpuid_find(set, 0xb, 0);
	assert_int_equal(l->eax, 0);
	assert_int_equal(l->ebx, 1);
	assert_int_equal(l->ecx, 0x100);
	assert_int_equal(l->edx, cpu);
	l = cpuid_find(set, 0xb, 1);
	assert_int_equal(l->eax, core_bits(cpus));
	assert_int_equal(l->ebx, cpus);
	assert_int_equal(l->ecx, 0x201);
	assert_int_equal(l->edx, cpu);
	l = cpuid_find(set, 0xb, 2);
	assert_int_equal(l->eax | l->ebx, 0);
	assert_int_equal(l->edx, cpu);
	assert_null(cpuid_find(set, 0x1f, 0));
	assert_null(cpuid_find(set, 0xa, 0));
}

static void intel_agrees(void **state)
{
	static const unsigned counts[] = { 1, 2, 3, 4, 31, 32 };

	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		unsigned n = counts[i], ids = 1u << core_bits(n);
		struct cpuid_set set;

		make(&set, intel, sizeof(intel), n, true);
		for (unsigned cpu = 0; cpu < n; cpu++) {
			cpuid_set_cpu(&set, cpu);
			check_common(&set, n, cpu);
		}
		for (unsigned level = 0; level < 4; level++) {
			const struct cpuid_leaf *l = cpuid_find(&set, 4, level);

			assert_int_equal(BITS(l->eax, 26, 6), ids - 1);
			assert_int_equal(BITS(l->eax, 14, 12),
					 level == 3 ? ids - 1 : 0);
			assert_int_equal(BITS(l->eax, 0, 14),
					 BITS(intel[2 + level].eax, 0, 14));
		}
		assert_int_equal(cpuid_find(&set, 4, 4)->eax, 0);
		assert_int_equal(cpuid_find(&set, 0x80000008, 0)->ecx, 0);
	}
}

static void amd_agrees(void **state)
{
	static const unsigned counts[] = { 1, 2, 3, 4, 31, 32 };

	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		const struct cpuid_leaf *l;
		unsigned n = counts[i];
		struct cpuid_set set;

		make(&set, amd, sizeof(amd), n, true);
		for (unsigned cpu = 0; cpu < n; cpu++) {
			cpuid_set_cpu(&set, cpu);
			check_common(&set, n, cpu);
			l = cpuid_find(&set, 0x8000001e, 0);
			assert_int_equal(l->eax, cpu);
			assert_int_equal(l->ebx, cpu);
			assert_int_equal(l->ecx, 0);
		}
		l = cpuid_find(&set, 0x80000008, 0);
		assert_int_equal(BITS(l->ecx, 0, 8), n - 1);
		assert_int_equal(BITS(l->ecx, 12, 4), core_bits(n));
		l = cpuid_find(&set, 0x80000001, 0);
		assert_int_equal(BITS(l->ecx, 1, 1), n > 1);
		assert_int_equal(BITS(l->ecx, 22, 1), 1);
		for (unsigned level = 0; level < 4; level++) {
			l = cpuid_find(&set, 0x8000001d, level);
			assert_int_equal(BITS(l->eax, 14, 12),
					 level == 3 ? n - 1 : 0);
		}
		assert_null(cpuid_find(&set, 0x80000026, 0));
	}
}

static void counters_and_enclaves_are_hidden(void **state)
{
	struct cpuid_set set;

	(void)state;
	make(&set, intel, sizeof(intel), 2, false);
	assert_int_equal(cpuid_find(&set, 1, 0)->ecx & (1 << 2 | 1 << 15), 0);
	assert_int_equal(cpuid_find(&set, 1, 0)->edx & 1 << 21, 0);
	assert_int_equal(cpuid_find(&set, 7, 0)->ebx & 1 << 2, 0);
	assert_int_equal(cpuid_find(&set, 7, 0)->ecx & 1 << 30, 0);
	assert_int_equal(cpuid_find(&set, 7, 1)->eax, 0x30);
	assert_null(cpuid_find(&set, 0x12, 0));
	make(&set, amd, sizeof(amd), 2, false);
	assert_int_equal(cpuid_find(&set, 0x80000001, 0)->ecx &
			 (1 << 23 | 1 << 24 | 1 << 28), 0);
	assert_null(cpuid_find(&set, 0x80000022, 0));
}

static void deadline_timer_follows_kvm(void **state)
{
	struct cpuid_set set;

	(void)state;
	make(&set, intel, sizeof(intel), 1, false);
	assert_int_equal(BITS(cpuid_find(&set, 1, 0)->ecx, 24, 1), 0);
	make(&set, intel, sizeof(intel), 1, true);
	assert_int_equal(BITS(cpuid_find(&set, 1, 0)->ecx, 24, 1), 1);
}

/* Leaf B beyond the highest leaf would be read by nobody. */
static void old_cpus_get_no_leaf_b(void **state)
{
	struct cpuid_leaf host[2] = { intel[0], intel[1] };
	struct cpuid_set set;

	(void)state;
	host[0].eax = 4;
	make(&set, host, sizeof(host), 2, true);
	assert_null(cpuid_find(&set, 0xb, 0));
	assert_int_equal(set.n, 2);
}

static void topoext_needs_its_leaf(void **state)
{
	struct cpuid_leaf host[5];
	struct cpuid_set set;

	(void)state;
	memcpy(host, amd, sizeof(host));
	make(&set, host, sizeof(host), 2, true);
	assert_int_equal(BITS(cpuid_find(&set, 0x80000001, 0)->ecx, 22, 1), 0);
}

static void address_width_is_what_can_be_mapped(void **state)
{
	struct cpuid_set set;

	(void)state;
	make(&set, intel, sizeof(intel), 1, true);
	assert_int_equal(cpuid_phys_bits(&set), 46);
	cpuid_find(&set, 0x80000008, 0)->eax = 0x303934;
	assert_int_equal(cpuid_phys_bits(&set), 48);
	cpuid_find(&set, 0x80000008, 0)->eax = 0x343930;
	assert_int_equal(cpuid_phys_bits(&set), 48);
	set.n = 1;
	assert_int_equal(cpuid_phys_bits(&set), 36);
}

/* A host with more leaves than any: no overrun, and no lost leaf. */
static void a_full_set_stays_whole(void **state)
{
	const struct cpuid_cfg cfg = { .cpus = 2, .tsc_deadline = true };
	struct cpuid_set set = { .n = CPUID_MAX };

	(void)state;
	for (unsigned i = 0; i < CPUID_MAX; i++)
		set.leaf[i] = (struct cpuid_leaf){ .leaf = 0x90000000 + i };
	memcpy(set.leaf, intel, sizeof(intel[0]));
	cpuid_adjust(&set, &cfg);
	assert_int_equal(set.n, CPUID_MAX);
	assert_non_null(cpuid_find(&set, 0x90000000 + CPUID_MAX - 1, 0));
}

static void hyperv_leaves_move_kvms(void **state)
{
	struct cpuid_set set = { .leaf = {
		{ 0x40000000, 0, false, 0x40000001, 0x4b4d564b, 0x564b4d56,
		  0x4d },
		{ 0x40000001, 0, false, 0x01007efb, 0, 0, 0 },
		{ 0x80000000, 0, false, 0x80000008, 0, 0, 0 },
	}, .n = 3 };
	const struct cpuid_leaf *l;

	(void)state;
	hyperv_add(&set, HYPERV_BASE | HYPERV_TIME, 3);
	assert_int_equal(set.n, 3 + 6);
	l = cpuid_find(&set, 0x40000100, 0);
	assert_int_equal(l->eax, 0x40000101);
	assert_int_equal(l->ebx, 0x4b4d564b);
	assert_int_equal(cpuid_find(&set, 0x40000101, 0)->eax, 0x01007efb);
	assert_int_equal(cpuid_find(&set, 0x80000000, 0)->eax, 0x80000008);
	l = cpuid_find(&set, 0x40000000, 0);
	assert_int_equal(l->eax, 0x40000005);
	assert_memory_equal(&l->ebx, "Micr", 4);
	/* What KVM cannot do is not announced. */
	assert_int_equal(cpuid_find(&set, 0x40000003, 0)->eax,
			 1 << 1 | 1 << 5 | 1 << 9);
	l = cpuid_find(&set, 0x40000004, 0);
	assert_int_equal(l->eax, 1 << 5);
	assert_int_equal(l->ebx, 0xffffffff);
	assert_int_equal(cpuid_find(&set, 0x40000005, 0)->eax, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hyperv_leaves_move_kvms),
		cmocka_unit_test(intel_agrees),
		cmocka_unit_test(amd_agrees),
		cmocka_unit_test(counters_and_enclaves_are_hidden),
		cmocka_unit_test(deadline_timer_follows_kvm),
		cmocka_unit_test(old_cpus_get_no_leaf_b),
		cmocka_unit_test(topoext_needs_its_leaf),
		cmocka_unit_test(address_width_is_what_can_be_mapped),
		cmocka_unit_test(a_full_set_stays_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
