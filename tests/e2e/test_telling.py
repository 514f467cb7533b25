"""What status, send and check say of mail that is kept back, and of the machine's own
name: enough for who reads it to know why, and until when."""

import shutil
import signal
import tempfile
import threading
from pathlib import Path

from feeds import papers, rss
from hostile_smtp import HostileSmtp
from postgres import PostgresServer, with_postgres
from servers import LOCAL_ADDRESS, Certificates, free_port, wait_for
from support import CONFIGURATION, OK, TEMPORARY, UNAVAILABLE, Case

SENDER_REFUSED = "550 5.7.1 sender address rejected"


def setUpModule():
    global certificates, folder
    folder = Path(tempfile.mkdtemp(prefix="e2e-"))
    certificates = Certificates(folder)


def tearDownModule():
    shutil.rmtree(folder)


class Telling(Case):
    def setUp(self):
        super().setUp()
        self.feed = self.paperboy.write("day.xml", rss(papers(9)))
        self.readers = [f"reader{number}@example.test" for number in range(5)]
        for reader in self.readers:
            self.paperboy.profile(reader, keywords=["LLM", "training"], max_papers=2)

    def relay(self, script=None, server=None, tls="off", **delivery):
        server = server or HostileSmtp(script)
        self.addCleanup(server.close)
        self.paperboy.write_configuration(delivery={"url": server.url(), "tls": tls, **delivery})
        return server

    def run_daily(self, status):
        result = self.paperboy.run("run", "--feed", self.feed, seconds=120)
        self.assertEqual(result.status, status, str(result))
        return result

    def status_says(self, *patterns):
        text = self.run_ok("status").out
        for pattern in patterns:
            self.assertRegex(text, pattern)
        return text


class KeptBack(Telling):
    def test_relay_down(self):
        self.paperboy.write_configuration(delivery={"url": f"smtp://{LOCAL_ADDRESS}:{free_port()}", "tls": "off"})
        self.run_daily(TEMPORARY)
        self.status_says(r"\nSending\n  20\S+Z  relay smtp://127.*cannot connect", "5 to be sent by the next run, the first at once")
        sending = self.paperboy.status()["sending"]
        self.assertIn("cannot connect", sending["reason"])
        server = self.relay()
        self.run_ok("send")
        self.assertEqual(len(server.accepted), 5)
        self.assertNotIn("Sending", self.status_says("Deliveries\n  sent 5"))
        self.assertIsNone(self.paperboy.status()["sending"])

    def test_login_refused(self):
        self.relay(server=HostileSmtp(login=("x", "right")), username="x", password_file="password")
        self.paperboy.write("password", "wrong\n").chmod(0o600)
        self.run_daily(CONFIGURATION)
        self.status_says(r"\nSending\n.*login refused.*authentication failed")

    def test_tls_refused(self):
        self.relay(server=HostileSmtp(certificate=certificates.certificate, key=certificates.key), tls="required")
        self.run_daily(CONFIGURATION)
        self.status_says(r"\nSending\n.*no trusted TLS connection")

    def test_limit(self):
        self.relay(per_hour=2)
        self.run_daily(TEMPORARY)
        self.status_says(r"\nSending\n  \S+Z  .*2 .*hour.*; not before 20\S+Z")

    def test_relay_without_logins(self):
        self.relay({"ehlo": ["250-localhost\n250 AUTH GSSAPI"] * 9}, username="x", password_file="password")
        self.paperboy.write("password", "secret\n").chmod(0o600)
        result = self.run_daily(CONFIGURATION)
        self.assert_says(result, "offers no login", "delivery.username", "587")
        check = self.paperboy.run("check")
        self.assertRegex(check.out, "error .*offers no login")

    def test_held_by_a_dead_worker(self):
        gate = threading.Event()
        self.addCleanup(gate.set)

        class Waiting(HostileSmtp):
            def action(self, stage, address=None):
                if stage == "accepted":
                    gate.wait(60)
                return super().action(stage, address)

        server = self.relay(server=Waiting())
        process = self.paperboy.start("run", "--feed", self.feed)
        wait_for(lambda: any(command == "DATA" for command in server.commands), 60, "a message under way")
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
        gate.set()
        result = self.paperboy.run("send")
        self.assertEqual(result.status, TEMPORARY, str(result))
        self.assert_says(result, r"\d+ of them are held by another worker", r"dead", r"after 20\S+Z")
        self.status_says(r"\d+ held by a worker; if it is dead, they are sent after 20\S+Z")
        self.assertGreater(self.paperboy.status()["left"]["held"], 0)


