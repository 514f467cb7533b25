"""The daily job with its store in PostgreSQL."""

import json
import re
import shutil
import subprocess
import threading

from feeds import papers, rss
from hostile_smtp import HostileSmtp
from lossy_proxy import LossyProxy
from postgres import PostgresServer, with_postgres
from servers import LOCAL_ADDRESS, wait_for
from support import CANNOT_CREATE, CONFIGURATION, NO_INPUT, OK, SAMPLE_DAY, TEMPORARY, USAGE, Case, Paperboy
from web_server import Server


def setUpModule():
    global server
    server = None


def tearDownModule():
    if server is not None:
        server.stop()


def the_server():
    global server
    if server is None:
        server = PostgresServer().start()
    return server


def without_times(document):
    return re.sub(r"\d\d:\d\d:\d\dZ", "", json.dumps(document))


class Stored(Case):
    def setUp(self):
        super().setUp()
        self.server = the_server()
        self.database = self.server.new_database()
        self.paperboy.write_configuration(store=self.server.url(self.database))
        self.use_examples()
        self.feed = self.paperboy.write("day.xml", rss(papers(30)))


@with_postgres
class WholeRun(Stored):
    def test_run(self):
        """Fetch, rank, send, status: what SQLite would have."""
        self.run_ok("fetch", "--feed", SAMPLE_DAY, "--date", "2026-02-17")
        ranked = self.run_ok("rank", "--json").lines()
        self.assertEqual([row["subscriber"] for row in ranked], ["ada@example.test", "emmy@example.test"])
        self.assertTrue(all(row["papers"] for row in ranked))
        result = self.run_ok("run", "--feed", SAMPLE_DAY, "--date", "2026-02-17", seconds=300)
        self.assertEqual(sorted(self.mails()), ["ada@example.test", "emmy@example.test"], str(result))
        self.run_ok("run", "--feed", SAMPLE_DAY, "--date", "2026-02-17", seconds=300)
        self.run_ok("send")
        self.assertEqual(len(self.paperboy.delivered()), 2)
        self.assertFalse(self.paperboy.store.exists(), "a file beside the database")
        status = self.paperboy.status()

        other = self.folder / "sqlite"
        other.mkdir()
        twin = Paperboy(other)
        shutil.copytree(self.paperboy.subscribers, twin.subscribers, dirs_exist_ok=True)
        twin.run("fetch", "--feed", SAMPLE_DAY, "--date", "2026-02-17")
        self.assertEqual(twin.run("rank", "--json").lines(), ranked)
        twin.run("run", "--feed", SAMPLE_DAY, "--date", "2026-02-17", seconds=300)
        self.assertEqual(without_times(twin.status()), without_times(status))

    def test_two_runs_at_once(self):
        processes = [self.paperboy.start("run", "--feed", str(self.feed)) for _ in range(4)]
        for process in processes:
            out, err = process.communicate(timeout=120)
            # One may find the other's deliveries still under way.
            self.assertIn(process.returncode, (OK, TEMPORARY), err.decode())
        self.assertEqual(len(self.mails()), 2)

    def test_suppression(self):
        self.run_ok("subscriber", "suppress", "ada@example.test")
        self.run_ok("run", "--feed", self.feed)
        self.assertEqual(list(self.mails()), ["emmy@example.test"])
        self.run_ok("subscriber", "unsuppress", "ada@example.test")
        self.assertEqual(self.paperboy.status()["suppressed"], 0)

    def test_check(self):
        result = self.paperboy.run("check")
        self.assertRegex(result.out + result.err, "is empty; the first run makes its tables")
        self.run_ok("run", "--feed", self.feed)
        result = self.paperboy.run("check")
        self.assertRegex(result.out + result.err, r"ok.*paperboy\d+.*the last edition is 2026-02-17")


@with_postgres
class Backup(Stored):
    def test_the_passfile_is_named(self):
        """It is a secret and not in the backup, but missed on another machine."""
        store = self.paperboy.configuration["store"]
        self.paperboy.write_configuration(store=f"{store}{'&' if '?' in store else '?'}passfile=/etc/paperboy/pgpass")
        self.run_ok("run", "--feed", self.feed)
        self.run_ok("backup", "--out", self.folder / "backup")
        self.assertIn("\n  /etc/paperboy/pgpass\n", (self.folder / "backup/RESTORE").read_text())

    def test_put_back(self):
        self.run_ok("run", "--feed", self.feed)
        out = self.folder / "backup"
        self.run_ok("backup", "--out", out)
        self.assertEqual((out / "paperboy.dump").stat().st_mode & 0o777, 0o600)
        note = (out / "RESTORE").read_text()
        before = self.paperboy.status()
        self.paperboy.profile("late@example.test", keywords=["LLM"])
        self.run_ok("run", "--feed", self.feed)
        self.assertNotEqual(self.paperboy.status(), before)
        (self.paperboy.subscribers / "late@example.test.json").unlink()
        # As it is written there.
        command = next(line.split("by  ", 1)[1] for line in note.splitlines() if "pg_restore" in line)
        subprocess.run(command, shell=True, check=True, cwd=out, capture_output=True)
        self.assertEqual(self.paperboy.status(), before)
        for path in self.paperboy.outbox.glob("new/*"):
            path.unlink()
        self.run_ok("run", "--feed", self.feed)
        self.assertEqual(self.paperboy.delivered(), [], "what was sent came again")

    def test_without_pg_dump(self):
        self.run_ok("fetch", "--feed", self.feed)
        out = self.folder / "backup"
        self.run_fails(CONFIGURATION, "backup", "--out", out, env={"PATH": "/nonexistent"},
                       says=("pg_dump", "postgresql-client"))
        self.assertFalse(out.exists())
        self.assertEqual([path for path in self.folder.iterdir() if "backup" in path.name], [])


