"""AI summaries from the feed to the reader: a model's endpoint of the tests' own behaves well and badly, and
checks every request."""

import json
import re
import shutil
import signal
import sqlite3
import threading
import time
import unittest

from feeds import paper, papers, rss
from model_endpoint import (ModelEndpoint, Act, cut, empty, ended, hang, header_tricks, huge, not_json, refused, reset,
                            status, stream)
from postgres import PostgresServer, with_postgres
from servers import LOCAL_ADDRESS, Certificates, wait_for
from support import CONFIGURATION, NO_INPUT, OK, ROOT, TEMPORARY, UNAVAILABLE, USAGE, Case, Paperboy
from web_server import Server

CHINESE = ("TL;DR：耐心让小机器更快。\n\n## 主要贡献\n\n- 提出 **attention** 的新方法，步骤很少\n- 给出证明\n\n"
           "## 方法\n\n先看 `kernel`，再看 $O(n^2)$ 的代价。\n\n## 结论\n\n1. 有效\n2. 简单\n")
ENGLISH = ("TL;DR: Patience makes small machines fast.\n\n## Contributions\n\n- A **method** of few steps\n- A proof\n\n"
           "## Results\n\n| machine | steps |\n|---|---|\n| small | 7 |\n")
ADDRESSES = ("ada@example.test", "bob@example.test", "lin@example.test")


def by_language(request):
    return CHINESE if re.search("[\u4e00-\u9fff]", request.user) else ENGLISH


class Summaries(Case):
    def setUp(self):
        super().setUp()
        self.endpoint = self.open_endpoint()

    def open_endpoint(self, **options):
        endpoint = ModelEndpoint(**{"answer": by_language, **options})
        self.addCleanup(endpoint.close)
        key = self.paperboy.write("model.key", (endpoint.key or "") + "\n")
        key.chmod(0o600)
        self.paperboy.write_configuration(arxiv={"pdf": endpoint.pdf_url})
        self.configure(base_url=endpoint.base_url, model=endpoint.model,
                       api_key_file="model.key" if endpoint.key else None)
        return endpoint

    def configure(self, **keys):
        self.paperboy.write_configuration(summaries={"enabled": True, "papers": 3, **keys})

    def readers(self):
        for address in ADDRESSES:
            self.paperboy.profile(address, keywords=["attention", "training"],
                                  language="zh" if address.startswith("lin") else "en")

    def feed(self, count=12, **keys):
        return self.paperboy.write("day.xml", rss(papers(count), **keys))

    def chats(self):
        return self.endpoint.of("chat")

    def assert_sound(self):
        self.assertEqual(self.endpoint.violations, [])
        self.assertEqual(self.endpoint.left_behind(), [])
        self.assertEqual(self.endpoint.asked_again(), [])

    def text_of(self, message, kind="plain"):
        return message.get_body((kind,)).get_content()


