"""Relays that refuse, lie, break off, or are not who they say."""

import shutil
import socket
import tempfile
import time
from pathlib import Path

from feeds import papers, rss
from hostile_smtp import DROP, HostileSmtp
from servers import Certificates
from support import CONFIGURATION, OK, TEMPORARY, Case

PEOPLE = ("ada@example.test", "emmy@example.test", "grace@example.test")


def setUpModule():
    global certificates, folder
    folder = Path(tempfile.mkdtemp(prefix="e2e-"))
    certificates = Certificates(folder)


def tearDownModule():
    shutil.rmtree(folder)


class Smtp(Case):
    def setUp(self):
        super().setUp()
        for address in PEOPLE:
            self.paperboy.profile(address, keywords=["LLM", "training"])
        self.feed = self.paperboy.write("day.xml", rss(papers(30)))

    def relay(self, script=None, tls="off", **options):
        server = HostileSmtp(script, **options)
        self.addCleanup(server.close)
        self.paperboy.write_configuration(delivery={"url": server.url(), "tls": tls})
        return server

    def run_daily(self):
        return self.paperboy.run("run", "--feed", self.feed, seconds=120)

    def counts(self):
        return self.paperboy.status()["deliveries"]

    def recipients(self, server):
        return sorted(recipient for _, recipients, _ in server.accepted for recipient in recipients)


class Good(Smtp):
    def test_one_connection_for_all(self):
        server = self.relay()
        result = self.run_daily()
        self.assertEqual(result.status, OK, str(result))
        self.assertEqual(self.recipients(server), list(PEOPLE))
        self.assertEqual(server.connections, 1, "one reused connection")
        for sender, recipients, raw in server.accepted:
            self.assertEqual(len(recipients), 1)
            self.assertTrue(sender.endswith("@example.test"), sender)
            self.read_mail(raw)
            self.assertNotIn(b"\n", raw.replace(b"\r\n", b""), "a bare line feed")
        self.assertEqual(self.run_daily().status, OK)
        self.assertEqual(len(server.accepted), 3, "the second run sends nothing")

    def test_lines_that_begin_with_a_dot(self):
        items = papers(5)
        items[0]["abstract"] = "LLM. " + ".hidden " * 60
        self.feed = self.paperboy.write("day.xml", rss(items))
        server = self.relay()
        self.run_daily()
        self.paperboy.write_configuration(delivery={"url": "maildir:outbox"})
        for _, _, raw in server.accepted:
            text = self.read_mail(raw).get_body(("plain",)).get_content()
            self.assertEqual(text.count(".hidden"), 60)

    def test_login_and_starttls(self):
        server = self.relay(tls="required", certificate=certificates.certificate, key=certificates.key,
                            login=("news", "right horse"))
        secret = self.paperboy.write("password", "right horse\n")
        secret.chmod(0o600)
        self.paperboy.write_configuration(delivery={"username": "news", "password_file": "password",
                                                    "ca_file": str(certificates.authority)})
        result = self.run_daily()
        self.assertEqual(result.status, OK, str(result))
        self.assertEqual(self.recipients(server), list(PEOPLE))
        self.assertNotIn("right horse", result.err + result.out)


