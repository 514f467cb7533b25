"""Three machines and one PostgreSQL: each with its own folder, address and relay; all
they share is the database, the key file and the profiles."""

import shutil
import signal
import threading
import time
from collections import Counter
from datetime import datetime, timedelta, timezone

from feeds import papers, rss
from hostile_smtp import HostileSmtp
from postgres import PostgresServer, with_postgres
from servers import LOCAL_ADDRESS, wait_for
from support import OK, TEMPORARY, Case, Paperboy
from virtual import clock_of, forget_clock, needs_clock

READERS = 400
NOW = datetime(2026, 2, 17, 12, 0, tzinfo=timezone.utc)


class SlowSink(HostileSmtp):
    """Takes its time with each message, so that nobody is done before the others begin.
    With `gate` cleared it waits with its reply to a message that it has taken, when it has taken
    more than `free` of them."""

    def __init__(self, **options):
        self.gate = threading.Event()
        self.gate.set()
        self.free = 0
        super().__init__(**options)

    def action(self, stage, address=None):
        if stage == "accepted":
            time.sleep(0.004)
            if len(self.accepted) > self.free:
                self.gate.wait(60)
        return super().action(stage, address)

    def recipients(self):
        return [recipients[0] for _, recipients, _ in list(self.accepted)]


@with_postgres
@needs_clock
class Machines(Case):
    def setUp(self):
        super().setUp()
        self.server = PostgresServer().start()
        self.addCleanup(self.server.stop)
        self.database = self.server.new_database()
        self.readers = [f"reader{number:03}@example.test" for number in range(READERS)]
        for reader in self.readers:
            self.paperboy.profile(reader, keywords=["LLM"], max_papers=1)
        self.paperboy.write_configuration(store=self.server.url(self.database, LOCAL_ADDRESS),
                                          delivery={"url": f"smtp://{LOCAL_ADDRESS}:9", "tls": "off"})
        feed = self.paperboy.write("day.xml", rss(papers(10)))
        # Nothing listens at its relay: the digests are planned and stay.
        result = self.paperboy.run("run", "--feed", feed, env=clock_of(NOW), seconds=120)
        self.assertEqual(result.status, TEMPORARY, str(result))
        # Whatever was put off for that is due by then.
        self.now = NOW + timedelta(minutes=10)
        self.machines, self.sinks = [], []
        for number in (2, 3, 4):
            self.add_machine(f"127.0.0.{number}")

    def add_machine(self, address):
        folder = self.folder / address
        folder.mkdir()
        machine, sink = Paperboy(folder), SlowSink(address=address)
        self.addCleanup(sink.close)
        shutil.copytree(self.paperboy.subscribers, machine.subscribers, dirs_exist_ok=True)
        shutil.copy(self.folder / "paperboy.key", folder / "paperboy.key")
        machine.write_configuration(store=self.server.url(self.database, LOCAL_ADDRESS),
                                    delivery={"url": f"smtp://{address}:{sink.port}", "tls": "off"})
        self.machines.append(machine)
        self.sinks.append(sink)

    def start_all(self):
        return [machine.start("send", env=clock_of(self.now)) for machine in self.machines]

    def finish(self, process, *statuses):
        _, err = process.communicate(timeout=120)
        forget_clock(process)
        self.assertIn(process.returncode, statuses, err.decode())
        return err.decode()

    def sending(self):
        return [row[0] for row in self.server.ask(
            self.database, "SELECT subscriber FROM deliveries WHERE state = 'sending'")]

    def check_received(self, may_be_doubled):
        times = Counter(recipient for sink in self.sinks for recipient in sink.recipients())
        self.assertEqual(sorted(times), self.readers)
        doubled = [reader for reader, count in times.items() if count > 1]
        self.assertEqual([reader for reader in doubled if reader not in may_be_doubled], [])
        self.assertEqual([reader for reader in doubled if times[reader] > 2], [])
        counts = self.paperboy.run("status", "--json", env=clock_of(self.now)).document()["deliveries"]
        self.assertEqual({name: count for name, count in counts.items() if count}, {"sent": READERS})

    def test_shared(self):
        """Everybody once, and each machine did its part."""
        for process in self.start_all():
            self.finish(process, OK, TEMPORARY)
        for sink in self.sinks:
            self.assertGreater(len(sink.accepted), 0, "a machine had nothing to do")
        self.check_received(may_be_doubled=())

    def test_one_killed(self):
        """What it held is sent by the others once its lease has run out."""
        processes = self.start_all()
        wait_for(lambda: len(self.sinks[0].accepted) > 20, 60, "some mail by the first machine")
        processes[0].send_signal(signal.SIGKILL)
        self.finish(processes[0], -signal.SIGKILL)
        for process in processes[1:]:
            self.finish(process, OK, TEMPORARY)
        under_way = self.server.ask_alone(self.database, "SELECT subscriber FROM deliveries WHERE state = 'sending'")
        held = self.server.ask(self.database, "SELECT count(*) FROM deliveries WHERE state IN ('claimed', 'sending')")
        self.assertGreater(int(held[0][0]), 0, "it was killed in the middle of nothing")
        # Nobody takes it from a lease that still runs.
        before = sum(len(sink.accepted) for sink in self.sinks)
        self.finish(self.machines[1].start("send", env=clock_of(self.now)), TEMPORARY)
        self.assertEqual(sum(len(sink.accepted) for sink in self.sinks), before)
        self.now += timedelta(seconds=301)
        self.finish(self.machines[1].start("send", env=clock_of(self.now)), OK)
        self.check_received(may_be_doubled=[row[0] for row in under_way])

    def test_one_sleeps(self):
        """A machine that stood still beyond its lease finds that others have taken over."""
        self.sinks[0].gate.clear()
        first = self.machines[0].start("send", env=clock_of(self.now))
        under_way = wait_for(self.sending, 60, "a message under way")
        first.send_signal(signal.SIGSTOP)
        time.sleep(0.2)
        under_way = self.sending()
        self.now += timedelta(seconds=301)
        self.finish(self.machines[1].start("send", env=clock_of(self.now)), OK)
        self.sinks[0].gate.set()
        first.send_signal(signal.SIGCONT)
        self.finish(first, OK, TEMPORARY)
        self.check_received(may_be_doubled=under_way)

    def test_database_restarted(self):
        """The database goes in the middle and comes back: who needed it meanwhile says in a line
        that it was gone, relays' answers are written down all the same, and nothing is lost or doubled."""
        for sink in self.sinks:
            sink.free = 20
            sink.gate.clear()
        processes = self.start_all()
        wait_for(lambda: all(len(sink.accepted) > 20 for sink in self.sinks), 60, "some mail by every machine")
        self.server.crash()
        for sink in self.sinks:
            sink.gate.set()
        time.sleep(1.5)
        self.server.serve()
        told = [self.finish(process, OK, TEMPORARY) for process in processes]
        noticed = [line for text in told for line in text.splitlines() if "error:" in line or "warning:" in line]
        self.assertTrue(noticed, "nobody has noticed")
        for line in noticed:
            self.assertRegex(line, r"store postgresql://\S+: (the connection was lost|the server shuts down or starts"
                                   r"|cannot be reached)")
        for text in told:
            self.assertLessEqual(text.count("error:"), 1, text)
            self.assertLessEqual(text.count("warning:"), 1, text)
        self.now += timedelta(seconds=301)
        self.finish(self.machines[1].start("send", env=clock_of(self.now)), OK)
        self.check_received(may_be_doubled=())
