"""paperboy check: what it finds, and that it goes on after the first."""

import json
import re
import shutil
import sqlite3
import tempfile
import time

from dns_server import DnsServer
from feeds import papers, rss
from hostile_smtp import DROP, HostileSmtp
from servers import Certificates, MailServers, free_port
from support import CONFIGURATION, OK, ROOT, TEMPORARY, UNAVAILABLE, USAGE, Case, needs_root, with_servers

GOOD_DNS = {
    ("example.test", "TXT"): ["google-site-verification=x", "v=spf1 ip4:192.0.2.1 -all"],
    ("example.test", "MX"): [(20, "b.example.test"), (10, "a.example.test")],
    ("_dmarc.example.test", "TXT"): ["v=DMARC1; p=quarantine; rua=mailto:owner@example.test"],
}


class CheckCase(Case):
    def setUp(self):
        super().setUp()
        self.use_examples()

    def check(self, status, *words, **options):
        result = self.paperboy.run("check", *words, **options)
        self.assertEqual(result.status, status, str(result))
        # A heading, or a finding of one of three kinds.
        for line in result.out.splitlines():
            self.assertRegex(line, r"^(\S.*|  (ok      |warning |error   ) \S.*)$")
        # Never a finding without its group.
        if result.out:
            self.assertRegex(result.out, r"^\S")
        return result

    def finds(self, result, kind, *patterns):
        """One finding of this kind matches all patterns."""
        found = [line for line in result.out.splitlines() if line.startswith(f"  {kind} ")]
        if not any(all(re.search(pattern, line) for pattern in patterns) for line in found):
            self.fail(f"no {kind} has all of {list(patterns)}\n{result}")

    def count(self, result, kind):
        return sum(line.startswith(f"  {kind} ") for line in result.out.splitlines())

    def serve_dns(self, records=GOOD_DNS, **options):
        server = DnsServer(records, **options)
        self.addCleanup(server.close)
        return server

    def serve_smtp(self, script=None, **options):
        server = HostileSmtp(script, **options)
        self.addCleanup(server.close)
        return server