class Refusals(Smtp):
    def test_recipient_refused_for_good(self):
        """The others get theirs; it is reported, counted, and no failure of the run."""
        server = self.relay({"rcpt": {"emmy@example.test": "550 5.1.1 no such person"}})
        result = self.run_daily()
        self.assertEqual(result.status, OK, str(result))
        self.assert_says(result, "emmy@example.test", "550|5.1.1|no such person")
        self.assertEqual(self.recipients(server), ["ada@example.test", "grace@example.test"])
        self.assertEqual((self.counts()["sent"], self.counts()["failed"]), (2, 1))
        self.run_daily()
        self.assertEqual(len([line for line in server.commands if line.startswith("RCPT") and "emmy" in line]), 1)

    def test_recipient_put_off(self):
        server = self.relay({"rcpt": {"ada@example.test": "450 4.2.1 mailbox busy"}})
        result = self.run_daily()
        self.assertEqual(result.status, TEMPORARY, str(result))
        self.assertEqual(self.recipients(server), ["emmy@example.test", "grace@example.test"])
        self.assertEqual((self.counts()["sent"], self.counts()["deferred"]), (2, 1))

    def test_message_refused(self):
        server = self.relay({"accepted": ["554 5.6.0 content refused", None, None]})
        self.assertEqual(self.run_daily().status, OK)
        self.assertEqual(len(server.accepted), 2)
        self.assertEqual((self.counts()["sent"], self.counts()["failed"]), (2, 1))

    def test_we_are_blocked(self):
        """Nobody's mail is given up for a relay's fault."""
        for number in range(4):
            self.paperboy.profile(f"more{number}@example.test", keywords=["LLM", "training"])
        server = self.relay({"accepted": ["554 5.7.1 your address is blocked"] * 20})
        result = self.run_daily()
        self.assertEqual(result.status, CONFIGURATION, str(result))
        self.assert_says(result, "blocked", "in a row")
        self.assertEqual(self.counts().get("failed", 0), 0)
        self.assertEqual((self.counts()["deferred"], self.counts()["queued"]), (5, 2))
        self.assertEqual(len(server.accepted), 0)

    def test_a_filter_that_refuses_each_mail(self):
        """However many in a row: each is that recipient's refusal, and no dead address."""
        for number in range(4):
            self.paperboy.profile(f"more{number}@example.test", keywords=["LLM", "training"])
        server = self.relay({"accepted": ["554 5.7.1 spam"] * 6 + [None]})
        result = self.run_daily()
        self.assertEqual(result.status, OK, str(result))
        self.assertEqual(len(server.accepted), 1)
        self.assertEqual((self.counts()["failed"], self.counts()["sent"]), (6, 1))
        status = self.paperboy.status()
        self.assertEqual(status["suppressed"], 0)
        self.assertEqual({error["reason"] for error in status["errors"]}, {"spamdetected"})

    def test_nobody_listens(self):
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            port = closed.getsockname()[1]
        self.paperboy.write_configuration(delivery={"url": f"smtp://127.0.0.1:{port}"})
        result = self.run_daily()
        self.assertEqual(result.status, TEMPORARY, str(result))
        self.assert_says(result, "127.0.0.1", "connect|refused")
        self.assert_few_lines(result, 5)
        self.assertEqual(self.counts().get("failed", 0), 0)

    def test_greeting(self):
        self.relay({"connect": "554 5.3.2 go away"})
        result = self.run_daily()
        self.assertIn(result.status, (TEMPORARY, CONFIGURATION), str(result))
        self.assert_says(result, "554|go away")
        self.assertEqual(self.counts().get("failed", 0), 0, "nobody is to blame but the relay")


class Security(Smtp):
    def assert_nothing_was_said(self, server):
        for line in server.commands:
            self.assertFalse(line.startswith(("MAIL", "RCPT", "AUTH")), f"said without security: {line}")

    def test_unknown_authority(self):
        server = self.relay(tls="required", certificate=certificates.certificate, key=certificates.key)
        result = self.run_daily()
        self.assertIn(result.status, (CONFIGURATION, TEMPORARY), str(result))
        self.assert_says(result, "certificate")
        self.assert_nothing_was_said(server)
        self.assertEqual(self.counts().get("failed", 0), 0)

    def test_wrong_host(self):
        server = self.relay(tls="required", certificate=certificates.other_certificate, key=certificates.other_key)
        self.paperboy.write_configuration(delivery={"ca_file": str(certificates.authority)})
        result = self.run_daily()
        self.assertIn(result.status, (CONFIGURATION, TEMPORARY), str(result))
        self.assert_says(result, "certificate|host")
        self.assert_nothing_was_said(server)

    def test_no_starttls(self):
        """Somebody took it out of the greeting."""
        server = self.relay(tls="required")
        result = self.run_daily()
        self.assertIn(result.status, (CONFIGURATION, TEMPORARY), str(result))
        self.assert_says(result, "TLS")
        self.assert_nothing_was_said(server)

    def test_wrong_password(self):
        server = self.relay(tls="required", certificate=certificates.certificate, key=certificates.key,
                            login=("news", "right horse"))
        secret = self.paperboy.write("password", "wrong horse\n")
        secret.chmod(0o600)
        self.paperboy.write_configuration(delivery={"username": "news", "password_file": "password",
                                                    "ca_file": str(certificates.authority)})
        result = self.run_daily()
        self.assertEqual(result.status, CONFIGURATION, str(result))
        self.assert_says(result, "login|password|authentication|535")
        self.assertNotIn("wrong horse", result.err)
        self.assertLessEqual(len([line for line in server.commands if line.startswith("AUTH")]), 2, "tried again and again")
        self.assertEqual(self.counts().get("failed", 0), 0)
        secret.write_text("right horse\n")
        self.assertEqual(self.paperboy.run("send").status, OK)
        self.assertEqual(self.recipients(server), list(PEOPLE), "nothing was lost")

    def test_password_that_others_can_read(self):
        self.relay(login=("news", "right horse"))
        self.paperboy.write("password", "right horse\n").chmod(0o644)
        self.paperboy.write_configuration(delivery={"username": "news", "password_file": "password"})
        result = self.run_daily()
        self.assertEqual(result.status, CONFIGURATION, str(result))
        self.assert_says(result, "password", "chmod|read")


