#!/bin/bash
# What the guest's ACPI tables look like, byte by byte and to ACPICA's tools.
#
#   tests/golden/acpi.sh            check
#   tests/golden/acpi.sh --update   take what the program writes now as right
#
# For each configuration of acpi_dump.c: the bytes are those of
# acpi/CONFIG.hex; iasl takes every table apart and compiles the result to the
# same bytes without a warning; acpiexec loads the DSDT and runs its methods.
# Environment: O, the build folder (default: build).
set -euo pipefail
cd "$(dirname "$0")/../.."
O=${O:-build}
update=
case ${1:-} in
'') ;;
--update) update=1 ;;
*)	echo "acpi.sh: unknown argument '$1'; there is --update" >&2
	exit 2 ;;
esac
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
golden=tests/golden/acpi
passed=0 failed=0

for tool in iasl acpiexec od; do
	command -v "$tool" >/dev/null || {
		echo "acpi.sh: $tool not found; run tools/deps install test" >&2
		exit 1
	}
done
make --no-print-directory "O=$O" "$O/tests/golden/acpi_dump"

check() {       # check WHAT COMMAND...
	local what=$1

	shift
	if "$@"; then
		passed=$((passed + 1))
	else
		echo "FAIL $what"
		failed=$((failed + 1))
	fi
}

hex() {
	local t

	for t in "$1"/*.aml; do
		echo "== $(basename "$t" .aml)"
		od -An -v -tx1 "$t"
	done
}

same_bytes() {  # same_bytes CONFIG
	hex "$tmp/$1" >"$tmp/$1.hex"
	if [ -n "$update" ]; then
		cp "$tmp/$1.hex" "$golden/$1.hex"
	fi
	diff -u "$golden/$1.hex" "$tmp/$1.hex" || {
		echo "(if that is meant: tests/golden/acpi.sh --update)"
		return 1
	}
}

# iasl puts its own name and version into the header of what it compiles.
body() {
	tail -c +37 "$1"
}

# 3168: Processor() is what Windows 7 is known to take. 3073: PCI0 with both
# _HID and _ADR is what PCs' firmware has always had.
compiles_to_itself() {  # compiles_to_itself FOLDER TABLE
	local dir=$1 name=$2

	(cd "$dir" && iasl -d "$name.aml") >"$dir/log" 2>&1 || {
		cat "$dir/log"
		return 1
	}
	# The pointer tables have no source form that iasl compiles.
	case $name in FACS|RSDT|XSDT) return 0 ;; esac
	if ! iasl -oa -vw 3168 -vw 3073 -p "$dir/again-$name" "$dir/$name.dsl" \
		>"$dir/log" 2>&1 ||
	   ! grep -q '0 Errors, 0 Warnings, 0 Remarks' "$dir/log"; then
		cat "$dir/log"
		return 1
	fi
	cmp <(body "$dir/$name.aml") <(body "$dir/again-$name.aml")
}

# A link is on, off after _DIS, on after _SRS; _PIC, _CRS and _S5 evaluate.
# (acpiexec's own self-tests complain about what it does not simulate.)
methods_run() {         # methods_run FOLDER
	local out

	out=$(cd "$1" && acpiexec -b 'execute \_SB.LNKB._STA;
execute \_SB.LNKB._DIS;execute \_SB.LNKB._STA;execute \_SB.LNKB._SRS (00);
execute \_SB.LNKB._STA;execute \_PIC 1;execute \PICF;
execute \_SB.PCI0._CRS;execute \_S5' DSDT.aml FACP.aml APIC.aml 2>&1) || {
		echo "$out"
		return 1
	}
	if grep -E '^ACPI (Error|Warning|Exception|BIOS)|^Evaluation.*failed' \
		<<<"$out"; then
		return 1
	fi
	[ "$(sed -n 's/^ *\[Integer\] = 0*//p' <<<"$out" | head -n 4 |
		tr '\n' ' ')" = 'B 9 B 1 ' ] || {
		echo "$out"
		return 1
	}
}

for config in small direct mmio full; do
	mkdir "$tmp/$config"
	"$O/tests/golden/acpi_dump" "$config" "$tmp/$config"
	check "$config: the bytes" same_bytes "$config"
	for table in "$tmp/$config"/*.aml; do
		name=$(basename "$table" .aml)
		check "$config: iasl on $name" \
			compiles_to_itself "$tmp/$config" "$name"
	done
	check "$config: acpiexec" methods_run "$tmp/$config"
done
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
