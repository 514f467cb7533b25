"""The daily job into a Maildir: run, send, fetch, status."""

import hashlib
import json
import re
from pathlib import Path

from feeds import Arxiv, busy, error_page, good, paper, papers, rss, zipped
from support import OK, SAMPLE_DAY, TEMPORARY, UNAVAILABLE, Case, html_of, text_of, today


def snapshot(folder):
    """Every file below with its content, to see that nothing changed."""
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(Path(folder).rglob("*")) if path.is_file()}


class WholeRun(Case):
    """Also what Valgrind watches."""

    def test_run(self):
        self.use_examples()
        result = self.run_ok("run", "--feed", SAMPLE_DAY, seconds=300)
        mails = self.mails()
        self.assertEqual(sorted(mails), ["ada@example.test", "emmy@example.test"], str(result))
        again = self.run_ok("run", "--feed", SAMPLE_DAY, seconds=300)
        self.assertEqual(len(self.paperboy.delivered()), 2, str(again))


class Run(Case):
    def setUp(self):
        super().setUp()
        self.use_examples()
        self.feed = self.paperboy.write("day.xml", rss(papers(30)))

    def test_message(self):
        self.run_ok("run", "--feed", self.feed)
        mails = self.mails()
        self.assertEqual(sorted(mails), ["ada@example.test", "emmy@example.test"])
        ada, emmy = mails["ada@example.test"], mails["emmy@example.test"]
        self.assertEqual(ada.get_content_type(), "multipart/alternative")
        self.assertEqual([part.get_content_type() for part in ada.iter_parts()], ["text/plain", "text/html"])
        self.assertEqual(ada["To"].addresses[0].display_name, "Ada")
        self.assertEqual(emmy["To"].addresses[0].display_name, "Emmy Noether")
        for message in mails.values():
            self.check_header(message)
            self.assertIn("https://arxiv.org/abs/2602.0", text_of(message))
            self.assertIn("https://arxiv.org/abs/2602.0", html_of(message))
        self.assertNotEqual(text_of(ada), text_of(emmy), "everybody has papers of their own")
        self.assertNotEqual(ada["Message-ID"], emmy["Message-ID"])

    def check_header(self, message):
        for name in ("From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "List-Id", "List-Unsubscribe",
                     "List-Help", "List-Owner", "List-Post", "Precedence", "Auto-Submitted"):
            self.assertEqual(len(message.get_all(name, [])), 1, name)
        self.assertEqual(message["From"].addresses[0].addr_spec, "digest@example.test")
        self.assertEqual(message["From"].addresses[0].display_name, "Paperboy")
        self.assertIn("<digest.example.test>", message["List-Id"])
        self.assertIn("mailto:owner@example.test", message["List-Owner"])
        # Neither inbox nor web is configured: the owner is asked.
        self.assertIn("mailto:owner@example.test", message["List-Unsubscribe"])
        self.assertNotIn("List-Unsubscribe-Post", message)
        self.assertEqual(message["List-Post"].split()[0], "NO")
        self.assertEqual(message["Precedence"], "bulk")
        self.assertEqual(message["Auto-Submitted"], "auto-generated")
        self.assertIsNotNone(message["Date"].datetime)
        self.assertRegex(message["Message-ID"], r"^<[^@\s]+@[^@\s]+>$")
        self.assertNotRegex(message["Subject"], r"[A-Za-z0-9]{24}", "a token in the subject")
        for part in (text_of(message), html_of(message)):
            self.assertIn("mailto:owner@example.test", part.replace("owner%40", "owner@"), "no visible way to leave")

    def test_raw_bytes(self):
        """RFC 5322: lines of at most 998 octets (78 when it can be), ASCII, no lone CR in Maildir."""
        self.run_ok("run", "--feed", self.feed)
        for raw in self.paperboy.delivered():
            self.assertNotIn(b"\0", raw)
            self.assertTrue(raw.isascii(), "8-bit bytes in the message")
            for line in raw.splitlines():
                self.assertLessEqual(len(line), 78, line)

    def test_second_run_sends_nothing(self):
        self.run_ok("run", "--feed", self.feed)
        before = snapshot(self.paperboy.outbox)
        self.run_ok("run", "--feed", self.feed)
        self.run_ok("send")
        self.assertEqual(snapshot(self.paperboy.outbox), before)
        self.assertEqual(self.paperboy.status()["deliveries"]["sent"], 2)

    def test_papers_once(self):
        """The day after, a paper that was shown is not shown again; a new one is."""
        self.run_ok("run", "--feed", self.feed, "--date", "2026-02-17")
        for path in (self.paperboy.outbox / "new").iterdir():
            path.unlink()
        newer = paper(900, title="A fresh LLM training paper")
        second = self.paperboy.write("next.xml", rss([paper(3, announce_type="cross"), newer], date="2026-02-18"))
        self.run_ok("run", "--feed", second, "--date", "2026-02-18")
        mails = self.mails()
        self.assertIn("ada@example.test", mails)
        self.assertIn("2602.00900", text_of(mails["ada@example.test"]))
        self.assertNotIn("2602.00003", text_of(mails["ada@example.test"]))

    def test_dry_run(self):
        before = snapshot(self.folder)
        result = self.run_ok("run", "--dry-run", "--feed", self.feed)
        self.assertIn("ada@example.test", result.out + result.err)
        self.assertEqual(self.paperboy.delivered(), [])
        after = {name: value for name, value in snapshot(self.folder).items() if "paperboy.db" not in name
                 and not name.endswith("paperboy.key")}
        self.assertEqual(after, before)
        self.run_ok("run", "--feed", self.feed)
        self.assertEqual(len(self.paperboy.delivered()), 2, "the dry run used something up")

    def test_only(self):
        self.run_ok("run", "--feed", self.feed, "--only", "ada@example.test")
        self.assertEqual(list(self.mails()), ["ada@example.test"])
        self.run_ok("run", "--feed", self.feed, "--only", "EMMY@example.test")
        self.assertEqual(sorted(self.mails()), ["ada@example.test", "emmy@example.test"])
        result = self.paperboy.run("run", "--feed", self.feed, "--only", "nobody@example.test")
        self.assertNotEqual(result.status, OK, str(result))
        self.assert_says(result, "nobody@example.test")

    def test_date(self):
        self.run_ok("run", "--feed", self.feed, "--date", "2026-03-02")
        self.assertEqual([edition["date"] for edition in self.paperboy.status()["editions"]], ["2026-03-02"])

    def test_date_of_the_feed(self):
        """pubDate is midnight in New York, which is already the next day in Tokyo and the last in Los Angeles."""
        for zone in ("Asia/Tokyo", "America/Los_Angeles"):
            self.paperboy.store.unlink(missing_ok=True)
            self.run_ok("fetch", "--feed", self.feed, env={"TZ": zone})
            self.assertEqual([edition["date"] for edition in self.paperboy.status()["editions"]], ["2026-02-17"], zone)

    def test_nobody_hit(self):
        """No empty mail is ever sent."""
        self.paperboy.profile("ada@example.test", keywords=["chromodynamics"])
        self.paperboy.profile("emmy@example.test", keywords=["tensor category"])
        self.run_ok("run", "--feed", self.feed)
        self.assertEqual(self.paperboy.delivered(), [])
        self.run_ok("run", "--feed", self.feed)

    def test_bad_profile_does_not_stop_the_others(self):
        self.paperboy.write("subscribers/broken@example.test.json", '{\n  "email": "broken@example.test",\n  "keywrods": []\n}\n')
        result = self.run_ok("run", "--feed", self.feed)
        self.assert_says(result, r"broken@example\.test\.json:3", "keywrods", "keywords")
        self.assertEqual(sorted(self.mails()), ["ada@example.test", "emmy@example.test"])

    def test_two_runs_at_once(self):
        processes = [self.paperboy.start("run", "--feed", str(self.feed)) for _ in range(4)]
        for process in processes:
            out, err = process.communicate(timeout=120)
            self.assertIn(process.returncode, (OK, TEMPORARY), err.decode())
        self.run_ok("run", "--feed", self.feed)
        self.assertEqual(sorted(self.mails()), ["ada@example.test", "emmy@example.test"])

    def test_maildir_elsewhere(self):
        self.paperboy.write_configuration(delivery={"url": "maildir:deep/er/box"})
        self.run_ok("run", "--feed", self.feed)
        self.assertEqual(len(self.paperboy.delivered(self.folder / "deep/er/box")), 2)
        self.assertEqual(sorted(path.name for path in (self.folder / "deep/er/box").iterdir()), ["cur", "new", "tmp"])

    def test_formats(self):
        self.paperboy.profile("ada@example.test", format="text", keywords=["LLM"])
        self.paperboy.profile("emmy@example.test", format="html", keywords=["network"])
        self.run_ok("run", "--feed", self.feed)
        mails = self.mails()
        self.assertEqual(mails["ada@example.test"].get_content_type(), "text/plain")
        self.assertEqual(mails["emmy@example.test"].get_content_type(), "text/html")


