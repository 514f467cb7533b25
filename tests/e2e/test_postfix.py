"""The daily job over a real Postfix into real Maildirs of a real Dovecot."""

import os
import re
import smtplib
import sqlite3
import ssl
import unittest

import servers
from feeds import papers, rss
from stripping_proxy import StrippingProxy
from support import CONFIGURATION, DATA, OK, Case, html_of, needs_samples, text_of

mail = None


def setUpModule():
    global mail
    if os.environ.get("SERVERS") == "no":
        return
    if os.geteuid() == 0:
        mail = servers.MailServers().start()


def tearDownModule():
    if mail is not None:
        mail.stop()


class Postfix(Case):
    def setUp(self):
        if os.environ.get("SERVERS") == "no":
            self.skipTest("needs Postfix and Dovecot, left out by SERVERS=no")
        if mail is None:
            self.skipTest("Postfix can be started by root only")
        super().setUp()
        self.paperboy.write_configuration(
            sender={"address": f"digest@{mail.domain}"},
            delivery={"url": f"smtp://localhost:{mail.smtp_port}", "tls": "required",
                      "ca_file": str(mail.certificates.authority)})
        self.feed = self.paperboy.write("day.xml", rss(papers(40)))

    def user(self, who, has_mailbox=True, **keys):
        """A subscriber of this test alone, since the servers stay for all of them."""
        address = f"{self._testMethodName.removeprefix('test_').replace('_', '-')}-{who}@{mail.domain}"
        if has_mailbox:
            mail.add_user(address)
        self.paperboy.profile(address, **{"keywords": ["LLM", "training"], **keys})
        return address


class Loop(Postfix):
    def test_daily_job(self):
        ada, emmy = self.user("ada", name="Ada"), self.user("emmy", keywords=["network"])
        self.run_ok("run", "--feed", self.feed)
        for address in (ada, emmy):
            raw, = mail.wait_for_mail(address)
            message = self.read_mail(raw)
            self.assertEqual(message["To"].addresses[0].addr_spec, address)
            self.assertIn("papers", message["Subject"].lower() + text_of(message).lower())
            self.assertIn("arxiv.org/abs/2602.0", html_of(message))
            self.assertTrue(message["Return-Path"].startswith("<"))
            self.assertIn("TLS", (mail.folder / "maillog").read_text(errors="replace"))
            self.assertIn("ESMTPS", str(message.get_all("Received")), "it went unencrypted")
            self.assertNotIn("Bcc", message)
        self.run_ok("run", "--feed", self.feed)
        self.run_ok("send")
        for address in (ada, emmy):
            self.assertEqual(len(mail.wait_for_mail(address)), 1, "the second run sent something")

    @needs_samples("arxiv-rss/rss-2026-06-30-rebuilt.xml")
    def test_thirty_real_papers(self):
        """Byte for byte what preview prints, but for what the servers add on top."""
        ada = self.user("ada", keywords=[], max_papers=30)
        self.run_ok("run", "--feed", DATA / "arxiv-rss/rss-2026-06-30-rebuilt.xml", seconds=120)
        raw, = mail.wait_for_mail(ada)
        message = self.read_mail(raw)
        expected = self.run_ok("preview", ada, "--html").out
        self.assertEqual(html_of(message).replace("\r\n", "\n").rstrip("\n"), expected.rstrip("\n"))

    def test_refused_recipient(self):
        ada, last = self.user("ada"), self.user("zoe")
        refused = f"refused@{mail.domain}"
        self.paperboy.profile(refused, keywords=["LLM"])
        result = self.run_ok("run", "--feed", self.feed)
        self.assert_says(result, refused, "no such person|5.1.1")
        mail.wait_for_mail(ada)
        mail.wait_for_mail(last)
        counts = self.paperboy.status()["deliveries"]
        self.assertEqual((counts["sent"], counts["failed"]), (2, 1))

    def test_unknown_user_bounces(self):
        """Accepted, and then returned: a real notice comes back to the envelope sender."""
        unknown = self.user("nobody", has_mailbox=False)
        sender = f"bounced@{mail.domain}"
        mail.add_user(sender)
        self.paperboy.write_configuration(sender={"address": sender})
        self.run_ok("run", "--feed", self.feed)
        raw, = mail.wait_for_mail(sender)
        notice = self.read_mail(raw)
        self.assertEqual(notice.get_content_type(), "multipart/report")
        report = [part for part in notice.walk() if part.get_content_type() == "message/delivery-status"][0]
        self.assertIn("5.1.1", report.as_string())
        self.assertIn(unknown, report.as_string())
        returned = [part for part in notice.walk() if part.get_content_type() == "message/rfc822"][0].get_content()
        self.assertEqual(returned["To"].addresses[0].addr_spec, unknown)

    def test_verp(self):
        """With an inbox the envelope sender carries a token, and the notice comes back there."""
        inbox = f"news@{mail.domain}"
        unknown = self.user("nobody", has_mailbox=False)
        self.paperboy.write_configuration(inbox={"address": inbox})
        self.run_ok("run", "--feed", self.feed)
        raw, = mail.wait_for_mail(inbox)
        notice = self.read_mail(raw)
        self.assertIn(unknown, notice.as_string())
        self.assertRegex(notice["Delivered-To"] + str(notice["To"]), r"news\+bounce-[a-z2-7]+@")
        local = str(notice["To"].addresses[0].username)
        self.assertLessEqual(len(local), 64)

    def test_plain_connection_is_refused(self):
        """`tls: required` with a relay whose certificate is not for this name."""
        self.user("ada")
        self.paperboy.write_configuration(delivery={"ca_file": None})
        result = self.paperboy.run("run", "--feed", self.feed)
        self.assertNotEqual(result.status, OK)
        self.assert_says(result, "certificate")


