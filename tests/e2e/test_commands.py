"""Help, version, words that are wrong, and the exit statuses of sysexits(3)."""

import os
import pty
import signal
import subprocess

from feeds import papers, rss
from support import CONFIGURATION, DATA_ERROR, IO_ERROR, NO_INPUT, OK, USAGE, Case

COMMANDS = ("run", "fetch", "rank", "preview", "send", "inbox", "subscriber", "render", "check", "status", "backup")


class Help(Case):
    def test_program(self):
        for word in ("--help", "-h"):
            result = self.run_ok(word)
            self.assertEqual(result.err, "")
            for command in COMMANDS:
                self.assertRegex(result.out, rf"(?m)^ +{command} +\S", "the list of commands")

    def test_version(self):
        result = self.run_ok("--version")
        self.assertRegex(result.out, r"\Apaperboy \d+\.\d+\.\d+\n\Z")

    def test_each_command(self):
        for command in COMMANDS:
            for word in ("--help", "-h"):
                result = self.run_ok(command, word)
                self.assertEqual(result.err, "", command)
                self.assertRegex(result.out, rf"\AUsage: paperboy {command}\b", command)
                self.assertLessEqual(max(map(len, result.out.splitlines())), 80, f"{command}: too wide for a terminal")

    def test_each_command_version(self):
        """--version everywhere."""
        for command in COMMANDS:
            self.assertRegex(self.run_ok(command, "--version").out, r"\Apaperboy \d", command)

    def test_help_needs_no_configuration(self):
        (self.folder / "paperboy.json").write_text("{")
        self.run_ok("run", "--help")


class Usage(Case):
    def test_nothing(self):
        result = self.paperboy.run()
        self.assertEqual((result.status, result.out), (USAGE, ""), str(result))
        self.assertIn("Usage", result.err)

    def test_unknown(self):
        for words, says in (
            (["fecth"], ("fecth", "fetch")),
            (["--frob", "run"], ("--frob",)),
            (["run", "--dryrun"], ("--dryrun", "--dry-run")),
            (["run", "extra"], ("extra",)),
            (["run", "--date"], ("--date", "value")),
            (["run", "--date", "yesterday"], ("--date", "yesterday")),
            (["run", "--date", "2026-02-30"], ("--date", "2026-02-30")),
            (["run", "--dry-run=yes"], ("--dry-run",)),
            (["rank", "--top", "0"], ("--top",)),
            (["rank", "--top", "many"], ("--top", "many")),
            (["preview"], ("missing|profile",)),
            (["render"], ("--template",)),
            (["subscriber"], ("missing|add",)),
            (["subscriber", "frobnicate", "x"], ("frobnicate",)),
        ):
            with self.subTest(words=words):
                result = self.run_fails(USAGE, *words, says=says)
                self.assertEqual(result.out, "")
                self.assert_few_lines(result, 2)


class Configuration(Case):
    def test_places(self):
        """--config before $PAPERBOY_CONFIG before ./paperboy.json."""
        self.paperboy.write_configuration()
        good = self.folder / "paperboy.json"
        other = self.paperboy.write("elsewhere/paperboy.json", good.read_text())
        for folder in ("elsewhere",):
            (self.folder / folder / "subscribers").mkdir()
        self.paperboy.profile("ada@example.test")
        self.assertIn("ada@example.test", self.run_ok("subscriber", "list").out)
        self.assertNotIn("ada", self.run_ok("subscriber", "list", env={"PAPERBOY_CONFIG": str(other)}).out)
        listed = self.run_ok("--config", good, "subscriber", "list", env={"PAPERBOY_CONFIG": str(other)})
        self.assertIn("ada@example.test", listed.out)
        self.assertIn("ada@example.test", self.run_ok("subscriber", "list", "--config", good).out)

    def test_mistakes(self):
        for name, text, says in (
            ("not JSON", '{"sender": ', (r"paperboy\.json:1",)),
            ("unknown key", '{\n  "sendre": {}\n}', (r"paperboy\.json:2", "sendre", "sender")),
            ("unknown key inside", '{\n "delivery": {\n  "ulr": "x"}}', (r"paperboy\.json:3", "ulr", "url")),
            ("double key", '{\n "store": "sqlite:a",\n "store": "sqlite:b"}', (r"paperboy\.json:3", "store")),
            ("wrong type", '{\n "sender": "me"}', (r"paperboy\.json:2", "sender", "object")),
            ("address", '{\n "sender": {"address": "a@b\\r\\nRCPT TO:<x@y>"}}', (r"paperboy\.json:2", "address")),
            ("out of range", '{"delivery": {"expire_hours": 0}}', (r"paperboy\.json:1", "expire_hours", "1")),
            ("not a relay", '{"delivery": {"url": "ftp://x"}}', (r"paperboy\.json:1", "smtp")),
            ("store", '{"store": "mysql:x"}', (r"paperboy\.json:1", "sqlite")),
        ):
            with self.subTest(name):
                self.paperboy.write("paperboy.json", text)
                for command in ("status", "run"):
                    result = self.run_fails(CONFIGURATION, command, says=says)
                    self.assert_few_lines(result, 1)
                self.assertFalse(self.paperboy.store.exists())

    def test_no_sender(self):
        del self.paperboy.configuration["sender"]
        self.paperboy.write_configuration()
        self.paperboy.profile("ada@example.test")
        feed = self.paperboy.write("day.xml", rss(papers(3)))
        self.run_fails(CONFIGURATION, "run", "--feed", feed, says=("sender", "address"))
        self.assertEqual(self.paperboy.delivered(), [])

    def test_none_at_all(self):
        (self.folder / "paperboy.json").unlink()
        self.run_fails(CONFIGURATION, "run", says="paperboy.json")
        self.run_fails(CONFIGURATION, "--config", "nowhere.json", "run", says="nowhere.json")
        feed = self.paperboy.write("day.xml", rss(papers(3)))
        profile = self.paperboy.profile("ada@example.test")
        self.run_ok("rank", "--papers", feed, "--profile", profile, "--json")
        self.run_ok("preview", profile, "--papers", feed, "--text")


