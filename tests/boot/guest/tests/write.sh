# shellcheck shell=dash
# Write numbered blocks until somebody stops the machine; two writers, so that
# a flush of one meets requests of the other in flight.
# want_blocks: how many fit on the disk

half=$((want_blocks / 2))
gtool write /dev/vda 0 "$half" &
gtool write /dev/vda "$half" "$want_blocks" &
wait
pass all-blocks
