"""Every feed that arXiv, a proxy or an enemy could hand over: said clearly, and nothing lost."""

import os
import time

from feeds import Answer, Arxiv, cut, dripping, error_page, good, huge, paper, papers, rss
from support import DATA_ERROR, OK, TEMPORARY, UNAVAILABLE, Case, today

BOMB = """<?xml version="1.0"?>
<!DOCTYPE rss [
<!ENTITY a "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa">
""" + "".join(f'<!ENTITY {chr(98 + n)} "{("&" + chr(97 + n) + ";") * 20}">\n' for n in range(8)) + """]>
<rss version="2.0"><channel><title>x</title><item><title>&i;</title></item></channel></rss>
"""
EXTERNAL = """<?xml version="1.0"?>
<!DOCTYPE rss [<!ENTITY x SYSTEM "file://%s">]>
<rss version="2.0"><channel><item><title>&x;</title><link>https://arxiv.org/abs/2602.1</link>
<description>arXiv:2602.00001v1 Announce Type: new
Abstract: &x;</description></item></channel></rss>
"""
EMPTY = rss([])
API_ERROR = """<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom"><title type="html">ArXiv Query</title>
<id>http://arxiv.org/api/x</id><opensearch:totalResults xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/">1</opensearch:totalResults>
<updated>2026-02-17T00:00:00-05:00</updated>
<entry><id>http://arxiv.org/api/errors#incorrect_id_format_for_x</id><title>Error</title>
<summary>incorrect id format for x</summary><updated>2026-02-17T00:00:00-05:00</updated>
<link href="http://arxiv.org/api/errors#incorrect_id_format_for_x" rel="alternate" type="text/html"/>
<author><name>arXiv api core</name></author></entry></feed>
"""
OAI_ERROR = """<?xml version="1.0" encoding="UTF-8"?>
<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><responseDate>2026-02-17T05:00:00Z</responseDate>
<request verb="ListRecords">https://oaipmh.arxiv.org/oai</request>
<error code="%s">the reason given</error></OAI-PMH>
"""


