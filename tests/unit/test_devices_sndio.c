/* Description: sound backends keep time and every bit. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "devices/audio/sndio_int.h"
#include "tests/lib/rnd.h"

#define S UINT64_C(1000000000)
#define T0 (123 * S + 456)

static const struct sndio_params cd = { 44100, 2, SNDIO_S16 };
static const struct sndio_params usual = { 48000, 2, SNDIO_S16 };
static const struct sndio_params voice = { 48000, 1, SNDIO_S16 };

static char dir[64], path[128], in[128];

static int make_dir(void **state)
{
	const char *tmp = getenv("TMPDIR");

	(void)state;
	snprintf(dir, sizeof(dir), "%.40s/sndio.XXXXXX", tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/out.wav", dir);
	snprintf(in, sizeof(in), "%s/in.wav", dir);
	return 0;
}

static int remove_dir(void **state)
{
	char cmd[160];

	(void)state;
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	return system(cmd);
}

static size_t slurp(const char *name, uint8_t *to, size_t max)
{
	FILE *f = fopen(name, "rb");
	size_t n;

	assert_non_null(f);
	n = fread(to, 1, max, f);
	fclose(f);
	return n;
}

static void spit(const char *name, const void *from, size_t len)
{
	FILE *f = fopen(name, "wb");

	assert_non_null(f);
	assert_int_equal(len, fwrite(from, 1, len, f));
	fclose(f);
}

static struct sndio *open_ok(const char *spec, const char *from)
{
	const struct sndio_cfg cfg = { spec, from };
	struct sndio *io = NULL;
	char err[256] = "";

	if (sndio_open(&io, &cfg, err, sizeof(err)) != 0)
		fail_msg("%s", err);
	return io;
}

static void open_fails(const char *spec, const char *from, int code,
		       const char *says)
{
	const struct sndio_cfg cfg = { spec, from };
	struct sndio *io = NULL;
	char err[256] = "";

	assert_int_equal(code, sndio_open(&io, &cfg, err, sizeof(err)));
	if (!strstr(err, says))
		fail_msg("\"%s\" does not say \"%s\"", err, says);
	assert_null(strchr(err, '\n'));
}

static struct sndio *open_wav(const char *from)
{
	char spec[160];

	snprintf(spec, sizeof(spec), "wav:%s", path);
	return open_ok(spec, from);
}

static void begin(struct sndio *io, enum sndio_dir d,
		  const struct sndio_params *p)
{
	sndio_set(io, d, p);
	assert_int_equal(0, sndio_prepare(io, d));
	sndio_start(io, d, T0);
}

/* ---- WAV heads ------------------------------------------------------------ */

static void head_bytes(void **state)
{
	static const char s16[] =
		"RIFF\x2c\x01\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x02\x00"
		"\x44\xac\x00\x00\x10\xb1\x02\x00\x04\x00\x10\x00"
		"data\x08\x01\x00\x00";
	static const char f32[] =
		"RIFF\x3a\x00\x00\x00WAVEfmt \x12\x00\x00\x00\x03\x00\x01\x00"
		"\x40\x1f\x00\x00\x00\x7d\x00\x00\x04\x00\x20\x00\x00\x00"
		"fact\x04\x00\x00\x00\x02\x00\x00\x00"
		"data\x08\x00\x00\x00";
	const struct sndio_params fl = { 8000, 1, SNDIO_FLOAT };
	uint8_t head[RIFF_HEAD_MAX];

	(void)state;
	assert_int_equal(44, riff_head(head, &cd, 264));
	assert_memory_equal(s16, head, 44);
	assert_int_equal(58, riff_head(head, &fl, 8));
	assert_memory_equal(f32, head, 58);
}

static void what_is_written_is_read(void **state)
{
	(void)state;
	for (unsigned f = 0; f < SNDIO_FORMATS; f++) {
		for (uint8_t ch = 1; ch <= 3; ch++) {
			const struct sndio_params p = {
				5512 + f, ch, (enum sndio_format)f,
			};
			struct riff_sound s;
			uint8_t file[RIFF_HEAD_MAX + 48] = { 0 };
			const char *why;
			unsigned n = riff_head(file, &p, 48);
			int fd;

			spit(in, file, n + 48);
			fd = open(in, O_RDONLY);
			assert_int_equal(0, riff_read(fd, &s, &why));
			close(fd);
			assert_int_equal(p.rate, s.params.rate);
			assert_int_equal(p.channels, s.params.channels);
			assert_int_equal(p.format, s.params.format);
			assert_int_equal(n, s.off);
			assert_int_equal(48 - 48 % sndio_frame_bytes(&p),
					 s.len);
		}
	}
}

