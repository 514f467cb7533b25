"""Rates, domains that are held or that ask for patience, and dead addresses, with real
processes and a relay that plays a script."""

import email
import sqlite3
import subprocess
import time

from feeds import papers, rss
from hostile_smtp import HostileSmtp
from support import OK, TEMPORARY, WRAPPER, Case

UNKNOWN = "550 5.1.1 no such user here"
OWNER = "owner@example.test"


class Limits(Case):
    def setUp(self):
        super().setUp()
        self.feed = self.paperboy.write("day.xml", rss(papers(5)))

    def people(self, count, domain="readers.test"):
        people = [f"reader{number}@{domain}" for number in range(count)]
        for address in people:
            self.paperboy.profile(address, keywords=["LLM", "training"])
        return people

    def relay(self, script=None, **delivery):
        server = HostileSmtp(script)
        self.addCleanup(server.close)
        self.paperboy.write_configuration(delivery={"url": server.url(), "tls": "off", **delivery})
        return server

    def run_daily(self):
        return self.paperboy.run("run", "--feed", self.feed, seconds=120)

    def taken(self, server):
        return [recipient for _, recipients, _ in server.accepted for recipient in recipients]

    def rows(self, statement):
        store = sqlite3.connect(self.paperboy.store)
        try:
            rows = store.execute(statement).fetchall()
            store.commit()
            return rows
        finally:
            store.close()


class Dead(Limits):
    def test_one_unknown_among_forty_is_suppressed_with_evidence(self):
        people = self.people(40)
        server = self.relay({"rcpt": {people[7]: UNKNOWN}})
        result = self.run_daily()
        self.assertEqual(result.status, OK, str(result))
        self.assertEqual(len(self.taken(server)), 39)
        status = self.paperboy.status()
        self.assertEqual(status["suppressed"], 1)
        self.assertEqual(status["held"], [])
        self.assertEqual(status["errors"][0]["reason"], "userunknown")
        self.assertEqual(status["errors"][0]["stage"], "rcpt")
        rows = self.rows("SELECT address, reason, evidence FROM suppressions")
        self.assertEqual(rows, [(people[7], "bounced", "userunknown at rcpt: " + UNKNOWN)])
        text = self.paperboy.run("status").out
        self.assertIn(f"{people[7]}  bounced since", text)
        self.assertIn(f"userunknown: 5.1.1 {UNKNOWN}", text)
        # Not asked again with the next edition.
        self.feed = self.paperboy.write("next.xml", rss(papers(5, first=100), "2026-02-18"))
        server.commands.clear()
        self.run_daily()
        self.assertNotIn(f"RCPT TO:<{people[7]}>", server.commands)
        self.assertEqual(self.paperboy.run("subscriber", "unsuppress", people[7]).status, OK)
        self.assertEqual(self.paperboy.status()["suppressed"], 0)

    def test_what_is_no_dead_address_suppresses_nobody(self):
        people = self.people(4)
        self.relay({"rcpt": {people[0]: "550 5.7.1 blocked using zen.spamhaus.org",
                             people[1]: "550 5.7.26 unauthenticated email; user unknown",
                             people[2]: "552 5.2.2 mailbox full"}})
        result = self.run_daily()
        self.assertEqual(result.status, OK, str(result))
        status = self.paperboy.status()
        self.assertEqual(status["suppressed"], 0)
        self.assertEqual({error["subscriber"]: error["reason"] for error in status["errors"]},
                         {people[0]: "blocked", people[1]: "authfailure", people[2]: "mailboxfull"})


