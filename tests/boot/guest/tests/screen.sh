# shellcheck shell=dash
# The framebuffer is the one named want_fb (blanks as _) and has want_size dots.
# Paints it, then waits for a line: on its terminal want_typed, or any on the
# console.
expect fb "$(tr ' ' _ </sys/class/graphics/fb0/name)" "${want_fb:?}"
expect size "$(gtool paint /dev/fb0)" "${want_size:?}"
echo "READY screen"
if [ -n "${want_typed:-}" ]; then
	read -r typed </dev/tty1
	expect typed "$typed" "$want_typed"
else
	read -r _
fi