static int read_file(const void *from, size_t len, struct riff_sound *s,
		     const char **why)
{
	int fd, err;

	spit(in, from, len);
	fd = open(in, O_RDONLY);
	assert_true(fd >= 0);
	err = riff_read(fd, s, why);
	close(fd);
	return err;
}

#define EXT "RIFF\x00\x00\x00\x00WAVELIST\x03\x00\x00\x00" "abcd"             \
	"fmt \x28\x00\x00\x00\xfe\xff\x01\x00\x80\xbb\x00\x00\x80\x32\x02\x00"  \
	"\x03\x00\x18\x00\x16\x00\x18\x00\x04\x00\x00\x00\x01\x00\x00\x00"      \
	"\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71"

static void heads_of_others(void **state)
{
	static const char ext[] = EXT "data\x00\x00\x00\x00" "1234567";
	static const char big[] = EXT "data\xff\xff\xff\xff" "123456";
	struct riff_sound s;
	const char *why;

	(void)state;
	/* An odd chunk before it, extensible, and no length: up to the end. */
	assert_int_equal(0, read_file(ext, sizeof(ext) - 1, &s, &why));
	assert_int_equal(SNDIO_S24_3, s.params.format);
	assert_int_equal(48000, s.params.rate);
	assert_int_equal(6, s.len);
	assert_int_equal(sizeof(ext) - 1 - 7, s.off);
	assert_int_equal(0, read_file(big, sizeof(big) - 1, &s, &why));
	assert_int_equal(6, s.len);
}

static void files_that_are_not_sound(void **state)
{
	static const char ext[] = EXT "data\x00\x00\x00\x00";
	struct riff_sound s;
	const char *why;
	uint8_t adpcm[RIFF_HEAD_MAX];

	(void)state;
	for (size_t n = 0; n < sizeof(ext) - 1; n++)
		assert_int_equal(-EINVAL, read_file(ext, n, &s, &why));
	riff_head(adpcm, &cd, 0);
	adpcm[20] = 2;
	assert_int_equal(-EINVAL, read_file(adpcm, 44, &s, &why));
	assert_non_null(strstr(why, "PCM"));
	riff_head(adpcm, &cd, 0);
	adpcm[22] = 0;
	assert_int_equal(-EINVAL, read_file(adpcm, 44, &s, &why));
	riff_head(adpcm, &cd, 0);
	memcpy(adpcm + 12, "junk", 4);
	assert_int_equal(-EINVAL, read_file(adpcm, 44, &s, &why));
	assert_non_null(strstr(why, "format"));
}

/* ---- the clock ------------------------------------------------------------ */

static void null_takes_its_time(void **state)
{
	struct sndio *io = open_ok("null", NULL);

	(void)state;
	begin(io, SNDIO_PLAY, &cd);
	assert_int_equal(0, sndio_due(io, SNDIO_PLAY, T0));
	assert_int_equal(0, sndio_due(io, SNDIO_PLAY, T0 - 5));
	assert_int_equal(44100, sndio_due(io, SNDIO_PLAY, T0 + S));
	assert_int_equal(T0 + S, sndio_when(io, SNDIO_PLAY, T0, 44100));
	assert_int_equal(0, sndio_play(io, NULL, 0, 100));
	assert_int_equal(44000, sndio_due(io, SNDIO_PLAY, T0 + S));
	sndio_lose(io, SNDIO_PLAY, 43000);
	assert_int_equal(1000, sndio_due(io, SNDIO_PLAY, T0 + S));
	assert_int_equal(T0 + S + S, sndio_when(io, SNDIO_PLAY, T0, 45100));
	assert_int_equal(0, sndio_delay(io, SNDIO_PLAY));
	sndio_close(io);
}

