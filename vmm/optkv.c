#include "vmm/optkv.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEYS_MAX 32     /* one bit each remembers what was given */

/* ---- words -------------------------------------------------------------------- */

#define NEAR_LEN 24

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;

	return m < c ? m : c;
}

/* Letters to change, add or drop. */
static unsigned distance(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b);
	unsigned row[NEAR_LEN + 1];

	if (la > NEAR_LEN || lb > NEAR_LEN)
		return NEAR_LEN;
	for (unsigned j = 0; j <= lb; j++)
		row[j] = j;
	for (unsigned i = 1; i <= la; i++) {
		unsigned diagonal = row[0];

		row[0] = i;
		for (unsigned j = 1; j <= lb; j++) {
			unsigned above = row[j];

			row[j] = min3(above + 1, row[j - 1] + 1,
				      diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[lb];
}

const char *optkv_nearest(const char *word, const char *const *words)
{
	unsigned best = strlen(word) < 4 ? 2 : 3;       /* and not more */
	const char *found = NULL;

	for (; *words; words++) {
		unsigned d = distance(word, *words);

		if (d < best) {
			best = d;
			found = *words;
		}
	}
	return found;
}

static void append(char *to, size_t len, const char *what)
{
	size_t at = strlen(to);

	snprintf(to + at, len - at, "%s%s", at ? ", " : "", what);
}

/* ---- values -------------------------------------------------------------------- */

int optkv_size(const char *text, uint64_t *out)
{
	static const char units[] = "KMGT";
	const char *unit;
	unsigned long long n;
	unsigned shift = 0;
	char *end;

	if (*text < '0' || *text > '9')
		return -EINVAL;         /* strtoull takes signs and spaces */
	errno = 0;
	n = strtoull(text, &end, 10);
	if (errno)
		return -ERANGE;
	if (*end) {
		unit = strchr(units, *end >= 'a' ? *end - 'a' + 'A' : *end);
		if (!unit || end[1])
			return -EINVAL;
		shift = 10 * (unsigned)(unit - units + 1);
	}
	if (shift && n >> (64 - shift))
		return -ERANGE;
	*out = (uint64_t)n << shift;
	return 0;
}

static void print_size(char *to, size_t len, uint64_t size)
{
	static const char *const units[] = { "", "K", "M", "G", "T" };
	unsigned unit = 0;

	while (unit < 4 && size && size % 1024 == 0) {
		size /= 1024;
		unit++;
	}
	snprintf(to, len, "%" PRIu64 "%s", size, units[unit]);
}

struct item {
	const char *option, *value;
	const struct optkv_key *key;
	char *err;
	size_t errlen;
};

static int bad_number(const struct item *it)
{
	const struct optkv_key *k = it->key;
	char min[24], max[24];

	if (k->type == OPTKV_SIZE) {
		print_size(min, sizeof(min), k->min);
		print_size(max, sizeof(max), k->max);
	} else {
		snprintf(min, sizeof(min), "%" PRIu64, k->min);
		snprintf(max, sizeof(max), "%" PRIu64, k->max);
	}
	snprintf(it->err, it->errlen, "%s: %s=%s is not a %s from %s to %s%s",
		 it->option, k->name, it->value, k->type == OPTKV_SIZE ?
		 "size" : "number", min, max, k->type == OPTKV_SIZE ?
		 " (bytes, or with K, M, G, T)" : "");
	return -EINVAL;
}

static int set_number(const struct item *it, void *to)
{
	const struct optkv_key *k = it->key;
	uint64_t n;

	if (optkv_size(it->value, &n) < 0 || n < k->min || n > k->max)
		return bad_number(it);
	if (k->type == OPTKV_SIZE)
		*(uint64_t *)to = n;
	else if (strspn(it->value, "0123456789") != strlen(it->value))
		return bad_number(it);
	else
		*(unsigned *)to = (unsigned)n;
	return 0;
}

static int set_flag(const struct item *it, void *to)
{
	if (strcmp(it->value, "on") && strcmp(it->value, "off")) {
		snprintf(it->err, it->errlen, "%s: %s=%s: say on or off",
			 it->option, it->key->name, it->value);
		return -EINVAL;
	}
	*(bool *)to = !strcmp(it->value, "on");
	return 0;
}

static int set_word(const struct item *it, void *to)
{
	const char *const *words = it->key->words;
	char known[160] = "";

	for (int i = 0; words[i]; i++) {
		if (!strcmp(words[i], it->value)) {
			*(int *)to = i;
			return 0;
		}
		append(known, sizeof(known), words[i]);
	}
	snprintf(it->err, it->errlen, "%s: %s=%s is not one of %s", it->option,
		 it->key->name, it->value, known);
	return -EINVAL;
}

static int set_value(const struct item *it, void *obj)
{
	void *to = (char *)obj + it->key->off;

	switch (it->key->type) {
	case OPTKV_FLAG:
		return set_flag(it, to);
	case OPTKV_NUMBER:
	case OPTKV_SIZE:
		return set_number(it, to);
	case OPTKV_WORD:
		return set_word(it, to);
	case OPTKV_TEXT:
		break;
	}
	if (!*it->value && !it->key->lone) {
		snprintf(it->err, it->errlen, "%s: %s is empty", it->option,
			 it->key->name);
		return -EINVAL;
	}
	*(const char **)to = it->value;
	return 0;
}

/* ---- lists ---------------------------------------------------------------------- */

/* Cuts the next item off and makes double commas single. */
static char *next_item(char **text)
{
	char *item = *text, *to = item, *from = item;

	if (!item)
		return NULL;
	while (*from && (*from != ',' || from[1] == ',')) {
		if (*from == ',')
			from++;
		*to++ = *from++;
	}
	*text = *from ? from + 1 : NULL;
	*to = '\0';
	return item;
}

static int unknown(const char *option, const char *name,
		   const struct optkv_key *keys, unsigned nkeys, char *err,
		   size_t errlen)
{
	const char *names[KEYS_MAX + 1] = { NULL };
	char known[256] = "";
	const char *near;

	for (unsigned i = 0; i < nkeys; i++) {
		names[i] = keys[i].name;
		append(known, sizeof(known), keys[i].name);
	}
	near = optkv_nearest(name, names);
	snprintf(err, errlen, "%s: unknown key '%s'%s%s%s; there is %s. A comma "
		 "inside a value is written twice", option, name, near ?
		 " (did you mean " : "", near ? near : "", near ? "?)" : "",
		 known);
	return -EINVAL;
}

static const struct optkv_key *find_key(const struct optkv_key *keys,
					unsigned nkeys, const char *name)
{
	for (unsigned i = 0; i < nkeys; i++)
		if (!strcmp(keys[i].name, name))
			return &keys[i];
	return NULL;
}

/* Splits an item into key and value. The first one is the first key's value
 * unless it begins as a key does, so that a path may hold '='. */
static int split(char *text, bool first, const struct optkv_key *keys,
		 unsigned nkeys, struct item *it)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz-";
	size_t name = strspn(text, letters);

	if (first && text[name] != '=') {
		it->key = &keys[0];
		it->value = text;
		return 0;
	}
	it->value = NULL;
	if (text[name] == '=') {
		text[name] = '\0';
		it->value = text + name + 1;
	}
	it->key = find_key(keys, nkeys, text);
	if (!it->key)
		return unknown(it->option, text, keys, nkeys, it->err,
			       it->errlen);
	if (!it->value && (it->key->type == OPTKV_FLAG ||
			   (it->key->type == OPTKV_WORD && it->key->lone)))
		it->value = "on";
	if (it->value)
		return 0;
	snprintf(it->err, it->errlen, "%s: %s needs a value (%s=...)",
		 it->option, text, text);
	return -EINVAL;
}

int optkv_parse(const char *option, char *text, const struct optkv_key *keys,
		unsigned nkeys, void *obj, char *err, size_t errlen)
{
	struct item it = { .option = option, .err = err, .errlen = errlen };
	uint32_t given = 0;
	/* A yes or no has no value that could stand alone. */
	bool first = keys[0].type != OPTKV_FLAG;
	char *one;
	int ret;

	while ((one = next_item(&text))) {
		uint32_t bit;

		ret = split(one, first, keys, nkeys, &it);
		if (ret < 0)
			return ret;
		first = false;
		bit = UINT32_C(1) << (it.key - keys);
		if (given & bit) {
			snprintf(err, errlen, "%s: %s is given twice", option,
				 it.key->name);
			return -EINVAL;
		}
		given |= bit;
		ret = set_value(&it, obj);
		if (ret < 0)
			return ret;
	}
	if ((given & 1) || keys[0].optional || keys[0].type == OPTKV_FLAG)
		return 0;
	snprintf(err, errlen, "%s: %s is missing", option, keys[0].name);
	return -EINVAL;
}