class Files(CheckCase):
    def test_sound(self):
        before = sorted(path.name for path in self.folder.rglob("*"))
        result = self.check(OK)
        self.assertEqual(self.count(result, "error"), 0)
        self.finds(result, "ok", "2 profiles")
        self.finds(result, "ok", "paperboy.key", "no key yet")
        self.finds(result, "ok", "paperboy.db", "no store yet")
        self.finds(result, "ok", "maildir:.*outbox can be made")
        self.assertEqual(sorted(path.name for path in self.folder.rglob("*")), before, "something was made")
        self.assert_says(result, "0 to mend")

    def test_after_a_run(self):
        self.run_ok("run", "--feed", self.paperboy.write("day.xml", rss(papers(9))))
        result = self.check(OK)
        self.finds(result, "ok", r"paperboy\.db: the last edition is \d{4}-\d\d-\d\d")
        self.finds(result, "ok", r"paperboy\.key$")
        self.finds(result, "ok", "outbox can be written")

    def test_everything_at_once(self):
        """Each of many faults is named, with file, line and key, in one run."""
        self.paperboy.write("subscribers/a@example.test.json", '{\n "email": "a@example.test",\n "keywrods": []\n}')
        self.paperboy.write("subscribers/b@example.test.json",
                            '{\n "email": "b@example.test",\n "schedule": {"zone": "Mars/Olympus"}\n}')
        self.paperboy.write("subscribers/c@example.test.json", '{"email": "other@example.test"}')
        self.paperboy.profile("d@example.test", categories=["cs.LG", "cookery.XX"], language="tlh")
        templates = self.folder / "templates"
        shutil.copytree(ROOT / "templates", templates)
        (templates / "digest.txt").write_text("{{#papers}}\n{{>papr_text}}\n{{words.nonsense}}\n{{/papers}}\n")
        (templates / "paper.mustache").write_text("{{#a}}\n")
        (templates / "words/de.json").write_text('{"unsubscribe": "Abmelden"}\n')
        (templates / "words/fr.json").write_text('{\n "count_papers": {"one": "{nombre} papier", "other": "x"},\n "why": 3\n}\n')
        self.paperboy.write("paperboy.key", "not a key\n").chmod(0o600)
        self.paperboy.write("paperboy.db", "not a database, though long enough" * 100)
        self.paperboy.write("arxiv-holidays.txt", "2026-13-01 no such month\n")
        self.paperboy.write_configuration(templates="templates")
        result = self.check(CONFIGURATION)
        for patterns in (
                (r"a@example\.test\.json:3: keywrods", "keywords"),
                (r"b@example\.test\.json:3: .*Mars/Olympus",),
                (r"c@example\.test\.json", "other@example.test"),
                (r"digest\.txt:2: .*papr_text", 'mean "paper_text"'),
                (r"digest\.txt:3: .*words\.nonsense",),
                (r"paper\.mustache:1: ",),
                (r"fr\.json:2: count_papers", "nombre"),
                (r"fr\.json:3: why",),
                (r"paperboy\.key", "hexadecimal"),
                (r"paperboy\.db",),
                (r"arxiv-holidays\.txt:1",)):
            self.finds(result, "error", *patterns)
        self.assertEqual(self.count(result, "error"), 11, str(result))
        self.finds(result, "warning", r"d@example\.test\.json: categories: \"cookery\.XX\"")
        self.finds(result, "warning", "3 of 6 profiles")

    def test_words(self):
        templates = self.folder / "templates"
        shutil.copytree(ROOT / "templates", templates)
        english = json.loads((templates / "words/en.json").read_text())
        german = {key: value for key, value in english.items() if key not in ("unsubscribe", "and")}
        (templates / "words/de.json").write_text(json.dumps(german))
        (templates / "words/de-AT.json").write_text('{"and": "und"}')
        self.paperboy.write_configuration(templates="templates")
        self.paperboy.profile("d@example.test", language="de-CH")
        self.paperboy.profile("t@example.test", language="tlh")
        result = self.check(OK)
        self.finds(result, "warning", r"words/de\.json: lacks 2 words", "unsubscribe", "and")
        self.finds(result, "warning", r"words/de-AT\.json: lacks 1 word of", "unsubscribe")
        self.finds(result, "warning", r"t@example\.test\.json: language: .*\"tlh\".*\"en\"")
        self.assertNotIn("d@example.test.json", result.out)

    def test_configuration(self):
        """All faults of it, and what does not depend on them."""
        self.paperboy.write("paperboy.json", '{\n"sender": {"name": 1, "address": "x"},\n"delivery": {"tls": "no"},\n"x": 1\n}\n')
        result = self.check(CONFIGURATION)
        for where in (r"json:2: sender\.name", r"json:2: sender\.address", r"json:3: delivery\.tls", "json:4: x"):
            self.finds(result, "error", where)
        self.finds(result, "ok", "2 profiles")
        self.finds(result, "warning", "not checked before")
        self.paperboy.write("paperboy.json", "{")
        result = self.check(CONFIGURATION)
        self.assertEqual(self.count(result, "error"), 1)
        result = self.check(CONFIGURATION, "--send", "ada@example.test")
        self.assertNotIn("test digest", result.out)

    def test_no_sender_and_unknown_category(self):
        self.paperboy.configuration.pop("sender")
        self.paperboy.write_configuration(arxiv={"categories": ["cs.LG", "cookery"]})
        result = self.check(CONFIGURATION)
        self.finds(result, "error", "sender.address is missing")
        self.finds(result, "error", "arxiv.categories", "cookery")

    def test_mistyped_category(self):
        self.paperboy.write_configuration(arxiv={"categories": ["cs.LG", "cs.LC"]})
        self.paperboy.profile("d@example.test", categories=["cs.LG", "cs.IA"])
        result = self.check(OK)
        self.finds(result, "warning", r'arxiv\.categories: "cs\.LC"', r"did you mean cs\.CL\?")
        self.finds(result, "warning", r'd@example\.test\.json: categories: "cs\.IA"', r"did you mean cs\.AI\?")

    def test_holidays_of_the_past(self):
        self.paperboy.write("arxiv-holidays.txt", "2020-12-25 long ago\n")
        self.finds(self.check(OK), "warning", r"arxiv-holidays\.txt: no day of it is still to come")

    def test_publishing(self):
        self.assertNotIn("publishing", self.check(OK).out)
        owner = {"email": "owner@example.test", "keywords": ["attention"]}
        self.paperboy.write("owner.json", json.dumps(owner))
        self.paperboy.write_configuration(publish={"folder": "public", "profile": "owner.json"})
        result = self.check(OK)
        self.finds(result, "ok", "public, which run writes")
        self.finds(result, "ok", r"owner\.json, by which")
        self.finds(result, "warning", r"no publish\.base_url")
        self.assertFalse((self.folder / "public").exists())
        self.paperboy.write_configuration(publish={"folder": ".", "base_url": "https://papers.example.test/",
                                                   "profile": "subscribers/ada@example.test.json"})
        result = self.check(CONFIGURATION)
        for key in ("subscribers", "key_file", "store"):
            self.finds(result, "error", r"publish\.folder", rf"\({key}\) is in it")
        self.finds(result, "warning", r"publish\.profile: .*ada@example\.test\.json is a subscriber's")
        self.assertNotIn("publish.base_url", result.out)
        closed = self.folder / "closed"
        (closed / "public").mkdir(parents=True)
        closed.chmod(0o700)
        self.paperboy.write_configuration(publish={"folder": "closed/public", "profile": "owner.json",
                                                   "base_url": "https://papers.example.test/"})
        self.finds(self.check(OK), "warning", r"publish\.folder: \S*closed is closed to others")
        self.paperboy.write("owner.json", '{"email": "owner@example.test", "keywrods": []}')
        self.paperboy.write_configuration(publish={"folder": "public", "profile": "owner.json"})
        self.finds(self.check(CONFIGURATION), "error", r"publish\.profile: .*owner\.json:1: keywrods")
        (self.folder / "owner.json").unlink()
        self.finds(self.check(CONFIGURATION), "error", r"publish\.profile: .*owner\.json")

    def test_no_folder_of_profiles(self):
        shutil.rmtree(self.paperboy.subscribers)
        result = self.check(CONFIGURATION)
        self.finds(result, "error", "cannot open the folder of profiles", "paperboy subscriber add makes it")

    def test_modes(self):
        self.run_ok("subscriber", "list")
        key = self.paperboy.write("paperboy.key", "0" * 64 + "\n")
        key.chmod(0o644)
        password = self.paperboy.write("password", "secret\n")
        password.chmod(0o644)
        self.paperboy.write_configuration(delivery={"url": f"smtp://localhost:{free_port()}", "username": "x",
                                                    "password_file": "password"})
        (self.paperboy.subscribers / "ada@example.test.json").chmod(0o646)
        result = self.check(CONFIGURATION, env=self.serve_dns().env())
        self.finds(result, "error", r"paperboy\.key", "chmod 600")
        self.finds(result, "error", r"delivery\.password_file", "chmod o-rwx")
        self.finds(result, "warning", r"ada@example\.test\.json", "chmod o-w")

    def test_newer_store(self):
        self.run_ok("fetch", "--feed", self.paperboy.write("day.xml", rss(papers(3))))
        with sqlite3.connect(self.paperboy.store) as store:
            store.execute("PRAGMA user_version = 9999")
        self.finds(self.check(CONFIGURATION), "error", "paperboy.db", "newer")

    def test_locked_store(self):
        """Only that: it may be free a moment later."""
        self.run_ok("fetch", "--feed", self.paperboy.write("day.xml", rss(papers(3))))
        store = sqlite3.connect(self.paperboy.store, isolation_level=None)
        self.addCleanup(store.close)
        store.execute("PRAGMA locking_mode = EXCLUSIVE")
        store.execute("BEGIN EXCLUSIVE")
        self.finds(self.check(TEMPORARY), "error", "paperboy.db")

    def test_backoff(self):
        self.run_ok("fetch", "--feed", self.paperboy.write("day.xml", rss(papers(3))))
        now = int(time.time() * 1000)
        with sqlite3.connect(self.paperboy.store) as store:
            store.execute("INSERT INTO pace_backoffs VALUES ('arxiv', 'rss', ?, 3, ?, '503 come later')",
                          (now + 600_000, now))
        self.finds(self.check(OK), "warning", r"arXiv \(rss\) is left alone for another 1?[019] min: 503 come later")

    @needs_root("giving files to others")
    def test_owner(self):
        self.run_ok("fetch", "--feed", self.paperboy.write("day.xml", rss(papers(3))))
        key = self.paperboy.write("paperboy.key", "0" * 64 + "\n")
        key.chmod(0o600)
        for path in (self.paperboy.subscribers, *self.paperboy.subscribers.iterdir(), self.folder):
            shutil.chown(path, "nobody", "nogroup")
        shutil.chown(self.paperboy.subscribers / "ada@example.test.json", "root")
        result = self.check(CONFIGURATION)
        self.finds(result, "error", r"paperboy\.key: belongs to root", "chown nobody")
        self.finds(result, "error", r"paperboy\.db: belongs to root", "chown nobody")
        self.finds(result, "warning", r"ada@example\.test\.json", "chown")
        self.finds(result, "warning", "checked as root", "sudo -u nobody")

    @needs_root("becoming another user")
    def test_folders_that_cannot_be_written(self):
        """Seen as the user whom it hurts."""
        self.folder.chmod(0o755)
        self.paperboy.subscribers.chmod(0o755)
        for path in self.paperboy.subscribers.iterdir():
            path.chmod(0o644)
        result = self.check(CONFIGURATION, user="nobody", group="nogroup")
        self.finds(result, "error", "maildir:.*cannot be written")
        self.finds(result, "error", r"paperboy\.key", "none can be made")
        self.finds(result, "error", r"paperboy\.db", "none can be made")
        self.finds(result, "warning", "subscribers: ", "cannot change")

    def test_words_on_the_command_line(self):
        self.run_fails(USAGE, "check", "--send", "not an address", says="address")
        self.run_fails(USAGE, "check", "everything")


