#include "devices/audio/riff.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "devices/base/le.h"

enum { TAG_PCM = 1, TAG_FLOAT = 3, TAG_EXTENSIBLE = 0xfffe };

static const struct { uint16_t tag, bits; } formats[] = {
	[SNDIO_U8] = { TAG_PCM, 8 },
	[SNDIO_S16] = { TAG_PCM, 16 },
	[SNDIO_S24_3] = { TAG_PCM, 24 },
	[SNDIO_S32] = { TAG_PCM, 32 },
	[SNDIO_FLOAT] = { TAG_FLOAT, 32 },
};

struct chunk {
	char id[4];
	le32 len;
};

struct fmt {
	le16 tag, channels;
	le32 rate, bytes_per_second;
	le16 frame_bytes, bits;
};
_Static_assert(sizeof(struct fmt) == 16, "WAVE fmt");

/* What an extensible format adds: its first word is the format itself. */
struct fmt_ext {
	struct fmt fmt;
	le16 ext_len, valid_bits;
	le16 mask[2], tag;
};

/* ---- writing -------------------------------------------------------------- */

static unsigned put(uint8_t *head, unsigned at, const void *from, size_t len)
{
	memcpy(head + at, from, len);
	return at + (unsigned)len;
}

static unsigned put_chunk(uint8_t *head, unsigned at, const char *id,
			  uint32_t len)
{
	struct chunk c = { .len = le32_put(len) };

	memcpy(c.id, id, sizeof(c.id));
	return put(head, at, &c, sizeof(c));
}

unsigned riff_head(uint8_t head[RIFF_HEAD_MAX], const struct sndio_params *p,
		   uint32_t data)
{
	uint32_t frame = (uint32_t)sndio_frame_bytes(p);
	struct fmt fmt = {
		.tag = le16_put(formats[p->format].tag),
		.channels = le16_put(p->channels), .rate = le32_put(p->rate),
		.bytes_per_second = le32_put(p->rate * frame),
		.frame_bytes = le16_put((uint16_t)frame),
		.bits = le16_put(formats[p->format].bits),
	};
	/* All but PCM say that they add nothing, and how many frames. */
	bool pcm = formats[p->format].tag == TAG_PCM;
	le32 frames = le32_put(data / frame);
	unsigned at = 8, all;

	at = put(head, at, "WAVE", 4);
	at = put_chunk(head, at, "fmt ", pcm ? 16 : 18);
	at = put(head, at, &fmt, sizeof(fmt));
	if (!pcm) {
		at = put(head, at, "\0\0", 2);
		at = put_chunk(head, at, "fact", sizeof(frames));
		at = put(head, at, &frames, sizeof(frames));
	}
	at = put_chunk(head, at, "data", data);
	all = at - 8 + data + data % 2;
	put_chunk(head, 0, "RIFF", all);
	return at;
}

/* ---- reading -------------------------------------------------------------- */

static int read_at(int fd, uint64_t off, void *to, size_t len)
{
	ssize_t n = pread(fd, to, len, (off_t)off);

	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -ENODATA;
}

static int take_format(int fd, uint64_t off, uint32_t len,
		       struct sndio_params *p)
{
	struct fmt_ext e = { 0 };
	size_t n = len < sizeof(e) ? sizeof(e.fmt) : sizeof(e);
	uint16_t tag, bits;
	int err;

	if (len < sizeof(e.fmt))
		return -EINVAL;
	err = read_at(fd, off, &e, n);
	if (err)
		return err;
	tag = le16_get(e.fmt.tag);
	if (tag == TAG_EXTENSIBLE)
		tag = le16_get(e.tag);
	bits = le16_get(e.fmt.bits);
	p->rate = le32_get(e.fmt.rate);
	if (le16_get(e.fmt.channels) == 0 || le16_get(e.fmt.channels) > 255 ||
	    p->rate == 0)
		return -EINVAL;
	p->channels = (uint8_t)le16_get(e.fmt.channels);
	for (unsigned i = 0; i < SNDIO_FORMATS; i++) {
		p->format = (enum sndio_format)i;
		if (formats[i].tag == tag && formats[i].bits == bits &&
		    sndio_frame_bytes(p) == le16_get(e.fmt.frame_bytes))
			return 0;
	}
	return -EINVAL;
}

static int find_data(int fd, uint64_t size, struct riff_sound *s,
		     const char **why)
{
	bool formatted = false;
	uint64_t at = 12;

	for (;;) {
		struct chunk c;
		uint32_t len;
		int err = read_at(fd, at, &c, sizeof(c));

		*why = "has no sound in it";
		if (err)
			return err == -ENODATA ? -EINVAL : err;
		len = le32_get(c.len);
		at += sizeof(c);
		if (memcmp(c.id, "fmt ", 4) == 0) {
			*why = "is not PCM of 8, 16, 24 or 32 bits, nor "
			       "32-bit float";
			err = take_format(fd, at, len, &s->params);
			if (err)
				return err == -ENODATA ? -EINVAL : err;
			formatted = true;
		} else if (memcmp(c.id, "data", 4) == 0) {
			s->off = at;
			/* A recorder that was killed leaves 0 or nonsense. */
			s->len = len && at + len <= size ? len : size - at;
			*why = "does not say its format";
			return formatted ? 0 : -EINVAL;
		}
		at += (uint64_t)len + len % 2;
	}
}

int riff_read(int fd, struct riff_sound *s, const char **why)
{
	uint8_t head[12];
	struct stat st;
	int err;

	if (fstat(fd, &st) < 0)
		return -errno;
	*why = "is not a regular file";
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	*why = "is not a WAV file";
	err = read_at(fd, 0, head, sizeof(head));
	if (err)
		return err == -ENODATA ? -EINVAL : err;
	if (memcmp(head, "RIFF", 4) != 0 || memcmp(head + 8, "WAVE", 4) != 0)
		return -EINVAL;
	err = find_data(fd, (uint64_t)st.st_size, s, why);
	if (err)
		return err;
	s->len -= s->len % sndio_frame_bytes(&s->params);
	return 0;
}
