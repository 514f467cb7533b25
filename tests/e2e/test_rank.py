"""rank: tables and JSON, and the Python bot's own scoring written again from its rules."""

import gzip
import json
import re
import xml.etree.ElementTree as ElementTree

from feeds import paper, papers, rss
from support import DATA, DATA_ERROR, ROOT, SAMPLE_DAY, Case, needs_samples

# The list that the bot ships with.
BOT_KEYWORDS = ("LLM RL RLHF Inference Training Attention Pipeline MOE Sparse Quantization Speculative Efficient "
                "Efficiency Framework Parallel Distributed Kernel Decode Decoding Prefill Throughput Fast Network "
                "Hardware Cluster FP8 FP4 Optimization Scalable Communication").split()
BOT_EXCLUDED = ["survey", "review", "tutorial"]
ANNOUNCE = "{http://arxiv.org/schemas/atom}announce_type"


def one_line(text):
    """As DESIGN.md has it: line breaks count as spaces."""
    return re.sub(r"[ \t]*[\r\n]+[ \t]*", " ", text or "").strip()


def bot_ranking(path, most=500):
    """[(id, score)] by the bot's rules, on the feed as Python's own XML reader gives it."""
    scored = []
    for item in ElementTree.parse(path).iter("item"):
        if item.findtext(ANNOUNCE, "").strip() != "new":
            continue
        title = one_line(item.findtext("title")).lower()
        abstract = item.findtext("description", "").partition("Abstract:")[2]
        text = title + " " + one_line(abstract).lower()
        if any(word.lower() in text for word in BOT_EXCLUDED):
            continue
        score = sum(1.0 * (word.lower() in text) + 0.5 * (word.lower() in title) for word in BOT_KEYWORDS)
        if score > 0:
            scored.append((item.findtext("link").strip().rpartition("/")[2].partition("v")[0], score))
    return sorted(scored, key=lambda pair: -pair[1])[:most]  # Python's sort keeps feed order in ties


class Bot(Case):
    def compare(self, path):
        profile = self.paperboy.profile("bot@example.test", keywords=BOT_KEYWORDS, exclude_keywords=BOT_EXCLUDED,
                                        scoring="substring", max_papers=500)
        row, = self.run_ok("rank", "--papers", path, "--profile", profile, "--json", "--top", 500).lines()
        expected = bot_ranking(path)
        got = [(paper["id"], paper["score"]) for paper in row["papers"]]
        self.assertEqual(len(got), len(expected))
        for place, (ours, theirs) in enumerate(zip(got, expected), 1):
            self.assertEqual(ours, theirs, f"rank {place}")
        for entry in row["papers"]:
            self.assertAlmostEqual(sum(reason["score"] for reason in entry["reasons"]), entry["score"], places=6)
        return expected

    def test_made_up(self):
        items = papers(40)
        items[3]["abstract"] = "An LLM that reads\nmany lines\nof\nspeculative decoding."
        items[4]["abstract"] = "A survey of LLM training."
        items[5]["announce_type"] = "cross"
        self.assertTrue(self.compare(self.paperboy.write("day.xml", rss(items))))

    @needs_samples("arxiv-rss/rss-2026-06-30-rebuilt.xml")
    def test_large_day(self):
        self.assertGreater(len(self.compare(DATA / "arxiv-rss/rss-2026-06-30-rebuilt.xml")), 100)

    @needs_samples("arxiv-rss/rss-stat-2024-03-26.xml")
    def test_statistics_day(self):
        self.assertGreater(len(self.compare(DATA / "arxiv-rss/rss-stat-2024-03-26.xml")), 10)