class Submission(Postfix):
    """STARTTLS and a login, as at a hosted relay."""

    def setUp(self):
        super().setUp()
        self.sender = self.user("sender")
        (self.paperboy.subscribers / f"{self.sender}.json").unlink()
        self.password("secret")
        self.submit(mail.submission_port)

    def submit(self, port, **delivery):
        self.paperboy.write_configuration(delivery={"url": f"smtp://localhost:{port}", "username": self.sender,
                                                    "password_file": "password", **delivery})

    def password(self, word):
        self.paperboy.write("password", f"{word}\n").chmod(0o600)

    def log_since(self, mark):
        return (mail.folder / "maillog").read_text(errors="replace")[mark:]

    def mark(self):
        return (mail.folder / "maillog").stat().st_size

    def refuses(self, *says):
        """Stopped at once: one line that says why, nothing sent, nothing lost."""
        mark = self.mark()
        result = self.run_fails(CONFIGURATION, "run", "--feed", self.feed, says=says)
        self.assertNotIn("secret", result.err)
        problems = [line for line in result.err.splitlines() if "error:" in line]
        self.assertEqual(len(problems), 1, str(result))
        counts = self.paperboy.status()["deliveries"]
        self.assertEqual((counts.get("sent", 0), counts.get("failed", 0), counts["queued"]), (0, 0, 3), str(result))
        self.assertNotIn("client=", re.sub(r"(?m)^.*postfix/(?:smtp|lmtp)\[.*$", "", self.log_since(mark)), "it began a message")
        return mark

    def three(self):
        return [self.user(who) for who in ("ada", "emmy", "grace")]

    def check_arrived(self, people):
        for address in people:
            raw, = mail.wait_for_mail(address)
            received = " ".join(map(str, self.read_mail(raw).get_all("Received")))
            self.assertIn("ESMTPSA", received, "not encrypted and logged in")
            expected = self.run_ok("preview", address, "--eml").out.replace("\r\n", "\n")
            got = raw.decode().replace("\r\n", "\n")
            self.assertEqual(got.partition("\n\n")[2], expected.partition("\n\n")[2], "the body is not what was composed")
            for field in ("From: ", "To: ", "Subject: ", "List-Id: ", "Content-Type: "):
                line = next(line for line in expected.splitlines() if line.startswith(field))
                self.assertIn(f"\n{line}\n", got)

    def test_login(self):
        people = self.three()
        mark = self.mark()
        self.run_ok("run", "--feed", self.feed)
        self.check_arrived(people)
        self.assertIn(f"sasl_username={self.sender}", self.log_since(mark))

    def test_wrong_password(self):
        """Said once, tried once, and all is sent when it is mended."""
        people = self.three()
        self.password("sesame")
        mark = self.refuses("login|authentication|535")
        self.assertEqual(self.log_since(mark).count("authentication failed"), 1, "tried again and again")
        self.password("secret")
        self.run_ok("send")
        self.check_arrived(people)

    def test_wrong_authority_or_host(self):
        people = self.three()
        self.submit(mail.submission_port, ca_file=str(mail.certificates.other_certificate))
        self.refuses("certificate")
        # The certificate is for localhost and 127.0.0.1 only; any name under localhost is this machine.
        self.submit(mail.submission_port, ca_file=str(mail.certificates.authority))
        self.paperboy.write_configuration(delivery={"url": f"smtp://mail.localhost:{mail.submission_port}"})
        self.refuses("certificate|host")
        self.submit(mail.submission_port)
        self.run_ok("send")
        self.check_arrived(people)

    def test_no_login_without_tls(self):
        """Postfix offers none before STARTTLS; where a server does, nobody takes it."""
        with smtplib.SMTP("localhost", mail.submission_port, timeout=10) as session:
            session.ehlo()
            self.assertTrue(session.has_extn("starttls"))
            self.assertFalse(session.has_extn("auth"))
            session.starttls(context=ssl.create_default_context(cafile=mail.certificates.authority))
            session.ehlo()
            self.assertTrue(session.has_extn("auth"))
        with smtplib.SMTP("localhost", mail.naked_port, timeout=10) as session:
            session.ehlo()
            self.assertTrue(session.has_extn("auth"), "this server was to be careless")
        people = self.three()
        self.submit(mail.naked_port)
        self.refuses("TLS")
        self.submit(mail.submission_port)
        self.run_ok("send")
        self.check_arrived(people)

    def test_somebody_strips_starttls(self):
        people = self.three()
        proxy = StrippingProxy(mail.submission_port)
        self.addCleanup(proxy.close)
        self.submit(proxy.port)
        self.refuses("TLS")
        self.assertEqual([line.split()[0].upper() for line in proxy.said if not line.startswith((b"EHLO", b"QUIT"))], [])
        self.submit(mail.submission_port)
        self.run_ok("send")
        self.check_arrived(people)


