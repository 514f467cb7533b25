"""What the end-to-end tests share: the program under test in a folder of its own,
with a configuration and profiles, and judgements about what it said and sent."""

import email
import email.policy
import json
import os
import re
import shlex
import shutil
import subprocess
import tempfile
import unittest
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

ROOT = Path(__file__).resolve().parent.parent.parent
PROGRAM = os.environ.get("PAPERBOY", str(ROOT / "build/paperboy"))
# Valgrind's command line, when the whole run is to be watched by it.
WRAPPER = shlex.split(os.environ.get("PAPERBOY_WRAPPER", ""))
DATA = Path(os.environ.get("PAPERBOY_DATA", ROOT / "../shared/data"))
SAMPLE_DAY = ROOT / "tests/fixtures/sample-day.xml"
TOOL_STATUS = 99  # tests/run.py: a sanitizer or Valgrind found something

# sysexits(3)
OK, USAGE, DATA_ERROR, NO_INPUT, UNAVAILABLE, CANNOT_CREATE, IO_ERROR, TEMPORARY, NO_PERMISSION, CONFIGURATION = (
    0, 64, 65, 66, 69, 73, 74, 75, 77, 78)

LOCAL_ADDRESS = "127.0.0.1"


@dataclass
class Result:
    argv: list
    status: int
    out: str
    err: str

    def __str__(self):
        return (f"{' '.join(self.argv)}\nstatus {self.status}\n--- standard output\n{self.out[-3000:]}"
                f"\n--- standard error\n{self.err[-3000:]}")

    def lines(self):
        return [json.loads(line) for line in self.out.splitlines()]

    def document(self):
        return json.loads(self.out)


class Paperboy:
    """One installation in a folder: paperboy.json, subscribers/, outbox/, store."""

    def __init__(self, folder, program=PROGRAM):
        self.folder = Path(folder)
        self.program = program
        self.subscribers = self.folder / "subscribers"
        self.subscribers.mkdir(exist_ok=True)
        self.outbox = self.folder / "outbox"
        self.store = self.folder / "paperboy.db"
        self.configuration = {
            "sender": {"name": "Paperboy", "address": "digest@example.test"},
            "list": {"name": "Papers of the day", "id": "digest.example.test", "owner": "owner@example.test"},
            "templates": str(ROOT / "templates"),
            # Nothing listens on this port: a test that fetches names its own server.
            "arxiv": {"rss": f"http://{LOCAL_ADDRESS}:9/rss/", "oai": f"http://{LOCAL_ADDRESS}:9/oai",
                      "contact": "owner@example.test", "interval_ms": 0},
        }
        self.write_configuration()

    def write_configuration(self, **sections):
        for name, section in sections.items():
            if isinstance(section, dict) and isinstance(self.configuration.get(name), dict):
                section = {**self.configuration[name], **section}
            self.configuration[name] = section
        self.write("paperboy.json", json.dumps(self.configuration, indent=2) + "\n")

    def write(self, name, content):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content, encoding="utf-8")
        return path

    def profile(self, address, **keys):
        """Puts a profile into the folder, as an owner would by hand."""
        document = {"email": address, **keys}
        return self.write(f"subscribers/{address}.json", json.dumps(document, indent=2) + "\n")

    def argv(self, *words):
        return [*WRAPPER, self.program, *map(str, words)]

    def environment(self, env=None):
        clean = {name: value for name, value in os.environ.items()
                 if not name.startswith("PAPERBOY") and not name.lower().endswith("_proxy")}
        clean.pop("CREDENTIALS_DIRECTORY", None)
        clean.pop("JOURNAL_STREAM", None)
        return {**clean, "HOME": str(self.folder), **(env or {})}

    def run(self, *words, input=None, env=None, seconds=60, prefix=(), **popen):
        """Runs it in its folder. A finding of a sanitizer always fails the test."""
        argv = [*prefix, *self.argv(*words)]
        done = subprocess.run(
            argv, cwd=self.folder, env=self.environment(env), timeout=seconds, capture_output=True,
            input=b"" if input is None else input, **popen)
        result = Result([Path(self.program).name, *map(str, words)], done.returncode,
                        done.stdout.decode("utf-8", "surrogateescape"),
                        done.stderr.decode("utf-8", "surrogateescape"))
        check_sound(result)
        return result

    def start(self, *words, env=None, **popen):
        return subprocess.Popen(
            self.argv(*words), cwd=self.folder, env=self.environment(env), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, **popen)

    def delivered(self, folder=None):
        """The messages in a Maildir's new/, as bytes."""
        new = Path(folder or self.outbox) / "new"
        return [path.read_bytes() for path in sorted(new.iterdir())] if new.is_dir() else []

    def status(self):
        result = self.run("status", "--json")
        assert result.status == OK, str(result)
        return result.document()


