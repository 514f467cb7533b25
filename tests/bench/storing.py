"""The outbox added to and worked in both stores, as workers do it, measured against the
plain way, each change a statement and a transaction of its own."""
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'e2e'))
from postgres import PROGRAMS, PostgresServer  # noqa: E402

SHARE = 10  # the plain way gets so much less to do


def measure(program, url, workers, rows, *more):
    """Rows a second: added, and claimed, begun and finished."""
    out = subprocess.run([program, url, str(workers), str(rows), *more], check=True,
                         stdout=subprocess.PIPE).stdout
    result = json.loads(out)
    return rows / result['add_s'], rows / result['work_s']


def fdatasync_us(folder, times=100):
    """What a commit that waits for this disk costs at the least, just now."""
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(bytes(8192 * times))
        os.fsync(file.fileno())
        start = time.monotonic()
        for i in range(times):
            os.pwrite(file.fileno(), bytes(8192), i * 8192)
            os.fdatasync(file.fileno())
        return (time.monotonic() - start) / times * 1e6


def compare(program, name, new_url, rows, runs):
    for workers in (1, 4):
        ours, theirs = [], []
        for _ in range(runs):
            theirs.append(measure(program, new_url(), workers, rows // SHARE, 'single'))
            ours.append(measure(program, new_url(), workers, rows))
        (plain_add, plain_work), (add, work) = (
            [statistics.median(column) for column in zip(*side)] for side in (theirs, ours))
        print('  %-28s added %8.0f a second %5.1f x single   claimed, begun, finished %8.0f a second %5.1f x single'
              % ('%s, %d worker%s' % (name, workers, '' if workers == 1 else 's'),
                 add, add / plain_add, work, work / plain_work), flush=True)


def bench(program, rows, runs):
    print('the outbox, %d deliveries, durable' % rows)
    with tempfile.TemporaryDirectory() as folder:
        print('  fdatasync of 8 KB: %.0f us' % fdatasync_us(folder))
        names = iter(range(1000000))
        compare(program, 'SQLite', lambda: 'sqlite:%s/%d.db' % (folder, next(names)), rows, runs)
    if not PROGRAMS.exists():
        print('  PostgreSQL is not installed')
        return
    server = PostgresServer(fsync='on').start()
    try:
        compare(program, 'PostgreSQL', lambda: server.url(server.new_database()), rows, runs)
    finally:
        server.stop()