class Files(Case):
    def setUp(self):
        super().setUp()
        self.use_examples()

    def feed(self, content, name="feed.xml"):
        return self.paperboy.write(name, content)

    def refuse(self, content, *says, status=DATA_ERROR):
        """Both commands that read feeds refuse it, in one line; nothing is stored or sent."""
        path = self.feed(content)
        for words in (("fetch", "--feed", path), ("run", "--feed", path)):
            result = self.run_fails(status, *words, says=("feed\\.xml", *says))
            self.assert_few_lines(result, 3)
        self.assertEqual(self.paperboy.delivered(), [])
        self.assertEqual(self.paperboy.status()["editions"], [])

    def test_not_xml(self):
        self.refuse("this is no feed\n", "XML|feed")
        self.refuse(b"", "empty|feed|XML")
        self.refuse(b"\x00\x01\x02" * 500, "XML|feed")
        self.refuse("<note>no feed</note>", "feed|note")

    def test_html(self):
        self.refuse("<!DOCTYPE html>\n<html><body><h1>502 Bad Gateway</h1></body></html>", "HTML")

    def test_entity_bomb(self):
        started = time.monotonic()
        self.refuse(BOMB, "entit")
        self.assertLess(time.monotonic() - started, 20)

    def test_external_entity(self):
        secret = self.paperboy.write("secret.txt", "the secret of the house")
        self.refuse(EXTERNAL % secret, "entit")
        result = self.paperboy.run("fetch", "--jsonl", "--feed", self.feed(EXTERNAL % secret))
        self.assertNotIn("the secret", result.out + result.err)

    def test_error_document(self):
        self.refuse(API_ERROR, "incorrect id format", status=(DATA_ERROR, UNAVAILABLE))
        self.refuse(OAI_ERROR % "badArgument", "the reason given|badArgument", status=(DATA_ERROR, UNAVAILABLE))

    def test_cut_in_mid_entry(self):
        """The papers before the cut are used, and the cut is reported."""
        whole = rss(papers(30))
        half = whole[:whole.index("<guid", whole.index("2602.00018"))]
        result = self.run_ok("run", "--feed", self.feed(half))
        self.assert_says(result, r"feed\.xml", "cut|end|trunc")
        edition, = self.paperboy.status()["editions"]
        self.assertEqual((edition["papers"], edition["complete"]), (17, False))
        self.assertEqual(len(self.mails()), 2)

    def test_cut_before_the_first_paper(self):
        """Nothing is known about this day: it is not taken for a weekend."""
        whole = rss(papers(30))
        self.refuse(whole[:whole.index("2602.00001") + 4], "cut off before the first paper")

    def test_completed_by_a_later_request(self):
        whole = rss(papers(30))
        self.run_ok("fetch", "--feed", self.feed(whole[:whole.index("2602.00018")]))
        self.run_ok("fetch", "--feed", self.feed(whole))
        edition, = self.paperboy.status()["editions"]
        self.assertEqual((edition["papers"], edition["complete"]), (30, True))

    def test_empty_weekend(self):
        """Not an error: nothing is sent, and it says why."""
        result = self.run_ok("run", "--feed", self.feed(EMPTY))
        self.assert_says(result, "no (new )?papers|empty|nothing")
        self.assertEqual(self.paperboy.delivered(), [])
        result = self.run_ok("fetch", "--feed", self.feed(OAI_ERROR % "noRecordsMatch"))
        self.assert_says(result, "no (new )?papers|empty|nothing")

    def test_invalid_utf8_and_control_characters(self):
        items = papers(6)
        items[1]["title"] = "An LLM with MARK in its title"
        items[2]["title"] = "An LLM with CONTROL in its title"
        raw = rss(items).encode().replace(b"MARK", b"\xff\xfe\xc3(").replace(b"CONTROL", b"\x01\x08\x1b[31m")
        result = self.run_ok("run", "--feed", self.feed(raw))
        self.assertNotIn("\x1b", result.err)
        rows = self.run_ok("fetch", "--jsonl", "--feed", self.feed(raw)).lines()
        self.assertEqual(len(rows), 6, "the others are read")
        for row in rows:
            self.assertTrue(all(letter >= " " for letter in row["title"]), row)
        for message in self.mails().values():
            self.assertNotIn("\x1b", message.get_body(("plain",)).get_content())

    def test_header_tricks(self):
        """A title is text, whatever it looks like."""
        items = papers(3)
        items[0]["title"] = "LLM\r\nBcc: everyone@example.test\r\n\r\n.\r\nQUIT"
        items[1]["title"] = "LLM <script>alert(1)</script> {{{email}}} {{>x}}"
        items[2]["title"] = "LLM =?utf-8?q?encoded?= \u202e\u2066 \U0001f600"
        self.run_ok("run", "--feed", self.feed(rss(items)))
        message = self.mails()["ada@example.test"]
        self.assertNotIn("Bcc", message)
        html = message.get_body(("html",)).get_content()
        self.assertNotIn("<script", html)
        self.assertIn("&lt;script&gt;alert(1)&lt;/script&gt;", html)
        self.assertIn("LLM Bcc: everyone@example.test", " ".join(message.get_body(("plain",)).get_content().split()))

    def test_one_bad_item(self):
        items = papers(4)
        text = rss(items)
        start = text.index("<item>", text.index("2602.00001v1"))
        broken = text[:start] + "<item><title>no id at all</title></item>\n    " + text[start:]
        result = self.run_ok("fetch", "--feed", self.feed(broken))
        self.assert_says(result, r"feed\.xml")
        self.assertEqual(self.paperboy.status()["editions"][0]["papers"], 4)

    def test_long_lines_and_deep_nesting(self):
        deep = rss([paper(1)]).replace("</item>", "<x>" * 20000 + "</x>" * 20000 + "</item>")
        result = self.paperboy.run("fetch", "--feed", self.feed(deep))
        self.assertIn(result.status, (OK, DATA_ERROR), str(result))
        long = papers(2)
        long[0]["abstract"] = "word " * 400000
        self.run_ok("fetch", "--feed", self.feed(rss(long)))

    def test_sparse_giant(self):
        """Larger than the cap: refused at once, in little memory."""
        path = self.feed(rss([]).encode())
        os.truncate(path, 3 << 30)
        started = time.monotonic()
        self.run_fails(DATA_ERROR, "fetch", "--feed", path, says=("feed\\.xml", "large|big|more than|limit|bytes"))
        self.assertLess(time.monotonic() - started, 30)


