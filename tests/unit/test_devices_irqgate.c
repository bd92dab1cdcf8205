/* A line with a gate in it: devices/base/irqgate. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "devices/base/container.h"
#include "devices/base/irqgate.h"

/* What is behind the gate, where somebody shuts it once the line is up. */
struct wire {
	struct irq_line line;
	struct irqgate *shut_when_up;
	bool level;
	unsigned rises, calls;
};

static void wire_set(struct irq_line *line, bool level)
{
	struct wire *w = container_of(line, struct wire, line);

	w->calls++;
	w->rises += level && !w->level;
	w->level = level;
	if (level && w->shut_when_up)
		irqgate_shut(w->shut_when_up, true);
}

static void open_it_lets_all_through(void **state)
{
	struct wire w = { .line = { wire_set } };
	struct irqgate g;

	(void)state;
	irqgate_init(&g, &w.line);
	irq_set(&g.line, true);
	assert_true(w.level);
	irq_set(&g.line, false);
	assert_false(w.level);
	irq_pulse(&g.line);
	assert_int_equal(w.rises, 2);
}

static void shut_it_lets_nothing_through(void **state)
{
	struct wire w = { .line = { wire_set } };
	struct irqgate g;

	(void)state;
	irqgate_init(&g, &w.line);
	irqgate_shut(&g, true);
	irq_pulse(&g.line);
	assert_int_equal(w.calls, 0);
	/* Nor does it let go what another driver behind it holds up. */
	irq_set(&w.line, true);
	irq_pulse(&g.line);
	assert_true(w.level);
	irq_set(&w.line, false);
	irqgate_shut(&g, false);
	irq_pulse(&g.line);
	assert_int_equal(w.rises, 2);
}

/* The other thread's moment: between a pulse's rise and its fall. */
static void what_is_up_goes_down(void **state)
{
	struct wire w = { .line = { wire_set } };
	struct irqgate g;

	(void)state;
	irqgate_init(&g, &w.line);
	w.shut_when_up = &g;
	irq_pulse(&g.line);
	assert_int_equal(w.rises, 1);
	assert_false(w.level);
	irq_pulse(&g.line);
	assert_int_equal(w.rises, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(open_it_lets_all_through),
		cmocka_unit_test(shut_it_lets_nothing_through),
		cmocka_unit_test(what_is_up_goes_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
