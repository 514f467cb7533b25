#!/usr/bin/env python3
"""Reads every NAME.eml of a folder with Python's email package and compares it
with NAME.json, which says what was put in. Exit 1 and a line for each thing
that is wrong.

NAME.json:  {"fields": {"Subject": "as handed in", ...},
             "mailboxes": {"To": [["name", "address"], ...]},
             "uris": {"List-Unsubscribe": ["..."]},
             "absent": ["List-Unsubscribe-Post"],
             "parts": [{"type": "text/plain", "text": "...", "file_name": "..."}]}
A part may have "parts" of its own instead of a text.
"""

import email
import email.header
import email.policy
import email.utils
import json
import pathlib
import re
import sys

WIDE = 78  # RFC 5322's recommended columns; one URI, id or address may be longer
HARD = 998


def clean(text):
    """What a one-line value becomes: mail/mime.h, mime_add_text."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = text.replace("\n", " ").replace("\t", " ")
    text = "".join(c for c in text if not (ord(c) < 32 or 127 <= ord(c) <= 159))
    return text.strip(" ")


def check_bytes(raw):
    if not raw.endswith(b"\r\n"):
        yield "does not end in CRLF"
    if re.search(rb"(?<!\r)\n|\r(?!\n)", raw):
        yield "a bare CR or LF"
    if re.search(rb"[^\r\n\t\x20-\x7e]", raw):
        yield "a byte that is not printable ASCII"
    lines = raw.split(b"\r\n")
    head = lines[: lines.index(b"")]
    for line in lines:
        if len(line) > HARD:
            yield f"a line of {len(line)} bytes"
        if line.startswith((b".", b"From ")):
            yield f"an unsafe line start: {line[:20]!r}"
    for line in head:
        if len(line) > 76 and b"=?" in line:
            yield f"an encoded word on a line of {len(line)} bytes"
        if len(line) > WIDE and line.lstrip().count(b" ") > (0 if line[:1] == b" " else 1):
            yield f"a foldable header line of {len(line)} bytes: {line!r}"
        if not line.strip():
            yield "a header line of blanks"
        for word in re.findall(rb"=\?[^ ]*\?=", line):
            if len(word) > 75:
                yield f"an encoded word of {len(word)} bytes"
    for line in lines[len(head):]:
        if len(line) > 76:
            yield f"a body line of {len(line)} bytes"


def check_mailboxes(message, name, want):
    # The addresses by Python's newer reader. The names by its older one: the
    # newer, as of 3.11, keeps the blanks between encoded words (RFC 2047 6.2
    # drops them) and makes one of two blanks within.
    got = [a.addr_spec for a in message[name].addresses]
    if got != [address for _, address in want]:
        yield f"{name}: {got!r} instead of {want!r}"
    raw = dict(message.raw_items())[name].replace("\r\n", "").replace("\n", "")
    got = [
        [str(email.header.make_header(email.header.decode_header(phrase))), address]
        for phrase, address in email.utils.getaddresses([raw])
    ]
    if got != want:
        yield f"{name}: {got!r} instead of {want!r}"


def check_fields(message, want):
    for name in message.keys():
        if len(message.get_all(name)) > 1:
            yield f"{name} stands there twice"
        for defect in message[name].defects:
            yield f"{name}: {defect!r}"
    for name, value in want.get("fields", {}).items():
        if str(message[name]) != clean(value):
            yield f"{name}: {str(message[name])!r} instead of {clean(value)!r}"
    for name, pairs in want.get("mailboxes", {}).items():
        yield from check_mailboxes(message, name, [[clean(n), a] for n, a in pairs])
    for name, uris in want.get("uris", {}).items():
        got = re.findall(r"<([^>]*)>", str(message[name]))
        if got != uris:
            yield f"{name}: {got!r} instead of {uris!r}"
    for name in want.get("absent", []):
        if name in message:
            yield f"{name} should not be there"


def canonical(text):
    return text.replace("\r\n", "\n")


def check_part(part, want):
    if part.defects:
        yield f"defects {part.defects!r}"
    for name in part.keys():
        for defect in part[name].defects:
            yield f"{name}: {defect!r}"
    if part.get_content_type() != want["type"]:
        yield f"type {part.get_content_type()} instead of {want['type']}"
    if "parts" in want:
        yield from check_parts(list(part.iter_parts()), want["parts"])
        return
    got = canonical(part.get_payload(decode=True).decode("utf-8"))
    if got != canonical(want["text"]):
        yield f"text {got[:200]!r} instead of {want['text'][:200]!r}"
    if "file_name" in want and part.get_filename() != clean(want["file_name"]):
        yield f"file name {part.get_filename()!r} instead of {want['file_name']!r}"


def check_parts(parts, wanted):
    if wanted and len(parts) != len(wanted):
        yield f"{len(parts)} parts instead of {len(wanted)}"
    for number, (part, expected) in enumerate(zip(parts, wanted), 1):
        for complaint in check_part(part, expected):
            yield f"part {number}: {complaint}"


def check_message(path):
    raw = path.read_bytes()
    want = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    yield from check_bytes(raw)
    message = email.message_from_bytes(raw, policy=email.policy.default)
    if message.defects:
        yield f"defects {message.defects!r}"
    yield from check_fields(message, want)
    parts = list(message.iter_parts()) if message.is_multipart() else [message]
    yield from check_parts(parts, want.get("parts", []))


def main():
    paths = sorted(pathlib.Path(sys.argv[1]).glob("*.eml"))
    bad = 0
    for path in paths:
        for complaint in check_message(path):
            print(f"{path}: {complaint}")
            bad += 1
    print(f"check_mime: {len(paths)} messages, {bad} complaints", file=sys.stderr)
    sys.exit(1 if bad or not paths else 0)


if __name__ == "__main__":
    main()
