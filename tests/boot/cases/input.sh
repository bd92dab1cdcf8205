# shellcheck shell=bash
# Unmodified virtio_input and evdev drivers: evtest in the guest sees exactly
# the events of a script that the control socket sends, and LEDs come back. pci-modern:
# and what a VNC viewer types and points at. pci-w7: disks are read meanwhile, one of
# them on the same interrupt line; a display's slot would put it on another one.

variants=(pci-modern pci-w7)

run_case() {
	local profile=modern names=aerovmm_keyboard,aerovmm_mouse,aerovmm_tablet disk='' name tries port
	local -a disks=() display=(--display vnc:127.0.0.1:0)

	if [ "$1" != pci-modern ]; then
		profile=aero-w7
		names=Aero_Virtio_Keyboard,Aero_Virtio_Mouse,Aero_Virtio_Tablet
		disk=want_disk=1
		display=()
		# Three interrupt lines are dealt out in turn: the fourth slot's is
		# the first one's.
		for name in disk other another; do
			random_file $name 2
			disks+=(--disk "$name")
		done
	fi
	boot_background -k devs -p $profile \
		-a "aerotest=input,dmesg want_inputs=$names $disk" \
		"${disks[@]}" --input keyboard,mouse,tablet --control unix:control \
		"${display[@]}"
	wait_line 'READY input'
	key() {
		control "{\"execute\":\"input-send-event\",\"arguments\":{\"events\":[{\"type\":\"key\",\"data\":{\"down\":$2,\"key\":{\"type\":\"qcode\",\"data\":\"$1\"}}}]}}"
	}
	key a true; key a false; key shift true; key f5 true; key f5 false; key shift false
	if [ ${#display[@]} -gt 0 ]; then
		control '{"execute":"query-vnc"}'
		port=$(sed -n 's/.*"service": *"\([0-9]*\)".*/\1/p' control.out)
		"$VIEWER" "127.0.0.1:$port" type=aB point=512,384,0 || fail 'the viewer cannot type'
	fi
	control '{"execute":"input-send-event","arguments":{"events":[{"type":"rel","data":{"axis":"x","value":7}},{"type":"rel","data":{"axis":"y","value":-3}}]}}'
	control '{"execute":"input-send-event","arguments":{"events":[{"type":"btn","data":{"down":true,"button":"left"}}]}}'
	control '{"execute":"input-send-event","arguments":{"events":[{"type":"btn","data":{"down":false,"button":"left"}}]}}'
	control '{"execute":"input-send-event","arguments":{"events":[{"type":"abs","data":{"axis":"x","value":16000}},{"type":"abs","data":{"axis":"y","value":32767}}]}}'
	echo >&"$KEYS"
	wait_line 'READY leds'
	for tries in {1..50}; do
		control '{"execute":"query-input"}'
		! grep -q '"caps"' control.out || break
		sleep 0.2
	done
	grep -q '"keyboard0", *"leds": *\["caps"\]' control.out || fail "no caps LED in $(tail -n 1 control.out)"
	echo >&"$KEYS"
	wait_vmm
	expect_rc 0
	expect_tests name0 name1 name2 input
	if [ -n "$disk" ]; then
		expect_tests shared-line
		expect_sum read disk
	fi
	sed "${display[0]+s/^VNC //};/^VNC /d" >want <<-'TEXT'
	EVENT 0 type 1 (EV_KEY), code 30 (KEY_A), value 1
	EVENT 0 type 1 (EV_KEY), code 30 (KEY_A), value 0
	EVENT 0 type 1 (EV_KEY), code 42 (KEY_LEFTSHIFT), value 1
	EVENT 0 type 1 (EV_KEY), code 63 (KEY_F5), value 1
	EVENT 0 type 1 (EV_KEY), code 63 (KEY_F5), value 0
	EVENT 0 type 1 (EV_KEY), code 42 (KEY_LEFTSHIFT), value 0
	VNC EVENT 0 type 1 (EV_KEY), code 30 (KEY_A), value 1
	VNC EVENT 0 type 1 (EV_KEY), code 30 (KEY_A), value 0
	VNC EVENT 0 type 1 (EV_KEY), code 42 (KEY_LEFTSHIFT), value 1
	VNC EVENT 0 type 1 (EV_KEY), code 48 (KEY_B), value 1
	VNC EVENT 0 type 1 (EV_KEY), code 42 (KEY_LEFTSHIFT), value 0
	VNC EVENT 0 type 1 (EV_KEY), code 48 (KEY_B), value 0
	EVENT 1 type 2 (EV_REL), code 0 (REL_X), value 7
	EVENT 1 type 2 (EV_REL), code 1 (REL_Y), value -3
	EVENT 1 type 1 (EV_KEY), code 272 (BTN_LEFT), value 1
	EVENT 1 type 1 (EV_KEY), code 272 (BTN_LEFT), value 0
	VNC EVENT 2 type 3 (EV_ABS), code 0 (ABS_X), value 16399
	VNC EVENT 2 type 3 (EV_ABS), code 1 (ABS_Y), value 16404
	EVENT 2 type 3 (EV_ABS), code 0 (ABS_X), value 16000
	EVENT 2 type 3 (EV_ABS), code 1 (ABS_Y), value 32767
	TEXT
	grep '^EVENT .*type [123] ' log | diff want - || fail 'evtest saw other events'
}