class WholeWay(Summaries):
    def test_pdf(self):
        """Each paper's PDF once, a question for each language; they stand in both parts of each digest."""
        self.readers()
        result = self.run_ok("run", "--feed", self.feed(), seconds=120)
        self.assert_says(result, r"summaries: 6 made; 6600 tokens")
        self.assert_sound()
        self.assertEqual(len(self.endpoint.of("pdf")), 3)
        self.assertEqual(len(self.endpoint.of("upload")), 3)
        self.assertEqual(len(self.endpoint.of("delete")), 3)
        self.assertEqual(len(self.chats()), 6)
        titles = {request.user.splitlines()[0] for request in self.chats()}
        self.assertEqual(len(titles), 3)
        for title in titles:
            self.assertRegex(title, r"^On the (attention|training) of small machines, part \d+$")
        mails = self.mails()
        self.assertEqual(set(mails), set(ADDRESSES))
        for address in ADDRESSES[:2]:
            text, html = self.text_of(mails[address]), self.text_of(mails[address], "html")
            self.assertEqual(text.count("Patience makes small machines fast."), 3)
            self.assertEqual(html.count("Patience makes small machines fast."), 3)
            self.assertIn("qwen-long", text)
            self.assertIn("qwen-long", html)
            self.assertIn("<strong>method</strong>", html)
            self.assertIn("A method of few steps", text)
            self.assertNotIn("**", text)
            self.assertRegex(html, r"<td[^>]*>small</td>")
        chinese, html = self.text_of(mails[ADDRESSES[2]]), self.text_of(mails[ADDRESSES[2]], "html")
        self.assertIn("耐心让小机器更快。", chinese)
        self.assertIn("耐心让小机器更快。", html)
        self.assertIn("主要贡献", chinese)
        self.assertIn("<strong>attention</strong>", html)
        self.assertNotIn("Patience", chinese)

    def test_text(self):
        """Endpoints that take no files get the PDF's text, as pdftotext reads it."""
        self.readers()
        self.endpoint.source = "text"
        self.configure(source="text", api_key_file="model.key")
        self.run_ok("run", "--feed", self.feed(), seconds=120)
        self.assert_sound()
        self.assertEqual(len(self.endpoint.of("upload")), 0)
        self.assertEqual(len(self.chats()), 6)
        for request in self.chats():
            self.assertRegex(request.user, r"(?s)<paper>\nThe whole text of 2602\.\d+v1\.\nIt has two lines\.\n*</paper>")
        self.assertIn("Patience", self.text_of(self.mails()["ada@example.test"]))

    def test_abstract_without_key(self):
        """A model on this machine, which wants no key; no PDF is asked for."""
        self.endpoint = self.open_endpoint(key=None, source="abstract", model="qwen2.5:7b", max_tokens=700)
        self.readers()
        self.configure(source="abstract", max_tokens=700)
        self.run_ok("run", "--feed", self.feed())
        self.assert_sound()
        self.assertEqual(self.endpoint.of("pdf"), [])
        self.assertIn("find that patience helps", self.chats()[0].user)
        self.assertIn("qwen2.5:7b", self.text_of(self.mails()["ada@example.test"]))

    def test_published(self):
        """README.md has them inside <details> as the bot's, the page and the feeds, too."""
        self.readers()
        profile = self.paperboy.write("everybody.json", json.dumps(
            {"email": "everybody@example.test", "keywords": ["attention", "training"], "language": "zh"}))
        self.paperboy.write_configuration(publish={"folder": "public", "profile": profile.name})
        self.run_ok("run", "--feed", self.feed(), seconds=120)
        self.assert_sound()
        readme = (self.folder / "public/README.md").read_text(encoding="utf-8")
        self.assertEqual(readme.count("<details>\n<summary><strong>🤖 AI Summary (by qwen-long)</strong>"), 3)
        self.assertIn("提出 **attention** 的新方法", readme)
        self.assertEqual(readme.count("<details>"), readme.count("</details>"))
        page = (self.folder / "public/index.html").read_text(encoding="utf-8")
        self.assertIn("耐心让小机器更快。", page)
        self.assertIn("qwen-long", page)
        self.assertIn("耐心让小机器更快。", (self.folder / "public/atom.xml").read_text(encoding="utf-8"))

    def test_metrics(self):
        """What they came to and cost, for who watches; nothing of it when they are not enabled."""
        self.readers()
        self.endpoint.script("chat", refused())
        self.configure(source="abstract", connections=1)
        self.paperboy.write_configuration(web={"listen": f"{LOCAL_ADDRESS}:0"})
        self.run_ok("run", "--feed", self.feed())
        with Server(self.paperboy) as server:
            lines = server.ask("/metrics")[2].decode().splitlines()
        for line in ('summaries{state="good"} 5', 'summaries{state="refused"} 1', 'summaries{state="asking"} 0',
                     'summary_tokens{kind="prompt"} 6000', 'summary_tokens{kind="completion"} 600'):
            self.assertIn("paperboy_" + line, lines)
        self.configure(enabled=False)
        with Server(self.paperboy) as server:
            self.assertNotIn(b"summar", server.ask("/metrics")[2])

    def test_left_out(self):
        """Who does not want them gets none, and counts for none."""
        self.paperboy.profile("ada@example.test", keywords=["attention"])
        self.paperboy.profile("bob@example.test", keywords=["attention", "graph"], summaries=False)
        self.configure(source="abstract")
        self.run_ok("run", "--feed", self.feed())
        mails = self.mails()
        self.assertIn("Patience", self.text_of(mails["ada@example.test"]))
        self.assertNotIn("Patience", self.text_of(mails["bob@example.test"]))
        for request in self.chats():
            self.assertIn("attention", request.user.splitlines()[0])

    def test_by_reach(self):
        """The papers that most subscribers will see, paused and suppressed ones not counted."""
        for number in range(3):
            self.paperboy.profile(f"many{number}@example.test", keywords=["quantum"])
        self.paperboy.profile("one@example.test", keywords=["galaxy"])
        for number in range(5):
            self.paperboy.profile(f"away{number}@example.test", keywords=["galaxy"], paused_until="2999-01-01")
        for number in range(5):
            self.paperboy.profile(f"gone{number}@example.test", keywords=["galaxy"])
            self.run_ok("subscriber", "suppress", f"gone{number}@example.test")
        items = [paper(1, title="A galaxy far away"), paper(2, title="A quantum leap"), paper(3, title="Nothing")]
        self.configure(source="abstract", papers=1)
        self.run_ok("run", "--feed", self.paperboy.write("day.xml", rss(items)))
        self.assertEqual([request.user.splitlines()[0] for request in self.chats()], ["A quantum leap"])

    def test_at_once(self):
        self.readers()
        self.endpoint.choose = lambda _: Act(hang=0.3)
        self.configure(source="abstract", papers=6, connections=4)
        self.run_ok("run", "--feed", self.feed(30))
        self.assert_sound()
        self.assertIn(self.endpoint.most_at_once, (3, 4))

    def test_polite(self):
        """PDFs keep the pace of all that arXiv is asked for, however many are read at once."""
        self.readers()
        self.paperboy.write_configuration(arxiv={"interval_ms": 700})
        self.configure(connections=3)
        self.run_ok("run", "--feed", self.feed(), seconds=120)
        times = [at for _, at in self.endpoint.pdf_times()]
        self.assertEqual(len(times), 3)
        for before, after in zip(times, times[1:]):
            self.assertGreater(after - before, 0.65)