class Held(Limits):
    def hold(self, connections=1):
        self.readers = self.people(40)
        self.others = self.people(3, "others.test")
        self.dead = {address: UNKNOWN for address in self.readers[:30:3]}
        self.server = self.relay({"rcpt": self.dead}, connections=connections)
        result = self.run_daily()
        self.assertEqual(result.status, TEMPORARY, str(result))
        return result

    def notices(self):
        return [email.message_from_bytes(raw) for _, recipients, raw in self.server.accepted
                if recipients == [OWNER]]

    def test_ten_unknown_of_forty_hold_the_domain(self):
        result = self.hold()
        self.assertEqual(result.err.count("readers.test is held until"), 1, str(result))
        status = self.paperboy.status()
        self.assertEqual(status["suppressed"], 0)
        self.assertEqual([held["domain"] for held in status["held"]], ["readers.test"])
        # It was held as soon as more than 5 % of the forty were refused.
        self.assertEqual(status["held"][0]["refused"], 3)
        self.assertEqual(status["deliveries"]["failed"], 3)
        taken = self.taken(self.server)
        self.assertEqual(sorted(address for address in taken if address.endswith("@others.test")), self.others)
        waiting = self.rows("SELECT reply, attempts FROM deliveries WHERE state = 'deferred'")
        self.assertEqual(len(waiting), 40 - 3 - sum(address.endswith("@readers.test") for address in taken))
        for reply, attempts in waiting:
            self.assertTrue(reply.startswith("held: too many recipients at readers.test"), reply)
            self.assertEqual(attempts, 0)
        self.assertIn("Held domains", self.paperboy.run("status").out)
        # The owner is told once, also when it is run again.
        self.assertEqual(self.run_daily().status, TEMPORARY)
        notices = self.notices()
        self.assertEqual(len(notices), 1)
        self.assertEqual(notices[0]["To"], OWNER)
        self.assertEqual(notices[0]["Auto-Submitted"], "auto-generated")
        self.assertIn("mail to readers.test is held", notices[0]["Subject"])
        text = notices[0].get_payload(decode=True).decode()
        self.assertIn("paperboy subscriber unsuppress @readers.test", text)
        self.assertIn(UNKNOWN, text)

    def test_with_many_under_way_nobody_is_suppressed_either(self):
        result = self.hold(connections=8)
        self.assertEqual(result.err.count("readers.test is held until"), 1, str(result))
        status = self.paperboy.status()
        self.assertEqual(status["suppressed"], 0)
        self.assertEqual(len(status["held"]), 1)
        # Those that were asked when the third refusal came.
        self.assertIn(status["deliveries"]["failed"], range(3, 11))
        self.assertEqual(len(self.notices()), 1)

    def test_released_it_is_sent_to_again(self):
        self.hold()
        self.dead.clear()
        self.assertEqual(self.paperboy.run("subscriber", "unsuppress", "@readers.test").status, OK)
        result = self.paperboy.run("send")
        self.assertEqual(result.status, OK, str(result))
        # All but the three that were refused for good.
        self.assertEqual(len(set(self.taken(self.server)) & set(self.readers)), 37)
        self.assertEqual(self.paperboy.status()["held"], [])
        self.assertEqual(self.paperboy.run("subscriber", "unsuppress", "@readers.test").status, 66)


