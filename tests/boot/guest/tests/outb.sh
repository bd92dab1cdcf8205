# shellcheck shell=dash
# The debug-exit port ends the VMM at once with a status of the guest's choice.

gtool outb 0xf4 "$want_exit"
fail debug-exit 'still alive'