class SuspectRelay(Telling):
    def test_one_of_two_refuses_the_sender(self):
        """What it refused goes to the other at once."""
        for number in range(5, 20):
            self.paperboy.profile(f"reader{number}@example.test", keywords=["LLM", "training"], max_papers=2)
        good = HostileSmtp()
        self.addCleanup(good.close)
        bad = self.relay({"mail": [SENDER_REFUSED] * 100}, relays=[{"url": good.url(), "tls": "off"}])
        result = self.run_daily(OK)
        self.assertEqual(len(bad.accepted), 0)
        self.assertEqual(len(good.accepted), 20, str(result))
        self.assert_says(result, "refused 5 messages in a row")
        self.status_says(r"\nSending\n.*refused 5 messages in a row", "sent 20")

    def test_both_refuse_the_sender(self):
        other = HostileSmtp({"mail": [SENDER_REFUSED] * 100})
        self.addCleanup(other.close)
        self.relay({"mail": [SENDER_REFUSED] * 100}, relays=[{"url": other.url(), "tls": "off"}])
        self.run_daily(CONFIGURATION)

    def test_exactly_as_many_as_stop_it(self):
        self.relay({"mail": [SENDER_REFUSED] * 100})
        result = self.run_daily(CONFIGURATION)
        self.assert_says(result, "refused 5 messages in a row", "sender address rejected")


class OwnName(Telling):
    def test_ehlo_is_qualified(self):
        """The machine's name when it has a dot, else the sender's domain."""
        server = self.relay()
        self.run_daily(OK)
        names = {command.split()[1] for command in server.commands if command.upper().startswith("EHLO")}
        self.assertEqual(len(names), 1, names)
        self.assertRegex(names.pop(), r"^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$")


class Check(Telling):
    def test_inbox_address_that_stops_all_mail(self):
        self.paperboy.write_configuration(inbox={"address": "averyveryverylonglocalpart@example.test"})
        for words in (("check",), ("run", "--feed", self.feed), ("status",)):
            result = self.paperboy.run(*words)
            self.assertEqual(result.status, CONFIGURATION, str(result))
            self.assertRegex(result.out + result.err, r"paperboy\.json:\d+: inbox\.address: .*too long: at most 20 characters")
        self.paperboy.write_configuration(inbox={"address": "twenty-characters-20@example.test"})
        self.run_daily(OK)

    def test_store_down(self):
        self.paperboy.write_configuration(store=f"postgresql://nobody@{LOCAL_ADDRESS}:{free_port()}/none", subscribers="store:")
        result = self.paperboy.run("check")
        self.assertIn(result.status, (UNAVAILABLE, TEMPORARY, CONFIGURATION), str(result))
        self.assertNotIn("no profile", result.out)
        self.assertIn("not checked before the store can be read", result.out)

    def test_profiles_that_others_can_read(self):
        for path in self.paperboy.subscribers.iterdir():
            path.chmod(0o644)
        self.paperboy.subscribers.chmod(0o755)
        self.assertRegex(self.run_ok("check").out, r"warning +\S+subscribers: every user .* can read 5 profiles.*chmod o-rx")
        self.paperboy.subscribers.chmod(0o750)
        self.assertNotIn("every user", self.run_ok("check").out)

    def test_inbox_that_nobody_reads(self):
        self.paperboy.write_configuration(inbox={"address": "paperboy@example.test"})
        self.assertRegex(self.run_ok("check").out, r"warning .*no inbox\.url: nobody reads paperboy@example\.test.*plus addressing")

    def test_password_file_that_others_can_read(self):
        """The way to mend it leaves the group's right alone."""
        self.relay(username="x", password_file="password")
        self.paperboy.write("password", "secret\n").chmod(0o644)
        self.assertRegex(self.paperboy.run("check").out, r"error .*password.*chmod o-rwx \S+password")

    def test_templates_that_are_not_there(self):
        self.paperboy.write_configuration(templates="nope")
        self.assertRegex(self.paperboy.run("check").out, r"error +templates: there is no folder \S+nope")
        self.assert_says(self.paperboy.run("run", "--feed", self.feed), "templates: ", "nope")

    def test_numbers_are_written_out(self):
        self.relay(per_second=10_000_000)
        self.assert_says(self.paperboy.run("run", "--feed", self.feed), "is 10000000; a number from 0 to 1000000 is")

    def test_default_maildir_beside_relays(self):
        server = HostileSmtp()
        self.addCleanup(server.close)
        self.paperboy.write_configuration(delivery={"relays": [{"url": server.url(), "tls": "off"}]})
        result = self.paperboy.run("check")
        self.assertNotIn("digests go there and not out by mail", result.out)
        self.assertIn("answers, without a login", result.out)


@with_postgres
class StoreLost(Telling):
    def test_what_is_left_is_not_known(self):
        postgres = PostgresServer().start()
        self.addCleanup(postgres.stop)

        class Ending(HostileSmtp):
            """Ends the database, and then refuses us."""
            def action(self, stage, address=None):
                if stage == "connect" and postgres.process is not None:
                    postgres.end()
                return "554 5.3.2 go away" if stage == "connect" else super().action(stage, address)

        self.paperboy.write_configuration(store=postgres.url(postgres.new_database(), LOCAL_ADDRESS))
        self.relay(server=Ending())
        result = self.paperboy.run("run", "--feed", self.feed)
        self.assertRegex(result.err, r"sent 0, .*left unknown")
        self.assertIn(result.status, (TEMPORARY, CONFIGURATION), str(result))
