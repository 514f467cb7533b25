#!/bin/sh
# Usage: embed_sql.sh NNNN_name.sql… > migrations.inc
#
# Makes one C table of the numbered SQL files: {number, name, lines}. Lines are
# strings of their own because a C compiler need not take one longer than 4095.
set -eu

awk '
function base(path) { sub(/^.*\//, "", path); sub(/\.sql$/, "", path); return path }
FNR == 1 {
    file = base(FILENAME)
    if (file !~ /^[0-9][0-9][0-9][0-9]_[a-z0-9_]+$/) {
        print FILENAME ": a migration is named NNNN_what_it_does.sql" > "/dev/stderr"
        failed = 1
        exit 1
    }
    number = substr(file, 1, 4) + 0
    if (number != count + 1) {
        print FILENAME ": migration " count + 1 " was expected" > "/dev/stderr"
        failed = 1
        exit 1
    }
    if (count)
        print "    NULL};"
    count = number
    names[count] = substr(file, 6)
    printf "static const char *const migration_%04d[] = {\n", count
}
{
    gsub(/\\/, "\\\\")
    gsub(/"/, "\\\"")
    printf "    \"%s\\n\",\n", $0
}
END {
    if (failed)
        exit 1
    print "    NULL};"
    print "static const struct migration migrations[] = {"
    for (i = 1; i <= count; i++)
        printf "    {%d, \"%s\", migration_%04d},\n", i, names[i], i
    print "};"
}' "$@"