class Once(Summaries):
    def test_again(self):
        """A second run, one with a late paper, and one by hand ask nothing that was answered."""
        self.readers()
        self.configure(source="abstract")
        self.run_ok("run", "--feed", self.feed())
        asked = len(self.chats())
        self.run_ok("run", "--feed", self.feed(20))
        ident = re.search(r"part (\d+)", self.chats()[0].user).group(1)
        result = self.run_ok("summarize", f"2602.{int(ident):05}", "--json")
        self.assertEqual(result.document()["tldr"], "Patience makes small machines fast.")
        self.assertEqual(len(self.chats()), asked)
        self.assert_sound()

    def test_another_question(self):
        """Another model, or another prompt, makes other summaries."""
        self.readers()
        self.configure(source="abstract")
        self.run_ok("run", "--feed", self.feed())
        asked = len(self.chats())
        ident = f"2602.{int(re.search(r'part ([0-9]+)', self.chats()[0].user).group(1)):05}"
        self.paperboy.write("mine.txt", "In one word, please.\n")
        self.configure(source="abstract", prompt_file="mine.txt")
        self.run_ok("summarize", ident)
        self.assertEqual(len(self.chats()), asked + 1)
        self.assertIn("\n\nIn one word, please.\n\n<paper>", self.chats()[-1].user)

    def test_killed(self):
        """Killed while the model thinks: what was done stays, and the rest is asked by the next run."""
        self.readers()
        self.endpoint.script("chat", Act(), Act(), hang(), hang())
        self.configure(source="abstract", connections=1)
        process = self.paperboy.start("run", "--feed", self.feed())
        wait_for(lambda: len(self.chats()) == 3, 60, "a third question")
        process.send_signal(signal.SIGKILL)
        process.communicate()
        self.endpoint.scripts["chat"].clear()
        self.run_ok("run", "--feed", self.feed(), seconds=120)
        self.assert_sound()
        self.assertEqual(len(self.chats()), 7)
        self.assertIn("耐心", self.text_of(self.mails()["lin@example.test"]))

    def test_killed_with_an_upload(self):
        """What a killed process had uploaded, or could not delete, the next one deletes."""
        self.readers()
        self.endpoint.script("chat", hang())
        self.configure(source="pdf", papers=1, connections=1)
        process = self.paperboy.start("run", "--feed", self.feed())
        wait_for(lambda: self.chats(), 60, "a question")
        process.send_signal(signal.SIGKILL)
        process.communicate()
        self.assertEqual(len(self.endpoint.left_behind()), 1)
        self.endpoint.script("delete", Act(), status(403))
        self.assert_says(self.run_ok("run", "--feed", self.feed()), "stays at the endpoint")
        self.assertEqual(len(self.endpoint.left_behind()), 1)
        self.configure(source="abstract")
        ident = "2602." + re.search(r"part (\d+)", self.chats()[0].user).group(1).zfill(5)
        self.run_ok("summarize", ident, "--again")
        self.assertEqual(self.endpoint.violations, [])
        self.assertEqual(self.endpoint.left_behind(), [])

    def test_another_is_at_it(self):
        """What somebody else is just asking is waited for, or the digest would go out without."""
        self.paperboy.profile("ada@example.test", keywords=["attention"])
        self.configure(source="abstract", papers=1)
        self.run_ok("fetch", "--feed", self.paperboy.write("day.xml", rss([paper(1, title="An attention")])))
        self.endpoint.script("chat", Act(hang=3))
        process = self.paperboy.start("summarize", "2602.00001")
        wait_for(lambda: self.chats(), 60, "a question")
        self.run_ok("run", "--feed", self.folder / "day.xml")
        process.communicate(timeout=30)
        self.assertIn("Patience", self.text_of(self.mails()["ada@example.test"]))
        self.assertEqual(len(self.chats()), 1)

    def test_another_dies_at_it(self):
        """Who is killed while we wait for it leaves the question to us."""
        self.paperboy.profile("ada@example.test", keywords=["attention"])
        self.configure(source="abstract", papers=1)
        self.run_ok("fetch", "--feed", self.paperboy.write("day.xml", rss([paper(1, title="An attention")])))
        self.endpoint.script("chat", hang())
        process = self.paperboy.start("summarize", "2602.00001")
        wait_for(lambda: self.chats(), 60, "a question")
        threading.Timer(2, lambda: (process.kill(), process.communicate())).start()
        self.run_ok("run", "--feed", self.folder / "day.xml")
        self.assertIn("Patience", self.text_of(self.mails()["ada@example.test"]))
        self.assertEqual(len(self.chats()), 2)

    @with_postgres
    def test_two_machines(self):
        """Two that run at once share the questions."""
        server = PostgresServer().start()
        self.addCleanup(server.stop)
        self.readers()
        store = server.url(server.new_database(), LOCAL_ADDRESS)
        self.endpoint.choose = lambda _: Act(hang=0.2)
        self.configure(source="abstract", papers=6)
        self.paperboy.write_configuration(store=store)
        self.run_ok("fetch", "--feed", self.feed(30))
        (self.folder / "other").mkdir()
        other = Paperboy(self.folder / "other")
        other.write_configuration(**{**self.paperboy.configuration, "subscribers": "../subscribers",
                                     "key_file": "../paperboy.key"})
        other.configuration["summaries"]["api_key_file"] = "../model.key"
        other.write_configuration()
        self.run_ok("status")
        processes = [one.start("run", "--feed", self.folder / "day.xml") for one in (self.paperboy, other)]
        for process in processes:
            _, err = process.communicate(timeout=120)
            self.assertIn(process.returncode, (OK, TEMPORARY), err.decode())
        self.assertEqual(self.endpoint.violations, [])
        self.assertEqual(self.endpoint.asked_again(), [])
        self.assertEqual(len(self.chats()), 12)