class Logins(CheckCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.mkdtemp(prefix="e2e-")
        cls.addClassCleanup(shutil.rmtree, folder, ignore_errors=True)
        cls.certificates = Certificates(folder)

    def setUp(self):
        super().setUp()
        self.dns = self.serve_dns()
        self.password = self.paperboy.write("password", "secret\n")
        self.password.chmod(0o600)

    def relay(self, server, **keys):
        return {"url": server.url(), "ca_file": str(self.certificates.authority), "tls": "required",
                "username": "news", "password_file": "password", **keys}

    def check(self, status, *words, **options):
        return super().check(status, *words, env=self.dns.env(), **options)

    def secure(self, script=None):
        return self.serve_smtp(script, certificate=self.certificates.certificate, key=self.certificates.key,
                               login=("news", "secret"))

    def test_logged_in_and_nothing_sent(self):
        server = self.secure()
        self.paperboy.write_configuration(delivery=self.relay(server))
        result = self.check(OK)
        self.finds(result, "ok", "localhost", "takes the login of news")
        words = [command.split(" ")[0].upper() for command in server.commands]
        self.assertIn("AUTH", words)
        self.assertFalse({"MAIL", "RCPT", "DATA"}.intersection(words), server.commands)

    def test_wrong_password(self):
        self.password.write_text("other\n")
        self.paperboy.write_configuration(delivery=self.relay(self.secure()))
        self.finds(self.check(CONFIGURATION), "error", "535|login|auth")

    def test_wrong_certificate(self):
        server = self.serve_smtp(certificate=self.certificates.other_certificate, key=self.certificates.other_key)
        self.paperboy.write_configuration(delivery=self.relay(server))
        self.finds(self.check(CONFIGURATION), "error", "certificate|TLS|SSL")

    def test_unreachable(self):
        self.paperboy.write_configuration(delivery={"url": f"smtp://localhost:{free_port()}"})
        self.finds(self.check(UNAVAILABLE), "error", "cannot connect")

    def test_slammed_door(self):
        self.paperboy.write_configuration(delivery={"url": self.serve_smtp({"connect": DROP}).url()})
        self.check(UNAVAILABLE)

    def test_what_must_be_mended_comes_first(self):
        self.paperboy.write("subscribers/a@example.test.json", "{}")
        self.paperboy.write_configuration(delivery={"url": f"smtp://localhost:{free_port()}"})
        result = self.check(CONFIGURATION)
        self.finds(result, "error", "cannot connect")

    def test_every_relay(self):
        good, bad = self.secure(), self.secure({"auth": "454 4.7.0 later"})
        self.paperboy.write_configuration(delivery={**self.relay(good), "relays": [
            self.relay(good), self.relay(bad), {"url": self.serve_smtp().url(), "tls": "off", "username": "x"}]})
        result = self.check(CONFIGURATION)
        self.assertEqual(len(re.findall("takes the login of news", result.out)), 2, str(result))
        self.finds(result, "error", f"localhost:{bad.port}", "454|later")
        self.finds(result, "error", r"delivery\.relays\[2\]\.password_file is not")
        self.finds(result, "warning", r"delivery\.relays\[2\]\.tls is off", "in the clear")

    def test_inbox_keys(self):
        self.paperboy.write_configuration(inbox={"url": "imaps://localhost/INBOX", "address": "p@example.test"})
        self.finds(self.check(CONFIGURATION), "error", r"inbox\.username")

    def test_inbox_unreachable(self):
        self.paperboy.write_configuration(inbox={
            "url": f"imaps://localhost:{free_port()}/INBOX", "address": "p@example.test", "username": "news",
            "password_file": "password"})
        self.finds(self.check(UNAVAILABLE), "error", "inbox imaps://")


@with_servers
@needs_root("Postfix and Dovecot")
class RealServers(CheckCase):
    @classmethod
    def setUpClass(cls):
        cls.servers = MailServers().start()
        cls.addClassCleanup(cls.servers.stop)
        cls.servers.add_user("ada@example.test")

    def inbox(self, password):
        path = self.paperboy.write("imap.password", password + "\n")
        path.chmod(0o600)
        self.paperboy.write_configuration(
            delivery={"url": f"smtp://localhost:{self.servers.smtp_port}", "tls": "required",
                      "ca_file": str(self.servers.certificates.authority)},
            inbox={"url": f"imaps://localhost:{self.servers.imaps_port}/INBOX", "username": "ada@example.test",
                   "address": "digest@example.test", "password_file": "imap.password",
                   "ca_file": str(self.servers.certificates.authority)})

    def test_inbox(self):
        self.inbox("secret")
        result = self.check(OK, "--send", "ada@example.test", env=self.serve_dns().env())
        self.finds(result, "ok", "imaps://", "takes the login of ada@example.test")
        self.finds(result, "ok", "took the test digest", "250")
        mail, = self.servers.wait_for_mail("ada@example.test")
        self.assertTrue(self.read_mail(mail)["Subject"].startswith("Test: "))

    def test_inbox_wrong_password(self):
        self.inbox("wrong")
        self.finds(self.check(CONFIGURATION, env=self.serve_dns().env()), "error", "inbox imaps://", "refused")

    def test_inbox_unknown_authority(self):
        self.inbox("secret")
        self.paperboy.write_configuration(inbox={"ca_file": None})
        self.finds(self.check(CONFIGURATION, env=self.serve_dns().env()), "error", "no secure connection")


class SenderDns(CheckCase):
    def setUp(self):
        super().setUp()
        self.paperboy.write_configuration(delivery={"url": self.serve_smtp().url()})

    def look(self, status, records, **options):
        server = self.serve_dns(records, **options)
        return self.check(status, env=server.env()), server

    def test_good(self):
        result, server = self.look(OK, GOOD_DNS)
        self.finds(result, "ok", "MX: mail to example.test, where bounces go, goes to a.example.test")
        self.finds(result, "ok", r"SPF of example\.test: v=spf1 ip4:192\.0\.2\.1 -all")
        self.finds(result, "ok", r"DMARC of example\.test: quarantine$")
        self.finds(result, "ok", "sender and envelope are both of example.test")
        self.finds(result, "warning", "DKIM is not checked", "header.d=example.test")
        self.assertIn(("_dmarc.example.test", "TXT"), server.asked)

    def test_nothing_published(self):
        result, _ = self.look(OK, {("example.test", "A"): ["192.0.2.1"]})
        self.finds(result, "warning", "SPF: example.test has no record")
        self.finds(result, "warning", "DMARC: neither example.test")
        self.finds(result, "warning", "MX: example.test.*has none; mail goes to its own address")

    def test_no_such_domain(self):
        result, _ = self.look(CONFIGURATION, {})
        self.finds(result, "error", "MX: example.test.*is not in DNS")

    def test_no_mail_wanted(self):
        result, _ = self.look(CONFIGURATION, {**GOOD_DNS, ("example.test", "MX"): [(0, "")]})
        self.finds(result, "error", "null MX")

    def test_spf(self):
        for texts, kind, says in (
                (["v=spf1 -all", "v=spf1 a -all"], "error", "2 records"),
                (["v=spf1 inlcude:x.example -all"], "error", "inlcude:x.example.*no mechanism"),
                (["v=spf1 a:b.example +all"], "error", r"\+all"),
                (["v=spf1 mx"], "warning", "says nothing about hosts"),
                (["v=spf1 ptr -all"], "warning", "ptr"),
                (["v=spf1 " + "a " * 11 + "-all"], "error", "11 DNS lookups"),
                (["v=spf1 " + "ip4:192.0.2.1 " * 40 + "-all"], "ok", r"SPF of example\.test: v=spf1 ip4")):
            with self.subTest(says):
                result, _ = self.look(CONFIGURATION if kind == "error" else OK,
                                      {**GOOD_DNS, ("example.test", "TXT"): texts})
                self.finds(result, kind, "SPF", says)

    def test_long_answer(self):
        result, server = self.look(OK, {**GOOD_DNS, ("example.test", "TXT"): ["x" * 2000] * 3 + ["v=spf1 -all"]})
        self.finds(result, "ok", "SPF of example.test: v=spf1 -all")
        self.assertGreaterEqual(server.over_tcp, 1)

    def test_dmarc(self):
        name = ("_dmarc.example.test", "TXT")
        for texts, kind, says in (
                (["v=DMARC1; p=none", "v=DMARC1; p=reject"], "error", "2 records"),
                (["v=DMARC1; p=whatever"], "error", "none, quarantine or reject"),
                (["v=DMARC1"], "error", "has no policy"),
                (["v=DMARC1; p=reject; pct=10; rua=mailto:a@example.test"], "warning", "10%"),
                (["v=DMARC1; p=reject"], "ok", "reject; without rua")):
            with self.subTest(says):
                result, _ = self.look(CONFIGURATION if kind == "error" else OK, {**GOOD_DNS, name: texts})
                self.finds(result, kind, "DMARC", says)

    def test_organisation(self):
        """A subdomain's policy is the organisation's `sp`."""
        self.paperboy.write_configuration(sender={"address": "digest@news.mail.example.test"})
        result, server = self.look(OK, {
            **GOOD_DNS, ("news.mail.example.test", "TXT"): ["v=spf1 -all"],
            ("news.mail.example.test", "MX"): [(1, "a.example.test")],
            ("_dmarc.example.test", "TXT"): ["v=DMARC1; p=none; sp=reject; rua=mailto:a@example.test"]})
        self.finds(result, "ok", r"DMARC of news\.mail\.example\.test, from example\.test: reject$")
        self.assertNotIn(("_dmarc.test", "TXT"), server.asked)
        self.finds(result, "warning", "list.id digest.example.test")

    def test_alignment(self):
        records = {**GOOD_DNS, ("bounces.example.test", "TXT"): ["v=spf1 -all"],
                   ("bounces.example.test", "MX"): [(1, "a.example.test")],
                   ("other.test", "TXT"): ["v=spf1 -all"], ("other.test", "MX"): [(1, "a.example.test")]}
        self.paperboy.write_configuration(inbox={"address": "in@bounces.example.test"})
        result, _ = self.look(OK, records)
        self.finds(result, "ok", "envelope's bounces.example.test belongs together")
        self.finds(result, "ok", "SPF of bounces.example.test")
        result, _ = self.look(OK, {**records, ("_dmarc.example.test", "TXT"): ["v=DMARC1; p=none; aspf=s"]})
        self.finds(result, "warning", "aspf=s")
        self.paperboy.write_configuration(inbox={"address": "in@other.test"})
        result, _ = self.look(OK, records)
        self.finds(result, "warning", "SPF cannot make DMARC pass")
        self.paperboy.write_configuration(delivery={"envelope": "fixed"})
        result, _ = self.look(OK, records)
        self.finds(result, "ok", "sender and envelope are both of example.test")

    def test_offline(self):
        """One warning and no error, in whatever way DNS is away."""
        for name, options in (("silent", {"silent": True}), ("failing", {"failing": True})):
            with self.subTest(name):
                result, server = self.look(OK, {}, **options)
                self.assertEqual(len(re.findall("DNS: no answer", result.out)), 1, str(result))
                self.assertEqual({name for name, _ in server.asked}, set() if options.get("silent") else {"example.test"})
        with self.subTest("nothing listens"):
            result = self.check(OK, env={"PAPERBOY_RESOLVER": f"127.0.0.1:{free_port()}"})
            self.assertEqual(len(re.findall("DNS: no answer", result.out)), 1, str(result))
        with self.subTest("knows nothing at all"):
            server = self.serve_dns({})
            server.records.clear()
            result = self.check(OK, env=server.env())
            self.finds(result, "warning", "cut off")
            self.assertNotIn("SPF", result.out)

    def test_no_name_server(self):
        result = self.check(CONFIGURATION, env={"PAPERBOY_RESOLVER": "ns.example.test"})
        self.finds(result, "error", "PAPERBOY_RESOLVER", "IPv4")

    def test_control_characters(self):
        result, _ = self.look(CONFIGURATION, {**GOOD_DNS, ("example.test", "TXT"): ["v=spf1 \x1b[31m -all"]})
        self.assertNotIn("\x1b", result.out)


class Send(CheckCase):
    def setUp(self):
        super().setUp()
        self.dns = self.serve_dns()

    def send(self, status, script=None, address="someone@example.test"):
        self.smtp = self.serve_smtp(script)
        self.paperboy.write_configuration(delivery={"url": self.smtp.url()})
        return self.check(status, "--send", address, env=self.dns.env())

    def test_from_the_last_edition(self):
        self.run_ok("fetch", "--feed", self.paperboy.write("day.xml", rss(papers(9))))
        before = self.paperboy.status()
        result = self.send(OK, {"accepted": "250 2.0.0 queued as 4711"}, "Someone@Example.test")
        self.finds(result, "ok", "took the test digest to someone@example.test", "250 2.0.0 queued as 4711")
        (_, recipients, raw), = self.smtp.accepted
        self.assertEqual(recipients, ["someone@example.test"])
        message = self.read_mail(raw)
        self.assertTrue(message["Subject"].startswith("Test: "), message["Subject"])
        self.assertIn("5 papers", message["Subject"])
        self.assertEqual(self.paperboy.status(), before, "the outbox was touched")

    def test_subscriber_gets_the_real_one_too(self):
        self.run_ok("fetch", "--feed", self.paperboy.write("day.xml", rss(papers(9))))
        self.send(OK, address="ada@example.test")
        (_, _, test), = self.smtp.accepted
        self.run_ok("run", "--feed", self.folder / "day.xml", "--only", "ada@example.test")
        self.assertEqual(len(self.smtp.accepted), 2)
        real = self.smtp.accepted[1][2]
        self.assertNotEqual(self.read_mail(test)["Message-ID"], self.read_mail(real)["Message-ID"])

    def test_sample(self):
        self.send(OK)
        (_, _, raw), = self.smtp.accepted
        self.assertIn("A Sample That Is No Paper", raw.decode())
        self.assertFalse(self.paperboy.store.exists())

    def test_refused(self):
        result = self.send(UNAVAILABLE, {"rcpt": "550 5.1.1 no such user"})
        self.finds(result, "error", "refused the test digest", "rcpt", "550 5.1.1 no such user")

    def test_deferred(self):
        result = self.send(TEMPORARY, {"rcpt": "450 4.2.1 try later"})
        self.finds(result, "error", "does not take", "450 4.2.1 try later")

    def test_uncertain(self):
        self.finds(self.send(TEMPORARY, {"accepted": DROP}), "error", "may arrive or not")

    def test_suppressed(self):
        self.run_ok("fetch", "--feed", self.paperboy.write("day.xml", rss(papers(3))))
        self.run_ok("subscriber", "suppress", "ada@example.test")
        result = self.send(CONFIGURATION, address="ada@example.test")
        self.finds(result, "error", "suppressed", "unsuppress")
        self.assertEqual(self.smtp.accepted, [])

    def test_maildir(self):
        result = self.check(OK, "--send", "someone@example.test")
        self.finds(result, "ok", "is in maildir:")
        self.assertEqual(list(self.mails()), ["someone@example.test"])
