"""A clock that is set while the program runs: leases, limits, retries and expiry neither
stall nor send twice."""

import signal
import sqlite3
import threading
import time
from collections import Counter
from datetime import datetime, timezone

from feeds import papers, rss
from hostile_smtp import HostileSmtp
from servers import free_port, wait_for
from support import OK, TEMPORARY, Case
from virtual import MovableClock, forget_clock, needs_clock

START = datetime(2026, 2, 17, 12, 0, tzinfo=timezone.utc)


class Gated(HostileSmtp):
    """Waits with each message while `gate` is cleared."""

    def __init__(self, script=None):
        self.gate = threading.Event()
        self.gate.set()
        self.waiting = 0
        super().__init__(script)

    def action(self, stage, address=None):
        if stage == "accepted" and not self.gate.is_set():
            self.waiting += 1
            self.gate.wait(60)
        return super().action(stage, address)

    def taken(self):
        return Counter(recipient for _, recipients, _ in list(self.accepted) for recipient in recipients)


@needs_clock
class SetClock(Case):
    def setUp(self):
        super().setUp()
        self.clock = MovableClock(self.folder / "clock", START)
        self.feed = self.paperboy.write("day.xml", rss(papers(10)))

    def people(self, count):
        people = [f"reader{number:03}@example.test" for number in range(count)]
        for address in people:
            self.paperboy.profile(address, keywords=["LLM", "training"], max_papers=2)
        return people

    def relay(self, script=None, **delivery):
        server = Gated(script)
        self.addCleanup(server.close)
        self.paperboy.write_configuration(delivery={"url": server.url(), "tls": "off", **delivery})
        return server

    def start(self, *words):
        process = self.paperboy.start(*words, env=self.clock.environment())
        self.addCleanup(forget_clock, process)
        self.addCleanup(self.end, process)
        return process

    @staticmethod
    def end(process):
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            process.communicate()

    def finish(self, process, status):
        _, err = process.communicate(timeout=90)
        self.assertEqual(process.returncode, status, err.decode())
        return err.decode()

    def run_now(self, *words, status=OK):
        return self.finish(self.start(*words), status)

    def rows(self, statement):
        store = sqlite3.connect(self.paperboy.store, timeout=10)
        try:
            return store.execute(statement).fetchall()
        finally:
            store.close()

    def counts(self):
        return dict(self.rows("SELECT state, count(*) FROM deliveries GROUP BY state"))


class Waiting(SetClock):
    def test_a_relay_that_never_comes(self):
        """`send --wait` says what it waits for, and ends when all has expired."""
        self.people(3)
        self.paperboy.write_configuration(delivery={"url": f"smtp://127.0.0.1:{free_port()}", "tls": "off",
                                                    "expire_hours": 2})
        self.run_now("run", "--feed", self.feed, status=TEMPORARY)
        process = self.start("send", "--wait")
        lines = []
        reader = threading.Thread(target=lambda: lines.extend(iter(process.stderr.readline, b"")))
        reader.start()
        wait_for(lambda: any(b"it is tried again" in line for line in lines), 30, "a line that says what is waited for")
        self.assertGreater(self.counts()["claimed"], 0)
        self.clock.move(hours=3)
        reader.join(60)
        self.assertFalse(reader.is_alive(), f"it goes on for ever: {lines}")
        self.assertEqual(process.wait(10), TEMPORARY, lines)
        process.stdout.close()
        process.stderr.close()
        self.assertIn(b"expired 3, left 0", lines[-1])
        self.assertEqual(self.counts(), {"expired": 3})


