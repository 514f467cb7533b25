"""A small and real PDF with a given text, which pdftotext gives back."""

LINES_PER_PAGE = 60


def string(line):
    """A literal string in WinAnsi; what that lacks is a question mark."""
    raw = line.encode("cp1252", "replace")
    return b"(" + raw.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)") + b")"


def page_content(lines):
    shown = b"".join(string(line) + b" Tj T*\n" for line in lines)
    return b"BT /F1 9 Tf 11 TL 50 740 Td\n" + shown + b"ET\n"


def tiny_pdf(text):
    """`text` in lines as they are, each on one line of a page."""
    lines = text.splitlines() or [""]
    pages = [lines[at:at + LINES_PER_PAGE] for at in range(0, len(lines), LINES_PER_PAGE)]
    numbers = [4 + 2 * index for index in range(len(pages))]
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>",
               b"<< /Type /Pages /Count %d /Kids [%s] >>" % (len(pages), b" ".join(b"%d 0 R" % n for n in numbers)),
               b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"]
    for number, page in zip(numbers, pages):
        content = page_content(page)
        objects.append(b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents %d 0 R "
                       b"/Resources << /Font << /F1 3 0 R >> >> >>" % (number + 1))
        objects.append(b"<< /Length %d >>\nstream\n" % len(content) + content + b"endstream")
    out, places = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", []
    for number, made in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n" % number + made + b"\nendobj\n"
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + (b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + table +
                  b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(out)))
