# shellcheck shell=dash
# Lines typed at the terminal arrive, in order and whole.

stty -echo
echo READY
n=0
while read -r line && [ "$line" != end ]; do
	echo "GOT $line"
	n=$((n + 1))
done
expect lines "$n" "$want_lines"
