#include "devices/base/irqgate.h"

#include "devices/base/container.h"

static void set(struct irq_line *line, bool level)
{
	struct irqgate *g = container_of(line, struct irqgate, line);

	if (level && __atomic_load_n(&g->shut, __ATOMIC_RELAXED))
		return;
	if (!level && !g->up)
		return;
	g->up = level;
	irq_set(g->to, level);
}

void irqgate_init(struct irqgate *g, struct irq_line *to)
{
	*g = (struct irqgate){ .line = { .set = set }, .to = to };
}

void irqgate_shut(struct irqgate *g, bool shut)
{
	__atomic_store_n(&g->shut, shut, __ATOMIC_RELAXED);
}
