# shellcheck shell=dash
# Nothing: to reach userspace is the test.

pass userspace "$(uname -r)"