class Send(Case):
    def test_what_fetch_left(self):
        self.use_examples()
        feed = self.paperboy.write("day.xml", rss(papers(30)))
        self.run_ok("fetch", "--feed", feed)
        self.assertEqual(self.paperboy.delivered(), [])
        self.assertEqual(self.paperboy.status()["editions"][0]["papers"], 30)
        self.run_ok("send")
        self.assertEqual(self.paperboy.delivered(), [], "send makes no deliveries of its own")

    def test_after_a_relay_was_down(self):
        self.use_examples()
        feed = self.paperboy.write("day.xml", rss(papers(30)))
        self.paperboy.write_configuration(delivery={"url": "smtp://127.0.0.1:9"})
        self.run_fails(TEMPORARY, "run", "--feed", feed, says="127.0.0.1")
        counts = self.paperboy.status()["deliveries"]
        self.assertEqual(counts.get("sent", 0), 0)
        self.assertEqual(counts.get("queued", 0) + counts.get("deferred", 0), 2)
        self.paperboy.write_configuration(delivery={"url": "maildir:outbox"})
        self.run_ok("send")
        self.assertEqual(sorted(self.mails()), ["ada@example.test", "emmy@example.test"])


    def test_workers_and_waiting(self):
        for number in range(30):
            self.paperboy.profile(f"p{number}@example.test", keywords=["LLM", "training"])
        feed = self.paperboy.write("day.xml", rss(papers(30)))
        self.paperboy.write_configuration(delivery={"url": "smtp://127.0.0.1:9"})
        self.run_fails(TEMPORARY, "run", "--feed", feed)
        self.paperboy.write_configuration(delivery={"url": "maildir:outbox"})
        self.run_ok("send", "--workers", 3, "--wait", seconds=120)
        self.assertEqual(len(self.mails()), 30)


