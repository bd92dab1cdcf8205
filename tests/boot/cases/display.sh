# shellcheck shell=bash
# vesafb of Debian's kernel, unmodified. direct: on the framebuffer that a directly
# loaded kernel is told of; what the guest paints is what screendump and a VNC viewer
# see, and what the viewer types arrives by the PS/2 keyboard. vga: in the mode that
# our VGA BIOS has set for SYSLINUX' vga=0x343. bochs: bochs-drm takes the lit screen
# over and sets a mode of its own by the registers in BAR2.

variants=(direct vga bochs)

painted() {
	control "{\"execute\":\"screendump\",\"arguments\":{\"filename\":\"$PWD/picture\"}}"
	"$VIEWER" picture "$@" || fail 'the screendump shows something else'
}

run_vga() {
	vmm=("$AEROVMM" --disk "$VESA_DISK,ro" --profile modern --memory 512M --no-reboot
		--control unix:control)
	start_background
	wait_line 'READY screen'
	painted size=800x600 dot=0,300,002c5a dot=799,599,1f575a dot=500,400,f4905a
	echo >&"$KEYS"
	wait_vmm
	expect_rc 0
	expect_tests fb size
}

# bochs-drm brings what is painted from a shadow to the screen when it finds time.
run_bochs() {
	local limit=$((SECONDS + BOOT_TIMEOUT))

	boot_background -k drm \
		-a 'video=Virtual-1:800x600 aerotest=screen,dmesg want_fb=bochs-drmdrmfb want_size=800x600' \
		--vga std --control unix:control
	wait_line 'READY screen'
	until (painted size=800x600 dot=0,300,002c5a dot=799,599,1f575a dot=500,400,f4905a) >seen 2>&1; do
		[ $SECONDS -lt $limit ] || fail "$(cat seen)"
		sleep 0.5
	done
	echo >&"$KEYS"
	wait_vmm
	expect_rc 0
	expect_tests fb size dmesg
}

# shellcheck disable=SC2054 # the commas are the viewer's
run_direct() {
	local -a dots=(size=1024x768 dot=0,600,00585a dot=1000,700,e8bc5a dot=1023,767,ffff5a)
	local port

	boot_background -k full \
		-a 'aerotest=screen,dmesg want_fb=VESA_VGA want_size=1024x768 want_typed=Hello,_VNC!_Faster_than_it_is_read.' \
		--display vnc:127.0.0.1:0 --control unix:control
	wait_line 'READY screen'
	painted "${dots[@]}"
	control '{"execute":"query-vnc"}'
	port=$(sed -n 's/.*"service": *"\([0-9]*\)".*/\1/p' control.out)
	"$VIEWER" "127.0.0.1:$port" "${dots[@]}" || fail 'the viewer sees something else'
	"$VIEWER" "127.0.0.1:$port" type=Hello,_VNC!_Faster_than_it_is_read. || fail 'cannot type'
	"$VIEWER" "127.0.0.1:$port" key=0xff0d || fail 'cannot type Enter'
	wait_vmm
	expect_rc 0
	expect_tests fb size typed
}

run_case() {
	"run_$1"
}