class Broken(Smtp):
    def test_lost_before_the_message(self):
        """A connection that breaks is opened again; nobody is left out."""
        for stage in ("mail", "rcpt", "data"):
            with self.subTest(stage):
                for path in self.folder.glob("paperboy.db*"):
                    path.unlink()
                server = self.relay({stage: [None, DROP]})
                result = self.run_daily()
                self.assertIn(result.status, (OK, TEMPORARY), str(result))
                counts = self.counts()
                self.assertEqual(counts.get("failed", 0), 0, counts)
                self.assertGreaterEqual(len(server.accepted), 2, str(result))
                self.assertEqual(len(self.recipients(server)), len(set(self.recipients(server))), "sent twice")
                self.assertEqual(counts["sent"], len(server.accepted))

    def test_lost_in_the_middle(self):
        server = self.relay({"body": [None, DROP]})
        result = self.run_daily()
        self.assertIn(result.status, (OK, TEMPORARY), str(result))
        counts = self.counts()
        self.assertEqual(counts.get("failed", 0), 0, counts)
        self.assertEqual(counts["sent"], len(server.accepted))
        self.assertGreaterEqual(len(server.accepted), 2)

    def test_lost_in_the_middle_of_a_long_one(self):
        """More than the buffers of both sides hold: it is tried again at once."""
        items = papers(500)
        for item in items:
            item["abstract"] = "LLM training. " + "Words that say nothing new. " * 300
        self.feed = self.paperboy.write("day.xml", rss(items))
        self.paperboy.profile("ada@example.test", keywords=["LLM", "training"], max_papers=500)
        server = self.relay({"body": [DROP]})
        result = self.run_daily()
        self.assertIn(result.status, (OK, TEMPORARY), str(result))
        self.assertEqual(self.counts().get("failed", 0), 0)
        self.assertGreaterEqual(self.counts()["sent"], 2, str(result))

    def test_only_one(self):
        """What is left of others does not concern who asked for one."""
        self.relay({"rcpt": {"ada@example.test": "450 4.2.1 mailbox busy"}})
        self.assertEqual(self.run_daily().status, TEMPORARY)
        result = self.paperboy.run("run", "--feed", self.feed, "--only", "emmy@example.test")
        self.assertEqual(result.status, OK, str(result))
        result = self.paperboy.run("run", "--feed", self.feed, "--only", "ada@example.test")
        self.assertEqual(result.status, TEMPORARY, str(result))

    def test_lost_after_the_message(self):
        """Taken, but the 250 was never read: uncertain, neither sent nor failed."""
        server = self.relay({"accepted": [None, DROP]})
        result = self.run_daily()
        counts = self.counts()
        self.assertEqual(result.status, TEMPORARY, str(result))
        self.assertEqual((counts["sent"], counts["uncertain"]), (2, 1), counts)
        self.assertEqual(len(server.accepted), 3)

    def test_closing_down(self):
        server = self.relay({"mail": [None, "421 4.3.2 closing down"]})
        result = self.run_daily()
        self.assertIn(result.status, (OK, TEMPORARY), str(result))
        self.assertEqual(self.counts().get("failed", 0), 0)
        self.assertEqual(self.counts()["sent"], len(server.accepted))

    def test_replies_are_one_line(self):
        """What a relay says is shown, but cannot forge a line or paint the terminal."""
        self.relay({"rcpt": {"ada@example.test": "550-5.1.1 first\n550 5.1.1 \x1b[2Jsecond\x07"}})
        result = self.run_daily()
        self.assertNotIn("\x1b", result.err)
        self.assertNotIn("\x07", result.err)
        self.assert_says(result, "ada@example.test", "first")


