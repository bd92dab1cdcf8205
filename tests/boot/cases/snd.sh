# shellcheck shell=bash
# An unmodified virtio_snd driver: what aplay plays is in the WAV file bit by
# bit, what arecord records is the source's beginning bit by bit; and of an aplay
# that is starved nothing but silence is between its samples.

variants=(wav-modern wav-starved)

BYTES=384000    # two seconds of 48 kHz, stereo, 16 bits

# A WAV file of raw samples: $1 channels, $2 samples, $3 result.
wav_of() {
	local bytes

	bytes=$(stat -c %s "$2")
	le() { printf "\\x$(printf %02x $(($1 & 255)))\\x$(printf %02x $(($1 >> 8 & 255)))\\x$(printf %02x $(($1 >> 16 & 255)))\\x$(printf %02x $(($1 >> 24 & 255)))"; }
	{
		printf RIFF; le $((bytes + 36)); printf 'WAVEfmt '; le 16
		printf "\\x01\\x00\\x0$1\\x00"; le 48000; le $((96000 * $1))
		printf "\\x0$((2 * $1))\\x00\\x10\\x00data"; le "$bytes"
		cat "$2"
	} >"$3"
}

# The samples of a raw file on standard input that are not silence.
sounds() {
	od -An -v -w4 -tx1 | grep -v '00 00 00 00'
}

starved() {
	random_file disk.img 1
	head -c $((2 * BYTES)) disk.img | sounds >want
	boot -k devs -a "aerotest=starve,dmesg want_bytes=$BYTES" --disk disk.img \
		--sound wav:out.wav
	expect_rc 0
	expect_tests aplay starved dmesg
	tail -c +45 out.wav | sounds >got
	cmp want got || fail 'the WAV file holds something that was not played'
}

run_case() {
	if [ "$1" = wav-starved ]; then
		starved
		return
	fi
	random_file disk.img 1
	head -c $BYTES disk.img >play.raw
	head -c 400000 /dev/urandom >source.raw
	wav_of 1 source.raw source.wav
	boot -k devs -a "aerotest=snd,dmesg want_bytes=$BYTES" --disk disk.img \
		--sound wav:out.wav,in=source.wav
	expect_rc 0
	expect_tests aplay arecord
	expect_sum play play.raw
	# Silence may stand around the samples, nothing may stand between them.
	holds play.raw out.wav || fail 'the WAV file does not hold what was played'
	head -c 96000 source.raw >recorded.raw
	expect_sum recorded recorded.raw
}

# Is file $1 a run of bytes of file $2? By cmp, at the place where its first
# frame that is not silence stands.
holds() {
	local at size

	size=$(stat -c %s "$1")
	for at in $(seq 44 4 $((44 + 4 * 48000))); do
		if cmp -s -n 16 -i "0:$at" "$1" "$2"; then
			cmp -s -n "$size" -i "0:$at" "$1" "$2" && return 0
		fi
	done
	return 1
}