static void a_pause_does_not_count(void **state)
{
	struct sndio *io = open_ok("null", NULL);

	(void)state;
	begin(io, SNDIO_PLAY, &usual);
	sndio_play(io, NULL, 0, 4800);
	/* 200 ms gone, 100 ms played: half a buffer of 200 ms is through. */
	sndio_stop(io, SNDIO_PLAY, T0 + S / 5);
	sndio_start(io, SNDIO_PLAY, T0 + 100 * S);
	assert_int_equal(4800, sndio_due(io, SNDIO_PLAY, T0 + 100 * S));
	assert_int_equal(T0 + 100 * S + S / 10,
			 sndio_when(io, SNDIO_PLAY, T0 + 100 * S, 9600));
	sndio_stop(io, SNDIO_PLAY, T0 + 100 * S);
	/* Prepared anew, it starts from nothing. */
	assert_int_equal(0, sndio_prepare(io, SNDIO_PLAY));
	sndio_start(io, SNDIO_PLAY, T0 + 200 * S);
	assert_int_equal(0, sndio_due(io, SNDIO_PLAY, T0 + 200 * S));
	sndio_close(io);
}

static void when_is_when_it_is_due(void **state)
{
	static const uint32_t rates[] = { 5512, 11025, 44100, 48000, 192000 };
	struct sndio *io = open_ok("null", NULL);
	struct rnd rnd;

	(void)state;
	rnd_init(&rnd, "sndio clock");
	for (unsigned i = 0; i < 20000; i++) {
		const struct sndio_params p = { rates[i % 5], 2, SNDIO_S16 };
		uint64_t frames = rnd_below(&rnd, 100000) + 1, at;

		if (i % 100 < 5)
			begin(io, SNDIO_PLAY, &p);
		at = sndio_when(io, SNDIO_PLAY, T0, frames);
		assert_true(sndio_due(io, SNDIO_PLAY, at) >= frames);
		assert_true(sndio_due(io, SNDIO_PLAY, at - 1) < frames);
		sndio_play(io, NULL, 0, frames);
	}
	/* A year of it neither drifts nor overflows. */
	begin(io, SNDIO_PLAY, &cd);
	assert_int_equal(UINT64_C(44100) * 365 * 86400,
			 sndio_due(io, SNDIO_PLAY, T0 + 365 * 86400 * S));
	sndio_close(io);
}

static void null_records_silence(void **state)
{
	struct sndio *io = open_ok("null", NULL);
	const struct sndio_params u8 = { 8000, 1, SNDIO_U8 };
	uint8_t a[5], b[3];
	const struct iovec iov[] = { { a, 5 }, { b, 3 } };

	(void)state;
	memset(a, 7, 5);
	memset(b, 7, 3);
	begin(io, SNDIO_CAPTURE, &u8);
	sndio_capture(io, iov, 2, 8);
	assert_memory_equal("\x80\x80\x80\x80\x80", a, 5);
	assert_memory_equal("\x80\x80\x80", b, 3);
	begin(io, SNDIO_CAPTURE, &voice);
	sndio_capture(io, iov, 2, 4);
	assert_memory_equal("\0\0\0\0\0", a, 5);
	assert_memory_equal("\0\0\0", b, 3);
	sndio_close(io);
}

/* ---- into a WAV file ------------------------------------------------------ */

static uint8_t file[1 << 20];

static size_t file_sound(const char *name, uint8_t **sound,
			 struct sndio_params *p)
{
	size_t n = slurp(name, file, sizeof(file));
	struct riff_sound s;
	const char *why = "";
	int fd = open(name, O_RDONLY);

	if (riff_read(fd, &s, &why) != 0)
		fail_msg("%s %s", name, why);
	close(fd);
	assert_true(n >= s.off + s.len);
	*p = s.params;
	*sound = file + s.off;
	return s.len;
}

static void play_bytes(struct sndio *io, const void *from, size_t len)
{
	size_t frame = sndio_frame_bytes(&io->params[SNDIO_PLAY]);
	struct iovec iov = { .iov_base = (void *)(uintptr_t)from,
			     .iov_len = len };

	assert_int_equal(0, sndio_play(io, &iov, 1, len / frame));
}

static void wav_is_bit_exact_and_always_whole(void **state)
{
	struct sndio *io = open_wav(NULL);
	uint8_t data[40000], *got;
	struct sndio_params p;
	struct rnd rnd;
	size_t done = 0;

	(void)state;
	rnd_init(&rnd, "wav");
	rnd_fill(&rnd, data, sizeof(data));
	begin(io, SNDIO_PLAY, &usual);
	assert_int_equal(0, file_sound(path, &got, &p));
	while (done < sizeof(data)) {
		size_t n = 4 * (rnd_below(&rnd, 300) + 1), cut;
		struct iovec iov[2];

		if (n > sizeof(data) - done)
			n = sizeof(data) - done;
		cut = rnd_below(&rnd, (uint32_t)n);
		iov[0] = (struct iovec){ data + done, cut };
		iov[1] = (struct iovec){ data + done + cut, n - cut };
		assert_int_equal(0, sndio_play(io, iov, 2, n / 4));
		done += n;
		/* As it would be left by a kill. */
		assert_int_equal(done, file_sound(path, &got, &p));
		assert_memory_equal(data, got, done);
	}
	sndio_close(io);
	assert_int_equal(sizeof(data), file_sound(path, &got, &p));
	assert_memory_equal(data, got, sizeof(data));
	assert_int_equal(usual.rate, p.rate);
	assert_int_equal(44 + sizeof(data), slurp(path, file, sizeof(file)));
}

