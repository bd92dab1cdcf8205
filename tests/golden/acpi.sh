#!/bin/bash
# What the guest's ACPI tables look like, byte by byte and to ACPICA's tools.
#
#   tests/golden/acpi.sh DUMP            check (DUMP: the program acpi_dump)
#   tests/golden/acpi.sh DUMP --update   take what DUMP writes as right
#
# For each configuration: the bytes are those of acpi/CONFIG.hex; iasl takes
# every table apart and compiles the result to the same bytes without a
# warning; acpiexec loads the DSDT and runs its methods.
set -euo pipefail

dump=$(realpath "$1")
mode=${2:-check}
here=$(cd "$(dirname "$0")" && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
failed=0

fail() {
	echo "acpi.sh: $*" >&2
	failed=1
}

for tool in iasl acpiexec od; do
	command -v "$tool" >/dev/null || {
		echo "acpi.sh: $tool not found; run tools/deps install test" >&2
		exit 1
	}
done

hex() {
	local t
	for t in "$1"/*.aml; do
		echo "== $(basename "$t" .aml)"
		od -An -v -tx1 "$t"
	done
}

# A table without its header: iasl puts its own name and version there.
body() {
	tail -c +37 "$1"
}

# 3168: Processor() is what Windows 7 is known to take. 3073: PCI0 with both
# _HID and _ADR is what PCs' firmware has always had.
recompile() {
	local dir=$1 t name
	for t in "$dir"/*.aml; do
		name=$(basename "$t" .aml)
		(cd "$dir" && iasl -d "$name.aml") >"$dir/log" 2>&1 || {
			fail "iasl -d $t: $(cat "$dir/log")"
			continue
		}
		# The others have no source form that iasl compiles.
		case $name in DSDT|FACP|APIC|HPET|WAET) ;; *) continue ;; esac
		iasl -oa -vw 3168 -vw 3073 -p "$dir/again-$name" \
			"$dir/$name.dsl" >"$dir/log" 2>&1 || :
		grep -q '0 Errors, 0 Warnings, 0 Remarks' "$dir/log" ||
			fail "iasl $name of $dir: $(cat "$dir/log")"
		cmp <(body "$t") <(body "$dir/again-$name.aml") ||
			fail "$name of $dir: iasl makes other bytes of it"
	done
}

# A link is on, off after _DIS, on after _SRS; _PIC, _CRS and _S5 evaluate.
# (acpiexec's own self-tests complain about what it does not simulate.)
run_methods() {
	local dir=$1 out
	out=$(cd "$dir" && acpiexec -b 'execute \_SB.LNKB._STA;
execute \_SB.LNKB._DIS;execute \_SB.LNKB._STA;execute \_SB.LNKB._SRS (00);
execute \_SB.LNKB._STA;execute \_PIC 1;execute \PICF;
execute \_SB.PCI0._CRS;execute \_S5' DSDT.aml FACP.aml APIC.aml 2>&1)
	if grep -E '^ACPI (Error|Warning|Exception|BIOS)|^Evaluation.*failed' \
		<<<"$out"; then
		fail "acpiexec on $dir complains"
	fi
	[ "$(sed -n 's/^ *\[Integer\] = 0*//p' <<<"$out" | head -4 |
		tr '\n' ' ')" = 'B 9 B 1 ' ] ||
		fail "methods of $dir return something else: $out"
}

for config in small direct mmio full; do
	mkdir "$tmp/$config"
	"$dump" "$config" "$tmp/$config"
	hex "$tmp/$config" >"$tmp/$config.hex"
	if [ "$mode" = --update ]; then
		cp "$tmp/$config.hex" "$here/acpi/$config.hex"
	elif ! diff -u "$here/acpi/$config.hex" "$tmp/$config.hex"; then
		fail "$config: other bytes; meant? then run $0 DUMP --update"
	fi
	recompile "$tmp/$config"
	run_methods "$tmp/$config"
done
[ "$failed" = 0 ] && echo "acpi.sh: 4 configurations as they should be"
exit "$failed"
