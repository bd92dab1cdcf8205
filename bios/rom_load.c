#include "bios/rom_load.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "bios/e820.h"
#include "devices/base/gmem.h"

static_assert(ROM_BASE == LAYOUT_FSEG && LAYOUT_FSEG_LEN == 0x10000, "F-segment");
static_assert(ROM_E820_MAX >= E820_MAX, "the ROM's map holds all entries");
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "rom_cfg is copied");

extern const uint8_t rom_image[ROM_IMAGE_LEN];          /* rom_image.S */

void rom_cfg_init(struct rom_cfg *cfg, const struct bios_layout *layout)
{
	struct e820_entry map[E820_MAX];
	unsigned n = e820_build(layout, map);

	*cfg = (struct rom_cfg){
		.magic = ROM_CFG_MAGIC, .version = ROM_CFG_VERSION,
		.cdrom = ROM_NO_CDROM,
		.boot = { ROM_BOOT_DISKS, ROM_BOOT_CDROM },
		.n_e820 = (uint16_t)n, .slots = UINT32_MAX,
	};
	for (unsigned i = 0; i < n; i++)
		cfg->e820[i] = (struct rom_e820){
			.base = map[i].base, .len = map[i].len,
			.type = map[i].type,
		};
}

int rom_load(const struct gmem *mem, const struct rom_cfg *cfg)
{
	uint8_t *to;

	if (cfg->magic != ROM_CFG_MAGIC || cfg->version != ROM_CFG_VERSION ||
	    cfg->n_e820 > ROM_E820_MAX)
		return -EINVAL;
	to = gmem_ptr(mem, ROM_IMAGE, ROM_IMAGE_LEN, GMEM_WRITE);
	if (!to)
		return -EFAULT;
	memcpy(to, rom_image, ROM_IMAGE_LEN);
	memcpy(to + (ROM_CFG_OFF - ROM_TABLES_LEN), cfg, sizeof(*cfg));
	return 0;
}
