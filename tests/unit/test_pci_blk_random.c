/*
 * Description: virtio-blk behind pci does what a model of a disk does, whatever
 * the requests. SEED=number in the environment repeats a run.
 */
#include "tests/lib/suite_blk_random.h"

int main(void)
{
	return suite_blk_random_run(&rig_pci);
}