class Trouble(Summaries):
    """Whatever the endpoint does, digests leave, on time and without it."""

    def setUp(self):
        super().setUp()
        self.readers()
        self.configure(source="abstract")

    def feed(self, count=40, **keys):
        return super().feed(count, **keys)

    def run_without(self, *says, seconds=60, made=0):
        result = self.run_ok("run", "--feed", self.feed(), seconds=seconds)
        self.assert_says(result, *says)
        mails = self.mails()
        self.assertEqual(set(mails), set(ADDRESSES))
        text = "".join(self.text_of(mail) for mail in mails.values())
        self.assertEqual(text.count("Patience") > 0, made > 0, text)
        return result

    def test_hangs(self):
        self.endpoint.choose = lambda request: hang() if request.place == "chat" else None
        self.configure(source="abstract", deadline_seconds=4)
        before = time.monotonic()
        self.run_without(r"summaries: .*failed")
        self.assertLess(time.monotonic() - before, 15)
        # Its time is over: the next run does not wait again.
        asked, before = len(self.chats()), time.monotonic()
        self.run_ok("run", "--feed", self.feed())
        self.assertLess(time.monotonic() - before, 4)
        self.assertEqual(len(self.chats()), asked)

    def test_hangs_at_the_pdf(self):
        self.endpoint.choose = lambda request: hang() if request.place == "pdf" else None
        self.configure(source="pdf", deadline_seconds=4)
        before = time.monotonic()
        self.run_without(r"summaries: ")
        self.assertLess(time.monotonic() - before, 15)

    def test_stopped(self):
        """SIGTERM ends it within seconds; what is due stays due."""
        self.endpoint.choose = lambda _: hang()
        process = self.paperboy.start("run", "--feed", self.feed())
        wait_for(lambda: len(self.chats()) >= 1, 60, "a question")
        process.terminate()
        before = time.monotonic()
        _, err = process.communicate(timeout=30)
        self.assertLess(time.monotonic() - before, 5, err.decode())
        self.assertIn(process.returncode, (OK, TEMPORARY), err.decode())
        self.endpoint.choose = None
        self.run_ok("run", "--feed", self.feed())
        self.assertEqual(set(self.mails()), set(ADDRESSES))

    def test_busy(self):
        """429 with Retry-After is waited for, and 503; then the answer counts."""
        self.endpoint.script("chat", status(429, retry_after=1), status(503, retry_after=0))
        self.run_without(r"summaries: 6 made", made=6)
        self.assert_sound()
        self.assertEqual(len(self.chats()), 8)

    def test_away(self):
        """One that only fails is left alone after some papers."""
        self.endpoint.choose = lambda _: status(500, retry_after=0)
        self.configure(source="abstract", papers=15, connections=1)
        self.run_without(r"summaries: .*given up", seconds=120)
        self.assertLess(len(self.chats()), 30)

    def test_nobody_there(self):
        self.endpoint.close()
        self.configure(source="abstract", papers=15, connections=1)
        self.run_without(r"summaries: .*given up", seconds=120)

    def test_wrong_key(self):
        self.endpoint.choose = lambda _: status(401, message="Incorrect API key provided: sk-test-0123456789")
        result = self.run_without(r"api_key_file")
        self.assertNotIn("sk-test", result.err)
        self.assertLessEqual(len(self.chats()), 4)

    def test_missing_key(self):
        (self.folder / "model.key").unlink()
        self.run_without(r"error: summaries: .*api_key_file.*model\.key")
        self.assertEqual(self.chats(), [])

    def test_unfit(self):
        """What is not fit to show is told, kept out, and not asked for again."""
        self.configure(source="abstract", papers=15, connections=1)
        acts = [refused(), empty(), ended("length"), ended("content_filter"), huge(), Act(content="I'm sorry, I can't."),
                Act(content="x" * 100_000), Act(content="\0\1\2")]
        self.endpoint.script("chat", *acts)
        self.endpoint.choose = lambda _: Act(content="TL;DR: Patience is all.\n\nBut not more.")
        result = self.run_without(r"summaries: \d+ made, \d+ not to be had", made=1)
        self.assertEqual(self.endpoint.violations, [])
        told = re.findall(r"summaries: none of \S+ \(\w+\): (.*)", result.err)
        self.assertGreaterEqual(len(told), len(acts), result.err)
        again = [request.user for request in self.chats()]
        self.run_ok("run", "--feed", self.feed())
        refusals = self.paperboy.status()["summaries"]
        self.assertGreaterEqual(refusals["refused"], 6)
        self.assertIn(refusals["last_failure"]["state"], ("refused", "failed"))
        # Only what was no answer at all was asked for again.
        later = [request.user for request in self.chats()[len(again):]]
        self.assertLessEqual(len(later), 1, later)

    def test_the_same_in_a_row(self):
        """What fails for one reason again and again is not the papers' fault: tokens are not spent on all of
        them; the next run, when it may be mended, goes on with the others."""
        self.configure(source="abstract", papers=15, connections=1)
        self.endpoint.choose = lambda _: ended("length")
        self.run_without(r"summaries: 6 not to be had, \d+ left, given up")
        self.assertEqual(len(self.chats()), 6)
        self.endpoint.choose = None
        self.run_ok("run", "--feed", self.feed())
        self.assertGreater(len(self.chats()), 6)
        self.assertEqual(self.endpoint.asked_again(), [])

    def test_no_protocol(self):
        self.endpoint.choose = None
        self.endpoint.script("chat", stream(), not_json(), cut(), reset(), header_tricks())
        self.configure(source="abstract", connections=1)
        self.run_without(r"summaries: \d+ made", made=1, seconds=120)

    def test_budget(self):
        self.configure(source="abstract", papers=10, connections=1, token_budget=2000)
        self.run_without(r"summaries: 2 made, \d+ left, without time or tokens; 2200 tokens", made=1)
        asked = len(self.chats())
        self.run_ok("run", "--feed", self.feed())
        self.assertEqual(len(self.chats()), asked)

    def test_no_prompt(self):
        self.configure(source="abstract", prompt_file="none.txt")
        self.run_without(r"error: summaries: .*prompt_file.*none\.txt")

    def test_bad_prompt(self):
        """One language's question that is empty costs no other language its summaries."""
        shutil.copytree(ROOT / "templates", self.folder / "templates")
        (self.folder / "templates/summary.zh.txt").write_bytes(b" \n")
        self.paperboy.write_configuration(templates="templates")
        result = self.run_without(r"error: summaries: .*summary\.zh\.txt", made=1)
        self.assert_says(result, r"summaries: 3 made")
        self.assertNotIn("耐心", self.text_of(self.mails()["lin@example.test"]))
        self.assertRegex(self.paperboy.run("check").out, r"error .*summary\.zh\.txt")

    def test_pdf_gone(self):
        """A withdrawn PDF, one that is none and one that is cut: the others' summaries are made."""
        self.configure(source="pdf", connections=1)
        self.endpoint.script("pdf", status(404), Act(body=b"<html>", content_type="text/html"))
        result = self.run_without(r"summaries: \d+ made", made=1, seconds=120)
        self.assert_sound()
        self.assertEqual(len(re.findall(r"summaries: none of .*PDF", result.err)), 4, result.err)
        self.assertRegex(result.err, r"its PDF: .*404")