class Bytes(Postfix):
    """Kept messages of all sizes around what buffers hold, and lines of dots."""

    SIZES = (1000, 65535, 65536, 65537, 131072, 1000000)

    def message(self, address, size):
        head = (f"From: digest@{mail.domain}\r\nTo: {address}\r\nSubject: {size} bytes\r\n"
                f"Message-ID: <{size}@{mail.domain}>\r\nDate: Tue, 17 Feb 2026 12:00:00 +0000\r\n\r\n")
        lines = ["." * (1 + number % 5) + f" {number} " + "x" * (number % 60) for number in range(size // 20)]
        text = head + ".\r\n" + "\r\n".join(lines)
        return self.fit(text, size)

    @staticmethod
    def fit(text, size):
        """So many bytes, with a line of one dot as the last."""
        whole = text.encode()[:size - 5]
        whole = whole[:whole.rfind(b"\r\n") + 2]
        return whole + b"." * (size - 5 - len(whole)) + b"\r\n.\r\n"

    def test_sizes(self):
        self.run_ok("run", "--feed", self.feed)
        sent = {}
        with sqlite3.connect(self.paperboy.store) as store:
            for size in self.SIZES:
                address = f"bytes-{size}@{mail.domain}"
                mail.add_user(address)
                sent[address] = self.message(address, size)
                self.assertEqual(len(sent[address]), size)
                row = store.execute("INSERT INTO deliveries (kind, subscriber, slot, state, created_utc, not_before_utc,"
                                    " expires_utc) VALUES ('answer', ?, 'a', 'queued', 0, 0, 9999999999)", [address])
                store.execute("INSERT INTO delivery_messages VALUES (?, ?, ?)",
                              [row.lastrowid, f"digest@{mail.domain}", sent[address]])
        self.run_ok("send")
        for address, message in sent.items():
            raw, = mail.wait_for_mail(address)
            raw, message = raw.replace(b"\r\n", b"\n"), message.replace(b"\r\n", b"\n")
            self.assertTrue(raw.endswith(message), f"{address}: something else arrived")
            # In front of it are the servers' own fields and nothing else.
            for line in raw[:-len(message)].splitlines():
                self.assertRegex(line.decode(), r"^(Return-Path|Delivered-To|Received|X-\S+): |^\s")


if __name__ == "__main__":
    unittest.main()
