/* Description: virtio-input brings whole reports and takes LEDs
 * (AERO-W7-VIRTIO 3.3.5, virtio 5.8.6). */
#include <errno.h>
#include <linux/input.h>
#include <linux/virtio_input.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "devices/virtio/input.h"
#include "tests/lib/rig.h"
#include "tests/lib/variant.h"

#define F_CONTRACT (VIRTIO_F_VERSION_1 | VIRTIO_F_INDIRECT_DESC)
#define QSIZE 64

struct fx {
	struct rig rig;
	struct drv_ring ev, st;
	uint64_t gpa[QSIZE];            /* of the chain that starts there */
};

static void open_as(struct fx *f, const struct vio_profile *prof,
		    const char *kind, unsigned flags)
{
	struct vio_dev *dev;

	memset(f, 0, sizeof(*f));
	rig_open(&f->rig, &rig_mmio, flags);
	assert_int_equal(0, input_create(&dev, &(struct input_cfg){
		.prof = prof, .kind = kind, .name = kind,
		.gmem = &f->rig.guest->mem, .ctl_loop = f->rig.ctl,
		.loops = f->rig.loops, .nloops = 2 }));
	rig_attach(&f->rig, dev);
}

/* Driver up, both queues on. size: of the event queue. */
static void up_sized(struct fx *f, uint16_t size)
{
	struct drv_bus *b = &f->rig.bus;

	assert_true(drv_start(b, rig_features(&f->rig, drv_offered(b) &
						       F_CONTRACT)));
	rig_ring(&f->rig, &f->ev, size, false, NULL);
	rig_ring(&f->rig, &f->st, QSIZE, false, NULL);
	drv_q_start(b, 0, &f->ev);
	drv_q_start(b, 1, &f->st);
	drv_ok(b);
	rig_settle(&f->rig);
}

static void open_up(struct fx *f, const char *kind)
{
	open_as(f, rig_prefers_packed() ? &vio_profile_modern
					: &vio_profile_aero_w7, kind, 0);
	up_sized(f, QSIZE);
}

static uint64_t new_buf(struct fx *f, uint32_t len)
{
	uint64_t gpa = guest_alloc(f->rig.guest, GUEST_LOW, len, 1, NULL);

	guest_fill(f->rig.guest, gpa, 0xee, len);
	return gpa;
}

static int post_at(struct fx *f, uint64_t gpa, uint32_t len, bool write)
{
	const struct drv_buf buf = { gpa, len, write };
	int id = drv_send(&f->rig.bus, 0, &f->ev, &buf, 1, NULL);

	assert_true(id >= 0);
	f->gpa[id] = gpa;
	return id;
}

static void post(struct fx *f, unsigned n)
{
	while (n-- > 0)
		post_at(f, new_buf(f, 8), 8, true);
	rig_settle(&f->rig);
}

static void assert_nothing(struct fx *f)
{
	uint32_t len;

	rig_settle(&f->rig);
	assert_int_equal(-1, f->ev.ops->collect(&f->ev, &len));
}

/* The next used buffer holds this event. */
static void assert_event(struct fx *f, uint16_t type, uint16_t code,
			 int32_t value)
{
	struct virtio_input_event e;
	uint32_t len;
	int id;

	rig_settle(&f->rig);
	id = f->ev.ops->collect(&f->ev, &len);
	assert_true(id >= 0);
	assert_int_equal(8, len);
	guest_peek(f->rig.guest, f->gpa[id], &e, sizeof(e));
	assert_int_equal(type, e.type);
	assert_int_equal(code, e.code);
	assert_int_equal(value, (int32_t)e.value);
}

static int key(struct fx *f, uint16_t code, int32_t value)
{
	return input_send(f->rig.dev, &(struct input_event_in){
		EV_KEY, code, value }, 1);
}

static void assert_key(struct fx *f, uint16_t code, int32_t value)
{
	assert_event(f, EV_KEY, code, value);
	assert_event(f, EV_SYN, SYN_REPORT, 0);
}

/* ---- events --------------------------------------------------------------- */

