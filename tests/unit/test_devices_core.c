/* Description: the virtio core keeps its rules behind the mmio transport. */
#include "tests/lib/suite_core.h"

int main(void)
{
	return suite_core_run(&rig_mmio);
}