static void wav_is_padded_to_even(void **state)
{
	const struct sndio_params u8 = { 8000, 1, SNDIO_U8 };
	struct sndio *io = open_wav(NULL);
	struct sndio_params p;
	uint8_t *got;

	(void)state;
	begin(io, SNDIO_PLAY, &u8);
	play_bytes(io, "abc", 3);
	sndio_close(io);
	assert_int_equal(3, file_sound(path, &got, &p));
	assert_memory_equal("abc", got, 4);
	assert_int_equal(48, slurp(path, file, sizeof(file)));
	assert_memory_equal("\x28\0\0\0", file + 4, 4);
}

static void gap_becomes_silence(void **state)
{
	const uint64_t grace = 48000 * SNDIO_WAV_GRACE_MS / 1000;
	struct sndio *io = open_wav(NULL);
	struct sndio_params p;
	uint8_t *got;
	size_t at;

	(void)state;
	begin(io, SNDIO_PLAY, &usual);
	/* Before the first frame there is nothing to have a gap in. */
	sndio_lose(io, SNDIO_PLAY, 48000);
	play_bytes(io, "1234", 4);
	sndio_lose(io, SNDIO_PLAY, grace - 1);
	play_bytes(io, "5678", 4);
	sndio_lose(io, SNDIO_PLAY, grace - 1);
	sndio_lose(io, SNDIO_PLAY, 2);
	play_bytes(io, "abcd", 4);
	/* What comes after a stop is a start, and the end is the end. */
	sndio_lose(io, SNDIO_PLAY, 48000);
	sndio_stop(io, SNDIO_PLAY, T0 + S);
	sndio_start(io, SNDIO_PLAY, T0 + 2 * S);
	play_bytes(io, "efgh", 4);
	sndio_lose(io, SNDIO_PLAY, 48000);
	sndio_close(io);
	assert_int_equal(16 + (grace + 1) * 4, file_sound(path, &got, &p));
	assert_memory_equal("12345678", got, 8);
	for (at = 8; at < 8 + (grace + 1) * 4; at++)
		assert_int_equal(0, got[at]);
	assert_memory_equal("abcdefgh", got + at, 8);
}

static void long_gap_is_cut(void **state)
{
	const struct sndio_params u8 = { 8000, 1, SNDIO_U8 };
	struct sndio *io = open_wav(NULL);
	struct sndio_params p;
	uint8_t *got;

	(void)state;
	begin(io, SNDIO_PLAY, &u8);
	play_bytes(io, "1", 1);
	sndio_lose(io, SNDIO_PLAY, 8000 * 86400);
	play_bytes(io, "2", 1);
	sndio_close(io);
	assert_int_equal(2 + 8000 * SNDIO_WAV_GAP_MAX_S,
			 file_sound(path, &got, &p));
	assert_int_equal(0x80, got[1]);
	assert_int_equal(0x80, got[8000 * SNDIO_WAV_GAP_MAX_S]);
}

static void one_file_a_format(void **state)
{
	struct sndio *io = open_wav(NULL);
	char second[160], third[160];
	struct sndio_params p;
	uint8_t *got;

	(void)state;
	begin(io, SNDIO_PLAY, &cd);
	play_bytes(io, "12345678", 8);
	sndio_stop(io, SNDIO_PLAY, T0);
	sndio_release(io, SNDIO_PLAY);
	begin(io, SNDIO_PLAY, &cd);
	play_bytes(io, "abcd", 4);
	begin(io, SNDIO_PLAY, &voice);
	play_bytes(io, "xy", 2);
	begin(io, SNDIO_PLAY, &cd);
	play_bytes(io, "ABCD", 4);
	sndio_close(io);
	assert_int_equal(12, file_sound(path, &got, &p));
	assert_memory_equal("12345678abcd", got, 12);
	assert_int_equal(44100, p.rate);
	snprintf(second, sizeof(second), "%s/out-2.wav", dir);
	assert_int_equal(2, file_sound(second, &got, &p));
	assert_int_equal(1, p.channels);
	snprintf(third, sizeof(third), "%s/out-3.wav", dir);
	assert_int_equal(4, file_sound(third, &got, &p));
	assert_memory_equal("ABCD", got, 4);
}

