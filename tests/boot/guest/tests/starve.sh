# shellcheck shell=dash
# aplay of two halves that come seconds apart: in between it has nothing to play.
# The first half is on the disk, the second after it; each of want_bytes.

# As for snd.sh.
rmmod virtio_snd
insmod /lib/virtio_snd.ko pcm_buffer_ms=2000 pcm_period_ms_max=500
tries=0
until [ -e /dev/snd/pcmC0D0p ] || [ $tries -gt 50 ]; do
	tries=$((tries + 1))
	usleep 100000
done
halves() {
	head -c "$want_bytes" /tmp/sound
	sleep 5
	tail -c +$((want_bytes + 1)) /tmp/sound
}

head -c $((2 * want_bytes)) /dev/vda >/tmp/sound
halves | aplay -D hw:0,0 -t raw -f S16_LE -r 48000 -c 2 --buffer-time=1000000 \
	--period-time=250000 - >/tmp/aplay 2>&1
expect aplay $? 0
cat /tmp/aplay
try starved grep -q 'underrun' /tmp/aplay