class Jumps(SetClock):
    READERS = 40

    def setUp(self):
        super().setUp()
        self.readers = self.people(self.READERS)

    def check_once(self, server):
        self.assertEqual(server.taken(), Counter(self.readers))
        self.assertEqual(self.counts(), {"sent": self.READERS})

    def jump_in_the_middle(self, server, **delta):
        """Set while messages are under way, of which the relay then says that it has them."""
        process = self.start("run", "--feed", self.feed)
        wait_for(lambda: len(server.accepted) >= 8 or process.poll() is not None, 60, "some mail")
        server.gate.clear()
        wait_for(lambda: server.waiting or process.poll() is not None, 60, "a message under way")
        self.clock.move(**delta)
        time.sleep(1.2)  # it looks at the clock once a second
        server.gate.set()
        out, err = process.communicate(timeout=90)
        self.assertIn(process.returncode, (OK, TEMPORARY), err.decode())
        # What was to begin at a time that is yet to come again waits for it, and is not lost.
        if process.returncode != OK:
            self.assertLess(delta.get("hours", 0), 0, err.decode())
            self.assertNotIn("sending", self.counts())
            self.clock.move(hours=2)
            self.run_now("send")

    def test_while_mail_goes_out(self):
        for delta in ({"days": 2}, {"hours": -2}, {"minutes": 6}):
            for limits in ({}, {"per_second": 200, "per_hour": 100000, "per_domain": 100000}):
                with self.subTest(delta=delta, limits=limits):
                    for path in self.folder.glob("paperboy.db*"):
                        path.unlink()
                    server = self.relay(connections=2, expire_hours=240, **limits)
                    self.jump_in_the_middle(server, **delta)
                    self.check_once(server)
                    self.run_now("send")
                    self.check_once(server)

    def test_another_worker_beside_one_whose_clock_jumps(self):
        """The second finds leases that its clock says are over, or not for hours to come."""
        for delta in ({"days": 2}, {"hours": -2}):
            with self.subTest(delta=delta):
                for path in self.folder.glob("paperboy.db*"):
                    path.unlink()
                server = self.relay(connections=2, expire_hours=240)
                first = self.start("run", "--feed", self.feed)
                wait_for(lambda: len(server.accepted) >= 8 or first.poll() is not None, 60, "some mail")
                self.clock.move(**delta)
                second = self.start("send")
                for process in (first, second):
                    out, err = process.communicate(timeout=90)
                    self.assertIn(process.returncode, (OK, TEMPORARY), err.decode())
                if "hours" in delta:
                    self.clock.move(hours=2)
                self.run_now("send")
                times = server.taken()
                self.assertEqual(sorted(times), self.readers)
                # What was under way when the other took it for a dead worker's, and no more.
                self.assertLessEqual(sum(times.values()) - self.READERS, 2)

    def test_retries_after_a_jump(self):
        script = {"rcpt": {address: "451 4.7.1 Greylisted, come back later" for address in self.readers}}
        server = self.relay(script, expire_hours=240)
        self.run_now("run", "--feed", self.feed, status=TEMPORARY)
        self.assertEqual(self.counts(), {"deferred": self.READERS})
        script["rcpt"].clear()
        self.run_now("send", status=TEMPORARY)
        self.assertEqual(server.taken(), Counter(), "before its time")
        self.clock.move(days=2)
        self.run_now("send")
        self.check_once(server)

    def test_the_hour_after_a_jump(self):
        """Half of it is used; a clock that goes back lends no more and blocks nothing for long."""
        for delta in ({"days": 2}, {"hours": -2}):
            with self.subTest(delta=delta):
                for path in self.folder.glob("paperboy.db*"):
                    path.unlink()
                server = self.relay(expire_hours=240, per_hour=20)
                self.run_now("run", "--feed", self.feed, status=TEMPORARY)
                self.assertEqual(len(server.accepted), 20)
                self.clock.move(**delta)
                self.run_now("send", status=OK if "days" in delta else TEMPORARY)
                if "days" not in delta:
                    self.assertEqual(len(server.accepted), 20, "more than an hour's")
                    self.clock.move(hours=2, minutes=63)
                    self.run_now("send")
                self.check_once(server)