static void c3_3_5_one_event_per_buffer(void **state)
{
	uint64_t big;
	struct fx f;

	(void)state;
	open_up(&f, "mouse");
	big = new_buf(&f, 16);
	post_at(&f, big, 16, true);
	post(&f, 5);
	assert_int_equal(0, input_send(f.rig.dev, (struct input_event_in[]){
		{ EV_REL, REL_X, -3 }, { EV_REL, REL_Y, 70000 },
		{ EV_KEY, BTN_LEFT, 1 }, { EV_REL, REL_WHEEL, -1 },
		{ EV_SYN, SYN_REPORT, 0 } }, 5));
	assert_event(&f, EV_REL, REL_X, -3);
	assert_event(&f, EV_REL, REL_Y, 70000);
	assert_event(&f, EV_KEY, BTN_LEFT, 1);
	assert_event(&f, EV_REL, REL_WHEEL, -1);
	assert_event(&f, EV_SYN, SYN_REPORT, 0);
	assert_nothing(&f);
	assert_true(rig_irq(&f.rig));
	for (unsigned i = 8; i < 16; i++)
		assert_int_equal(0xee, guest_byte(f.rig.guest, big + i));
	rig_close(&f.rig);
}

static void buffer_in_pieces(void **state)
{
	const struct drv_buf parts[] = {
		{ 0x4001, 1, true }, { 0x5003, 4, true }, { 0x6000, 3, true },
		{ 0x7000, 100, true },
	};
	struct drv_mem table;
	uint8_t e[8];
	uint32_t len;
	struct fx f;

	(void)state;
	open_up(&f, "keyboard");
	table.gpa = guest_alloc(f.rig.guest, GUEST_HIGH, 64, 1, NULL);
	table.p = guest_ptr(f.rig.guest, table.gpa, 64);
	assert_true(drv_send(&f.rig.bus, 0, &f.ev, parts, 4, &table) >= 0);
	post(&f, 1);
	assert_int_equal(0, key(&f, KEY_KPEQUAL, 1));
	rig_settle(&f.rig);
	assert_true(f.ev.ops->collect(&f.ev, &len) >= 0);
	assert_int_equal(8, len);
	guest_peek(f.rig.guest, 0x4001, e, 1);
	guest_peek(f.rig.guest, 0x5003, e + 1, 4);
	guest_peek(f.rig.guest, 0x6000, e + 5, 3);
	assert_memory_equal("\x01\x00\x75\x00\x01\x00\x00\x00", e, 8);
	rig_close(&f.rig);
}

static void c3_3_5_report_waits_to_be_whole(void **state)
{
	struct fx f;

	(void)state;
	open_up(&f, "keyboard");
	assert_int_equal(0, key(&f, KEY_A, 1));
	post(&f, 1);
	assert_nothing(&f);
	assert_false(rig_irq(&f.rig));
	post(&f, 2);
	assert_key(&f, KEY_A, 1);
	assert_nothing(&f);
	/* One buffer is left over: half a report does not go out. */
	assert_int_equal(0, key(&f, KEY_A, 0));
	assert_nothing(&f);
	post(&f, 1);
	assert_key(&f, KEY_A, 0);
	assert_int_equal(0, input_dropped(f.rig.dev));
	rig_close(&f.rig);
}

/* Takes what comes while there is any; each report must be whole. Returns how
 * many there were and the state the keys were left in. */
static unsigned drain(struct fx *f, uint8_t down[KEY_CNT])
{
	unsigned reports = 0, inside = 0;
	struct virtio_input_event e;
	uint32_t len;
	int id;

	post(f, f->ev.nfree);
	while ((id = f->ev.ops->collect(&f->ev, &len)) >= 0) {
		assert_int_equal(8, len);
		guest_peek(f->rig.guest, f->gpa[id], &e, sizeof(e));
		if (e.type == EV_SYN) {
			assert_int_not_equal(0, inside);
			inside = 0;
			reports++;
		} else {
			assert_int_equal(EV_KEY, e.type);
			down[e.code] = (uint8_t)e.value;
			inside++;
		}
		post_at(f, f->gpa[id], 8, true);
		rig_settle(&f->rig);
	}
	assert_int_equal(0, inside);
	return reports;
}

