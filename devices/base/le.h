/*
 * Little-endian words whose byte order is part of their type, so that a raw
 * assignment from or to guest memory does not compile.
 *
 * le*_get / le*_put convert a private copy. le*_load / le*_store access a word
 * that the guest may change at the same time: one access, never repeated.
 * Any thread.
 */
#ifndef DEVICES_BASE_LE_H
#define DEVICES_BASE_LE_H

#include <endian.h>
#include <stdint.h>

typedef struct { uint16_t raw; } le16;
typedef struct { uint32_t raw; } le32;
typedef struct { uint64_t raw; } le64;

#define LE_DEFINE(bits)                                                        \
static inline uint##bits##_t le##bits##_get(le##bits v)                        \
{                                                                              \
	return le##bits##toh(v.raw);                                           \
}                                                                              \
static inline le##bits le##bits##_put(uint##bits##_t v)                        \
{                                                                              \
	return (le##bits){ htole##bits(v) };                                   \
}                                                                              \
static inline uint##bits##_t le##bits##_load(const le##bits *p)                \
{                                                                              \
	return le##bits##toh(__atomic_load_n(&p->raw, __ATOMIC_RELAXED));      \
}                                                                              \
static inline uint##bits##_t le##bits##_load_acquire(const le##bits *p)        \
{                                                                              \
	return le##bits##toh(__atomic_load_n(&p->raw, __ATOMIC_ACQUIRE));      \
}                                                                              \
static inline void le##bits##_store(le##bits *p, uint##bits##_t v)             \
{                                                                              \
	__atomic_store_n(&p->raw, htole##bits(v), __ATOMIC_RELAXED);           \
}                                                                              \
static inline void le##bits##_store_release(le##bits *p, uint##bits##_t v)     \
{                                                                              \
	__atomic_store_n(&p->raw, htole##bits(v), __ATOMIC_RELEASE);           \
}

LE_DEFINE(16)
LE_DEFINE(32)
LE_DEFINE(64)

#endif