class Streams(Case):
    def test_missing_files(self):
        profile = self.paperboy.profile("ada@example.test")
        feed = self.paperboy.write("day.xml", rss(papers(3)))
        for words, status in (
            (["rank", "--papers", "gone.xml", "--profile", profile], NO_INPUT),
            (["rank", "--papers", feed, "--profile", "gone.json"], (NO_INPUT, DATA_ERROR)),
            (["run", "--feed", "gone.xml"], NO_INPUT),
            (["render", "--template", "gone.mustache", "--context", profile], NO_INPUT),
            (["subscriber", "import", "gone.json"], NO_INPUT),
        ):
            with self.subTest(words=words[:2]):
                self.run_fails(status, *words, says=r"gone\.")

    def test_results_and_words_apart(self):
        """JSON on standard output stays JSON, whatever is said beside it."""
        self.use_examples()
        self.paperboy.write("subscribers/broken@example.test.json", "{")
        feed = self.paperboy.write("day.xml", rss(papers(20)))
        result = self.paperboy.run("rank", "--papers", feed, "--json")
        self.assertEqual({row["subscriber"] for row in result.lines()}, {"ada@example.test", "emmy@example.test"})
        self.assert_says(result, "broken@example.test")

    def test_full_standard_output(self):
        feed = self.paperboy.write("day.xml", rss(papers(20)))
        with open("/dev/full", "wb") as full:
            done = subprocess.run(self.paperboy.argv("fetch", "--feed", feed, "--jsonl"), cwd=self.folder, stdout=full,
                                  env=self.paperboy.environment(), stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
                                  timeout=60)
        self.assertNotEqual(done.returncode, OK)
        self.assertIn(b"output", done.stderr.lower())

    def test_closed_pipe(self):
        """`| head -1` is no crash."""
        feed = self.paperboy.write("day.xml", rss(papers(400)))
        process = self.paperboy.start("fetch", "--feed", feed, "--jsonl")
        process.stdout.readline()
        process.stdout.close()
        err = process.stderr.read().decode()
        process.stderr.close()
        self.assertIn(process.wait(30), (OK, -signal.SIGPIPE, IO_ERROR), err)
        self.assertNotIn("Sanitizer", err)

    def test_progress_only_on_a_terminal(self):
        self.use_examples()
        feed = self.paperboy.write("day.xml", rss(papers(5)))
        plain = self.run_ok("run", "--dry-run", "--feed", feed)
        self.assertNotIn("\r", plain.err)
        self.assertNotIn("\x1b", plain.err)
        try:
            master, slave = pty.openpty()
        except OSError as problem:
            self.skipTest(f"no terminal can be made here: {problem}")
        process = subprocess.Popen(self.paperboy.argv("run", "--feed", str(feed)), cwd=self.folder, stdin=slave,
                                   env={**self.paperboy.environment(), "TERM": "xterm"}, stdout=slave, stderr=slave)
        os.close(slave)
        shown = b""
        while True:
            try:
                block = os.read(master, 4096)
            except OSError:  # the other end is gone
                break
            if not block:
                break
            shown += block
        os.close(master)
        self.assertEqual(process.wait(30), OK, shown)
        self.assertTrue(shown.endswith(b"\n"), "the progress line is not ended")
