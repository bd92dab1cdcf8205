# Reads the list of tests ("NAME ENVIRONMENT...") and the clauses; prints the
# table. Variables: envs, out (where results are), skips.

# c1_4_1a_undefined_... -> 1.4.1a
function clause_of(name,    s) {
	s = substr(name, 2)
	match(s, /^[0-9_]+[a-z]_/)
	s = substr(s, 1, RLENGTH - 1)
	gsub("_", ".", s)
	return s
}

function section(clause) {
	return substr(clause, 1, length(clause) - 1)
}

function problem(text) {
	print "not ok " text
	failed++
}

BEGIN {
	nenvs = split(envs, env)
	for (e = 1; e <= nenvs; e++) {
		file = out "/" env[e] ".txt"
		while ((getline line < file) > 0) {
			split(line, word)
			if (word[1] == "ok")
				result[word[2], env[e]] = "pass"
			else if (word[1] == "not" && word[2] == "ok") {
				result[word[3], env[e]] = "FAIL"
				sub(/^not ok /, "", line)
				problem(env[e] ": " line)
			}
		}
	}
}

# ---- the tests
FNR == NR {
	c = clause_of($1)
	tests[c] = tests[c] " " $1
	for (i = 2; i <= NF; i++) {
		if (index(" " envs " ", " " $i " ") == 0)
			continue
		r = result[$1, $i]
		if (r == "") {
			problem($i ": " $1 " did not run")
			r = "FAIL"
		} else if (r == "pass") {
			passed++
		}
		if (sum[c, $i] != "FAIL")
			sum[c, $i] = r
	}
	next
}

# ---- the clauses
/^#/ || NF == 0 { next }
$1 == "=" {
	for (i = 2; i <= NF; i++)
		parts[last] = parts[last] " " $i
	next
}
{
	last = $1
	order[++clauses] = $1
	word_of[$1] = $2
	text[$1] = $0
	sub(/^[^ ]+ +[^ ]+ +/, "", text[$1])
}

# A clause that sums up others is as good as the worst of them.
function add_up(c, e,    i, k, m, p, r) {
	m = split(parts[c], p)
	r = "-"
	for (i = 1; i <= clauses; i++)
		for (k = 1; k <= m; k++)
			if (section(order[i]) "*" == p[k]) {
				if (sum[order[i], e] == "FAIL")
					return "FAIL"
				if (sum[order[i], e] == "pass")
					r = "pass"
			}
	return r
}

function row(c,    e, line, r, m, t, i) {
	line = sprintf("%-9s %-7s", c, word_of[c])
	for (e = 1; e <= nenvs; e++) {
		r = parts[c] != "" ? add_up(c, env[e]) : sum[c, env[e]]
		line = line sprintf(" %-9s", r == "" ? "-" : r)
		if (r == "pass")
			good[c] = 1
	}
	print line " " text[c]
	m = split(tests[c], t)
	for (i = 1; i <= m; i++)
		print "                  " t[i]
}

END {
	line = sprintf("%-9s %-7s", "clause", "word")
	for (e = 1; e <= nenvs; e++)
		line = line sprintf(" %-9s", env[e])
	print line
	for (i = 1; i <= clauses; i++) {
		c = order[i]
		row(c)
		known[c] = 1
		if (word_of[c] == "DRIVER" || word_of[c] == "DOC") {
			other++
			if (tests[c] != "")
				problem("clause " c " does not bind a device, but has a test")
			continue
		}
		devices++
		if (tests[c] == "" && parts[c] == "")
			problem("clause " c " has no test")
		else if (!good[c])
			problem("clause " c " passes nowhere")
	}
	for (c in tests)
		if (!known[c])
			problem("no clause " c " for" tests[c])
	printf "%d clauses bind devices, %d drivers or documents\n", devices, other
	printf "%d passed, %d failed, %d skipped\n", passed, failed, skips
	exit failed > 0
}