class Rates(Limits):
    def test_the_hour_holds_over_two_processes_and_a_restart(self):
        self.people(30)
        server = self.relay(per_hour=12)
        planned = self.paperboy.run("run", "--feed", self.feed, "--only", "reader0@readers.test")
        self.assertEqual(planned.status, OK, str(planned))
        processes = [subprocess.Popen(WRAPPER + [self.paperboy.program, "--config",
                                                 str(self.paperboy.folder / "paperboy.json"), "run",
                                                 "--feed", str(self.feed)],
                                      stderr=subprocess.PIPE, text=True) for _ in range(2)]
        said = ""
        for process in processes:
            _, err = process.communicate(timeout=120)
            self.assertEqual(process.returncode, TEMPORARY, err)
            said += err
        self.assertIn("12 per hour", said)
        self.assertEqual(len(server.accepted), 12)
        self.assertEqual(self.paperboy.run("send").status, TEMPORARY)
        self.assertEqual(len(server.accepted), 12)
        # The hour goes by.
        self.rows("UPDATE rate_minutes SET minute = minute - 63")
        self.assertEqual(self.paperboy.run("send").status, TEMPORARY)
        self.assertEqual(len(server.accepted), 24)
        self.assertEqual(len(set(self.taken(server))), 24, "nobody twice")

    def test_a_domain_has_its_own_hour(self):
        self.people(6)
        others = self.people(4, "others.test")
        server = self.relay(per_domain=4)
        result = self.run_daily()
        self.assertEqual(result.status, TEMPORARY, str(result))
        taken = self.taken(server)
        self.assertEqual(len([address for address in taken if address.endswith("@readers.test")]), 4)
        self.assertEqual(sorted(address for address in taken if address.endswith("@others.test")), others)
        waiting = self.rows("SELECT reply FROM deliveries WHERE state = 'deferred'")
        self.assertEqual(len(waiting), 2)
        for reply, in waiting:
            self.assertTrue(reply.startswith("the limit of 4 per hour to readers.test is reached, until "), reply)

    def test_so_many_a_second(self):
        self.people(21)
        server = self.relay(per_second=10)
        start = time.monotonic()
        self.assertEqual(self.run_daily().status, OK)
        # Twenty intervals of a tenth; how long it takes beyond that is the machine's affair.
        self.assertGreaterEqual(time.monotonic() - start, 2.0)
        self.assertEqual(len(server.accepted), 21)


class Patience(Limits):
    def test_a_domain_that_was_sent_too_much_is_left_alone(self):
        people = self.people(12)
        others = self.people(5, "others.test")
        script = {"rcpt": {address: "421 4.7.28 unusual rate of mail" for address in people}}
        server = self.relay(script, connections=1)
        result = self.run_daily()
        self.assertEqual(result.status, TEMPORARY, str(result))
        self.assertEqual(sorted(self.taken(server)), others)
        tried = [line for line in server.commands if line.startswith("RCPT") and "@readers.test" in line]
        # The first, and at the most the one that followed it on its heels.
        self.assertLessEqual(len(tried), 2, server.commands)
        slowed = self.paperboy.status()["slowed"]
        self.assertEqual([(item["domain"], item["connections"]) for item in slowed], [("readers.test", 1)])
        self.assertIn("4.7.28", slowed[0]["reply"])
        self.assertIn("left alone until", self.paperboy.run("status").out)
        # It comes back with one at a time.
        script["rcpt"].clear()
        self.rows("UPDATE patience SET not_before_ms = not_before_ms - 3600000")
        self.rows("UPDATE deliveries SET not_before_utc = not_before_utc - 3600 WHERE state = 'deferred'")
        self.paperboy.write_configuration(delivery={"connections": 8})
        connections = server.connections
        result = self.paperboy.run("send")
        self.assertEqual(result.status, OK, str(result))
        self.assertEqual(sorted(set(self.taken(server))), sorted(people + others))
        self.assertEqual(server.connections - connections, 1)

    def test_greylisting_passes(self):
        people = self.people(8)
        script = {"rcpt": {address: "451 4.7.1 Greylisted, come back later" for address in people}}
        server = self.relay(script)
        result = self.run_daily()
        self.assertEqual(result.status, TEMPORARY, str(result))
        # All of them were asked: it stops neither the relay nor the domain.
        asked = {line for line in server.commands if line.startswith("RCPT")}
        self.assertEqual(len(asked), 8)
        self.assertEqual(self.paperboy.status()["slowed"], [])
        waits = self.rows("SELECT min(not_before_utc - changed_utc), max(not_before_utc - changed_utc) FROM"
                          " deliveries WHERE state = 'deferred'")
        self.assertGreaterEqual(waits[0][0], 270)
        self.assertLessEqual(waits[0][1], 330)
        script["rcpt"].clear()
        self.rows("UPDATE deliveries SET not_before_utc = not_before_utc - 600 WHERE state = 'deferred'")
        self.assertEqual(self.paperboy.run("send").status, OK)
        self.assertEqual(sorted(self.taken(server)), people)