class SeveralRelays(Smtp):
    def relays(self, first, second=None):
        servers = [HostileSmtp(first), HostileSmtp(second)]
        for server in servers:
            self.addCleanup(server.close)
        self.paperboy.write_configuration(delivery={
            "url": servers[0].url(), "tls": "off",
            "relays": [{"url": servers[1].url(), "tls": "off"}]})
        return servers

    def add_people(self, count):
        for number in range(count):
            self.paperboy.profile(f"more{number}@example.test", keywords=["LLM", "training"])

    def test_shared(self):
        self.add_people(37)
        servers = self.relays(None)
        self.assertEqual(self.run_daily().status, OK)
        taken = [len(server.accepted) for server in servers]
        self.assertEqual(sum(taken), 40)
        self.assertGreater(min(taken), 5, taken)

    def test_one_refuses_us(self):
        """Said once; the other takes everything, and the run has done its work."""
        self.add_people(37)
        servers = self.relays({"connect": "554 5.3.2 go away"})
        result = self.run_daily()
        self.assertEqual(result.status, OK, str(result))
        self.assertEqual(result.err.count("go away"), 1, str(result))
        self.assertEqual([len(server.accepted) for server in servers], [0, 40])

    def test_both_refuse_us(self):
        self.relays({"connect": "554 5.3.2 go away"}, {"connect": "554 5.3.2 go away"})
        result = self.run_daily()
        self.assertEqual(result.status, CONFIGURATION, str(result))
        self.assertEqual(self.counts()["queued"], 3)

    def test_a_maildir_beside_relays(self):
        """One that is named is refused; that of the default gives way."""
        server = HostileSmtp()
        self.addCleanup(server.close)
        relays = [{"url": server.url(), "tls": "off"}]
        self.paperboy.write_configuration(delivery={"url": "maildir:outbox", "relays": relays})
        result = self.run_daily()
        self.assertEqual(result.status, CONFIGURATION, str(result))
        self.assert_says(result, r"paperboy\.json:\d+: delivery.url", "Maildir", "leave out")
        self.paperboy.write_configuration(delivery={"url": server.url(), "relays": [{"url": "maildir:outbox"}]})
        self.assertEqual(self.run_daily().status, CONFIGURATION)
        del self.paperboy.configuration["delivery"]
        self.paperboy.write_configuration(delivery={"relays": relays})
        self.assertEqual(self.run_daily().status, OK)
        self.assertEqual(self.recipients(server), list(PEOPLE))


class ManyConnections(Smtp):
    def setUp(self):
        super().setUp()
        for number in range(77):
            self.paperboy.profile(f"more{number:02}@example.test", keywords=["LLM", "training"])

    def test_several_at_once(self):
        server = self.relay()
        result = self.run_daily()
        self.assertEqual(result.status, OK, str(result))
        self.assertEqual(len(set(self.recipients(server))), 80)
        self.assertEqual(len(server.accepted), 80)
        self.assertGreater(server.connections, 1)
        self.assertLessEqual(server.connections, 16)

    def test_threads_share_a_small_outbox(self):
        self.relay({"connect": "421 4.3.2 busy"})
        self.assertEqual(self.run_daily().status, TEMPORARY)
        server = self.relay()
        result = self.paperboy.run("send", "--workers", "4")
        self.assertEqual(result.status, OK, str(result))
        self.assertEqual(len(server.accepted), 80)
        self.assertEqual(len(set(self.recipients(server))), 80)
        self.assertGreaterEqual(server.connections, 2, "one worker took it all")

    def test_terminated_in_the_middle(self):
        """What is under way ends, the rest is given back at once and sent by the next run."""
        server = self.relay()
        accepted = server.accepted
        self.paperboy.write_configuration(delivery={"connections": 2, "per_second": 40})
        process = self.paperboy.start("run", "--feed", self.feed)
        while len(accepted) < 10 and process.poll() is None:
            time.sleep(0.01)
        process.terminate()
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, TEMPORARY)
        counts = self.counts()
        self.assertEqual((counts.get("claimed", 0), counts.get("sending", 0)), (0, 0), counts)
        self.assertEqual(counts["sent"], len(accepted))
        self.assertEqual(counts["queued"], 80 - len(accepted), counts)
        self.paperboy.write_configuration(delivery={"per_second": 0})
        self.assertEqual(self.paperboy.run("send").status, OK)
        self.assertEqual(len(accepted), 80)
        self.assertEqual(len(set(self.recipients(server))), 80)
