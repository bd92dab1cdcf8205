/*
 * What the parts of the VGA BIOS share.
 *
 * Windows from Vista on runs INT 10h in an interpreter of its own, which was
 * made for BIOSes of the 1990s. So this is plain 16-bit code, held to the 80186
 * by the assembler: no 32-bit register, so no upper half to lose and no operand
 * relative to ESP; no processor control; no stack of its own; the only ports
 * are the card's. tests/guest/vga-audit looks at the finished code.
 *
 * int10 saves all registers and leaves BP at the saved ones. A handler gets the
 * caller's registers but for SI and BP, DS = BIOS data area, and returns what
 * it writes to the frame; all registers are its own. Flags come back as they
 * were, so IF does, too.
 */
#ifndef BIOS_ROM_VGA_VGA_H
#define BIOS_ROM_VGA_VGA_H

#define VGA_ROM_SEG     0xc000
#define VGA_ROM_LEN     0x8000
#define BDA_SEG         0x0040

/* Bytes of the BIOS data area. */
#define BDA_EQUIPMENT   0x10
#define BDA_MODE        0x49
#define BDA_COLS        0x4a
#define BDA_PAGE_LEN    0x4c
#define BDA_PAGE_START  0x4e
#define BDA_CURSOR      0x50    /* column, row; eight pages */
#define BDA_SHAPE       0x60    /* end, start */
#define BDA_PAGE        0x62
#define BDA_CRTC        0x63
#define BDA_CGA_PALETTE 0x66
#define BDA_ROWS        0x84    /* minus 1 */
#define BDA_HEIGHT      0x85
#define BDA_CTL         0x87    /* 80: memory kept; 01: no cursor emulation */
#define BDA_SWITCHES    0x88
#define BDA_MODE_CTL    0x89    /* below */
#define BDA_DCC         0x8a
#define BDA_SAVE_PTR    0xa8
/* Where SeaBIOS' VGA BIOS keeps its VBE mode, too; 0: none. */
#define BDA_VBE_MODE    0xba

#define CTL_NO_CLEAR    0x80
#define CTL_NO_EMULATION 0x01
#define MODE_CTL_200    0x80    /* lines of text modes; neither: 350 */
#define MODE_CTL_400    0x10
#define MODE_CTL_NO_PALETTE 0x08
#define MODE_CTL_GREY   0x02

/* The caller's registers, from BP. */
#define F_ES            0
#define F_DS            2
#define F_DI            4
#define F_SI            6
#define F_BP            8
#define F_BX            12
#define F_BL            12
#define F_BH            13
#define F_DX            14
#define F_DL            14
#define F_DH            15
#define F_CX            16
#define F_CL            16
#define F_CH            17
#define F_AX            18
#define F_AL            18
#define F_AH            19

/* Ports. */
#define ATTR            0x3c0
#define ATTR_READ       0x3c1
#define MISC_WRITE      0x3c2
#define SEQ             0x3c4
#define PEL_MASK        0x3c6
#define DAC_READ        0x3c7
#define DAC_WRITE       0x3c8
#define DAC_DATA        0x3c9
#define FEATURE_READ    0x3ca
#define MISC_READ       0x3cc
#define GFX             0x3ce
#define DISPI           0x1ce
#define DISPI_DATA      0x1cf

/* DISPI registers, and our own from devices/display/vga.h. */
#define DISPI_ID        0
#define DISPI_X         1
#define DISPI_Y         2
#define DISPI_BPP       3
#define DISPI_ENABLE    4
#define DISPI_BANK      5
#define DISPI_VIRT_X    6
#define DISPI_OFF_X     8
#define DISPI_OFF_Y     9
#define DISPI_MEMORY    10
#define DISPI_ON        0x01
#define DISPI_DAC8      0x20
#define DISPI_LFB       0x40
#define DISPI_NO_CLEAR  0x80
#define X_ID            0xae00
#define X_MAGIC         0xae02
#define X_FILL          0xae01
#define X_CLEAR         0xae02
#define X_FONT          0xae03
#define X_DAC           0xae04
#define FONT_8          0
#define FONT_14         1
#define FONT_16         2

#define TEXT_LEN        0x8000  /* of the window at B8000 or B0000 */
#define CGA_BANK        0x2000  /* a half of the window in CGA modes */

/* How a mode's memory is organised. */
#define MODEL_TEXT      0
#define MODEL_CGA2      1       /* two bits a dot */
#define MODEL_CGA1      2
#define MODEL_PLANAR    3
#define MODEL_PACKED    4
#define MODEL_NONE      5       /* no text or dots through the BIOS */

/* Which colours the DAC gets; below PAL_256 as X_DAC has them. */
#define PAL_MONO        0
#define PAL_CGA         1
#define PAL_EGA         2
#define PAL_256         3

/* An entry of the video parameter table, as programs may read it. */
#define P_COLS          0
#define P_ROWS          1       /* minus 1 */
#define P_HEIGHT        2
#define P_PAGE_LEN      3
#define P_SEQ           5       /* registers 1 to 4 */
#define P_MISC          9
#define P_CRTC          10      /* 25 */
#define P_ATTR          35      /* 20 */
#define P_GFX           55      /* 9 */
#define P_LEN           64

#define VPT_TEXT_350    0x13    /* modes 0 to 3 */
#define VPT_40_400      0x17
#define VPT_80_400      0x18
#define VPT_MONO_400    0x19

	.arch i186
	.code16

#endif
