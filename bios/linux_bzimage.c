/*
 * bzImage: the Linux boot protocol, 64-bit and 32-bit entries. Field offsets
 * are those of Documentation/arch/x86/boot.rst and zero-page.rst.
 */
#include "bios/linux_int.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "bios/e820.h"
#include "devices/base/gmem.h"
#include "devices/base/le.h"

struct setup_header {           /* at 0x1f1 of the file and the zero page */
	uint8_t setup_sects;
	le16 root_flags;
	le32 syssize;           /* 16 bytes each */
	le16 ram_size, vid_mode, root_dev, boot_flag;
	le16 jump;              /* the second byte: where the header ends */
	uint8_t magic[4];
	le16 version;
	le32 realmode_swtch;
	le16 start_sys, kernel_version;
	uint8_t type_of_loader, loadflags;
	le16 setup_move_size;
	le32 code32_start, ramdisk_image, ramdisk_size, bootsect_kludge;
	le16 heap_end_ptr;
	uint8_t ext_loader_ver, ext_loader_type;
	le32 cmd_line_ptr, initrd_addr_max, kernel_alignment;
	uint8_t relocatable, min_alignment;
	le16 xloadflags;
	le32 cmdline_size, hw_subarch;
	le64 hw_subarch_data;
	le32 payload_offset, payload_length;
	le64 setup_data, pref_address;
	le32 init_size, handover_offset, kernel_info_offset;
} __attribute__((packed));

#define HDR_AT  0x1f1u
#define HDR_END 0x290u          /* the zero page has other things there */

static_assert(HDR_AT + offsetof(struct setup_header, version) == 0x206, "");
static_assert(HDR_AT + offsetof(struct setup_header, xloadflags) == 0x236, "");
static_assert(HDR_AT + offsetof(struct setup_header, init_size) == 0x260, "");

enum { LOADED_HIGH = 1 };       /* loadflags */
enum { XLF_KERNEL_64 = 1 };     /* xloadflags */

#define LOADER_UNKNOWN  0xff
#define VID_NORMAL      0xffff
#define MIN_VERSION     0x206   /* cmdline_size; Linux 2.6.22 */

struct zero_entry { le64 base, len; le32 type; } __attribute__((packed));

struct screen_info {            /* include/uapi/linux/screen_info.h */
	uint8_t bytes0[0x0f];
	uint8_t kind;           /* "orig_video_isVGA" */
	uint8_t bytes1[2];
	le16 w, h, depth;
	le32 base, size;        /* size: 64 KiB each */
	uint8_t bytes2[4];
	le16 pitch;
	struct { uint8_t size, at; } red, green, blue, rest;
	uint8_t bytes3[4];
	le16 pages, attributes;
	le32 capabilities, base_high;
	uint8_t bytes4[2];
} __attribute__((packed));

static_assert(sizeof(struct screen_info) == 0x40, "screen_info");
static_assert(offsetof(struct screen_info, pitch) == 0x24, "screen_info");
static_assert(offsetof(struct screen_info, base_high) == 0x3a, "screen_info");

enum { SCREEN_VESA_LFB = 0x23 };
enum { SCREEN_BASE_64 = 2 };            /* capabilities */

struct zero_page {
	struct screen_info screen;
	uint8_t bytes0[0x30];
	le64 acpi_rsdp;
	uint8_t bytes1[0x1e8 - 0x78];
	uint8_t e820_n;
	uint8_t bytes2[HDR_AT - 0x1e9];
	union {
		struct setup_header hdr;
		uint8_t hdr_bytes[HDR_END - HDR_AT];
	};
	uint8_t bytes3[0x2d0 - HDR_END];
	struct zero_entry e820[128];
	uint8_t bytes4[4096 - 0x2d0 - 128 * sizeof(struct zero_entry)];
} __attribute__((packed));

static_assert(offsetof(struct zero_page, e820) == 0x2d0, "zero page");
static_assert(sizeof(struct zero_page) == 4096, "zero page");

/* The header's bytes; what an old kernel's header does not have reads as 0. */
static void copy_header(struct zero_page *z, const uint8_t *head, size_t len)
{
	size_t end = 0x202u + head[0x201];

	if (end > HDR_END)
		end = HDR_END;
	if (end > len)
		end = len;
	memset(z, 0, sizeof(*z));
	memcpy(z->hdr_bytes, head + HDR_AT, end - HDR_AT);
}

static int check_header(const struct load *l, const struct setup_header *h)
{
	const char *name = l->boot->kernel;
	unsigned version = le16_get(h->version);

	if (le16_get(h->boot_flag) != 0xaa55)
		return load_fail(l, ENOEXEC, "%s: not a bzImage: no boot "
				 "signature", name);
	if (version < MIN_VERSION)
		return load_fail(l, ENOEXEC, "%s: boot protocol %u.%02u is too "
				 "old; 2.06 (Linux 2.6.22) is the oldest that "
				 "works", name, version >> 8, version & 0xff);
	if (!(h->loadflags & LOADED_HIGH))
		return load_fail(l, ENOEXEC, "%s: a zImage; only bzImages can "
				 "be loaded", name);
	return 0;
}

struct image {
	uint64_t off, len;      /* the protected-mode part of the file */
	uint64_t at;            /* where it goes */
	uint64_t end;           /* of what the kernel needs to run */
};