def check_sound(result):
    if result.status == TOOL_STATUS or result.status < 0 or "runtime error:" in result.err:
        raise AssertionError(f"a crash, or a finding of the sanitizer or of Valgrind:\n{result}")


class Case(unittest.TestCase):
    """A test with a fresh installation, and assertions that show the whole result."""

    maxDiff = 4000

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="e2e-"))
        self.folder.chmod(0o755)
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.paperboy = Paperboy(self.folder)

    def run_ok(self, *words, **options):
        result = self.paperboy.run(*words, **options)
        self.assertEqual(result.status, OK, str(result))
        return result

    def run_fails(self, status, *words, says=(), **options):
        """It ends with one of these statuses and says what, where and why in one line."""
        result = self.paperboy.run(*words, **options)
        expected = status if isinstance(status, tuple) else (status,)
        self.assertIn(result.status, expected, str(result))
        self.assert_says(result, *([says] if isinstance(says, str) else says))
        return result

    def assert_says(self, result, *patterns):
        """One line of standard error matches each of these (case does not matter)."""
        lines = [line for line in result.err.splitlines() if line.strip()]
        self.assertTrue(lines, f"nothing on standard error\n{result}")
        if not any(all(re.search(pattern, line, re.I) for pattern in patterns) for line in lines):
            self.fail(f"no line of standard error has all of {list(patterns)}\n{result}")
        for line in lines:
            self.assertLess(len(line), 1200, f"a line that nobody reads\n{result}")

    def assert_few_lines(self, result, most):
        lines = [line for line in result.err.splitlines() if line.strip()]
        self.assertLessEqual(len(lines), most, f"more said than needed\n{result}")

    def read_mail(self, raw):
        """Parses a message as strictly as Python can; no defect anywhere."""
        message = email.message_from_bytes(raw, policy=email.policy.default)
        for part in message.walk():
            self.assertEqual(part.defects, [], f"{part.get_content_type()} has defects")
            for name, value in part.items():
                self.assertEqual(list(value.defects), [], f"{name}: {value} has defects")
        return message

    def mails(self, folder=None):
        """All delivered messages by recipient; one each."""
        found = {}
        for raw in self.paperboy.delivered(folder):
            message = self.read_mail(raw)
            address = message["To"].addresses[0].addr_spec
            self.assertNotIn(address, found, "two messages to one subscriber")
            found[address] = message
        return found

    def use_examples(self):
        """Two people with different interests."""
        self.paperboy.profile("ada@example.test", name="Ada", categories=["cs.LG", "cs.DC", "cs.CL"],
                              keywords=["LLM", "training", "inference", {"term": "attention", "weight": 2}])
        self.paperboy.profile("emmy@example.test", name="Emmy Noether", keywords=["network", "optimization", "model"])


def today():
    """The date in New York, which is arXiv's."""
    return datetime.now(ZoneInfo("America/New_York")).date().isoformat()


def text_of(message):
    return message.get_body(("plain",)).get_content()


def html_of(message):
    return message.get_body(("html",)).get_content()


def spam_points(raw, home):
    """What SpamAssassin gives a message, by its local rules alone, and its report."""
    done = subprocess.run(
        ["spamassassin", "-L", "--cf=use_bayes 0", "--cf=use_auto_welcomelist 0", "-t"],
        input=raw, capture_output=True, timeout=120, env={**os.environ, "HOME": str(home)})
    text = done.stdout.decode("utf-8", "replace")
    match = re.search(r"Content analysis details: +\((-?[\d.]+) points", text)
    if match is None:
        raise AssertionError(text[-2000:] + done.stderr.decode())
    return float(match.group(1)), text[match.start():]


def with_servers(test):
    """Marks what needs an installed server; SERVERS=no leaves it out aloud."""
    return unittest.skipIf(os.environ.get("SERVERS") == "no", "left out by SERVERS=no")(test)


def needs_root(reason):
    return unittest.skipUnless(os.geteuid() == 0, f"{reason}: only root can do that")


def needs_samples(path):
    return unittest.skipUnless((DATA / path).exists(), f"the real samples are not here: {DATA / path}")