static void c3_3_5_dropped_whole_and_counted(void **state)
{
	uint8_t down[KEY_CNT] = { 0 };
	unsigned sent = 0, dropped = 0;
	struct fx f;

	(void)state;
	open_up(&f, "keyboard");
	for (unsigned i = 0; i < 2000; i++) {
		int err = input_send(f.rig.dev, (struct input_event_in[]){
			{ EV_KEY, KEY_A, i % 2 == 0 },
			{ EV_KEY, KEY_B, i % 2 == 0 } }, 2);

		assert_true(err == 0 || err == -ENOBUFS);
		dropped += err != 0;
		/* From the first one on, nothing more fits. */
		sent += dropped == 0;
	}
	assert_int_not_equal(0, dropped);
	assert_int_not_equal(0, sent);
	assert_int_equal(dropped, input_dropped(f.rig.dev));
	/* What was taken arrives, with a release of each key at most. */
	assert_in_range(drain(&f, down), sent, sent + 2);
	assert_int_equal(0, down[KEY_A]);
	assert_int_equal(0, down[KEY_B]);
	rig_close(&f.rig);
}

static void release_lost_is_made_up_for(void **state)
{
	uint8_t down[KEY_CNT] = { 0 };
	struct fx f;
	int err;

	(void)state;
	open_up(&f, "keyboard");
	assert_int_equal(0, key(&f, KEY_LEFTCTRL, 1));
	/* Fill the backlog with something else. */
	for (unsigned i = 0; (err = key(&f, KEY_X, i % 2 == 0)) == 0; i++)
		assert_in_range(i, 0, 5000);
	assert_int_equal(-ENOBUFS, err);
	assert_int_equal(-ENOBUFS, key(&f, KEY_LEFTCTRL, 0));
	drain(&f, down);
	assert_int_equal(0, down[KEY_LEFTCTRL]);
	/* And it works as before. */
	assert_int_equal(0, key(&f, KEY_LEFTCTRL, 1));
	drain(&f, down);
	assert_int_equal(1, down[KEY_LEFTCTRL]);
	rig_close(&f.rig);
}

static void c3_3_5_no_auto_repeat(void **state)
{
	struct fx f;

	(void)state;
	open_up(&f, "keyboard");
	post(&f, 10);
	assert_int_equal(0, key(&f, KEY_A, 0));
	assert_nothing(&f);
	assert_int_equal(0, key(&f, KEY_A, 1));
	assert_key(&f, KEY_A, 1);
	assert_int_equal(0, key(&f, KEY_A, 1));
	assert_int_equal(0, key(&f, KEY_A, 2));
	assert_nothing(&f);
	assert_int_equal(0, key(&f, KEY_A, 0));
	assert_key(&f, KEY_A, 0);
	/* Both at one moment. */
	assert_int_equal(0, input_send(f.rig.dev, (struct input_event_in[]){
		{ EV_KEY, KEY_A, 1 }, { EV_KEY, KEY_A, 0 } }, 2));
	assert_event(&f, EV_KEY, KEY_A, 1);
	assert_key(&f, KEY_A, 0);
	assert_nothing(&f);
	rig_close(&f.rig);
}

static void foreign_events_are_refused(void **state)
{
	static const struct input_event_in foreign[] = {
		{ EV_REL, REL_X, 1 }, { EV_KEY, BTN_LEFT, 1 }, { EV_ABS, 0, 0 },
		{ EV_LED, LED_NUML, 1 }, { EV_KEY, KEY_RESERVED, 1 },
		{ EV_KEY, KEY_A, 3 }, { EV_KEY, KEY_A, -1 }, { 0xffff, 0, 0 },
		{ EV_KEY, 0xffff, 1 },
	};
	struct input_event_in many[INPUT_REPORT_MAX + 1];
	struct fx f;

	(void)state;
	open_up(&f, "keyboard");
	post(&f, 40);
	for (unsigned i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
		const struct input_event_in two[] = {
			{ EV_KEY, KEY_B, 1 }, foreign[i],
		};

		assert_int_equal(-EINVAL, input_send(f.rig.dev, two, 2));
	}
	for (unsigned i = 0; i <= INPUT_REPORT_MAX; i++)
		many[i] = (struct input_event_in){ EV_KEY,
			(uint16_t)(KEY_1 + i), 1 };
	assert_int_equal(-EINVAL, input_send(f.rig.dev, many,
					     INPUT_REPORT_MAX + 1));
	assert_nothing(&f);
	assert_int_equal(0, input_send(f.rig.dev, many, INPUT_REPORT_MAX));
	for (unsigned i = 0; i < INPUT_REPORT_MAX; i++)
		assert_event(&f, EV_KEY, many[i].code, 1);
	assert_event(&f, EV_SYN, SYN_REPORT, 0);
	rig_close(&f.rig);
}