class Status(Case):
    def test_json(self):
        self.use_examples()
        empty = self.paperboy.status()
        self.assertEqual(empty["editions"], [])
        self.assertEqual(empty["subscribers"], 2)
        self.assertEqual(empty["suppressed"], 0)
        feed = self.paperboy.write("day.xml", rss(papers(12, categories=("cs.LG", "cs.DC"))))
        self.run_ok("run", "--feed", feed)
        status = self.paperboy.status()
        edition = status["editions"][0]
        self.assertEqual((edition["date"], edition["papers"], edition["complete"]), ("2026-02-17", 12, True))
        self.assertIsInstance(edition["categories"], dict)
        self.assertEqual(status["deliveries"]["sent"], 2)
        for state in ("queued", "deferred", "failed", "uncertain"):
            self.assertEqual(status["deliveries"].get(state, 0), 0, state)

    def test_for_people(self):
        self.use_examples()
        self.run_ok("run", "--feed", self.paperboy.write("day.xml", rss(papers(12))))
        out = self.run_ok("status").out
        self.assertIn("2026-02-17", out)
        self.assertIn("12", out)
        self.assertRegex(out, r"sent\D*2|2\D*sent")


class Fetch(Case):
    def test_jsonl(self):
        items = papers(5, categories=("cs.LG", "stat.ML"), version=2, announce_type="replace")
        feed = self.paperboy.write("day.xml", rss(items))
        rows = self.run_ok("fetch", "--feed", feed, "--jsonl").lines()
        self.assertEqual(rows, [{**item, "date": "2026-02-17"} for item in items])

    def test_jsonl_is_read_back(self):
        feed = self.paperboy.write("day.xml", rss(papers(30)))
        lines = self.run_ok("fetch", "--feed", feed, "--jsonl").out
        stored = self.paperboy.write("day.jsonl", lines)
        profile = self.paperboy.profile("ada@example.test", keywords=["attention", "LLM"])
        ranked = [self.run_ok("rank", "--papers", path, "--profile", profile, "--json").out for path in (feed, stored)]
        self.assertEqual(ranked[0], ranked[1])

    def test_standard_input(self):
        lines = "".join(json.dumps(item) + "\n" for item in papers(4)).encode()
        rows = self.run_ok("fetch", "--feed", "-", "--jsonl", input=lines).lines()
        self.assertEqual(len(rows), 4)

    def test_many_files_one_paper_once(self):
        one = self.paperboy.write("one.xml", rss(papers(5)))
        two = self.paperboy.write("two.xml", rss([paper(5, announce_type="cross", categories=("cs.DC", "cs.LG")), paper(6)]))
        rows = self.run_ok("fetch", "--feed", one, two, "--jsonl").lines()
        self.assertEqual([row["id"] for row in rows], [f"2602.{number:05}" for number in range(1, 7)])