static void full_at_4_gib(void **state)
{
	struct sndio *io = open_wav(NULL);
	struct sndio_wav *w = (struct sndio_wav *)(void *)io;
	struct stat st;

	(void)state;
	begin(io, SNDIO_PLAY, &usual);
	/* As if that had been played; the file is sparse. */
	w->data = RIFF_DATA_MAX - RIFF_DATA_MAX % 4 - 8;
	play_bytes(io, "12345678", 8);
	play_bytes(io, "12345678", 8);
	play_bytes(io, "1234", 4);
	assert_int_equal(0, stat(path, &st));
	assert_int_equal(44 + RIFF_DATA_MAX - RIFF_DATA_MAX % 4, st.st_size);
	sndio_close(io);
	assert_int_equal(0, truncate(path, 0));
}

static void host_that_refuses(void **state)
{
	struct sndio *io = open_wav(NULL);
	const struct rlimit small = { 100, RLIM_INFINITY };
	uint8_t data[400] = { 0 };
	struct iovec iov = { data, sizeof(data) };
	struct rlimit was;
	int err;

	(void)state;
	begin(io, SNDIO_PLAY, &usual);
	play_bytes(io, data, 40);
	assert_int_equal(0, getrlimit(RLIMIT_FSIZE, &was));
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(0, setrlimit(RLIMIT_FSIZE,
				      &(struct rlimit){ small.rlim_cur,
							was.rlim_max }));
	err = sndio_play(io, &iov, 1, 100);
	assert_int_equal(0, setrlimit(RLIMIT_FSIZE, &was));
	assert_int_equal(-EFBIG, err);
	/* And goes on when the host allows again. */
	play_bytes(io, data, 4);
	sndio_close(io);
}

static void what_cannot_be_opened(void **state)
{
	char spec[200];

	(void)state;
	open_fails("tape", NULL, -EINVAL, "use null, wav:FILE or alsa");
	open_fails("wav:", NULL, -EINVAL, "no such sound backend");
	open_fails("null", "x.wav", -EINVAL, "in=x.wav goes with wav:FILE");
	open_fails("wav:/nowhere/x.wav", NULL, -ENOENT,
		   "cannot create /nowhere/x.wav: No such file");
	open_fails("wav:/dev/full", NULL, -ENOSPC, "cannot create /dev/full");
	snprintf(spec, sizeof(spec), "wav:%s", path);
	open_fails(spec, "/nowhere/in.wav", -ENOENT, "cannot open in=/nowhere");
	spit(in, "hello", 5);
	open_fails(spec, in, -EINVAL, "is not a WAV file");
	open_fails(spec, dir, -EINVAL, "is not a regular file");
}

/* ---- from a WAV file ------------------------------------------------------ */

static void make_in(const struct sndio_params *p, const void *from,
		    uint32_t len)
{
	uint8_t buf[1024];
	unsigned n = riff_head(buf, p, len);

	memcpy(buf + n, from, len);
	spit(in, buf, n + len);
}

static void records_the_file_then_silence(void **state)
{
	char a[5], b[7];
	const struct iovec iov[] = { { a, 5 }, { b, 7 } };
	struct sndio *io;

	(void)state;
	make_in(&voice, "abcdefghijklmnop", 16);
	io = open_wav(in);
	assert_true(io->only[SNDIO_CAPTURE].fixed);
	assert_false(io->only[SNDIO_PLAY].fixed);
	assert_int_equal(1, io->only[SNDIO_CAPTURE].params.channels);
	begin(io, SNDIO_CAPTURE, &voice);
	sndio_capture(io, iov, 2, 6);
	assert_memory_equal("abcde", a, 5);
	assert_memory_equal("fghijkl", b, 7);
	/* What the guest was too late for is not skipped: a tape waits. */
	sndio_lose(io, SNDIO_CAPTURE, 1000);
	/* A new start goes on, a new session starts over. */
	sndio_stop(io, SNDIO_CAPTURE, T0);
	assert_int_equal(0, sndio_prepare(io, SNDIO_CAPTURE));
	sndio_start(io, SNDIO_CAPTURE, T0);
	sndio_capture(io, iov, 2, 6);
	assert_memory_equal("mnop\0", a, 5);
	assert_memory_equal("\0\0\0\0\0\0\0", b, 7);
	sndio_capture(io, iov, 2, 6);
	assert_memory_equal("\0\0\0\0\0", a, 5);
	begin(io, SNDIO_CAPTURE, &voice);
	sndio_capture(io, iov, 1, 2);
	assert_memory_equal("abcd", a, 4);
	sndio_close(io);
}

