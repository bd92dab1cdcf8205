# shellcheck shell=dash
# Sound by aplay and arecord. The file that is played stands on the disk.

# A machine that is emulated may stand still for a second; the driver's usual
# buffer is shorter than that.
rmmod virtio_snd
insmod /lib/virtio_snd.ko pcm_buffer_ms=2000 pcm_period_ms_max=500
tries=0
until [ -e /dev/snd/pcmC0D0p ] || [ $tries -gt 50 ]; do
	tries=$((tries + 1))
	usleep 100000
done
try playback-device [ -e /dev/snd/pcmC0D0p ]
mkdir -p /dev/snd
# Raw samples, so that nothing but the device decides what they become.
head -c "$want_bytes" /dev/vda >/tmp/play.raw
echo "SUM play $(sha256sum </tmp/play.raw)"
try aplay aplay -q -D hw:0,0 -t raw -f S16_LE -r 48000 -c 2 \
	--buffer-time=4000000 --period-time=500000 /tmp/play.raw
try arecord arecord -q -D "hw:0,${want_capture:-0}" -t raw -f S16_LE -r 48000 \
	-c 1 -d 2 --buffer-time=4000000 --period-time=500000 /tmp/rec.raw
echo "RECORDED $(wc -c </tmp/rec.raw)"
echo "SUM recorded $(head -c 96000 /tmp/rec.raw | sha256sum)"