static int place_image(const struct load *l, const struct setup_header *h,
		       struct image *img)
{
	const char *name = l->boot->kernel;
	uint64_t len = (uint64_t)le32_get(h->syssize) * 16;
	uint64_t run = le64_get(h->pref_address), need;

	img->off = (h->setup_sects ? h->setup_sects + 1u : 5u) * 512u;
	/* Some kernels' last 16 bytes are not all there. */
	if (len == 0 || img->off >= l->kernel_size ||
	    l->kernel_size - img->off + 15 < len)
		return load_fail(l, ENOEXEC, "%s: the bzImage is truncated",
				 name);
	img->len = len;
	if (len > l->kernel_size - img->off)
		img->len = l->kernel_size - img->off;

	img->at = le32_get(h->code32_start);
	if (run == 0)
		run = img->at;
	else if (h->relocatable)
		img->at = run;
	need = le32_get(h->init_size) > len ? le32_get(h->init_size) : len;
	if (img->at < BOOT_KERNEL_MIN || run < BOOT_KERNEL_MIN ||
	    img->at > UINT32_MAX || run > UINT32_MAX)
		return load_fail(l, ENOEXEC, "%s: wants to be loaded at 0x%llx "
				 "and to run at 0x%llx, where no kernel can be",
				 name, (unsigned long long)img->at,
				 (unsigned long long)run);
	img->end = (run > img->at ? run : img->at) + need;
	if (img->end > l->layout->acpi_base)
		return load_fail(l, ENOMEM, "%s: needs memory up to %llu MiB; "
				 "give the guest more --memory", name,
				 (unsigned long long)(img->end + LAYOUT_NVS_LEN
				 + LAYOUT_ACPI_LEN + 0xfffff) >> 20);
	return 0;
}

static void fill_e820(struct zero_page *z, const struct bios_layout *layout)
{
	struct e820_entry e[E820_MAX];
	unsigned n = e820_build(layout, e);

	for (unsigned i = 0; i < n; i++)
		z->e820[i] = (struct zero_entry){
			le64_put(e[i].base), le64_put(e[i].len),
			le32_put(e[i].type),
		};
	z->e820_n = (uint8_t)n;
}

static void fill_screen(struct zero_page *z, const struct linux_screen *s)
{
	if (!s->base)
		return;
	z->screen = (struct screen_info){
		.kind = SCREEN_VESA_LFB,
		.w = le16_put(s->w), .h = le16_put(s->h), .depth = le16_put(32),
		.base = le32_put((uint32_t)s->base),
		.base_high = le32_put((uint32_t)(s->base >> 32)),
		.size = le32_put(s->len >> 16), .pitch = le16_put(s->pitch),
		.red = { 8, 16 }, .green = { 8, 8 }, .blue = { 8, 0 },
		.rest = { 8, 24 }, .pages = le16_put(1),
		.capabilities = le32_put(SCREEN_BASE_64),
	};
}

static int load_parts(const struct load *l, struct zero_page *z,
		      const struct image *img)
{
	struct setup_header *h = &z->hdr;
	uint64_t top = (uint64_t)le32_get(h->initrd_addr_max) + 1;
	uint64_t initrd, initrd_len;
	int ret;

	if (top > l->layout->acpi_base)
		top = l->layout->acpi_base;
	ret = load_to_guest(l, l->boot->kernel_fd, l->boot->kernel, img->off,
			    img->at, img->len);
	if (ret)
		return ret;
	ret = load_initrd(l, img->end, top, &initrd, &initrd_len);
	if (ret)
		return ret;
	h->ramdisk_image = le32_put((uint32_t)initrd);
	h->ramdisk_size = le32_put((uint32_t)initrd_len);
	return load_cmdline(l, le32_get(h->cmdline_size));
}

int bzimage_load(const struct load *l, const uint8_t *head, size_t len)
{
	struct zero_page z;
	struct image img = { 0 };
	bool wide;
	int ret;

	copy_header(&z, head, len);
	ret = check_header(l, &z.hdr);
	if (ret)
		return ret;
	ret = place_image(l, &z.hdr, &img);
	if (ret)
		return ret;
	ret = load_parts(l, &z, &img);
	if (ret)
		return ret;

	wide = le16_get(z.hdr.xloadflags) & XLF_KERNEL_64;
	z.hdr.type_of_loader = LOADER_UNKNOWN;
	z.hdr.vid_mode = le16_put(VID_NORMAL);
	z.hdr.code32_start = le32_put((uint32_t)img.at);
	z.hdr.cmd_line_ptr = le32_put(BOOT_CMDLINE);
	z.hdr.setup_data = le64_put(0);
	z.acpi_rsdp = le64_put(l->boot->rsdp);
	fill_e820(&z, l->layout);
	fill_screen(&z, &l->boot->screen);
	if (gmem_write(l->mem, BOOT_ZERO_PAGE, &z, sizeof(z)))
		return load_fail(l, EFAULT, "no RAM for the zero page");

	ret = load_cpu(l, wide ? CPU_START_LONG64 : CPU_START_PROT32);
	if (ret)
		return ret;
	l->cpu->rip = img.at + (wide ? 0x200 : 0);
	l->cpu->rsi = BOOT_ZERO_PAGE;
	return 0;
}
