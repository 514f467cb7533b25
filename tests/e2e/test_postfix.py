"""The daily job over a real Postfix into real Maildirs of a real Dovecot."""

import os
import unittest

import servers
from feeds import papers, rss
from support import DATA, OK, Case, html_of, needs_samples, text_of

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


if __name__ == "__main__":
    unittest.main()
