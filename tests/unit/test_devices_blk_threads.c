/*
 * Description: a disk behind mmio under drivers, kicks, resizing and resets from
 * many threads loses nothing and is quiet after a reset.
 */
#include "tests/lib/suite_blk_threads.h"

int main(void)
{
	return suite_blk_threads_run(&rig_mmio);
}
