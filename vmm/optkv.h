/*
 * An option's value as a list of keys: "FIRST[,key=value][,key]...".
 *
 * The first item may be the first key's value alone; a key that is a yes or no
 * may stand by its name; two commas are one comma of the text. Sizes take K, M,
 * G, T (powers of 1024). What the keys are and where their values go is a
 * table. Pure; any thread.
 */
#ifndef VMM_OPTKV_H
#define VMM_OPTKV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum optkv_type {
	OPTKV_TEXT,             /* const char *, into the parsed text */
	OPTKV_FLAG,             /* bool: name, name=on, name=off */
	OPTKV_NUMBER,           /* unsigned */
	OPTKV_SIZE,             /* uint64_t, bytes */
	OPTKV_WORD,             /* int: index of the word in words */
};

struct optkv_key {
	const char *name;
	enum optkv_type type;
	size_t off;                     /* in the object */
	uint64_t min, max;              /* NUMBER, SIZE */
	const char *const *words;       /* WORD: ends with NULL */
	bool lone;                      /* TEXT: may be empty. WORD: the key
					 * by itself means "on" */
	bool optional;                  /* of the first key: may be missing, as
					 * a first key that is a FLAG may */
};

/*
 * text is cut up and must live as long as the object's strings. option: for
 * messages ("--disk"). 0, or -EINVAL with one sentence in err.
 */
int optkv_parse(const char *option, char *text, const struct optkv_key *keys,
		unsigned nkeys, void *obj, char *err, size_t errlen);

/* "512", "64K", "2G": 0, or -EINVAL: no such number; -ERANGE: > 64 bits. */
int optkv_size(const char *text, uint64_t *out);

/* The word most like the given one, or NULL if none is; words end with NULL. */
const char *optkv_nearest(const char *word, const char *const *words);

#endif
