"""PostgreSQL for one test module: private to a temporary folder, on a Unix socket and
a free port of loopback, ended by its own process id."""

import os
import shutil
import signal
import subprocess
import tempfile
import unittest
from pathlib import Path

from servers import LOCAL_ADDRESS, end, free_port, wait_for

PROGRAMS = max(Path("/usr/lib/postgresql").glob("*/bin/initdb"), default=Path("/nonexistent/initdb")).parent


def with_postgres(test):
    """Marks what needs it; left out aloud."""
    if os.environ.get("SERVERS") == "no":
        return unittest.skip("left out by SERVERS=no")(test)
    return unittest.skipUnless(PROGRAMS.exists(), "PostgreSQL is not installed")(test)


class PostgresServer:
    def __init__(self, fsync="off"):
        self.fsync = fsync
        # The path of a Unix socket is short.
        parent = tempfile.gettempdir()
        self.folder = Path(tempfile.mkdtemp(prefix="pg-", dir=parent if len(parent) < 60 else "/tmp"))
        self.folder.chmod(0o755)
        self.port = free_port()
        self.user = {}
        self.role = os.environ.get("USER", "postgres")
        if os.geteuid() == 0:  # which the server refuses to be
            self.role = "postgres"
            self.user = {"user": "postgres", "group": "postgres", "extra_groups": []}
            shutil.chown(self.folder, "postgres", "postgres")
        self.process = None
        self.databases = 0

    def start(self):
        try:
            subprocess.run([PROGRAMS / "initdb", "-D", self.folder / "data", "-A", "trust", "-E", "UTF8",
                            "--locale=C.UTF-8", "--no-sync", "-U", self.role], check=True, capture_output=True,
                           cwd="/", **self.user)
            self.serve()
        except BaseException:
            self.stop()
            raise
        return self

    def serve(self):
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                [PROGRAMS / "postgres", "-D", self.folder / "data", "-k", self.folder, "-p", str(self.port),
                 "-c", f"listen_addresses={LOCAL_ADDRESS}", "-c", f"fsync={self.fsync}", "-c", "max_connections=60"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", **self.user)
        wait_for(self._is_ready, 30, "PostgreSQL's start")

    def end(self):
        if self.process is not None:
            end(self.process)
            self.process = None

    def crash(self):
        """As `pg_ctl stop -m immediate` does it: no goodbye to anybody."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(30)
        self.process = None

    def stop(self):
        self.end()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _is_ready(self):
        return subprocess.run([PROGRAMS / "pg_isready", "-q", "-h", self.folder, "-p", str(self.port)],
                              check=False).returncode == 0

    def url(self, database, host=None):
        return f"postgresql://{self.role}@{host or ''}:{self.port}/{database}" + ("" if host else f"?host={self.folder}")

    def new_database(self):
        """The URL of an empty one."""
        self.databases += 1
        name = f"paperboy{self.databases}"
        self.ask("postgres", f"CREATE DATABASE {name}")
        return name

    def ask(self, database, *statements):
        """The rows of all, as lists of texts."""
        words = [word for sql in statements for word in ("-c", sql)]
        done = subprocess.run(["psql", "-XqAt", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-h", self.folder, "-p",
                               str(self.port), "-U", self.role, "-d", database, *words],
                              check=False, capture_output=True, text=True, timeout=30)
        if done.returncode:
            raise AssertionError(f"{statements}: {done.stderr}")
        return [line.split("\t") for line in done.stdout.splitlines()]

    def ask_alone(self, database, sql):
        """Once what killed programs had asked for has ended; it may still be done."""
        others = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'paperboy' AND datname = current_database()"

        def ask():
            rows = self.ask(database, others, sql)
            return rows if rows[0] == ["0"] else None
        return wait_for(ask, 10, "the end of all connections")[1:]
