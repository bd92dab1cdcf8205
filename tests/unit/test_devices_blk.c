/* Description: virtio-blk keeps its contract behind the mmio transport. */
#include "tests/lib/suite_blk.h"

int main(void)
{
	return suite_blk_run(&rig_mmio);
}