class Hostile(Summaries):
    """What a model writes is a stranger's text."""

    EVIL = ("TL;DR: Good\r\nBcc: victim@example.test\n\n"
            "# A heading <script>alert(1)</script>\n\n<img src=x onerror=alert(2)>\n\n"
            "[click](javascript:alert(3)) [data](data:text/html,x) [vb](vbscript:x) ![i](http://evil.test/pixel.png)\n\n"
            "[fine](https://example.org/a?b=c&d=e) [tricky](java&#115;cript:alert(4))\n\n"
            "<details><summary>x</summary></details></details></td></table>{{words.pdf}} {{{paper.title}}}\n\n"
            "| a | b |\n|---|---|\n| <b>1</b> | 2 |\n\n```\ncode <script>\n```\n\n"
            "\u202eevil\u202c \x1b[31mred\x1b[0m \x07\n\n.\r\n.\r\nQUIT\r\n\n"
            "=?utf-8?q?Subject:_x?= \n\n" + "> " * 3000 + "deep\n\n" + "word" * 400 + "\n")

    def test_mail(self):
        self.readers()
        self.endpoint.answer = self.EVIL
        self.configure(source="abstract")
        self.paperboy.write_configuration(publish={"folder": "public"})
        self.run_ok("run", "--feed", self.feed())
        self.assertEqual(self.endpoint.violations, [])
        for mail in self.mails().values():
            self.assertNotIn("Bcc", mail.keys())
            text, html = self.text_of(mail), self.text_of(mail, "html")
            self.assert_harmless(html)
            self.assertIn('href="https://example.org/a?b=c&amp;d=e"', html)
            self.assertIn("<https://example.org/a?b=c&d=e>", text)
            for bad in ("\x1b", "\x07", "\u202e"):
                self.assertNotIn(bad, text)
                self.assertNotIn(bad, html)
            self.assertIn("{{words.pdf}}", text)
        for name in ("index.html",):
            self.assert_harmless((self.folder / "public" / name).read_text(encoding="utf-8"))
        readme = (self.folder / "public/README.md").read_text(encoding="utf-8")
        for bad in ("<script", "<img", "](javascript", "](data", "](vbscript", "\x1b"):
            self.assertNotIn(bad, readme)

    def assert_harmless(self, html):
        for bad in ("<script>alert", "<img", "javascript:alert(3)\"", "href=\"data", "href=\"vb", "href=\"java", "evil.test/pixel.png\""):
            self.assertNotIn(bad, html)


