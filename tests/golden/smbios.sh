#!/bin/bash
# What dmidecode makes of the machine's SMBIOS, line by line.
#
#   tests/golden/smbios.sh            check
#   tests/golden/smbios.sh --update   take what it says now as right
#
# Environment: O, the build folder (default: build).
set -euo pipefail
cd "$(dirname "$0")/../.."
O=${O:-build}
update=
case ${1:-} in
'') ;;
--update) update=1 ;;
*)	echo "smbios.sh: unknown argument '$1'; there is --update" >&2
	exit 2 ;;
esac
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
golden=tests/golden/smbios
passed=0 failed=0
PATH=$PATH:/usr/sbin

command -v dmidecode >/dev/null || {
	echo 'smbios.sh: dmidecode not found; run tools/deps install test' >&2
	exit 1
}
make --no-print-directory "O=$O" "$O/tests/golden/smbios_dump"

# NAME MIB CPUS
while read -r name mib cpus; do
	"$O/tests/golden/smbios_dump" "$mib" "$cpus" "$tmp/$name.bin"
	dmidecode --from-dump "$tmp/$name.bin" 2>&1 | sed '/^# dmidecode/d; /^Reading/d' >"$tmp/$name.txt"
	[ -z "$update" ] || cp "$tmp/$name.txt" "$golden/$name.txt"
	if grep -iE 'invalid|wrong|broken|truncated|bad |<out of spec>|BAD INDEX' "$tmp/$name.txt"; then
		echo "FAIL $name: dmidecode finds fault"
		failed=$((failed + 1))
	elif diff -u "$golden/$name.txt" "$tmp/$name.txt"; then
		passed=$((passed + 1))
	else
		echo "FAIL $name (if that is meant: tests/golden/smbios.sh --update)"
		failed=$((failed + 1))
	fi
done <<'END'
small 16 1
large 6144 8
huge 4194304 32
END
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
