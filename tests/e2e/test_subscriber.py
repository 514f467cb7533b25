"""subscriber: the folder of profiles by command."""

import json
import os
import threading

from feeds import papers, rss
from support import DATA_ERROR, NO_INPUT, OK, TEMPORARY, USAGE, Case

BOT_CONFIG = {
    "categories": ["cs.LG", "cs.DC"],
    "keywords": ["LLM", "speculative decoding"],
    "exclude_keywords": ["survey"],
    "max_papers": 25,
    "min_score": 0.3,
    "days_back": 1,
    "ai_summary": {"enabled": True},
}


class Subscriber(Case):
    def stored(self, address):
        path = self.paperboy.subscribers / f"{address}.json"
        return json.loads(path.read_text(encoding="utf-8"))

    def test_add_show_list_remove(self):
        self.run_ok("subscriber", "add", "Ada@Example.test")
        self.assertEqual(self.stored("ada@example.test")["email"], "ada@example.test")
        self.assertEqual((self.paperboy.subscribers / "ada@example.test.json").stat().st_mode & 0o777, 0o600)
        self.assertEqual(self.run_ok("subscriber", "show", "ADA@example.test").document()["email"], "ada@example.test")
        self.run_ok("subscriber", "add", "emmy@example.test")
        listed = self.run_ok("subscriber", "list").out.splitlines()
        self.assertEqual([line.split()[0] for line in listed], ["ada@example.test", "emmy@example.test"])
        self.run_ok("subscriber", "remove", "ada@example.test")
        self.assertEqual([path.name for path in self.paperboy.subscribers.iterdir() if path.name.endswith(".json")],
                         ["emmy@example.test.json"])

    def test_already_there(self):
        before = self.paperboy.profile("ada@example.test", keywords=["mine"]).read_bytes()
        result = self.paperboy.run("subscriber", "add", "ada@example.test")
        self.assertNotIn(result.status, (OK,), str(result))
        self.assert_says(result, "ada@example.test")
        self.assertEqual((self.paperboy.subscribers / "ada@example.test.json").read_bytes(), before)

    def test_not_there(self):
        for word in ("show", "remove", "pause", "resume"):
            self.run_fails(NO_INPUT, "subscriber", word, "nobody@example.test", says="nobody@example.test")

    def test_bad_addresses(self):
        for address in ("ada", "a@b\r\nRCPT TO:<x@y>", "../../paperboy-evil", "a b@example.test", "@example.test", "a@", "a@b@c",
                        "a" * 70 + "@example.test", "a@" + "b" * 300, "", "<a@b.test>", "ä@example.test\0"[:-1] + "\t"):
            with self.subTest(address):
                result = self.run_fails((DATA_ERROR, USAGE, NO_INPUT), "subscriber", "add", address)
                self.assert_few_lines(result, 2)
        self.assertEqual(list(self.paperboy.subscribers.iterdir()), [])
        self.assertEqual([path.name for path in self.folder.parent.glob("paperboy-evil*")], [])

    def test_odd_but_good_addresses(self):
        """An address never becomes a path unescaped."""
        for address, name in (("a+b@example.test", "a+b@example.test.json"), ("o'hara@example.test", "o%27hara@example.test.json"),
                              ("a/b@example.test", "a%2Fb@example.test.json")):
            with self.subTest(address):
                self.run_ok("subscriber", "add", address)
                names = [path.name for path in self.paperboy.subscribers.iterdir() if path.is_file()]
                self.assertIn(name.lower(), [one.lower() for one in names])
                self.run_ok("subscriber", "show", address)
                self.run_ok("subscriber", "remove", address)

    def test_pause_and_resume(self):
        self.paperboy.profile("ada@example.test", keywords=["LLM", "training"])
        feed = self.paperboy.write("day.xml", rss(papers(20)))
        self.run_ok("subscriber", "pause", "ada@example.test")
        self.assertIsNotNone(self.stored("ada@example.test").get("paused_until"))
        self.run_ok("run", "--feed", feed)
        self.assertEqual(self.paperboy.delivered(), [])
        self.run_ok("subscriber", "resume", "ada@example.test")
        self.assertIsNone(self.stored("ada@example.test").get("paused_until"))
        self.run_ok("run", "--feed", feed)
        self.assertEqual(len(self.mails()), 1)

    def test_suppress_and_unsuppress(self):
        self.paperboy.profile("ada@example.test", keywords=["LLM", "training"])
        before = self.stored("ada@example.test")
        feed = self.paperboy.write("day.xml", rss(papers(20)))
        self.run_ok("subscriber", "suppress", "ADA@example.test")
        self.assertEqual(self.paperboy.status()["suppressed"], 1)
        self.run_ok("run", "--feed", feed)
        self.assertEqual(self.paperboy.delivered(), [])
        self.assertEqual(self.stored("ada@example.test"), before, "the profile is kept")
        self.run_ok("subscriber", "unsuppress", "ada@example.test")
        self.run_ok("run", "--feed", feed)
        self.assertEqual(len(self.mails()), 1)

    def test_suppressed_while_it_waited(self):
        """The digest that was skipped for it comes once that is lifted."""
        self.paperboy.profile("ada@example.test", keywords=["LLM", "training"])
        feed = self.paperboy.write("day.xml", rss(papers(20)))
        self.paperboy.write_configuration(delivery={"url": "smtp://127.0.0.1:1"})
        self.assertEqual(self.paperboy.run("run", "--feed", feed).status, TEMPORARY)
        self.run_ok("subscriber", "suppress", "ada@example.test")
        self.paperboy.write_configuration(delivery={"url": "maildir:outbox"})
        self.run_ok("run", "--feed", feed)
        self.assertEqual(self.paperboy.status()["deliveries"]["skipped"], 1)
        self.run_ok("subscriber", "unsuppress", "ada@example.test")
        self.run_ok("run", "--feed", feed)
        self.assertEqual(len(self.mails()), 1)

    def test_import(self):
        """The bot's config.json, with a notice for what has no counterpart."""
        bot = self.paperboy.write("config.json", json.dumps(BOT_CONFIG))
        result = self.run_ok("subscriber", "import", bot, "--address", "bot@example.test")
        profile = self.stored("bot@example.test")
        self.assertEqual(profile["categories"], ["cs.LG", "cs.DC"])
        self.assertEqual(profile["keywords"], ["LLM", "speculative decoding"])
        self.assertEqual(profile["exclude_keywords"], ["survey"])
        self.assertEqual(profile["max_papers"], 25)
        self.assertEqual(profile.get("min_score", 0), 0)
        self.assertNotIn("days_back", profile)
        self.assert_says(result, "min_score")
        self.assert_says(result, "days_back")
        self.run_ok("subscriber", "show", "bot@example.test")

    def test_import_of_something_else(self):
        for name, text in (("not JSON", "{"), ("a list", "[]"), ("wrong types", '{"keywords": 5}')):
            with self.subTest(name):
                path = self.paperboy.write("config.json", text)
                self.run_fails(DATA_ERROR, "subscriber", "import", path, "--address", "bot@example.test", says="config.json")
        self.assertEqual(list(self.paperboy.subscribers.glob("*.json")), [])

    def test_import_guesses_nothing(self):
        """Only what surely is the bot's becomes the owner's without being told so."""
        self.paperboy.profile("ada@example.test", keywords=["LLM"])
        self.run_ok("subscriber", "export", "ada@example.test", "--out", self.folder / "person.json")
        for name, text, says in (("typo", '{"keywords": ["LLM"],\n"emial": "typo@x.org"}', (r"c\.json:2: emial", 'mean "email"')),
                                 ("nothing", "{}", ("c.json", "email", "bot")),
                                 ("other", '{"hello": 1}', ("c.json", "hello")),
                                 ("person", (self.folder / "person.json").read_text(), ("export ADDRESS", "profile"))):
            for words in ((), ("--address", "bot@example.test")):
                if name == "typo" and words:
                    continue
                with self.subTest(name, words=words):
                    path = self.paperboy.write("c.json", text)
                    says = ("c.json", "email", "bot") if name == "other" and words else says
                    self.run_fails(DATA_ERROR, "subscriber", "import", path, *words, says=says)
        path = self.paperboy.write("c.json", json.dumps(BOT_CONFIG))
        self.run_ok("subscriber", "import", path)
        self.assertEqual(sorted(path.name for path in self.paperboy.subscribers.iterdir()),
                         ["ada@example.test.json", "owner@example.test.json"])

    def test_import_from_a_pipe(self):
        """Nothing looks into a pipe beforehand: its first bytes would be gone."""
        self.paperboy.profile("ada@example.test", keywords=["LLM"])
        exported = self.run_ok("subscriber", "export").out
        self.assertGreater(len(exported), 20)
        for path in self.paperboy.subscribers.glob("*.json"):
            path.unlink()
        pipe = self.folder / "people.jsonl"
        os.mkfifo(pipe)
        writer = threading.Thread(target=lambda: pipe.write_text(exported), daemon=True)
        writer.start()
        self.run_ok("subscriber", "import", pipe)
        writer.join(10)
        self.assertEqual([path.name for path in self.paperboy.subscribers.iterdir()], ["ada@example.test.json"])

    def test_several_are_unsuppressed(self):
        people = [f"p{number}@example.test" for number in range(4)]
        for address in people:
            self.run_ok("subscriber", "suppress", address)
        result = self.run_fails(NO_INPUT, "subscriber", "unsuppress", *people[:2], "other@example.test", *people[2:],
                                says="other@example.test is not suppressed")
        for address in people:
            self.assert_says(result, f"{address} is no longer suppressed")
        self.assertEqual(self.paperboy.status()["suppressed"], 0)
        self.assertIn("0 subscribers, 0 suppressed addresses\n", self.run_ok("status").out)
        self.assertIn("Deliveries\n  none yet\n", self.run_ok("status").out)

    def test_a_second_reason(self):
        self.run_ok("subscriber", "suppress", "ada@example.test", "--reason", "first")
        self.assert_says(self.run_ok("subscriber", "suppress", "ada@example.test", "--reason", "second"),
                         "was suppressed before", "stays")
        self.assertIn("0 subscribers, 1 suppressed address\n", self.run_ok("status").out)

    def test_a_pause_that_is_over(self):
        self.paperboy.profile("ada@example.test", paused_until="2020-01-01")
        self.assertEqual(self.run_ok("subscriber", "list").out, "ada@example.test\tactive\n")
        before = self.stored("ada@example.test")
        self.run_fails(USAGE, "subscriber", "pause", "ada@example.test", "--until", "2020-02-01", says="past")
        self.assertEqual(self.stored("ada@example.test"), before)

    def test_files_that_are_not_there(self):
        del self.paperboy.configuration["list"]
        self.paperboy.write_configuration()
        for words in (("import", "nope"), ("import", "nope.json"), ("add", "nope.json"),
                      ("add", "ada@example.test.json"), ("add", "people/nope")):
            self.run_fails(NO_INPUT, "subscriber", *words, says=(words[1], "no such file"))
        path = self.paperboy.write("c.json", json.dumps(BOT_CONFIG))
        self.run_fails(USAGE, "subscriber", "import", path, says="--address")

    def test_many_at_once(self):
        """Two writers of one folder get in each other's way, but not in each other's file."""
        processes = [self.paperboy.start("subscriber", "add", f"p{number}@example.test") for number in range(8)]
        processes += [self.paperboy.start("subscriber", "add", "same@example.test") for _ in range(4)]
        statuses = []
        for process in processes:
            _, err = process.communicate(timeout=60)
            statuses.append(process.returncode)
            self.assertNotIn(b"Sanitizer", err)
        self.assertEqual(statuses[:8], [OK] * 8)
        self.assertEqual(sorted(statuses[8:])[0], OK)
        self.assertTrue(all(status != OK for status in sorted(statuses[8:])[1:]), statuses)
        self.assertEqual(len(self.run_ok("subscriber", "list").out.splitlines()), 9)
