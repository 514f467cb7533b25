"""preview and render: what a digest looks like, and mustache by hand."""

import json
import re
from html.parser import HTMLParser

from feeds import paper, papers, rss
from support import DATA, DATA_ERROR, NO_INPUT, OK, ROOT, SAMPLE_DAY, USAGE, Case, html_of, needs_samples, text_of

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


class Balance(HTMLParser):
    """Every element that is opened is closed, in order."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.problems, self.links = [], [], []
        self.feed(text)
        self.close()
        self.problems += [f"<{tag}> is not closed" for tag in self.open if tag not in ("html", "body")]

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append(tag)
        self.links += [value for name, value in attrs if name in ("href", "src")]
        if tag in ("script", "iframe", "object", "form"):
            self.problems.append(f"<{tag}> in a mail")
        self.problems += [f"{name}= in a mail" for name, _ in attrs if name.startswith("on")]

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        if not self.open or self.open[-1] != tag:
            self.problems.append(f"</{tag}> closes {self.open[-1:]} at {self.getpos()}")
        else:
            self.open.pop()


class Preview(Case):
    def setUp(self):
        super().setUp()
        self.profile = self.paperboy.profile("ada@example.test", name="Ada", keywords=["LLM", "attention"])
        self.feed = self.paperboy.write("day.xml", rss(papers(30)))

    def preview(self, *words):
        return self.run_ok("preview", self.profile, "--papers", self.feed, *words).out

    def test_parts(self):
        text, html, raw = (self.preview(word) for word in ("--text", "--html", "--eml"))
        message = self.read_mail(raw.encode())
        self.assertEqual(text_of(message).split(), text.split())
        self.assertEqual(html_of(message).split(), html.split())
        for part in (text, html):
            self.assertIn("On the attention of small machines", part)
            self.assertIn("https://arxiv.org/abs/2602.00008", part)
        self.assertEqual(Balance(html).problems, [])

    def test_stored_edition_and_address(self):
        self.run_ok("fetch", "--feed", self.feed)
        stored = self.run_ok("preview", "ADA@example.test", "--text").out
        self.assertIn("On the attention of small machines", stored)
        self.run_ok("run", "--feed", self.feed)
        self.assertEqual(len(self.mails()), 1, "a preview counts for nothing")

    def test_out(self):
        out = self.folder / "digest.html"
        result = self.run_ok("preview", self.profile, "--papers", self.feed, "--html", "--out", out)
        self.assertEqual(result.out, "")
        self.assertEqual(out.read_text(encoding="utf-8"), self.preview("--html"))
        self.assertEqual([path.name for path in self.folder.iterdir() if "digest" in path.name], ["digest.html"])

    def test_unknown_address(self):
        self.run_ok("fetch", "--feed", self.feed)
        self.run_fails((NO_INPUT, DATA_ERROR), "preview", "nobody@example.test", "--text", says="nobody@example.test")
        self.run_fails((NO_INPUT, DATA_ERROR), "preview", "nobody.json", "--papers", self.feed, says="nobody.json")

    def test_one_part_at_a_time(self):
        self.run_fails(USAGE, "preview", self.profile, "--text", "--html", says="--text")

    def test_nothing_fits(self):
        profile = self.paperboy.profile("emmy@example.test", keywords=["cohomology"])
        result = self.run_ok("preview", profile, "--papers", self.feed, "--text")
        self.assert_says(result, "emmy@example.test|no digest|none|nothing")

    def test_text_is_for_people(self):
        """Plain text with lines that fit, no HTML and no mustache left over."""
        items = papers(30)
        items[7]["abstract"] = "Attention & loss: a < b, \"quoted\". " + "A long sentence about attention. " * 30
        self.feed.write_text(rss(items))
        text = self.preview("--text")
        self.assertNotRegex(text, r"&(lt|amp|quot|#39);|\{\{|</?[a-z]+>")
        self.assertIn("a < b", text.replace("\n", " "))
        for line in text.splitlines():
            self.assertLessEqual(len(line), 80, line) if "http" not in line and "mailto" not in line else None

    def test_unicode(self):
        """TeX becomes Unicode, in the digest as in its header."""
        items = [paper(1, title=r"Attention after Poincar\'e and S{\o}gaard: $\alpha \le \beta$",
                       authors=["J\\\"urgen Kra{\\ss}", "李明", "Ελένη"])]
        self.feed.write_text(rss(items), encoding="utf-8")
        self.paperboy.profile("ada@example.test", name="Åda Żółć 李", keywords=["attention"])
        message = self.read_mail(self.preview("--eml").encode())
        for part in (text_of(message), html_of(message)):
            for word in ("Poincaré", "Søgaard", "α", "Kraß", "李明", "Ελένη"):
                self.assertIn(word, part)
        self.assertEqual(message["To"].addresses[0].display_name, "Åda Żółć 李")

    def test_thirty_papers_of_the_sample_day(self):
        self.check_round_trip(SAMPLE_DAY)

    @needs_samples("arxiv-rss/rss-2026-06-30-rebuilt.xml")
    def test_thirty_papers_of_a_real_day(self):
        self.check_round_trip(DATA / "arxiv-rss/rss-2026-06-30-rebuilt.xml")

    def check_round_trip(self, path):
        """Through Python's email package without a defect, every word of 30 papers still there."""
        profile = self.paperboy.profile("all@example.test", max_papers=30)
        raw = self.run_ok("preview", profile, "--papers", path, "--eml", seconds=120).out.encode()
        message = self.read_mail(raw)
        row, = self.run_ok("rank", "--papers", path, "--profile", profile, "--json").lines()
        self.assertEqual(len(row["papers"]), 30)
        for part, message_part in (("--text", text_of(message)), ("--html", html_of(message))):
            printed = self.run_ok("preview", profile, "--papers", path, part).out
            self.assertEqual(message_part.replace("\r\n", "\n").rstrip("\n"), printed.rstrip("\n"), part)
        flat = " ".join(text_of(message).split())
        for entry in row["papers"]:
            self.assertIn(entry["id"], flat)
            self.assertIn(" ".join(entry["title"].split()), flat)
        html = html_of(message)
        self.assertEqual(Balance(html).problems, [])
        for link in Balance(html).links:
            self.assertRegex(link, r"^(https?://|mailto:|#|cid:)")
        self.assertLess(len(html.encode()), 102 * 1024, "Gmail clips a larger page")