class Json(Case):
    def setUp(self):
        super().setUp()
        self.use_examples()
        self.feed = self.paperboy.write("day.xml", rss(papers(40)))

    def test_line(self):
        rows = self.run_ok("rank", "--papers", self.feed, "--json").lines()
        self.assertEqual([row["subscriber"] for row in rows], ["ada@example.test", "emmy@example.test"])
        for row in rows:
            self.assertEqual(set(row), {"subscriber", "edition", "papers"})
            self.assertEqual(row["edition"], "2026-02-17")
            self.assertEqual([entry["rank"] for entry in row["papers"]], list(range(1, len(row["papers"]) + 1)))
            scores = [entry["score"] for entry in row["papers"]]
            self.assertEqual(scores, sorted(scores, reverse=True))
            for entry in row["papers"]:
                self.assertEqual(set(entry), {"rank", "id", "version", "score", "title", "reasons"})
                self.assertTrue(0 < entry["score"] <= 100, entry)
                self.assertTrue(entry["reasons"], "every ranked paper carries reasons")
                for reason in entry["reasons"]:
                    self.assertEqual(set(reason), {"term", "field", "score"})

    def test_examples_find_something(self):
        """Each profile that is installed to be copied, on a day of a dozen papers."""
        for path in sorted((ROOT / "subscribers").glob("*@*.json")):
            with self.subTest(path.name):
                ranked = self.run_ok("rank", "--papers", SAMPLE_DAY, "--profile", path, "--json").document()
                self.assertGreater(len(ranked["papers"]), 0)

    def test_unknown_category(self):
        profile = self.paperboy.write("p.json", '{"email": "p@example.test", "categories": ["cs.LC"]}')
        result = self.run_ok("rank", "--papers", SAMPLE_DAY, "--profile", profile)
        self.assert_says(result, "cs.LC", "cs.CL")

    def test_profiles_of_a_file(self):
        lines = "".join(json.dumps({"email": f"p{number}@example.test", "keywords": ["attention"]}) + "\n"
                        for number in range(50))
        many = self.paperboy.write("many.jsonl", lines)
        rows = self.run_ok("rank", "--papers", self.feed, "--profiles", many, "--json").lines()
        self.assertEqual([row["subscriber"] for row in rows], [f"p{number}@example.test" for number in range(50)])
        self.assertEqual(len({json.dumps(row["papers"]) for row in rows}), 1)

    def test_address_that_stands_twice(self):
        line = '{"email": "a@example.test", "keywords": ["LLM"]}\n'
        many = self.paperboy.write("many.jsonl", line + line.replace("a@", "b@") + line)
        result = self.run_ok("rank", "--papers", self.feed, "--profiles", many, "--json")
        self.assert_says(result, r"many\.jsonl:3: this address stands before", "there is 1")
        self.assertEqual(len(result.lines()), 3)

    def test_bad_line_of_a_file(self):
        many = self.paperboy.write("many.jsonl", '{"email": "a@example.test", "keywords": ["LLM"]}\n{"email": 5}\n'
                                                 '{"email": "c@example.test", "keywords": ["LLM"]}\n')
        result = self.paperboy.run("rank", "--papers", self.feed, "--profiles", many, "--json")
        self.assert_says(result, r"many\.jsonl:2", "email")
        self.assertEqual([row["subscriber"] for row in result.lines()], ["a@example.test", "c@example.test"])

    def test_many_profiles_in_order(self):
        """More than are ranked at a time, with bad ones among them: in the file's order,
        and each as if it stood alone."""
        words = "LLM attention sparse training inference graph kernel learning model data".split()
        documents = [json.dumps({"email": f"p{number}@example.test", "scoring": ("relevance", "substring")[number % 7 == 0],
                                 "keywords": [words[number % 10], words[number // 10 % 10]][:1 + (number % 10 != number // 10 % 10)]})
                     for number in range(300)]
        documents = [document for number, document in enumerate(documents) if number % 11]
        bad = '{"email": 5}'
        lines = documents[:200] + [bad] + documents[200:]
        first = self.paperboy.run("rank", "--papers", self.feed, "--json", "--profiles",
                                  self.paperboy.write("many.jsonl", "\n".join(lines) + "\n"))
        self.assert_says(first, r"many\.jsonl:201", "email")
        rows = first.out.splitlines()
        self.assertEqual([json.loads(row)["subscriber"] for row in rows],
                         [json.loads(document)["email"] for document in documents])
        back = self.run_ok("rank", "--papers", self.feed, "--json", "--profiles",
                           self.paperboy.write("back.jsonl", "\n".join(reversed(documents)) + "\n"))
        self.assertEqual(back.out.splitlines(), rows[::-1])
        for number in (0, 5, 77, 250):
            alone = self.run_ok("rank", "--papers", self.feed, "--json", "--profile",
                                self.paperboy.write("one.json", documents[number]))
            self.assertEqual(alone.out.splitlines(), [rows[number]])

    def test_top(self):
        row, = self.run_ok("rank", "--papers", self.feed, "--profile", self.paperboy.subscribers / "ada@example.test.json",
                           "--json", "--top", 3).lines()
        self.assertEqual(len(row["papers"]), 3)

    def test_stored_edition(self):
        self.run_ok("fetch", "--feed", self.feed)
        stored = self.run_ok("rank", "--json").lines()
        read = self.run_ok("rank", "--papers", self.feed, "--json").lines()
        self.assertEqual([[entry["id"] for entry in row["papers"]] for row in stored],
                         [[entry["id"] for entry in row["papers"]] for row in read])

    def test_compressed(self):
        packed = self.paperboy.write("day.xml.gz", gzip.compress(self.feed.read_bytes()))
        self.assertEqual(self.run_ok("rank", "--papers", packed, "--json").out,
                         self.run_ok("rank", "--papers", self.feed, "--json").out)

    def test_table(self):
        out = self.run_ok("rank", "--papers", self.feed).out
        self.assertIn("ada@example.test", out)
        self.assertIn("2602.000", out)

    def test_plain_profile(self):
        """Neither keywords nor anything else: the categories' papers in feed order."""
        self.paperboy.profile("plain@example.test", categories=["cs.DC"], max_papers=4)
        feed = self.paperboy.write("mixed.xml", rss([paper(n, categories=("cs.DC" if n % 2 else "cs.LG",)) for n in range(1, 13)]))
        rows = self.run_ok("rank", "--papers", feed, "--json").lines()
        plain, = [row for row in rows if row["subscriber"] == "plain@example.test"]
        self.assertEqual([entry["id"] for entry in plain["papers"]], ["2602.00001", "2602.00003", "2602.00005", "2602.00007"])


class Words(Case):
    """What `relevance` matches and what not."""

    def found(self, keyword, texts):
        items = [paper(number, title=text, abstract="Nothing of it here.") for number, text in enumerate(texts, 1)]
        items += [paper(100 + number, title="Filler about gardens", abstract="Roses and tulips.") for number in range(20)]
        feed = self.paperboy.write("words.xml", rss(items))
        profile = self.paperboy.profile("ada@example.test", keywords=[keyword])
        row, = self.run_ok("rank", "--papers", feed, "--profile", profile, "--json").lines()
        ids = {entry["id"] for entry in row["papers"]}
        return [text for number, text in enumerate(texts, 1) if f"2602.{number:05}" in ids]

    def test_matches(self):
        for keyword, yes, no in (
            ("RL", ["RL for robots", "Deep rl"], ["Underlying causes", "Early worlds"]),
            ("LLM", ["Many LLMs", "An llm"], ["Ballmer"]),
            ("kv cache", ["The KV-cache", "Two KV caches", "KV cache"], ["A cache of words for kv pairs"]),
            ("straße", ["Die STRASSE", "Straße"], ["Strasbourg"]),
            ("GPT-4", ["GPT 4 and us", "gpt-4"], ["GPT-40"]),
            ("C++", ["Fast C++ code"], ["The C language", "Vitamin C"]),
            ("Poincare", ["On Poincar\\'e maps", "Poincaré"], []),
            ("matrix", ["Random matrices", "A matrix"], ["Matriculation"]),
            ("sparse matrices", ["A sparse matrix", "Sparse submatrix and sparse matrices"], ["Sparse data"]),
            ("indices", ["Citation index", "Indices"], ["Indigo"]),
            ("index", ["Citation indices", "Indexing"], ["Indicators", "We indicate"]),
            ("vertex", ["A vertex"], ["Vertical walls"]),
            ("vertex operator", ["Vertices operators", "Vertex operators"], ["Operators"]),
            ("hypothesis", ["Hypotheses", "A hypothesis"], ["These words"]),
            ("optimise", ["Optimized kernels", "To optimise", "Optimization"], ["Optics"]),
            ("optimization", ["Convex optimisation", "Optimization"], ["Optics"]),
            ("convex optimisation", ["Convex optimization"], ["Optimisation of convex sets"]),
            ("behaviour", ["Behavior of crowds", "Behaviours"], ["Behold"]),
            ("Schroedinger equation", ["Schrödinger equations", "A Schr\\\"odinger equation", "Schroedinger equation"],
             ["Schroeder's equation"]),
            ("Schrödinger", ["Schroedinger bridges", "Schrodinger bridges", "Schrödinger"], ["Schroeder"]),
            ("Schr\\\"odinger", ["Schroedinger bridges", "Schrödinger"], ["Schroeder"]),
            ("Goedel", ["Gödel's theorem", "Godel", "Goedel"], ["Gold"]),
            ("guests", ["Guests"], ["Busts"]),
            ("$\\alpha$-divergence", ["An $\\alpha$-divergence", "The α-divergences"], ["Beta-divergence"]),
            ("LeCun", ["LeCun nets", "Le Cun nets", "lecun"], ["Lectures"]),
            ("YOLOv8", ["YOLOv8 in fields", "YOLO v8", "YOLO-v8", "Yolov8"], ["YOLOv80", "YOLO 8v"]),
            ("YOLO v8", ["YOLOv8 in fields", "YOLO v8", "YOLO-v8"], ["YOLOv80", "YOLO v5"]),
            ("YOLO-v8", ["YOLOv8 in fields", "YOLO v8", "YOLO-v8"], ["YOLOv80"]),
            ("GPT4", ["GPT-4", "GPT 4", "GPT4"], ["GPT-40", "GPT-3"]),
            ("GPT 4", ["GPT-4", "GPT 4", "GPT4"], ["GPT-40", "GPT-3"]),
            ("LLaMA 2", ["LLaMA-2 tuned", "Llama 2", "Llama2", "LLaMA2"], ["LLaMA 3", "Two llamas"]),
            ("LLaMA-2", ["Llama 2", "Llama2", "LLaMA 2"], ["LLaMA 3"]),
            ("Llama2", ["LLaMA-2 tuned", "Llama 2", "Llama2"], ["LLaMA 3"]),
        ):
            with self.subTest(keyword):
                self.assertEqual(self.found(keyword, yes + no), yes)


class BadPapers(Case):
    def test_not_papers(self):
        profile = self.paperboy.profile("ada@example.test")
        for name, content in (("empty", b""), ("binary", bytes(range(256)) * 40), ("json", b'[1, 2, 3]\n'),
                              ("text", b"hello\n"), ("html", b"<!DOCTYPE html><html></html>")):
            with self.subTest(name):
                path = self.paperboy.write("papers.in", content)
                result = self.run_fails(DATA_ERROR, "rank", "--papers", path, "--profile", profile, says=r"papers\.in")
                self.assertEqual(result.out, "")
