"""Sending, measured against Postfix's smtp-source with the same number of bytes and the
same smtp-sink, turn by turn in the same run; and with a relay that is 20 ms away."""
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

SESSIONS = 16
ROUND_TRIP_MS = 20


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


class Sink:
    """smtp-sink; as root it wants to become somebody else."""

    def __init__(self):
        self.port = free_port()
        become = ['-u', 'nobody'] if os.geteuid() == 0 else []
        self.process = subprocess.Popen(['timeout', '3600', 'smtp-sink', *become,
                                         '127.0.0.1:%d' % self.port, '1000'])
        for _ in range(200):
            try:
                socket.create_connection(('127.0.0.1', self.port)).close()
                return
            except OSError:
                time.sleep(0.02)
        sys.exit('bench: smtp-sink does not start')

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


class DistantSink:
    """bench_sink: counts what comes, and answers so many milliseconds late."""

    def __init__(self, benches, round_trip_ms):
        self.process = subprocess.Popen([os.path.join(benches, 'bench_sink'), str(round_trip_ms)],
                                        stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.counted = json.loads(self.process.communicate()[0])


def source(port, count, size):
    start = time.perf_counter()
    subprocess.run(['smtp-source', '-s', str(SESSIONS), '-m', str(count), '-l', str(size),
                    '-f', 'digest@example.org', '-t', 'reader@example.test',
                    '127.0.0.1:%d' % port], check=True)
    return time.perf_counter() - start


def paperboy(program, port, count, size, connections, threads):
    folder = tempfile.mkdtemp(prefix='bench-')
    try:
        out = subprocess.run([program, 'sqlite:%s/bench.db' % folder, 'smtp://127.0.0.1:%d' % port,
                              str(count), str(size), str(connections), str(threads)],
                             check=True, stdout=subprocess.PIPE).stdout
    finally:
        shutil.rmtree(folder)
    return json.loads(out)


def bench_side_by_side(program, count, runs):
    sink = Sink()
    print('sending to smtp-sink, journal on, %d connections, medians of %d runs of %d messages'
          % (SESSIONS, runs, count))
    for size in (40000, 10000):
        theirs, ours = [], []
        for _ in range(runs):
            theirs.append(source(sink.port, count, size))
            ours.append(paperboy(program, sink.port, count, size, SESSIONS, 1))
        rate = count / statistics.median(theirs)
        own = count / statistics.median(run['s'] for run in ours)
        print('  %5d bytes  %-22s %9.0f messages/s' % (size, 'smtp-source -s %d' % SESSIONS, rate))
        print('  %5d bytes  %-22s %9.0f messages/s %9.2f x smtp-source; %.0f us of CPU each; '
              'resident %.1f MB'
              % (size, 'paperboy', own, own / rate,
                 statistics.median(run['cpu_s'] for run in ours) / count * 1e6,
                 max(run['resident_kib'] for run in ours) / 1024))
    sink.close()


def bench_distance(benches):
    print('sending 10000 bytes to a relay %d ms away' % ROUND_TRIP_MS)
    for connections in (16, 64, 256):
        count = connections * 100
        with DistantSink(benches, ROUND_TRIP_MS) as sink:
            result = paperboy(os.path.join(benches, 'bench_send'), sink.port, count, 10000,
                              connections, 1)
        if sink.counted['messages'] != count:
            sys.exit('bench: %d messages were sent and %d came' % (count, sink.counted['messages']))
        print('  %4d connections %27.0f messages/s' % (connections, count / result['s']), flush=True)


def bench(benches, count, runs):
    if not shutil.which('smtp-source'):
        sys.exit('bench: smtp-source is missing (package postfix)')
    bench_side_by_side(os.path.join(benches, 'bench_send'), count, runs)
    bench_distance(benches)
