# shellcheck shell=dash
# The framebuffer is the one named want_fb and has want_size dots. Paints it, and
# waits for a key while the host looks.
if [ -n "${want_modprobe:-}" ]; then
	insmod "/lib/$want_modprobe.ko"
fi
expect fb "$(cat /sys/class/graphics/fb0/name)" "${want_fb:?}"
expect size "$(gtool paint /dev/fb0)" "${want_size:?}"
echo "READY screen"
if [ -n "${want_typed:-}" ]; then
	read -r typed </dev/tty1
	expect typed "$typed" "$want_typed"
else
	read -r _
fi
