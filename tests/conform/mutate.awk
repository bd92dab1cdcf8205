# Prints the source with a mutation made: awk -f mutate.awk MUTATION SOURCE.
# The lines after '-' must stand in it exactly once. Exit status 1: they do not.
FNR == 1 { nfile++ }
nfile == 1 && /^-/ { old = old (old == "" ? "" : "\n") substr($0, 2) }
nfile == 1 && /^\+/ { new = new (new == "" ? "" : "\n") substr($0, 2) }
nfile == 2 { text = text $0 "\n" }
END {
	at = index(text, old)
	if (old == "" || !at || index(substr(text, at + 1), old))
		exit 1
	printf "%s%s%s", substr(text, 1, at - 1), new, substr(text, at + length(old))
}