@with_postgres
class TakenOver(Stored):
    """From a file into the database, and back into another file."""

    def known(self):
        person = json.loads(self.run_ok("subscriber", "export", "ada@example.test").out)
        del person["compiled_profile"]  # worked out anew where it is wanted
        return self.paperboy.status(), person

    def take_over(self, store, old):
        self.paperboy.write_configuration(store=store)
        return self.run_ok("subscriber", "import", old)

    def test_there_and_back(self):
        file, database = f"sqlite:{self.paperboy.store}", self.server.url(self.database)
        self.paperboy.write_configuration(store=file)
        self.paperboy.profile("late@example.test", keywords=["LLM"])
        self.run_ok("run", "--feed", self.feed)
        self.run_ok("subscriber", "suppress", "emmy@example.test")
        self.run_ok("subscriber", "erase", "late@example.test")
        before = self.known()
        self.assertTrue(before[1]["deliveries"], before[1])
        result = self.take_over(database, file)
        self.assert_says(result, "1 edition", "30 papers", "2 deliveries", "1 suppression")
        self.assertEqual(self.known(), before)
        for path in self.paperboy.outbox.glob("new/*"):
            path.unlink()
        self.paperboy.profile("late@example.test", keywords=["LLM"])
        self.run_ok("run", "--feed", self.feed)
        self.assertEqual(self.paperboy.delivered(), [], "somebody was mailed again")
        (self.paperboy.subscribers / "late@example.test.json").unlink()
        later = self.paperboy.write("later.xml", rss(papers(20, first=500), date="2026-02-18"))
        self.run_ok("run", "--feed", later)
        self.assertEqual(list(self.mails()), ["ada@example.test"])
        now = self.known()
        self.take_over(f"sqlite:{self.folder}/new.db", database)
        self.assertEqual(self.known(), now)
        # A file is known by what it holds, and the first one by its having stayed.
        self.take_over(f"sqlite:{self.folder}/newest.db", self.paperboy.store)
        self.assertEqual(self.known(), before)

    def test_refused(self):
        self.run_ok("run", "--feed", self.feed)
        url = self.server.url(self.database)
        self.run_fails(CANNOT_CREATE, "subscriber", "import", url, says="not empty.*name one in the configuration")
        self.run_fails(NO_INPUT, "subscriber", "import", f"sqlite:{self.folder}/nothing.db", says="is not there")
        self.run_fails(USAGE, "subscriber", "import", url, "ada@example.test", says="leave")