static void tablet_stays_on_its_axes(void **state)
{
	struct fx f;

	(void)state;
	open_up(&f, "tablet");
	post(&f, 3);
	assert_int_equal(0, input_send(f.rig.dev, (struct input_event_in[]){
		{ EV_ABS, ABS_X, -5 }, { EV_ABS, ABS_Y, 40000 } }, 2));
	assert_event(&f, EV_ABS, ABS_X, 0);
	assert_event(&f, EV_ABS, ABS_Y, 32767);
	assert_event(&f, EV_SYN, SYN_REPORT, 0);
	rig_close(&f.rig);
}

static void bad_buffers_are_given_back(void **state)
{
	int bad[4], good;
	uint32_t len;
	struct fx f;

	(void)state;
	open_up(&f, "keyboard");
	good = post_at(&f, new_buf(&f, 8), 8, true);
	bad[0] = post_at(&f, new_buf(&f, 7), 7, true);
	bad[1] = post_at(&f, new_buf(&f, 8), 8, false);
	bad[2] = post_at(&f, GUEST_HOLE, 8, true);
	bad[3] = post_at(&f, GUEST_ROM_GPA, 8, true);
	/* Order is kept: they go when the good one before them goes. */
	assert_nothing(&f);
	assert_int_equal(0, key(&f, KEY_A, 1));
	assert_nothing(&f);
	post(&f, 1);
	assert_event(&f, EV_KEY, KEY_A, 1);
	(void)good;
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(bad[i], f.ev.ops->collect(&f.ev, &len));
		assert_int_equal(0, len);
	}
	assert_event(&f, EV_SYN, SYN_REPORT, 0);
	/* Alone, one goes back at once. */
	bad[0] = post_at(&f, new_buf(&f, 4), 4, true);
	rig_settle(&f.rig);
	assert_int_equal(bad[0], f.ev.ops->collect(&f.ev, &len));
	assert_int_equal(0, len);
	rig_close(&f.rig);
}

static void more_buffers_than_descriptors(void **state)
{
	struct fx f;

	(void)state;
	open_up(&f, "keyboard");
	post(&f, QSIZE);
	rig_settle(&f.rig);
	assert_false(rig_status(&f.rig) & VIRTIO_S_NEEDS_RESET);
	f.ev.ops->overfill(&f.ev);
	f.rig.bus.ops->notify(&f.rig.bus, 0);
	rig_settle(&f.rig);
	assert_true(rig_status(&f.rig) & VIRTIO_S_NEEDS_RESET);
	/* The backlog stays bounded all the same. */
	for (unsigned i = 0; i < 5000; i++)
		key(&f, KEY_A, i % 2);
	rig_close(&f.rig);
}

static void small_queue_drops_what_cannot_fit(void **state)
{
	struct fx f;

	(void)state;
	open_as(&f, &vio_profile_modern, "keyboard", 0);
	up_sized(&f, 2);
	post(&f, 2);
	assert_int_equal(0, input_send(f.rig.dev, (struct input_event_in[]){
		{ EV_KEY, KEY_A, 1 }, { EV_KEY, KEY_B, 1 } }, 2));
	assert_nothing(&f);
	assert_int_equal(1, input_dropped(f.rig.dev));
	assert_int_equal(0, key(&f, KEY_C, 1));
	assert_key(&f, KEY_C, 1);
	/* The guest never heard of A: nothing to release. */
	post(&f, 2);
	assert_int_equal(0, key(&f, KEY_A, 0));
	assert_nothing(&f);
	/* Two releases do not fit together; one by one they do. */
	assert_int_equal(0, key(&f, KEY_D, 1));
	assert_key(&f, KEY_D, 1);
	post(&f, 2);
	assert_int_equal(0, input_send(f.rig.dev, (struct input_event_in[]){
		{ EV_KEY, KEY_C, 0 }, { EV_KEY, KEY_D, 0 } }, 2));
	assert_key(&f, KEY_D, 0);
	post(&f, 2);
	assert_key(&f, KEY_C, 0);
	rig_close(&f.rig);
}

/* ---- status --------------------------------------------------------------- */

static void status(struct fx *f, uint16_t type, uint16_t code, uint32_t value,
		   uint32_t size)
{
	const struct virtio_input_event e = { type, code, value };
	uint64_t gpa = guest_alloc(f->rig.guest, GUEST_LOW, 8, 1, NULL);
	const struct drv_buf buf = { gpa, size, false };
	uint32_t len;
	int id;

	guest_poke(f->rig.guest, gpa, &e, sizeof(e));
	id = drv_send(&f->rig.bus, 1, &f->st, &buf, 1, NULL);
	assert_int_equal(id, rig_collect(&f->rig, &f->st, &len));
	assert_int_equal(0, len);
	guest_release(f->rig.guest, gpa);
}

