# Makes the completion of a program for a shell out of its --help, which is read from standard input:
#     PROGRAM --help | awk -v name=PROGRAM -v page='PROGRAM(8)' -v shell=bash -f completion.awk
# Also for zsh and fish. With -v operands=users the words that are no options are names of users.
# Programs that run as root before anybody is known print no completions themselves.

/^ +-/ { # an option: a letter, a name, a VALUE, and what it does
	line = $0
	sub(/^ +/, "", line)
	count++
	if (line ~ /^-[A-Za-z0-9]/) {
		letter[count] = substr(line, 2, 1)
		line = substr(line, 3)
		sub(/^, /, "", line)
	}
	if (match(line, /^--[a-z0-9][a-z0-9-]*/)) {
		long[count] = substr(line, 3, RLENGTH - 2)
		line = substr(line, RLENGTH + 1)
	}
	if (match(line, /^( |=|\[=)[A-Z]+/)) {
		value[count] = substr(line, 1, RLENGTH)
		is_optional[count] = value[count] ~ /^\[/
		gsub(/[^A-Z]/, "", value[count])
		line = substr(line, RLENGTH + 1)
		sub(/^(\]|,\.\.\.)/, "", line)
	}
	sub(/^ +/, "", line)
	text[count] = line
	next
}

count && /^          +[^ ]/ { # more of what it does
	line = $0
	sub(/^ +/, "", line)
	text[count] = text[count] (text[count] == "" ? "" : " ") line
}

END {
	if (!count)
		exit 1
	told = "The completion of " page " of session-rs."
	if (shell == "bash") bash()
	else if (shell == "zsh") zsh()
	else if (shell == "fish") fish()
	else exit 1
}

function is_path(at) {
	return value[at] ~ /^(FILE|FOLDER|LIST|SHELL)$/
}

function takes_word(at) {
	return value[at] != "" && !is_optional[at]
}

function names(at, between) { # -l and --long
	if (long[at] == "") return "-" letter[at]
	return (letter[at] != "" ? "-" letter[at] between : "") "--" long[at]
}

function bash(at, all) {
	print "# " told
	print "_" name "() {"
	print "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}"
	print "\tlocal IFS=$'\\n'"
	print "\tCOMPREPLY=()"
	print "\tcase $prev in"
	for (at = 1; at <= count; at++) {
		all = all (at > 1 ? "\\n" : "") (long[at] != "" ? "--" long[at] : "-" letter[at])
		if (is_path(at))
			print "\t" names(at, "|") ") compopt -o filenames; COMPREPLY=($(compgen -f -- \"$cur\")); return ;;"
		else if (takes_word(at))
			print "\t" names(at, "|") ") return ;;"
	}
	print "\tesac"
	print "\tcase $cur in"
	print "\t-*) COMPREPLY=($(compgen -W $'" all "' -- \"$cur\")); return ;;"
	print "\tesac"
	print operands == "users" ? "\tCOMPREPLY=($(compgen -u -- \"$cur\"))" : "\t:"
	print "}"
	print "complete -F _" name " " name
}

function zsh(at, does, takes) {
	print "#compdef " name
	print "# " told
	print "_arguments -s \\"
	for (at = 1; at <= count; at++) {
		does = text[at]
		gsub(/'/, "'\\''", does)
		gsub(/\[|\]|:/, " ", does)
		takes = value[at] != "" ? (is_optional[at] ? "::" : ":") value[at] ":" (is_path(at) ? "_files" : " ") : ""
		if (letter[at] != "" && long[at] != "")
			print "\t'*'{-" letter[at] ",--" long[at] "}'[" does "]" takes "' \\"
		else
			print "\t'*" names(at) "[" does "]" takes "' \\"
	}
	print "\t'*:operand:" (operands == "users" ? "_users" : " ") "'"
}

function fish(at, does) {
	print "# " told
	print "complete -c " name " -f" (operands == "users" ? " -a '(__fish_complete_users)'" : "")
	for (at = 1; at <= count; at++) {
		does = text[at]
		gsub(/\\/, "\\\\", does)
		gsub(/'/, "\\'", does)
		print "complete -c " name (letter[at] != "" ? " -s " letter[at] : "") (long[at] != "" ? " -l " long[at] : "") \
			(is_path(at) ? " -r -F" : takes_word(at) ? " -x" : "") " -d '" does "'"
	}
}
