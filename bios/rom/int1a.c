#include "bios/rom/services.h"

enum {
	RTC_SEC = 0x00, RTC_SEC_ALARM = 0x01, RTC_MIN = 0x02,
	RTC_MIN_ALARM = 0x03, RTC_HOUR = 0x04, RTC_HOUR_ALARM = 0x05,
	RTC_DAY = 0x07, RTC_MONTH = 0x08, RTC_YEAR = 0x09, RTC_A = 0x0a,
	RTC_B = 0x0b, RTC_CENTURY = 0x32,
	A_UPDATING = 0x80,
	B_SET = 0x80, B_PIE = 0x40, B_AIE = 0x20, B_24H = 0x02, B_DST = 0x01,
};

#define PCI_NOT_SUPPORTED       0x81
#define PCI_BUFFER_TOO_SMALL    0x89
#define PIR_MAGIC               0x52495024u     /* "$PIR" */
#define PIR_HEADER              32

/* False: the clock does not get its update done, so it is not running. */
static bool readable(void)
{
	for (unsigned n = 0; n < 100; n++) {
		if (!(cmos_read(RTC_A) & A_UPDATING))
			return true;
		delay_us(50);
	}
	return false;
}

static void ticks(struct regs *r)
{
	uint32_t t = bda32(BDA_TICKS);

	r->cx = (uint16_t)(t >> 16);
	r->dx = (uint16_t)t;
	r->al = bda8(BDA_MIDNIGHT);
	set_bda8(BDA_MIDNIGHT, 0);
	set_cf(r, false);
}

static void set_ticks(struct regs *r)
{
	set_bda32(BDA_TICKS, (uint32_t)r->cx << 16 | r->dx);
	set_bda8(BDA_MIDNIGHT, 0);
	set_status(r, 0);
}

/* Values are BCD, as POST has set the clock. */
static void time(struct regs *r)
{
	if (!readable()) {
		set_cf(r, true);
		return;
	}
	r->ch = cmos_read(RTC_HOUR);
	r->cl = cmos_read(RTC_MIN);
	r->dh = cmos_read(RTC_SEC);
	r->dl = cmos_read(RTC_B) & B_DST;
	r->ah = 0;
	r->al = r->ch;
	set_cf(r, false);
}

static void set_time(struct regs *r)
{
	uint8_t b = cmos_read(RTC_B);

	cmos_write(RTC_B, b | B_SET);
	cmos_write(RTC_SEC, r->dh);
	cmos_write(RTC_MIN, r->cl);
	cmos_write(RTC_HOUR, r->ch);
	b = (b & (B_PIE | B_AIE)) | B_24H | (r->dl & B_DST);
	cmos_write(RTC_B, b);
	r->ah = 0;
	r->al = b;
	set_cf(r, false);
}

static void date(struct regs *r)
{
	if (!readable()) {
		set_cf(r, true);
		return;
	}
	r->ch = cmos_read(RTC_CENTURY);
	r->cl = cmos_read(RTC_YEAR);
	r->dh = cmos_read(RTC_MONTH);
	r->dl = cmos_read(RTC_DAY);
	r->ah = 0;
	r->al = r->ch;
	set_cf(r, false);
}

static void set_date(struct regs *r)
{
	uint8_t b = cmos_read(RTC_B);

	cmos_write(RTC_B, b | B_SET);
	cmos_write(RTC_YEAR, r->cl);
	cmos_write(RTC_MONTH, r->dh);
	cmos_write(RTC_DAY, r->dl);
	cmos_write(RTC_CENTURY, r->ch);
	b &= (uint8_t)~B_SET;
	cmos_write(RTC_B, b);
	r->ah = 0;
	r->al = b;
	set_cf(r, false);
}

static void set_alarm(struct regs *r)
{
	uint8_t b = cmos_read(RTC_B);

	r->ax = 0;
	if (b & B_AIE) {                /* one at a time */
		set_cf(r, true);
		return;
	}
	cmos_write(RTC_SEC_ALARM, r->dh);
	cmos_write(RTC_MIN_ALARM, r->cl);
	cmos_write(RTC_HOUR_ALARM, r->ch);
	cmos_write(RTC_B, (b & (uint8_t)~B_SET) | B_AIE);
	set_cf(r, false);
}

static void drop_alarm(struct regs *r)
{
	uint8_t b = cmos_read(RTC_B);

	cmos_write(RTC_B, b & (uint8_t)~(B_SET | B_AIE));
	r->ah = 0;
	r->al = b;
	set_cf(r, false);
}

/* ---- PCI: the interrupt routing table, which the machine may have left ---------- */

static uint16_t find_pir(void)
{
	for (uint16_t at = 0; at < ROM_TABLES_LEN; at += 16)
		if (peek32(ROM_SEG, at) == PIR_MAGIC)
			return at;
	return 0;
}

/* ES:DI: length of a buffer and far pointer to it; the length of all slots
 * comes back in it. */
static void pci_routing(struct regs *r)
{
	uint16_t pir = find_pir(), room = peek16(r->es, r->di), len;

	if (!pir) {
		set_status(r, PCI_NOT_SUPPORTED);
		return;
	}
	len = (uint16_t)(peek16(ROM_SEG, pir + 6u) - PIR_HEADER);
	poke16(r->es, r->di, len);
	if (room < len) {
		set_status(r, PCI_BUFFER_TOO_SMALL);
		return;
	}
	copy_to(peek16(r->es, (uint16_t)(r->di + 4)),
		peek16(r->es, (uint16_t)(r->di + 2)),
		(const void *)(uint32_t)(pir + PIR_HEADER), len);
	r->bx = peek16(ROM_SEG, pir + 10u);
	set_status(r, 0);
}

void int1a(struct regs *r)
{
	switch (r->ah) {
	case 0x00:
		ticks(r);
		break;
	case 0x01:
		set_ticks(r);
		break;
	case 0x02:
		time(r);
		break;
	case 0x03:
		set_time(r);
		break;
	case 0x04:
		date(r);
		break;
	case 0x05:
		set_date(r);
		break;
	case 0x06:
		set_alarm(r);
		break;
	case 0x07:
		drop_alarm(r);
		break;
	case 0xb1:
		if (r->al == 0x0e)
			pci_routing(r);
		else
			pcibios(r);
		break;
	default:
		/* Among them BB00, "is there a TPM?": the boot sectors that
		 * ask go by EAX, which must not become 0. */
		set_cf(r, true);
	}
}
