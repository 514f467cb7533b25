"""kill -9 at random moments of real runs, on both stores: every recipient gets every
digest, and one gets it twice at most when its message was under way at a kill."""

import os
import random
import signal
import sqlite3
import threading
import time
from collections import Counter
from datetime import datetime, timedelta, timezone

from feeds import papers, rss
from hostile_smtp import HostileSmtp
from postgres import PostgresServer, with_postgres
from support import OK, TEMPORARY, Case
from virtual import clock_of, forget_clock, needs_clock

KILLS = int(os.environ.get("PAPERBOY_KILLS", "150"))  # on each store
READERS = 24


class Sink(HostileSmtp):
    """Ends a process when it has come so far; `fuse` counts down what is said here."""

    def __init__(self, **options):
        self.lock = threading.Lock()
        self.fuse, self.victim, self.delay = None, None, 0
        super().__init__(**options)

    def arm(self, victim, events, delay):
        with self.lock:
            self.fuse, self.victim, self.delay = events, victim, delay

    def disarm(self):
        self.arm(None, None, 0)

    def action(self, stage, address=None):
        with self.lock:
            if self.fuse is not None:
                self.fuse -= 1
                if self.fuse <= 0:
                    threading.Thread(target=self._kill, args=(self.victim, self.delay), daemon=True).start()
                    self.fuse = None
        return super().action(stage, address)

    @staticmethod
    def _kill(victim, delay):
        time.sleep(delay)
        if victim.poll() is None:
            victim.send_signal(signal.SIGKILL)


@needs_clock
class Kills(Case):
    store = None

    def setUp(self):
        super().setUp()
        self.readers = [f"reader{number}@example.test" for number in range(READERS)]
        for reader in self.readers:
            self.paperboy.profile(reader, keywords=["LLM", "training"], max_papers=2)
        self.sink = Sink()
        self.addCleanup(self.sink.close)
        self.paperboy.write_configuration(delivery={"url": self.sink.url("127.0.0.1"), "tls": "off"}, **self.set_up_store())
        self.random = random.Random(20260217)
        self.kills = 0
        self.now = datetime(2026, 2, 17, 6, 0, tzinfo=timezone.utc)

    def set_up_store(self):
        raise NotImplementedError

    def ask(self, sql):
        """The rows, once nobody works; none as long as there are no tables."""
        raise NotImplementedError

    def sending(self):
        """The recipients whose messages are under way."""
        return [row[0] for row in self.ask("SELECT subscriber FROM deliveries WHERE state = 'sending'")]

    def planned(self):
        since = int(self.now.timestamp()) - 80000
        return len(self.ask(f"SELECT 1 FROM deliveries WHERE created_utc > {since}")) == READERS

    def work(self, *words, kill):
        """One run; returns whether it came to its end."""
        process = self.paperboy.start(*words, env=clock_of(self.now))
        if kill:
            # After so many commands of so many messages as are left, and of one that is
            # sent again because nobody knows of its end; or by time alone.
            left = READERS - len(self.received)
            events = self.random.randint(1, 4 * left + 10)
            delay = self.random.choice((0, self.random.uniform(0, 0.004)))
            self.sink.arm(process, events, delay)
            if self.random.random() < 0.15:
                time.sleep(self.random.uniform(0, 0.25))
                process.send_signal(signal.SIGKILL)
        out, err = process.communicate(timeout=120)
        self.sink.disarm()
        forget_clock(process)
        if process.returncode == -signal.SIGKILL:
            self.kills += 1
            return False
        self.assertIn(process.returncode, (OK, TEMPORARY), err.decode())
        return process.returncode == OK

    @property
    def received(self):
        return Counter(recipients[0] for _, recipients, _ in list(self.sink.accepted)[self.seen:])

    def edition(self, number):
        """One day's digests, with kills until all are out."""
        self.now = datetime(2026, 2, 17, 12, 0, tzinfo=timezone.utc) + timedelta(days=number)
        date = f"{self.now:%Y-%m-%d}"
        feed = self.paperboy.write("day.xml", rss(papers(20, first=1 + 20 * number), date=date))
        self.seen = len(self.sink.accepted)
        under_way = Counter()
        words = run = ("run", "--feed", feed)
        is_planned, rounds = False, 0
        while not self.work(*words, kill=self.kills < KILLS):
            under_way.update(self.sending())
            # Once its digests are known, the rest is sending.
            is_planned = is_planned or self.planned()
            words = ("send",) if is_planned and self.random.random() < 0.8 else run
            self.now += timedelta(seconds=301)  # the lease has run out
            rounds += 1
            self.assertLess(rounds, 60, f"never done; under way at kills: {under_way}")
        self.settle(under_way)

    def settle(self, under_way):
        received = self.received
        self.assertEqual(sorted(received), sorted(self.readers), "somebody got nothing, or a stranger something")
        for reader, times in received.items():
            self.assertLessEqual(times, 1 + under_way[reader], f"{reader}: doubled without having been under way")
        self.assertEqual(self.sending(), [])
        self.doubles += sum(received.values()) - READERS
        self.caught += sum(under_way.values())

    def run_kills(self):
        number = self.doubles = self.caught = 0
        while self.kills < KILLS:
            self.edition(number)
            number += 1
        status = self.paperboy.run("status", "--json", env=clock_of(self.now)).document()
        self.assertEqual({name: count for name, count in status["deliveries"].items() if count},
                         {"sent": number * READERS})
        self.assertLessEqual(self.doubles, self.caught)
        if KILLS >= 100:
            self.assertGreater(self.caught, 0, "no kill hit a message under way: it was no test")


class Sqlite(Kills):
    def set_up_store(self):
        return {}

    def ask(self, sql):
        if not self.paperboy.store.exists():
            return []
        connection = sqlite3.connect(self.paperboy.store, timeout=10)
        try:
            return connection.execute(sql).fetchall()
        except sqlite3.OperationalError as problem:
            # Killed before it had made its tables.
            self.assertIn("no such table", str(problem))
            return []
        finally:
            connection.close()

    def test_kills(self):
        self.run_kills()


@with_postgres
class Postgres(Kills):
    def set_up_store(self):
        self.server = PostgresServer().start()
        self.addCleanup(self.server.stop)
        self.database = self.server.new_database()
        return {"store": self.server.url(self.database)}

    def ask(self, sql):
        try:
            return self.server.ask_alone(self.database, sql)
        except AssertionError as problem:
            if 'relation "deliveries" does not exist' not in str(problem):
                raise
            return []

    def test_kills(self):
        self.run_kills()


del Kills  # not a test by itself
