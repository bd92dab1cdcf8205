/*
 * Image files for tests of the block backends: made in TMPDIR or a folder of
 * the test's choice, and taken away again. One thread.
 */
#ifndef TESTS_LIB_IMG_H
#define TESTS_LIB_IMG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A new file of size bytes in dir (NULL: TMPDIR or /tmp); its path is put
 * into path[PATH_MAX]. Returns a descriptor. */
int img_make(const char *dir, uint64_t size, char *path);

/* A folder of its own with a file system of that many bytes; needs root and
 * the right to mount. False: not possible here, why says so. */
bool img_small_fs(uint64_t bytes, char *dir, const char **why);
void img_small_fs_gone(const char *dir);
/* The folder is on tmpfs. */
bool img_on_tmpfs(const char *dir);

/* What is written to stderr between the two goes to buf. */
void img_catch_stderr(void);
void img_caught(char *buf, size_t len);

#endif
