"""The daily job with its store in PostgreSQL."""

import json
import re
import shutil
import subprocess

from feeds import papers, rss
from postgres import PostgresServer, with_postgres
from support import CONFIGURATION, OK, SAMPLE_DAY, TEMPORARY, Case, Paperboy


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

    def test_newer(self):
        self.run_ok("fetch", "--feed", self.feed)
        self.server.ask(self.database, "UPDATE paperboy_schema SET version = 999")
        self.run_fails(CONFIGURATION, "status", says="install a newer paperboy")