static void c3_3_5_statusq_consumed(void **state)
{
	const struct drv_buf odd[] = { { GUEST_HOLE, 8, false } };
	const struct drv_buf in[] = { { 0x9000, 8, true } };
	uint32_t len;
	struct fx f;

	(void)state;
	open_up(&f, "keyboard");
	assert_int_equal(0, input_leds(f.rig.dev));
	status(&f, EV_LED, LED_CAPSL, 1, 8);
	status(&f, EV_LED, LED_KANA, 0x80000000, 8);
	assert_int_equal(1 << LED_CAPSL | 1 << LED_KANA,
			 input_leds(f.rig.dev));
	status(&f, EV_LED, LED_CAPSL, 0, 8);
	assert_int_equal(1 << LED_KANA, input_leds(f.rig.dev));
	/* Too short, no LED of ours, no LED at all. */
	status(&f, EV_LED, LED_NUML, 1, 7);
	status(&f, EV_LED, LED_KANA + 1, 1, 8);
	status(&f, EV_LED, 0xffff, 1, 8);
	status(&f, EV_SND, SND_BELL, 1, 8);
	drv_send(&f.rig.bus, 1, &f.st, odd, 1, NULL);
	rig_collect(&f.rig, &f.st, &len);
	drv_send(&f.rig.bus, 1, &f.st, in, 1, NULL);
	rig_collect(&f.rig, &f.st, &len);
	assert_int_equal(0, len);
	assert_int_equal(1 << LED_KANA, input_leds(f.rig.dev));
	drv_reset(&f.rig.bus);
	assert_int_equal(0, input_leds(f.rig.dev));
	rig_close(&f.rig);
}

static void several_leds_in_one_buffer(void **state)
{
	const struct virtio_input_event e[] = {
		{ EV_LED, LED_NUML, 1 }, { EV_LED, LED_CAPSL, 1 },
		{ EV_LED, LED_NUML, 0 }, { EV_SYN, SYN_REPORT, 0 },
	};
	const struct drv_buf buf[] = {
		{ 0xa000, 13, false }, { 0xb000, sizeof(e) - 13, false },
	};
	uint32_t len;
	struct fx f;

	(void)state;
	open_up(&f, "keyboard");
	guest_poke(f.rig.guest, 0xa000, e, 13);
	guest_poke(f.rig.guest, 0xb000, (const char *)e + 13, sizeof(e) - 13);
	drv_send(&f.rig.bus, 1, &f.st, buf, 2, NULL);
	rig_collect(&f.rig, &f.st, &len);
	assert_int_equal(1 << LED_CAPSL, input_leds(f.rig.dev));
	rig_close(&f.rig);
}

/* ---- life ----------------------------------------------------------------- */

static void nothing_without_a_driver(void **state)
{
	struct fx f;

	(void)state;
	open_as(&f, &vio_profile_aero_w7, "keyboard", 0);
	assert_int_equal(-ENODEV, key(&f, KEY_A, 1));
	up_sized(&f, QSIZE);
	post(&f, 4);
	/* Pressed before the driver came; it need not hear of the release. */
	assert_int_equal(0, key(&f, KEY_A, 0));
	assert_nothing(&f);
	assert_int_equal(0, key(&f, KEY_B, 1));
	assert_key(&f, KEY_B, 1);
	rig_close(&f.rig);
}

static void reset_forgets_and_writes_nothing(void **state)
{
	struct fx f;

	(void)state;
	open_up(&f, "keyboard");
	assert_int_equal(0, key(&f, KEY_A, 1));
	post(&f, 1);
	drv_reset(&f.rig.bus);
	assert_int_equal(0, f.rig.bus.ops->cfg_get(&f.rig.bus, 0, 2));
	guest_snap(f.rig.guest);
	assert_int_equal(-ENODEV, key(&f, KEY_B, 1));
	rig_settle(&f.rig);
	assert_true(guest_unchanged(f.rig.guest));
	/* The next driver starts with no key down. */
	up_sized(&f, QSIZE);
	post(&f, 4);
	assert_nothing(&f);
	assert_int_equal(0, key(&f, KEY_A, 0));
	assert_nothing(&f);
	assert_int_equal(0, key(&f, KEY_A, 1));
	assert_key(&f, KEY_A, 1);
	rig_close(&f.rig);
}

