"""publish: a folder for a web server or a git repository, from the store or from papers."""

import contextlib
import html.parser
import json
import os
import re
import shutil
import signal
import sqlite3
import time
import unittest
from pathlib import Path

import feed_rules
import feedparser
from feeds import Arxiv, good, paper, papers, rss
from support import DATA, NO_INPUT, CONFIGURATION, OK, Case, needs_samples

MONDAY, TUESDAY = "2026-02-16", "2026-02-17"
HOSTILE = ("]]> <script>alert(1)</script> ](javascript:alert(1)) `x` | y \U0001f600 \u05e9\u05dc\u05d5\u05dd "
           "\u202eevil &amp; <img src=x onerror=alert(1)>")
SAMPLES = DATA / "bot-readme"
FIELDS = ["Authors", "Category", "Published", "Score", "Type", "ArXiv ID"]


class Page(html.parser.HTMLParser):
    """Tags, links and what is inline; every element is closed in order."""

    EMPTY = {"meta", "link", "br"}

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.links, self.inline = [], [], [], []
        self.feed(text)
        assert not self.open, self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.inline += [name for name, _ in attrs if name == "style" or name.startswith("on")]
        self.links += [value for name, value in attrs if name in ("href", "src")]
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag


def skeleton(text):
    """What a program that reads the bot's README.md counts on: headings and fields, without what they hold."""
    text = re.sub(r"<details>.*?</details>\n", "<details>\n", text, flags=re.S)
    found = []
    for line in text.splitlines():
        if re.match(r"## ", line):
            found.append(line)
        elif re.match(r"### \d+\. \[.+\]\(https://arxiv\.org/abs/\S+\)$", line):
            found.append("### N.")
        elif match := re.match(r"\*\*([\w ]+)\*\*: .*  $", line):
            found.append(match.group(1))
        elif match := re.match(r"- \*\*([\w ]+)\*\*: \S", line):
            found.append("- " + match.group(1))
        elif line in ("#### Abstract", "---", "<details>"):
            found.append(line)
    return found


class Folder(Case):
    def setUp(self):
        super().setUp()
        self.public = self.folder / "public"
        self.paperboy.write_configuration(web={"base_url": "https://papers.example.test/"})

    def fetch(self, date, items):
        self.run_ok("fetch", "--feed", self.paperboy.write(f"{date}.xml", rss(items, date=date)), "--date", date)

    def use_two_days(self):
        self.fetch(MONDAY, papers(5))
        self.fetch(TUESDAY, [*papers(6, first=10, categories=("cs.DC", "cs.LG")), paper(90, title=HOSTILE, abstract=HOSTILE)])

    def use_profile(self, **keys):
        self.paperboy.write("owner.json", json.dumps({"email": "owner@example.test", "name": "Secret Owner", **keys}))
        self.paperboy.write_configuration(publish={"profile": "owner.json"})

    def files(self):
        return {str(path.relative_to(self.public)): path for path in self.public.rglob("*") if path.is_file()}

    def check_feeds(self):
        for name, path in self.files().items():
            if not name.endswith(".xml"):
                continue
            check = feed_rules.check_rss if name.endswith("feed.xml") else feed_rules.check_atom
            self.assertEqual(check(path.read_bytes()), [], name)
            parsed = feedparser.parse(path.read_bytes())
            self.assertFalse(parsed.bozo, f"{name}: {parsed.get('bozo_exception')}")
            self.assertEqual(parsed.version, "rss20" if name.endswith("feed.xml") else "atom10")
            self.assertLessEqual(len(parsed.entries), 100)

    def check_pages(self, is_whole=True):
        """Before the first publish has ended, pages point to what comes last."""
        for name, path in self.files().items():
            if not name.endswith(".html"):
                continue
            page = Page(path.read_text())
            self.assertEqual(page.inline, [], name)
            self.assertNotIn("script", page.tags)
            self.assertNotIn("img", page.tags)
            for link in page.links:
                if is_whole and not re.match(r"https?:|mailto:|#", link):
                    self.assertTrue((path.parent / link).exists(), f"{name}: {link} leads nowhere")
                self.assertNotIn("javascript:", link)