@with_postgres
class Refused(Stored):
    def test_configuration(self):
        url = self.server.url(self.database)
        for store, says in ((url.replace("postgres@", "postgres:secret@"), "hold no password"),
                            (url.replace(self.database, "nothing"), "createdb"),
                            ("postgresql://", "names no database"),
                            ("mysql://x/y", "postgresql://HOST/DATABASE")):
            self.paperboy.write_configuration(store=store)
            result = self.run_fails(CONFIGURATION, "status", says=says)
            self.assertNotIn("secret", result.err)

    def test_server_away(self):
        """It is a matter of time: what is due stays due."""
        self.run_ok("fetch", "--feed", self.feed)
        self.server.end()
        self.run_fails(TEMPORARY, "run", "--feed", self.feed, says="cannot be reached")
        self.server.serve()
        self.run_ok("run", "--feed", self.feed)
        self.assertEqual(len(self.mails()), 2)

    def test_server_away_while_waiting(self):
        """`send --wait` outlasts a restart between two attempts."""
        relay = HostileSmtp({"rcpt": ["450 4.2.1 later", "450 4.2.1 later"]})
        self.addCleanup(relay.close)
        self.paperboy.write_configuration(delivery={"url": relay.url(), "tls": "off"})
        self.run_fails(TEMPORARY, "run", "--feed", self.feed, says="deferred 2")
        process = self.paperboy.start("send", "--wait")
        self.addCleanup(process.kill)
        lines = []
        reader = threading.Thread(target=lambda: lines.extend(iter(process.stderr.readline, b"")))
        reader.start()
        wait_for(lambda: any(b"waiting for the next attempt" in line for line in lines), 30, "its nap")
        self.server.end()
        wait_for(lambda: any(b"asked again" in line for line in lines) or process.poll() is not None, 60,
                 "a line that says that the store is away")
        self.server.serve()
        self.server.ask(self.database, "UPDATE deliveries SET not_before_utc = 0")
        reader.join(60)
        self.assertEqual(process.wait(10), OK, lines)
        process.stdout.close()
        process.stderr.close()
        self.assertIn(b"sent 2, deferred 0", lines[-1])
        self.assertEqual(sorted(recipients for _, recipients, _ in relay.accepted if recipients),
                         [["ada@example.test"], ["emmy@example.test"]])

    def test_serve_outlasts_a_restart(self):
        """Pages that are kept stay; what is asked for once it is back works at once. A client may look at twenty
        previews."""
        self.paperboy.write_configuration(web={"listen": f"{LOCAL_ADDRESS}:0"})
        self.run_ok("fetch", "--feed", self.feed)
        with Server(self.paperboy) as web:
            feed = web.ask("/rss")[2]
            for end in (self.server.end, self.server.crash):
                end()
                wait_for(lambda: b"unreachable" in web.ask("/health")[2], 20, "/health to say it")
                self.assertEqual(web.ask("/rss")[2], feed)
                self.server.serve()
                for _ in range(9):
                    self.assertEqual(web.ask("/subscribe?keywords=llm")[0], 200)
                self.assertNotIn(b"unreachable", web.ask("/health")[2])

    def test_newer(self):
        self.run_ok("fetch", "--feed", self.feed)
        self.server.ask(self.database, "UPDATE paperboy_schema SET version = 999")
        self.run_fails(CONFIGURATION, "status", says="install a newer paperboy")


@with_postgres
class Unheard(Stored):
    """The connection is lost at each commit of a run in turn, and the reply with it."""

    def setUp(self):
        super().setUp()
        self.proxy = LossyProxy(self.server.port)
        self.addCleanup(self.proxy.close)

    def run_losing(self, number):
        """A run over a database of its own; false when it has no such commit."""
        database = self.server.new_database()
        relay = HostileSmtp()
        self.addCleanup(relay.close)
        self.paperboy.write_configuration(store=self.server.url(database, LOCAL_ADDRESS),
                                          delivery={"url": relay.url(), "tls": "off"})
        self.run_ok("fetch", "--feed", self.feed)
        through = self.server.url(database, LOCAL_ADDRESS).replace(f":{self.server.port}/", f":{self.proxy.port}/")
        self.paperboy.write_configuration(store=through)
        self.proxy.lose_at = number
        result = self.paperboy.run("run", "--feed", self.feed)
        was_lost, self.proxy.lose_at = self.proxy.lose_at == 0, 0
        return was_lost, relay, result

    def check_once(self, relay, result):
        taken = sorted(recipients[0] for _, recipients, _ in relay.accepted)
        self.assertEqual(taken, ["ada@example.test", "emmy@example.test"], str(result))
        counts = {name: count for name, count in self.paperboy.status()["deliveries"].items() if count}
        self.assertEqual(counts, {"sent": 2}, str(result))

    def test_done_and_not_heard_of(self):
        """It was done, so it is done: the run goes on as if nothing had been."""
        self.proxy.is_done = True
        number = 1
        while True:
            was_lost, relay, result = self.run_losing(number)
            self.assertEqual(result.status, OK, f"commit {number}: {result}")
            self.assert_says(result, "sent 2, deferred 0")
            self.check_once(relay, result)
            if not was_lost:
                break
            number += 1
        self.assertGreater(number, 4, "no commits were met")

    def test_not_done(self):
        """It was not: it is made again, by this run or by the next one."""
        number = 1
        while True:
            was_lost, relay, result = self.run_losing(number)
            self.assertIn(result.status, (OK, TEMPORARY), f"commit {number}: {result}")
            if result.status != OK:
                self.assert_says(result, "the connection was lost; this change was not made")
                self.run_ok("run", "--feed", self.feed)
            self.check_once(relay, result)
            if not was_lost:
                break
            number += 1
        self.assertGreater(number, 4, "no commits were met")

    def test_nobody_can_say(self):
        """Lost, and the server is gone as well: that is what is said."""
        self.proxy.is_done = True
        self.run_ok("fetch", "--feed", self.feed)
        through = self.server.url(self.database, LOCAL_ADDRESS).replace(f":{self.server.port}/", f":{self.proxy.port}/")
        self.paperboy.write_configuration(store=through)
        self.proxy.lose_at, self.proxy.closes = 1, True
        self.run_fails(TEMPORARY, "run", "--feed", self.feed, says="whether it was made is not known")