class Render(Case):
    def render(self, template, context, **partials):
        self.paperboy.write("t.mustache", template)
        self.paperboy.write("c.json", json.dumps(context))
        for name, text in partials.items():
            self.paperboy.write(f"partials/{name}.mustache", text)
        words = ["render", "--template", "t.mustache", "--context", "c.json"]
        return self.run_ok(*words, *(["--partials", "partials"] if partials else [])).out

    def test_output_is_exact(self):
        self.assertEqual(self.render("{{#a}}[{{b}}]{{/a}}{{^c}}none{{/c}}", {"a": [{"b": "<1>"}, {"b": 2}]}),
                         "[&lt;1&gt;][2]none")
        self.assertEqual(self.render("", {}), "")
        self.assertEqual(self.render("no line feed at the end", {}), "no line feed at the end")

    def test_partials(self):
        self.assertEqual(self.render("<{{>x}}{{>missing}}>", {"a": "1"}, x="({{a}})"), "<(1)>")

    def test_inheritance_and_dynamic_names(self):
        self.assertEqual(self.render("{{<frame}}{{$body}}mine{{/body}}{{/frame}}{{>*which}}", {"which": "x"},
                                     frame="[{{$body}}yours{{/body}}]", x="X"), "[mine]X")

    def test_answers(self):
        """The shipped templates of answers, with sample contexts."""
        for name, template in (("change", "answer"), ("subscribe", "confirmation")):
            for ending in ("html", "txt"):
                done = self.run_ok("render", "--template", ROOT / f"templates/{template}.{ending}", "--context",
                                   ROOT / f"tests/fixtures/answer/{name}.json", "--partials", ROOT / "templates")
                self.assertEqual(done.out, (ROOT / f"tests/fixtures/answer/{name}.{ending}").read_text())

    def test_partial_outside_the_folder(self):
        self.paperboy.write("secret.mustache", "the secret")
        self.assertEqual(self.render("<{{>../secret}}>", {}, x=""), "<>")

    def test_bad_input(self):
        self.paperboy.write("t.mustache", "one\n{{#open}}\n")
        self.paperboy.write("good.mustache", "{{x}}")
        self.paperboy.write("c.json", "{}")
        self.paperboy.write("bad.json", '{\n  "a": }\n')
        self.run_fails(DATA_ERROR, "render", "--template", "t.mustache", "--context", "c.json", says=(r"t\.mustache:2", "open"))
        self.run_fails(DATA_ERROR, "render", "--template", "good.mustache", "--context", "bad.json", says=r"bad\.json:2")

    @needs_samples("mustache-spec")
    def test_specification(self):
        """The official examples through the command line (the unit tests run all of them one by one)."""
        for path in sorted((DATA / "mustache-spec").glob("*.json")):
            if path.name in ("~lambdas.json",):
                continue
            tests = json.loads(path.read_text(encoding="utf-8"))["tests"]
            for test in tests[::6]:
                with self.subTest(f"{path.name}: {test['name']}"):
                    partials = {name: text for name, text in test.get("partials", {}).items() if re.fullmatch(r"[\w-]+", name)}
                    self.paperboy.write("t.mustache", test["template"])
                    self.paperboy.write("c.json", json.dumps(test["data"]))
                    for name, text in partials.items():
                        self.paperboy.write(f"partials/{name}.mustache", text)
                    (self.folder / "partials").mkdir(exist_ok=True)
                    out = self.run_ok("render", "--template", "t.mustache", "--context", "c.json", "--partials", "partials").out
                    self.assertEqual(out, test["expected"])
                    for old in (self.folder / "partials").iterdir():
                        old.unlink()


class Catalogue(Case):
    def test_language_that_has_no_words_yet(self):
        """English is complete; another language falls back to it, never to nothing."""
        profile = self.paperboy.profile("ada@example.test", keywords=["LLM"], language="tlh")
        feed = self.paperboy.write("day.xml", rss(papers(20)))
        result = self.paperboy.run("preview", profile, "--papers", feed, "--text")
        self.assertIn(result.status, (OK, DATA_ERROR), str(result))
        if result.status == OK:
            self.assertNotRegex(result.out, r"\{\{|words\.")
