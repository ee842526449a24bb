#!/bin/sh
# What libcspr gives to programs: only names that begin with cspr_, each in its header, and an
# example in that header that compiles.
# $1 shared library, $2 static library, $3 header, $4 compiler
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Names of the sanitizers begin with two underscores.
nm -D --defined-only "$1" | awk '$3 !~ /^__/ {print $3}' | sort -u >"$work/shared"
nm -g --defined-only "$2" | awk 'NF == 3 && $3 !~ /^__/ {print $3}' | sort -u >"$work/static"
grep -o 'cspr_[a-z_]*(' "$3" | tr -d '(' | sort -u >"$work/documented"

if grep -v '^cspr_' "$work/shared" "$work/static"; then
	echo "names without the prefix are exported" >&2
	exit 1
fi
test -s "$work/shared"
if comm -23 "$work/shared" "$work/documented" | grep .; then
	echo "names are exported that the header does not know" >&2
	exit 1
fi
grep -A1 '^CSPR_PUBLIC' "$3" | grep -o 'cspr_[a-z_]*(' | tr -d '(' | sort -u >"$work/declared"
if comm -13 "$work/shared" "$work/declared" | grep .; then
	echo "names are declared that the library does not have" >&2
	exit 1
fi

sed -n '/^ \*     /s/^ \*     //p' "$3" >"$work/example.c"
grep -q 'int main' "$work/example.c"
"$4" -Wall -Wextra -Werror -fsyntax-only -I "$(dirname "$3")" "$work/example.c"
