/* From a member to the struct that embeds it. */
#ifndef DEVICES_BASE_CONTAINER_H
#define DEVICES_BASE_CONTAINER_H

#include <stddef.h>

#define container_of(ptr, type, member)                                        \
	((type *)(void *)((char *)(ptr) - offsetof(type, member)))

#endif
