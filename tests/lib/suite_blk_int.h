/* Between the files of the suite. */
#ifndef TESTS_LIB_SUITE_BLK_INT_H
#define TESTS_LIB_SUITE_BLK_INT_H

#include "tests/lib/blkrig.h"

#define OK VIRTIO_BLK_S_OK
#define IOERR VIRTIO_BLK_S_IOERR
#define UNSUPP VIRTIO_BLK_S_UNSUPP
#define IN VIRTIO_BLK_T_IN
#define OUT VIRTIO_BLK_T_OUT
#define FLUSH VIRTIO_BLK_T_FLUSH

extern const struct vtest blk_framing_tests[];
extern const unsigned blk_framing_ntests;
extern const struct vtest blk_backend_tests[];
extern const unsigned blk_backend_ntests;

/* A blkrig that is up, with its pattern in place; variant.kind: blk_image. */
int blk_setup(void **state);
int blk_teardown(void **state);

/* used.len by the profile: what was written, or 0 under the contract. */
void blk_expect_len(const struct blkrig *, uint32_t written,
		    const struct blkresult *);
/* The request ends with that status, and neither image nor data buffers
 * changed: used.len counts the status only where it is all there was to
 * write. */
void blk_expect_nothing(struct blkrig *, int status, const struct blkresult *);

#endif