static void without_bus_master_buffers_stay_the_drivers(void **state)
{
	struct fx f;

	(void)state;
	open_up(&f, "keyboard");
	post(&f, 3);
	vio_set_dma(f.rig.dev, false);
	guest_snap(f.rig.guest);
	assert_int_equal(0, key(&f, KEY_A, 1));
	assert_nothing(&f);
	assert_true(guest_unchanged(f.rig.guest));
	vio_set_dma(f.rig.dev, true);
	f.rig.bus.ops->notify(&f.rig.bus, 0);
	assert_key(&f, KEY_A, 1);
	/* Stopped and started again from the beginning, too. */
	drv_q_stop(&f.rig.bus, 0);
	rig_ring(&f.rig, &f.ev, QSIZE, false, NULL);
	drv_q_start(&f.rig.bus, 0, &f.ev);
	assert_int_equal(0, key(&f, KEY_A, 0));
	assert_nothing(&f);
	post(&f, 2);
	assert_key(&f, KEY_A, 0);
	rig_close(&f.rig);
}

struct typist {
	struct fx *f;
	uint16_t code;
};

#define STROKES 300

static void *type(void *arg)
{
	struct typist *t = arg;

	for (unsigned i = 0; i < STROKES; i++) {
		struct patience p = patience_new();

		while (key(t->f, t->code, i % 2 == 0) == -ENOBUFS)
			if (!patience_wait(&p))
				return t;
		input_leds(t->f->rig.dev);
	}
	return NULL;
}

static void typed_from_two_threads(void **state)
{
	struct typist a, b;
	unsigned seen[2] = { 0, 0 }, inside = 0;
	pthread_t ta, tb;
	void *late;
	struct fx f;

	(void)state;
	open_as(&f, &vio_profile_aero_w7, "keyboard", RIG_THREADS);
	up_sized(&f, QSIZE);
	post(&f, QSIZE);
	a = (struct typist){ &f, KEY_A };
	b = (struct typist){ &f, KEY_B };
	assert_int_equal(0, pthread_create(&ta, NULL, type, &a));
	assert_int_equal(0, pthread_create(&tb, NULL, type, &b));
	while (seen[0] + seen[1] < 2 * STROKES || inside) {
		struct virtio_input_event e;
		uint32_t len;
		int id = rig_collect(&f.rig, &f.ev, &len);

		assert_int_equal(8, len);
		guest_peek(f.rig.guest, f.gpa[id], &e, sizeof(e));
		if (e.type == EV_SYN) {
			assert_int_equal(1, inside);
			inside = 0;
		} else {
			unsigned who = e.code == KEY_B;

			assert_int_equal(seen[who]++ % 2 == 0, e.value);
			inside++;
		}
		post_at(&f, f.gpa[id], 8, true);
	}
	pthread_join(ta, &late);
	assert_null(late);
	pthread_join(tb, &late);
	assert_null(late);
	rig_close(&f.rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(c3_3_5_one_event_per_buffer),
		cmocka_unit_test(buffer_in_pieces),
		cmocka_unit_test(c3_3_5_report_waits_to_be_whole),
		cmocka_unit_test(c3_3_5_dropped_whole_and_counted),
		cmocka_unit_test(release_lost_is_made_up_for),
		cmocka_unit_test(c3_3_5_no_auto_repeat),
		cmocka_unit_test(foreign_events_are_refused),
		cmocka_unit_test(tablet_stays_on_its_axes),
		cmocka_unit_test(bad_buffers_are_given_back),
		cmocka_unit_test(more_buffers_than_descriptors),
		cmocka_unit_test(small_queue_drops_what_cannot_fit),
		cmocka_unit_test(c3_3_5_statusq_consumed),
		cmocka_unit_test(several_leds_in_one_buffer),
		cmocka_unit_test(nothing_without_a_driver),
		cmocka_unit_test(reset_forgets_and_writes_nothing),
		cmocka_unit_test(without_bus_master_buffers_stay_the_drivers),
		cmocka_unit_test(typed_from_two_threads),
	};

	return formats_run("virtio-input events", tests,
			   sizeof(tests) / sizeof(tests[0]), NULL);
}
