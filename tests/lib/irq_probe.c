#include "tests/lib/irq_probe.h"

static void line_set(struct irq_line *line, bool level)
{
	struct irq_probe *p = (struct irq_probe *)line;

	pthread_mutex_lock(&p->lock);
	p->calls++;
	if (level && !p->level)
		p->raised++;
	else if (!level && p->level)
		p->lowered++;
	p->level = level;
	pthread_mutex_unlock(&p->lock);
}

void irq_probe_init(struct irq_probe *p)
{
	*p = (struct irq_probe){ .line = { line_set } };
	pthread_mutex_init(&p->lock, NULL);
}

bool irq_probe_level(struct irq_probe *p)
{
	bool level;

	pthread_mutex_lock(&p->lock);
	level = p->level;
	pthread_mutex_unlock(&p->lock);
	return level;
}

unsigned irq_probe_raised(struct irq_probe *p)
{
	unsigned n;

	pthread_mutex_lock(&p->lock);
	n = p->raised;
	pthread_mutex_unlock(&p->lock);
	return n;
}

static void msi_send(struct msi_sink *sink, uint64_t addr, uint32_t data)
{
	struct msi_probe *p = (struct msi_probe *)sink;

	pthread_mutex_lock(&p->lock);
	p->last[p->n++ % MSI_PROBE_LAST] = (struct msi_probe_msg){ addr, data };
	pthread_mutex_unlock(&p->lock);
}

void msi_probe_init(struct msi_probe *p)
{
	*p = (struct msi_probe){ .sink = { .send = msi_send } };
	pthread_mutex_init(&p->lock, NULL);
}

unsigned msi_probe_n(struct msi_probe *p)
{
	unsigned n;

	pthread_mutex_lock(&p->lock);
	n = p->n;
	pthread_mutex_unlock(&p->lock);
	return n;
}

struct msi_probe_msg msi_probe_msg(struct msi_probe *p, unsigned i)
{
	struct msi_probe_msg msg = { 0 };

	pthread_mutex_lock(&p->lock);
	if (i < p->n && p->n - i <= MSI_PROBE_LAST)
		msg = p->last[i % MSI_PROBE_LAST];
	pthread_mutex_unlock(&p->lock);
	return msg;
}
