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
import threading
import time

SESSIONS = 16
ROUND_TRIP = 0.020


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


class Sink:
    """smtp-sink; as root it wants to become somebody else."""

    def __init__(self):
        self.port = free_port()
        become = ['-u', 'nobody'] if os.geteuid() == 0 else []
        self.process = subprocess.Popen(['timeout', '600', 'smtp-sink', *become,
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


class Distance:
    """A stretch of wire: what comes in on one side goes out on the other half a round
    trip later."""

    def __init__(self, port):
        self.target = port
        self.listener = socket.create_server(('127.0.0.1', 0), backlog=1024)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        import selectors
        import collections
        self.listener.setblocking(False)
        selector = selectors.DefaultSelector()
        selector.register(self.listener, selectors.EVENT_READ)
        late = collections.deque()
        while True:
            now = time.monotonic()
            while late and late[0][0] <= now:
                _, to, data = late.popleft()
                try:
                    if data:
                        to.setblocking(True)
                        to.sendall(data)
                        to.setblocking(False)
                    else:
                        to.shutdown(socket.SHUT_WR)
                except OSError:
                    pass
            wait = max(0.0, late[0][0] - now) if late else None
            for key, _ in selector.select(wait):
                if key.fileobj is self.listener:
                    near, _ = self.listener.accept()
                    far = socket.create_connection(('127.0.0.1', self.target))
                    for end, other in ((near, far), (far, near)):
                        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                        end.setblocking(False)
                        selector.register(end, selectors.EVENT_READ, other)
                    continue
                try:
                    data = key.fileobj.recv(1 << 18)
                except OSError:
                    data = b''
                if not data:
                    selector.unregister(key.fileobj)
                late.append((time.monotonic() + ROUND_TRIP / 2, key.data, data))


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


def bench_distance(program):
    sink = Sink()
    distance = Distance(sink.port)
    print('sending 10000 bytes to a relay %.0f ms away' % (ROUND_TRIP * 1000))
    for connections in (16, 64, 256):
        count = connections * 40
        result = paperboy(program, distance.port, count, 10000, connections, 1)
        print('  %4d connections %27.0f messages/s' % (connections, count / result['s']))
    sink.close()


def bench(program, count, runs):
    if not shutil.which('smtp-source'):
        sys.exit('bench: smtp-source is missing (package postfix)')
    bench_side_by_side(program, count, runs)
    bench_distance(program)