static void in_and_out_are_two_files(void **state)
{
	char spec[200];

	(void)state;
	make_in(&voice, "abcd", 4);
	snprintf(spec, sizeof(spec), "wav:%s", in);
	open_fails(spec, in, -EINVAL, "is the file to write to");
	/* It was not harmed. */
	assert_int_equal(48, slurp(in, file, sizeof(file)));
}

/* ---- ALSA ----------------------------------------------------------------- */

#ifdef HAVE_ALSA
/* libasound's own file and null devices stand in for a card. */
static void alsa_plays_every_frame(void **state)
{
	char conf[400], conf_path[160], raw[160];
	uint8_t data[30000], a[100];
	const struct iovec iov = { a, sizeof(a) };
	struct sndio *io;
	struct rnd rnd;
	size_t done = 0;

	(void)state;
	rnd_init(&rnd, "alsa");
	rnd_fill(&rnd, data, sizeof(data));
	snprintf(conf_path, sizeof(conf_path), "%s/asound.conf", dir);
	snprintf(raw, sizeof(raw), "%s/out.raw", dir);
	snprintf(conf, sizeof(conf), "pcm.nil { type null }\npcm.rec { type "
		 "file slave.pcm nil file \"%s\" format raw }\n", raw);
	spit(conf_path, conf, strlen(conf));
	setenv("ALSA_CONFIG_PATH", conf_path, 1);
	io = open_ok("alsa:rec", NULL);
	begin(io, SNDIO_PLAY, &usual);
	while (done < sizeof(data)) {
		uint64_t n = sndio_due(io, SNDIO_PLAY, T0);

		assert_int_not_equal(0, n);
		if (n > (sizeof(data) - done) / 4)
			n = (sizeof(data) - done) / 4;
		play_bytes(io, data + done, n * 4);
		done += n * 4;
		assert_true(sndio_when(io, SNDIO_PLAY, T0, 1) > T0);
	}
	sndio_stop(io, SNDIO_PLAY, T0);
	sndio_release(io, SNDIO_PLAY);
	assert_int_equal(sizeof(data), slurp(raw, file, sizeof(file)));
	assert_memory_equal(data, file, sizeof(data));
	memset(a, 7, sizeof(a));
	begin(io, SNDIO_CAPTURE, &voice);
	sndio_capture(io, &iov, 1, 50);
	assert_int_equal(0, a[0] | a[99]);
	sndio_release(io, SNDIO_CAPTURE);
	sndio_close(io);
	open_fails("alsa:nosuch", NULL, -ENOENT, "aplay -L lists");
	unsetenv("ALSA_CONFIG_PATH");
}
#else
static void alsa_plays_every_frame(void **state)
{
	(void)state;
	open_fails("alsa", NULL, -ENOSYS, "built without ALSA");
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(head_bytes),
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(heads_of_others),
		cmocka_unit_test(files_that_are_not_sound),
		cmocka_unit_test(null_takes_its_time),
		cmocka_unit_test(a_pause_does_not_count),
		cmocka_unit_test(when_is_when_it_is_due),
		cmocka_unit_test(null_records_silence),
		cmocka_unit_test(wav_is_bit_exact_and_always_whole),
		cmocka_unit_test(wav_is_padded_to_even),
		cmocka_unit_test(gap_becomes_silence),
		cmocka_unit_test(long_gap_is_cut),
		cmocka_unit_test(one_file_a_format),
		cmocka_unit_test(full_at_4_gib),
		cmocka_unit_test(host_that_refuses),
		cmocka_unit_test(what_cannot_be_opened),
		cmocka_unit_test(records_the_file_then_silence),
		cmocka_unit_test(in_and_out_are_two_files),
		cmocka_unit_test(alsa_plays_every_frame),
	};

	return cmocka_run_group_tests_name("sndio", tests, make_dir,
					   remove_dir);
}
