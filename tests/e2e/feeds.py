"""Made-up papers, written as arXiv writes its feeds, and an arXiv on loopback that
serves them well or badly."""

import gzip
import threading
import time
from datetime import datetime, timezone
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

LOCAL_ADDRESS = "127.0.0.1"
TOPICS = ("attention", "training", "network", "inference", "optimization", "language model", "graph", "LLM")


def paper(number, title=None, abstract=None, categories=("cs.LG",), announce_type="new", version=1,
          authors=("Ada Example", "Emmy Noether"), day="2602"):
    topic = TOPICS[number % len(TOPICS)]
    return {
        "id": f"{day}.{number:05}", "version": version,
        "title": title or f"On the {topic} of small machines, part {number}",
        "abstract": abstract or f"We look at {topic} on machine {number} and find that patience helps. "
                                f"Our method needs {number} steps and no luck.",
        "authors": list(authors), "categories": list(categories), "announce_type": announce_type,
    }


def papers(count, first=1, **keys):
    return [paper(number, **keys) for number in range(first, first + count)]


def midnight(date):
    """When arXiv builds the feed of this date: midnight in New York."""
    year, month, day = (int(part) for part in date.split("-"))
    return datetime(year, month, day, tzinfo=ZoneInfo("America/New_York"))


def rss(items, date="2026-02-17", name="cs.LG+cs.DC"):
    stamp = format_datetime(midnight(date))
    parts = [f"""<?xml version='1.0' encoding='UTF-8'?>
<rss xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:content="http://purl.org/rss/1.0/modules/content/" version="2.0">
  <channel>
    <title>{name} updates on arXiv.org</title>
    <link>http://rss.arxiv.org/rss/{name}</link>
    <description>{name} updates on the arXiv.org e-print archive.</description>
    <language>en-us</language>
    <lastBuildDate>{stamp}</lastBuildDate>
    <managingEditor>rss-help@arxiv.org</managingEditor>
    <pubDate>{stamp}</pubDate>
    <skipDays>
      <day>Saturday</day>
      <day>Sunday</day>
    </skipDays>
"""]
    for item in items:
        kind = item["announce_type"]
        versioned = f"{item['id']}v{item['version']}"
        categories = "".join(f"      <category>{escape(category)}</category>\n" for category in item["categories"])
        parts.append(f"""    <item>
      <title>{escape(item['title'])}</title>
      <link>https://arxiv.org/abs/{item['id']}</link>
      <description>arXiv:{versioned} Announce Type: {kind}
Abstract: {escape(item['abstract'])}</description>
      <guid isPermaLink="false">oai:arXiv.org:{versioned}</guid>
{categories}      <pubDate>{stamp}</pubDate>
      <arxiv:announce_type>{kind}</arxiv:announce_type>
      <dc:rights>http://creativecommons.org/licenses/by/4.0/</dc:rights>
      <dc:creator>{escape(', '.join(item['authors']))}</dc:creator>
    </item>
""")
    parts.append("  </channel>\n</rss>\n")
    return "".join(parts)


class Answer:
    """What the server says to one request. `pause` seconds lie between `chunks`;
    `declared` is a Content-Length other than the truth."""

    def __init__(self, body=b"", status=200, content_type="text/xml; charset=utf-8", headers=None, chunks=None,
                 pause=0.0, declared=None):
        self.body = body.encode() if isinstance(body, str) else body
        self.status, self.content_type, self.headers = status, content_type, dict(headers or {})
        self.chunks, self.pause, self.declared = chunks, pause, declared


def good(items, date="2026-02-17"):
    return Answer(rss(items, date))


def zipped(items):
    return Answer(gzip.compress(rss(items).encode()), headers={"Content-Encoding": "gzip"})


def error_page():
    return Answer("<!DOCTYPE html>\n<html><head><title>arXiv is down</title></head><body><p>Sorry.</p></body></html>\n",
                  content_type="text/html")


def busy(seconds=600):
    return Answer("Rate exceeded.", status=503, content_type="text/plain", headers={"Retry-After": str(seconds)})


def cut(items, share=0.6):
    """The connection closes before the promised length has come."""
    whole = rss(items).encode()
    return Answer(whole[:int(len(whole) * share)], declared=len(whole))


def huge(megabytes):
    """A body without end, of what looks like a feed."""
    head = rss([]).encode().split(b"  </channel>")[0]
    block = b"<item><title>" + b"x" * (1 << 20)
    return Answer(chunks=[head] + [block] * megabytes)


def dripping(seconds):
    """A byte now and then: nobody waits for its end."""
    return Answer(chunks=[b"<?xml version='1.0'?>"] + [b" "] * int(seconds * 2), pause=0.5)


class Arxiv:
    """Serves `answers`: the path's first folder picks one (an Answer, or a function of
    the request number). Keeps path, time and headers of every request."""

    def __init__(self, **answers):
        self.answers = answers
        self.requests = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                outer.requests.append((self.path, time.monotonic(), dict(self.headers)))
                answer = outer.answers.get(self.path.split("/")[1])
                if callable(answer):
                    answer = answer(len(outer.requests))
                try:
                    outer.send(self, answer or Answer("no such feed", status=404, content_type="text/plain"))
                except OSError:
                    pass  # the client had enough
                self.close_connection = True

        self.server = ThreadingHTTPServer((LOCAL_ADDRESS, 0), Handler)
        self.server.daemon_threads = True
        self.stopped = threading.Event()
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def url(self, name):
        return f"http://{LOCAL_ADDRESS}:{self.server.server_address[1]}/{name}/"

    def send(self, handler, answer):
        handler.send_response(answer.status)
        handler.send_header("Content-Type", answer.content_type)
        handler.send_header("Connection", "close")
        for name, value in answer.headers.items():
            handler.send_header(name, value)
        if answer.chunks is None:
            handler.send_header("Content-Length", str(answer.declared or len(answer.body)))
        handler.end_headers()
        for chunk in answer.chunks or [answer.body]:
            handler.wfile.write(chunk)
            if answer.pause and self.stopped.wait(answer.pause):
                return

    def close(self):
        self.stopped.set()
        self.server.shutdown()
        self.server.server_close()
