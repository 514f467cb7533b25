#!/bin/sh
# The daily job once, in a fresh folder demo/: live arXiv for the example
# subscribers and, where arXiv cannot be reached or announced nothing, the
# sample day. Delivers into a Maildir and prints the first digest.
#
#   PROGRAM=build/paperboy tests/demo.sh
set -eu

cd "$(dirname "$0")/.."
program=${PROGRAM:-$PWD/build/paperboy}
sample=$PWD/tests/fixtures/sample-day.xml
folder=$PWD/demo

say() {
    printf '\n== %s\n' "$*"
}

# Prints how many messages there are.
count_mail() {
    find "$folder/outbox/new" -type f 2>/dev/null | wc -l
}

# Runs the command and leaves its exit status in $status.
attempt() {
    status=0
    "$@" </dev/null || status=$?
}

rm -rf "$folder"
mkdir -p "$folder/subscribers"
cp subscribers/*@*.json "$folder/subscribers/"
chmod 600 "$folder"/subscribers/*.json
cat >"$folder/paperboy.json" <<END
{
  "sender": {"name": "Paperboy", "address": "digest@example.org"},
  "list": {"name": "Paperboy", "id": "digest.example.org", "owner": "owner@example.org"},
  "subscribers": "subscribers",
  "templates": "../templates",
  "delivery": {"url": "maildir:outbox"}
}
END
PAPERBOY_CONFIG=$folder/paperboy.json
export PAPERBOY_CONFIG

say "paperboy run: today's arXiv for the subscribers in demo/subscribers"
attempt timeout 60 "$program" run
if [ "$(count_mail)" -eq 0 ]; then
    if [ "$status" -eq 0 ]; then
        echo "arXiv announced nothing for these subscribers today: taking the sample day"
    else
        echo "arXiv cannot be reached from here: taking the sample day"
    fi
    say "paperboy run --feed tests/fixtures/sample-day.xml"
    # A store of its own: nothing of the attempt shall be left in it.
    rm -f "$folder"/paperboy.db*
    attempt "$program" run --feed "$sample"
    if [ "$status" -ne 0 ] || [ "$(count_mail)" -eq 0 ]; then
        echo "tests/demo.sh: no digest came of the sample day (exit status $status)" >&2
        exit 1
    fi
fi

for profile in "$folder"/subscribers/*@*.json; do
    if "$program" preview "$profile" --text --out "$folder/digest.txt" 2>"$folder/preview.log" &&
        "$program" preview "$profile" --html --out "$folder/digest.html" 2>>"$folder/preview.log" &&
        [ -s "$folder/digest.txt" ]; then
        rm -f "$folder/preview.log"
        break
    fi
done
if [ -e "$folder/preview.log" ]; then
    cat "$folder/preview.log" >&2
    exit 1
fi

say "the first digest as plain text"
cat "$folder/digest.txt"
say "where it is"
echo "HTML     $folder/digest.html  (open it in a browser)"
echo "Mail     $folder/outbox  ($(count_mail) messages; mutt -R -f $folder/outbox)"
echo "Again    PAPERBOY_CONFIG=$folder/paperboy.json $program status"
