/* Description: guest memory gives pointers only for whole, permitted spans. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "devices/base/gmem.h"

static uint8_t low[4096], high[4096], rom[4096];

static int setup(void **state)
{
	static struct gmem mem;

	mem = (struct gmem){ 0 };
	memset(low, 0x11, sizeof(low));
	memset(high, 0x22, sizeof(high));
	assert_int_equal(0, gmem_add(&mem, &(struct gmem_region){
		0x100000000, 4096, high, GMEM_READ | GMEM_WRITE }));
	assert_int_equal(0, gmem_add(&mem, &(struct gmem_region){
		0, 4096, low, GMEM_READ | GMEM_WRITE }));
	assert_int_equal(0, gmem_add(&mem, &(struct gmem_region){
		0x1000, 4096, rom, GMEM_READ }));
	*state = &mem;
	return 0;
}

static void pointers(void **state)
{
	const struct gmem *mem = *state;

	assert_ptr_equal(low, gmem_ptr(mem, 0, 4096, GMEM_WRITE));
	assert_ptr_equal(low + 4095, gmem_ptr(mem, 4095, 1, GMEM_READ));
	assert_ptr_equal(high + 8, gmem_ptr(mem, 0x100000008, 8, GMEM_WRITE));
	assert_null(gmem_ptr(mem, 4095, 2, GMEM_READ));
	assert_null(gmem_ptr(mem, 0, 0, GMEM_READ));
	assert_null(gmem_ptr(mem, 0x2000, 1, GMEM_READ));
	assert_null(gmem_ptr(mem, 0x1000, 1, GMEM_WRITE));
	assert_null(gmem_ptr(mem, 1, UINT64_MAX, GMEM_READ));
	assert_null(gmem_ptr(mem, UINT64_MAX, 1, GMEM_READ));
	assert_null(gmem_ptr(mem, 0x100000ff8, 9, GMEM_READ));
}

static void iovecs(void **state)
{
	const struct gmem *mem = *state;
	struct iovec iov[3];

	assert_int_equal(2, gmem_iov(mem, 4090, 10, GMEM_READ, iov, 3));
	assert_int_equal(6, iov[0].iov_len);
	assert_ptr_equal(rom, iov[1].iov_base);
	assert_int_equal(4, iov[1].iov_len);
	assert_int_equal(-E2BIG, gmem_iov(mem, 4090, 10, GMEM_READ, iov, 1));
	assert_int_equal(-EFAULT, gmem_iov(mem, 4090, 10, GMEM_WRITE, iov, 3));
	assert_int_equal(-EFAULT, gmem_iov(mem, 0x1ff0, 17, GMEM_READ, iov, 3));
	assert_int_equal(-EFAULT, gmem_iov(mem, 0, UINT64_MAX, GMEM_READ, iov, 3));
	assert_int_equal(0, gmem_iov(mem, 0, 0, GMEM_READ, iov, 3));
}

static void copies(void **state)
{
	const struct gmem *mem = *state;
	uint8_t buf[16];

	assert_int_equal(0, gmem_write(mem, 0x100000000, "abc", 3));
	assert_int_equal(0, gmem_read(mem, 0x100000000, buf, 4));
	assert_memory_equal(buf, "abc\x22", 4);
	assert_int_equal(-EFAULT, gmem_write(mem, 4090, "0123456789", 10));
	assert_int_equal(0x11, low[4090]);
}

static void refused_regions(void **state)
{
	struct gmem *mem = *state;
	static uint8_t page[4096];

	assert_int_equal(-EINVAL, gmem_add(mem, &(struct gmem_region){
		0x800, 4096, page, GMEM_READ }));
	assert_int_equal(-EINVAL, gmem_add(mem, &(struct gmem_region){
		0x5000, 0, page, GMEM_READ }));
	assert_int_equal(-EINVAL, gmem_add(mem, &(struct gmem_region){
		UINT64_MAX - 10, 4096, page, GMEM_READ }));
	for (unsigned i = mem->n; i < GMEM_MAX_REGIONS; i++)
		assert_int_equal(0, gmem_add(mem, &(struct gmem_region){
			0x10000 + i * 4096, 4096, page, GMEM_READ }));
	assert_int_equal(-ENOSPC, gmem_add(mem, &(struct gmem_region){
		0x900000, 4096, page, GMEM_READ }));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(pointers, setup),
		cmocka_unit_test_setup(iovecs, setup),
		cmocka_unit_test_setup(copies, setup),
		cmocka_unit_test_setup(refused_regions, setup),
	};

	return cmocka_run_group_tests_name("gmem", tests, NULL, NULL);
}
