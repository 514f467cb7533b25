"""What strangers make of a digest: SpamAssassin scores it, Chromium shows it."""

import os
import struct
import subprocess
import zlib

from support import ROOT, SAMPLE_DAY, Case, spam_points, with_servers


def read_png(path):
    """Width, height and the pixels' rows (bytes) of an 8-bit RGB or RGBA image."""
    raw = path.read_bytes()
    at, data = 8, b""
    while at < len(raw):
        size, kind = struct.unpack(">I4s", raw[at:at + 8])
        body = raw[at + 8:at + 8 + size]
        if kind == b"IHDR":
            width, height, depth, color = struct.unpack(">IIBB", body[:10])
        if kind == b"IDAT":
            data += body
        at += 12 + size
    step = {2: 3, 6: 4}[color]
    assert depth == 8
    flat, rows, previous = zlib.decompress(data), [], bytearray(width * step)
    for y in range(height):
        start = y * (width * step + 1)
        row = bytearray(flat[start + 1:start + 1 + width * step])
        unfilter(flat[start], row, previous, step)
        rows.append(bytes(row))
        previous = row
    return width, height, step, rows


def unfilter(kind, row, above, step):
    for x in range(len(row)):
        left = row[x - step] if x >= step else 0
        corner = above[x - step] if x >= step else 0
        if kind == 1:
            guess = left
        elif kind == 2:
            guess = above[x]
        elif kind == 3:
            guess = (left + above[x]) // 2
        elif kind == 4:
            total = left + above[x] - corner
            guess = min((left, above[x], corner), key=lambda value: abs(total - value))
        else:
            return
        row[x] = (row[x] + guess) & 255


@with_servers
class SpamAssassin(Case):
    def test_score(self):
        """FACTS: a good digest has less than 2 points."""
        profile = self.paperboy.profile("ada@example.test", name="Ada", max_papers=30, keywords=["LLM", "training", "model"])
        raw = self.run_ok("preview", profile, "--papers", SAMPLE_DAY, "--eml").out.encode()
        points, report = spam_points(raw, self.folder)
        self.assertLess(points, 2, report)


@with_servers
class Chromium(Case):
    def screenshot(self, page, width):
        picture = self.folder / f"page-{width}.png"
        done = subprocess.run(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
             f"--user-data-dir={self.folder}/chromium", f"--window-size={width},900", "--hide-scrollbars",
             f"--screenshot={picture}", page.as_uri()],
            capture_output=True, timeout=120, stdin=subprocess.DEVNULL, env={**os.environ, "HOME": str(self.folder)})
        self.assertTrue(picture.exists(), done.stderr.decode("utf-8", "replace")[-2000:])
        return read_png(picture)

    def test_digest(self):
        profile = self.paperboy.profile("ada@example.test", name="Ada", max_papers=10, keywords=["LLM", "training", "model"])
        page = self.folder / "digest.html"
        self.run_ok("preview", profile, "--papers", SAMPLE_DAY, "--html", "--out", page)
        for width in (640, 400):
            self.check_page(page, width)

    def test_answers(self):
        for name in ("subscribe", "change-request", "change", "help"):
            for width in (640, 360):
                self.check_page(ROOT / f"tests/fixtures/answer/{name}.html", width)

    def check_page(self, page, wanted):
        width, height, step, rows = self.screenshot(page, wanted)
        background = rows[0][:step]
        marked = sum(row[x:x + step] != background for row in rows[::4] for x in range(0, width * step, step * 4))
        share = marked / (len(rows[::4]) * (width // 4))
        self.assertGreater(share, 0.02, f"a page of {width}x{height} is blank")
        self.assertLess(share, 0.98)
        # Nothing sticks out: no scrolling to the side, so that the margin of the text is bare.
        edge = {row[(width - 3) * step:(width - 2) * step] for row in rows}
        self.assertLessEqual(len(edge), 2, f"{page.name} is wider than {width} pixels")