class Publish(Folder):
    def test_folder(self):
        self.use_two_days()
        self.run_ok("publish")
        self.assertEqual(set(self.files()), {
            "README.md", "index.html", "feed.xml", "atom.xml", "papers.json", "style.css", f"{MONDAY}.html",
            f"{TUESDAY}.html", *(f"{category}/{form}.xml" for category in ("cs.LG", "cs.DC") for form in ("feed", "atom"))})
        self.check_feeds()
        self.check_pages()
        found = feedparser.parse((self.public / "feed.xml").read_bytes()).entries
        self.assertEqual([entry.id for entry in found][:2], [f"https://arxiv.org/abs/2602.000{n}v1" for n in (10, 11)])
        self.assertEqual(len(found), 12)
        self.assertEqual(found[6].title, HOSTILE.replace("&amp;", "&"))  # as feeds are read
        self.assertEqual([author.name for author in found[0].authors], ["Ada Example", "Emmy Noether"])
        self.assertEqual(len(feedparser.parse((self.public / "cs.DC/atom.xml").read_bytes()).entries), 6)
        readme = (self.public / "README.md").read_text()
        self.assertNotRegex(readme, r"(?<!\\)<(script|img)")
        self.assertNotRegex(readme, r"(?<!\\)\]\((?!https://arxiv\.org/abs/)")
        rows = json.loads((self.public / "papers.json").read_text())
        self.assertEqual([row["rank"] for row in rows], list(range(1, 8)))
        self.assertIn("Total Papers Found**: 7\n", readme)

    def test_again_writes_nothing(self):
        self.use_two_days()
        self.run_ok("publish")
        (self.public / "CNAME").write_text("papers.example.test\n")
        before = {name: path.stat().st_mtime_ns for name, path in self.files().items()}
        self.assert_says(self.run_ok("publish"), "0 files written")
        self.assertEqual({name: path.stat().st_mtime_ns for name, path in self.files().items()}, before)
        self.fetch("2026-02-18", papers(2, first=200))
        self.run_ok("publish")
        after = {name: path.stat().st_mtime_ns for name, path in self.files().items()}
        for name in ("CNAME", "style.css", f"{MONDAY}.html"):
            self.assertEqual(after[name], before[name], name)
        self.assertNotEqual(after["index.html"], before["index.html"])
        self.check_pages()

    def test_can_be_read_by_a_web_server(self):
        """The service's umask is 0077."""
        self.use_two_days()
        before = os.umask(0o077)
        self.addCleanup(os.umask, before)
        self.run_ok("publish")
        for path in [self.public, *self.public.rglob("*")]:
            self.assertEqual(path.stat().st_mode & 0o777, 0o755 if path.is_dir() else 0o644, path)

    def test_what_a_killed_one_left_goes(self):
        self.use_two_days()
        self.run_ok("publish")
        paths = [self.public / name for name in (".paperboy-a1B2c3", "cs.LG/.paperboy-d4E5f6", ".paperboy-g7H8i9", ".paperboyrc")]
        for path in paths:
            path.write_text("half")
            os.utime(path, (time.time() - 3600,) * 2)
        os.utime(paths[2])  # may be somebody's who is at work
        self.run_ok("publish")
        self.assertEqual([path.exists() for path in paths], [False, False, True, True])

    def kept(self, sql, *values):
        with contextlib.closing(sqlite3.connect(self.paperboy.store)) as store, store:
            return store.execute(sql, values).fetchall()

    def publish_into(self, name):
        self.run_ok("publish", "--out", name)
        return {path.relative_to(self.folder / name): path.read_bytes() for path in (self.folder / name).rglob("*") if path.is_file()}

    def test_what_was_ranked_is_kept(self):
        """Read back it gives the same bytes; cut off anywhere, or of another profile, it is made anew."""
        self.use_two_days()
        self.use_profile(keywords=["attention", "training"], categories=["cs.LG"], max_papers=4)
        first = self.publish_into("first")
        rows = self.kept("SELECT name, bytes FROM derived WHERE kind = 'published-day' ORDER BY name")
        self.assertEqual([name for name, _ in rows], [MONDAY, TUESDAY])
        self.assertEqual(self.publish_into("again"), first)
        name, whole = rows[0]
        for size in (0, 15, 16, 17, 40, len(whole) // 2, len(whole) - 1):
            self.kept("UPDATE derived SET bytes = ? WHERE kind = 'published-day' AND name = ?", whole[:size], name)
            self.assertEqual(self.publish_into("cut"), first)
        self.kept("UPDATE derived SET bytes = ? WHERE kind = 'published-day' AND name = ?", whole[:16] + b"\xff" * 200 + whole[:16], name)
        self.assertEqual(self.publish_into("odd"), first)
        self.assertEqual(self.kept("SELECT bytes FROM derived WHERE kind = 'published-day' AND name = ?", name), [(whole,)])
        self.use_profile(keywords=["nothing of this"], categories=["cs.LG"])
        self.assertIn("Total Papers Found**: 0\n", self.publish_into("other")[Path("README.md")].decode())

    def test_late_papers_change_updated(self):
        self.use_two_days()
        self.run_ok("publish")
        before = [feedparser.parse((self.public / name).read_bytes()) for name in ("feed.xml", "atom.xml")]
        self.assertEqual(before[1].feed.updated, f"{TUESDAY}T05:00:00Z")
        time.sleep(1.1)  # times are kept in seconds
        self.fetch(MONDAY, [*papers(5), paper(300)])
        self.run_ok("publish")
        after = [feedparser.parse((self.public / name).read_bytes()) for name in ("feed.xml", "atom.xml")]
        for old, new in zip(before, after):
            self.assertGreater(new.feed.updated_parsed, old.feed.updated_parsed)
            self.assertEqual(len(new.entries), len(old.entries) + 1)
        self.check_feeds()
        self.fetch(MONDAY, papers(5))
        self.assert_says(self.run_ok("publish"), "0 files written")

    def test_ranked_for_the_owners_profile(self):
        self.use_two_days()
        self.use_profile(keywords=["attention", "training"], categories=["cs.LG"], max_papers=3)
        self.run_ok("publish", "--out", "elsewhere")
        self.public = self.folder / "elsewhere"
        rows = json.loads((self.public / "papers.json").read_text())
        ranked = self.run_ok("rank", "--json", "--profile", "owner.json").lines()[0]["papers"]
        self.assertEqual([(row["id"], row["score"], row["reasons"]) for row in rows],
                         [(row["id"], row["score"], row["reasons"]) for row in ranked])
        self.check_feeds()
        self.check_pages()
        for name, path in self.files().items():
            self.assertNotRegex(path.read_text(), "Secret Owner|owner@example.test/", name)
        self.assertIn("- attention, training\n", (self.public / "README.md").read_text())
        self.run_ok("publish", "--out", "earlier", "--date", MONDAY)
        self.assertIn(f"**Published**: {MONDAY}", (self.folder / "earlier/README.md").read_text())
        self.run_fails(NO_INPUT, "publish", "--date", "2026-01-01", says="no edition")
        self.paperboy.write("owner.json", "{")
        self.run_fails(CONFIGURATION, "publish", says=["publish.profile", "owner.json"])

    def test_nothing_for_the_owners_profile(self):
        """It is not said that arXiv announced nothing."""
        self.use_profile(keywords=["zymurgy"])
        self.use_two_days()
        self.run_ok("publish")
        page = (self.public / "index.html").read_text()
        self.assertRegex(page, "None of the 7 papers of ")
        self.assertNotIn("announced no papers", page)
        self.check_feeds()

    def test_papers_without_a_store(self):
        (self.folder / "paperboy.json").unlink()
        feed = self.paperboy.write("day.xml", rss(papers(3), date=TUESDAY))
        self.run_ok("publish", "--papers", feed)
        self.check_feeds()
        self.assertFalse((self.folder / "paperboy.db").exists())
        feed.write_text(rss([], date=TUESDAY))
        before = (self.public / "README.md").read_bytes()
        self.run_ok("publish", "--papers", feed)
        self.assertEqual((self.public / "README.md").read_bytes(), before)

    def test_papers_without_a_date_are_todays(self):
        self.paperboy.write("day.jsonl", '{"id": "2602.00001", "title": "Undated", "abstract": "LLM"}\n')
        self.run_ok("publish", "--papers", "day.jsonl")
        dated = [name for name in self.files() if re.fullmatch(r"\d{4}-\d\d-\d\d\.html", name)]
        self.assertEqual(len(dated), 1)
        self.assertIn(f"**Published**: {dated[0].removesuffix('.html')}  \n", (self.public / "README.md").read_text())
        for path in self.files().values():
            self.assertNotIn("1970", path.read_text())

    def test_a_category_is_no_path(self):
        feed = self.paperboy.write("day.xml", rss([paper(1, categories=("../../evil", "cs.LG")),
                                                   paper(2, categories=(".git",)), paper(3),
                                                   paper(4, categories=("README.md",)), paper(5, categories=("feed.xml",))],
                                                  date=TUESDAY))
        self.run_ok("publish", "--papers", feed)
        self.assertEqual({name.split("/")[0] for name in self.files() if "/" in name}, {"cs.LG"})
        self.assertFalse((self.folder.parent / "evil").exists())

    def test_run_publishes_when_a_folder_is_named(self):
        self.use_examples()
        feed = self.paperboy.write("day.xml", rss(papers(9), date=TUESDAY))
        self.run_ok("run", "--feed", feed, "--date", TUESDAY)
        self.assertFalse(self.public.exists())
        self.paperboy.write_configuration(publish={"folder": "public"})
        self.run_ok("run", "--feed", feed, "--date", TUESDAY, "--dry-run")
        self.assertFalse(self.public.exists())
        self.assert_says(self.run_ok("run", "--feed", feed, "--date", TUESDAY), "published")
        self.check_feeds()
        self.assertNotIn("published", self.run_ok("run", "--feed", feed, "--date", TUESDAY).err)

    def test_run_says_what_it_cannot_write(self):
        """A link that leads nowhere is not taken for there being no edition."""
        self.use_examples()
        self.paperboy.write_configuration(publish={"folder": "public"})
        self.public.mkdir()
        (self.public / "cs.LG").symlink_to("gone")
        feed = self.paperboy.write("day.xml", rss(papers(3), date=TUESDAY))
        self.run_fails(CONFIGURATION, "run", "--feed", feed, "--date", TUESDAY, says="public/cs.LG")

    def test_its_categories_are_fetched(self):
        self.use_profile(categories=["math.AP", "cs.OS"])
        arxiv = Arxiv(rss=good(papers(3)))
        self.addCleanup(arxiv.close)
        self.paperboy.write_configuration(arxiv={"rss": arxiv.url("rss"), "oai": arxiv.url("oai")})
        self.paperboy.run("fetch", "--date", TUESDAY)
        self.assertEqual(arxiv.requests[0][0], "/rss/cs.OS+math.AP")

    def kill_at_each_step(self, before, is_whole):
        began = time.monotonic()
        self.run_ok("publish", "--out", "timed")
        whole = time.monotonic() - began
        for step in range(1, 13):
            shutil.rmtree(self.public, ignore_errors=True)
            if before:
                shutil.copytree(before, self.public)
            process = self.paperboy.start("publish")
            time.sleep(whole * step / 12)
            process.send_signal(signal.SIGKILL)
            process.communicate()
            for name, path in self.files().items():
                if not path.name.startswith("."):
                    self.assertRegex(path.read_text()[-12:], r"(</html>|</rss>|</feed>|\]|\}|\n)\s*$", name)
            self.check_feeds()
            self.check_pages(is_whole)

    def test_killed(self):
        """Whatever is there is whole; in a folder that was complete every link leads somewhere."""
        self.use_two_days()
        self.kill_at_each_step(None, is_whole=False)
        shutil.rmtree(self.public, ignore_errors=True)
        self.run_ok("publish")
        self.check_pages()
        complete = self.folder / "complete"
        shutil.copytree(self.public, complete)
        self.fetch("2026-02-18", papers(4, first=200))
        self.kill_at_each_step(complete, is_whole=True)


class RealEditions(Folder):
    @needs_samples(SAMPLES)
    def test_layout_of_the_bot(self):
        self.use_two_days()
        self.use_profile(keywords=["attention", "training"])
        self.run_ok("publish")
        ours = skeleton((self.public / "README.md").read_text())
        block = ["### N.", *FIELDS, "#### Abstract", "---"]
        start = ["## 📊 Statistics", "- Last Updated", "- Total Papers Found", "- Categories Monitored",
                 "## 📚 Recent Papers"]
        count = ours.count("### N.")
        self.assertEqual(ours, start + block * count + ["## 🔧 Configuration"])
        for path in sorted(SAMPLES.glob("*.txt")):
            theirs = [line for line in skeleton(path.read_text()) if line != "<details>"]
            theirs = theirs[theirs.index("- Last Updated") - 1:]  # one came with its UTF-8 misread
            end = theirs.index("---", len(theirs) - 12) if "---" in theirs[-12:] else len(theirs)
            papers_of_bot = theirs[5:end + 1]
            self.assertEqual(papers_of_bot, block * (len(papers_of_bot) // len(block)), path.name)
            self.assertEqual(theirs[1:4], start[1:4], path.name)

    @needs_samples(DATA / "papers/day-2026-06-30.jsonl")
    def test_a_large_day(self):
        result = self.paperboy.run("publish", "--papers", DATA / "papers/day-2026-06-30.jsonl")
        self.assertEqual(result.status, OK, str(result))
        self.check_feeds()
        self.check_pages()
        self.assertEqual(len(json.loads((self.public / "papers.json").read_text())), 500)
        self.assertEqual(len(feedparser.parse((self.public / "feed.xml").read_bytes()).entries), 100)


if __name__ == "__main__":
    unittest.main()