class Network(Case):
    """Against an arXiv on loopback."""

    def setUp(self):
        super().setUp()
        self.paperboy.profile("ada@example.test", categories=["cs.LG", "cs.DC"], keywords=["LLM", "attention"])
        self.paperboy.profile("emmy@example.test", categories=["stat.ML"], keywords=["network"])
        # Given to every run: on a weekend it would otherwise not ask at all.
        self.date = today()
        items = papers(30, categories=("cs.LG", "stat.ML"))
        self.arxiv = Arxiv(day=good(items, self.date), zip=zipped(items), html=error_page(), busy=busy())
        self.addCleanup(self.arxiv.close)

    def use(self, name):
        self.paperboy.write_configuration(arxiv={"rss": self.arxiv.url(name)})

    def test_one_request_for_all_categories(self):
        self.use("day")
        self.run_ok("run", "--date", self.date)
        self.assertEqual(len(self.arxiv.requests), 1)
        path, _, headers = self.arxiv.requests[0]
        self.assertEqual(sorted(path.split("/")[2].split("+")), ["cs.DC", "cs.LG", "stat.ML"])
        self.assertRegex(headers["User-Agent"], r"paperboy/\d")
        self.assertIn("owner@example.test", headers["User-Agent"])
        self.assertEqual(sorted(self.mails()), ["ada@example.test", "emmy@example.test"])

    def test_gzip(self):
        self.use("zip")
        self.run_ok("fetch", "--date", self.date)
        self.assertEqual(self.paperboy.status()["editions"][0]["papers"], 30)

    def test_url_as_feed(self):
        self.run_ok("run", "--feed", self.arxiv.url("day") + "anything")
        self.assertEqual(len(self.mails()), 2)

    def test_failures(self):
        for name, says in (("html", ("html|feed", "127.0.0.1")), ("busy", ("503",)), ("missing", ("404",))):
            with self.subTest(name):
                self.use(name)
                # A store of its own: what one has failed is left alone for a while.
                self.paperboy.write_configuration(store=f"sqlite:{name}.db")
                result = self.run_fails((UNAVAILABLE, TEMPORARY), "run", "--date", self.date, says=says)
                self.assertEqual(self.paperboy.delivered(), [])
                self.assert_few_lines(result, 4)
        self.assertEqual(self.paperboy.status()["deliveries"].get("sent", 0), 0)

    def test_nobody_listens(self):
        result = self.run_fails(UNAVAILABLE, "run", "--date", self.date, says="127.0.0.1")
        self.assert_few_lines(result, 4)

    def test_old_mail_goes_out_though_arxiv_is_down(self):
        """What is due is done, whatever became of fetching."""
        feed = self.paperboy.write("day.xml", rss(papers(30, categories=("cs.LG", "stat.ML"))))
        self.paperboy.write_configuration(delivery={"url": "smtp://127.0.0.1:9"})
        self.run_fails(TEMPORARY, "run", "--feed", feed)
        self.paperboy.write_configuration(delivery={"url": "maildir:outbox"})
        self.use("busy")
        result = self.paperboy.run("run", "--date", self.date)
        self.assertIn(result.status, (OK, UNAVAILABLE, TEMPORARY), str(result))
        self.run_ok("send")
        self.assertEqual(len(self.mails()), 2, str(result))


class SampleDay(Case):
    """The fixture that `make demo` falls back to has every oddity of the real feeds."""

    def test_oddities(self):
        rows = self.run_ok("fetch", "--feed", SAMPLE_DAY, "--jsonl").lines()
        self.assertGreaterEqual(len(rows), 60)
        self.assertEqual(len(rows), len({row["id"] for row in rows}))
        kinds = {row["announce_type"] for row in rows}
        self.assertEqual(kinds, {"new", "cross", "replace", "replace-cross"})
        self.assertTrue(any(row["version"] > 1 and row["announce_type"] == "cross" for row in rows))
        self.assertTrue(any(not row.get("authors") for row in rows), "no paper without creator")
        self.assertTrue(any("<" in row["abstract"] for row in rows), "no raw < in an abstract")
        self.assertTrue(any("\\" in row["title"] + row["abstract"] for row in rows), "no TeX")
        self.assertTrue(any(len(row["categories"]) > 2 for row in rows))
        text = SAMPLE_DAY.read_text(encoding="utf-8")
        self.assertLess(len(re.findall(r"<pubDate>", text)), text.count("<item>") + 1, "every item has a pubDate")