class Summarize(Summaries):
    def setUp(self):
        super().setUp()
        self.configure(source="abstract")
        self.run_ok("fetch", "--feed", self.feed())

    def test_by_hand(self):
        result = self.run_ok("summarize", "2602.00007")
        self.assertTrue(result.out.startswith("# On the LLM of small machines, part 7\n\n"
                                              "TL;DR: Patience makes small machines fast.\n\n## Contributions\n"), result)
        chinese = self.run_ok("summarize", "https://arxiv.org/abs/2602.00007v1", "--language", "zh-CN", "--json").document()
        self.assertEqual((chinese["id"], chinese["version"], chinese["language"], chinese["model"]),
                         ("2602.00007", 1, "zh", "qwen-long"))
        self.assertEqual(chinese["tldr"], "耐心让小机器更快。")
        self.assertEqual(chinese["tokens"], {"prompt": 1000, "completion": 100})
        self.run_ok("summarize", "2602.00007")
        self.assertEqual(len(self.chats()), 2)

    def test_again(self):
        self.run_ok("summarize", "2602.00007")
        self.endpoint.answer = "TL;DR: Another.\n\nOtherwise."
        self.assertIn("Patience", self.run_ok("summarize", "2602.00007").out)
        self.assertIn("Another", self.run_ok("summarize", "2602.00007", "--again").out)
        # One that fails leaves the one before.
        self.endpoint.choose = lambda _: refused()
        self.run_fails(UNAVAILABLE, "summarize", "2602.00007", "--again", says=["no summary of 2602.00007"])
        self.assertIn("Another", self.run_ok("summarize", "2602.00007").out)
        self.assertEqual(len(self.chats()), 3)

    def test_authority_of_ones_own(self):
        """Its certificate is trusted with summaries.ca_file alone, and the key sent to nobody else."""
        folder = self.folder / "certificates"
        folder.mkdir()
        certificates = Certificates(folder)
        self.endpoint = self.open_endpoint(certificates=certificates)
        self.run_fails(CONFIGURATION, "summarize", "2602.00007", says=["certificate", "summaries.ca_file"])
        self.configure(ca_file=str(folder / "none.pem"))
        self.run_fails(CONFIGURATION, "summarize", "2602.00007", says=["summaries.ca_file"])
        self.assertRegex(self.paperboy.run("check").out, r"error .*ca_file.*none\.pem")
        self.configure(ca_file=str(certificates.authority))
        self.assertIn("Patience", self.run_ok("summarize", "2602.00007").out)

    def test_two_at_once(self):
        """For as long as one may wait for its answer nobody else asks the same."""
        self.configure(source="abstract", deadline_seconds=5000)
        self.endpoint.script("chat", hang())
        process = self.paperboy.start("summarize", "2602.00007")
        wait_for(lambda: self.chats(), 30, "a question")
        self.run_fails(TEMPORARY, "summarize", "2602.00007", says=["another process is asking"])
        with sqlite3.connect(self.paperboy.store) as store:
            (seconds,) = store.execute("SELECT lease_until_utc - changed_utc FROM summaries").fetchone()
        self.assertGreaterEqual(seconds, 5000)
        process.kill()
        process.communicate()
        self.assertIn("Patience", self.run_ok("summarize", "2602.00007").out)
        self.assertEqual(len(self.chats()), 2)

    def test_refused_is_asked_again(self):
        self.endpoint.script("chat", refused())
        self.run_fails(UNAVAILABLE, "summarize", "2602.00007", says=["refus"])
        self.assertIn("Patience", self.run_ok("summarize", "2602.00007").out)

    def test_prompt_of_another_language(self):
        """A folder of templates may hold it and nothing else."""
        (self.folder / "templates").mkdir()
        (self.folder / "templates" / "summary.de.txt").write_text("Fasse zusammen.")
        del self.paperboy.configuration["templates"]
        self.configure(source="abstract")
        self.run_ok("summarize", "2602.00007", "--language", "de")
        self.assertIn("Fasse zusammen.", self.chats()[-1].user)
        self.assertRegex(self.paperboy.run("check").out, r"prompts in de, (en, zh|zh, en)\n")

    def test_wrong(self):
        self.run_fails(NO_INPUT, "summarize", "2602.99999", says=["2602.99999", "no stored edition"])
        self.run_fails(USAGE, "summarize", says=["missing"])
        self.run_fails(NO_INPUT, "summarize", "not an id", says=["no stored edition"])
        self.configure(enabled=False)
        self.run_fails(CONFIGURATION, "summarize", "2602.00007", says=["summaries.enabled"])

    def test_configuration(self):
        self.configure(model=None)
        self.run_fails(CONFIGURATION, "run", "--feed", self.feed(), says=["summaries", "model"])

    def test_check(self):
        result = self.paperboy.run("check")
        self.assertRegex(result.out, r"qwen-long at http://\S+; not asked now")
        self.assertRegex(result.out, r"prompts in (en, zh|zh, en)\n")
        self.assertEqual(self.endpoint.requests, [])
        (self.folder / "model.key").chmod(0o644)
        result = self.paperboy.run("check")
        self.assertEqual(result.status, CONFIGURATION, result)
        self.assertRegex(result.out, r"error .*api_key_file.*chmod")


if __name__ == "__main__":
    unittest.main()