class Network(Case):
    """The same over HTTP, and what only a network can do."""

    def setUp(self):
        super().setUp()
        self.paperboy.profile("ada@example.test", categories=["cs.LG"], keywords=["LLM", "attention"])
        self.arxiv = Arxiv(
            html=error_page(), cut=cut(papers(30)), huge=huge(300), drip=dripping(600), empty=Answer(rss([], today())),
            elsewhere=Answer(status=302, headers={"Location": "http://127.0.0.2:9/x"}),
            loop=Answer(status=302, headers={"Location": "/loop/again"}),
            file=Answer(status=302, headers={"Location": "file:///etc/passwd"}),
            nobody=Answer(b"", declared=500), status=Answer("gone", status=410), good=good(papers(30), today()))
        self.addCleanup(self.arxiv.close)

    def use(self, name):
        self.paperboy.write_configuration(arxiv={"rss": self.arxiv.url(name)})

    def test_refused(self):
        for name, says in (("html", "html|feed"), ("elsewhere", "redirect|127.0.0.2"), ("loop", "redirect"),
                           ("file", "redirect|file|scheme|protocol"), ("nobody", "127.0.0.1"), ("status", "410")):
            with self.subTest(name):
                self.use(name)
                # A store of its own: what one has failed is left alone for a while.
                self.paperboy.write_configuration(store=f"sqlite:{name}.db")
                started = time.monotonic()
                result = self.run_fails((UNAVAILABLE, TEMPORARY), "run", "--date", today(), says=says)
                self.assert_few_lines(result, 4)
                self.assertLess(time.monotonic() - started, 20)
                self.assertNotIn("root:", result.out + result.err)
        self.assertEqual(self.paperboy.delivered(), [])
        self.assertEqual([edition for edition in self.paperboy.status()["editions"] if edition["papers"]], [])

    def test_body_without_end(self):
        self.use("huge")
        result = self.paperboy.run("run", "--date", today(), seconds=120)
        self.assertIn(result.status, (UNAVAILABLE, TEMPORARY, OK), str(result))
        self.assert_says(result, "large|big|more than|limit|cut|bytes")

    def test_cut(self):
        self.use("cut")
        result = self.paperboy.run("run", "--date", today())
        self.assertIn(result.status, (OK, TEMPORARY, UNAVAILABLE), str(result))
        self.assert_says(result, "cut|end|trunc|short|clos")
        edition, = self.paperboy.status()["editions"]
        self.assertFalse(edition["complete"])
        self.assertGreater(edition["papers"], 10)
        self.assertEqual(len(self.mails()), 1)

    def test_empty(self):
        self.use("empty")
        result = self.run_ok("run", "--date", today())
        self.assert_says(result, "no (new )?papers|empty|nothing")
        self.assertEqual(self.paperboy.delivered(), [])

    def test_interrupted(self):
        """A slow drip does not hold a person who wants to stop it."""
        self.use("drip")
        process = self.paperboy.start("run", "--date", today())
        end = time.monotonic() + 20
        while not self.arxiv.requests and time.monotonic() < end:
            time.sleep(0.05)
        time.sleep(0.3)
        process.terminate()
        started = time.monotonic()
        process.communicate(timeout=30)
        self.assertLess(time.monotonic() - started, 10)
        self.use("good")
        self.run_ok("run", "--date", today())
        self.assertEqual(len(self.mails()), 1)
