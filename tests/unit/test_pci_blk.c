/* Description: virtio-blk keeps its contract behind the pci transport. */
#include "tests/lib/suite_blk.h"

int main(void)
{
	return suite_blk_run(&rig_pci);
}
