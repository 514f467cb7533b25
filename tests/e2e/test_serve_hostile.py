"""What strangers may send to `paperboy serve`: slow, endless, oversized, malformed and
malicious requests. After each the server answers others, and stays small."""

import concurrent.futures
import socket
import time

from support import LOCAL_ADDRESS, SAMPLE_DAY, Case
from web_server import Server, read_all, status_of

WAIT_SECONDS = 15     # web/guard.h
SLACK_SECONDS = 12
PER_CLIENT = 64
MEMORY = 400 << 20    # with AddressSanitizer's own


class Hostile(Case):
    proxies = [LOCAL_ADDRESS]

    def setUp(self):
        super().setUp()
        self.paperboy.write_configuration(web={
            "listen": f"{LOCAL_ADDRESS}:0", "base_url": "http://papers.example.test/",
            "trusted_proxies": self.proxies})
        self.run_ok("fetch", "--feed", SAMPLE_DAY)
        self.server = Server(self.paperboy)
        self.addCleanup(self.end)

    def end(self):
        self.assertEqual(self.server.stop(), 0, "\n".join(self.server.lines[-40:]))

    def assert_well(self, after):
        self.assertTrue(self.server.is_well(), after)
        self.assertLess(self.server.memory_bytes(), MEMORY, after)


class Malformed(Hostile):
    def test_what_is_no_request(self):
        head = b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        samples = {
            "nothing": b"\r\n\r\n", "noise": bytes(range(256)) * 40, "zeros": bytes(5000),
            "tls": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 600,
            "h2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "version": b"GET / HTTP/9.9\r\n\r\n",
            "no host": b"GET / HTTP/1.1\r\n\r\n", "two hosts": b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
            "method": b"BREW /" + head, "long method": b"G" * 9000 + b" /" + head,
            "no colon": b"GET / HTTP/1.1\r\nHost x\r\n\r\n", "nul": b"GET /\0 HTTP/1.1\r\nHost: x\0y\r\n\r\n",
            "bare lf": b"GET /robots.txt HTTP/1.1\nHost: x\nConnection: close\n\n",
            "folded": b"GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\nConnection: close\r\n\r\n",
            "lengths": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 9\r\n\r\nabcd",
            "negative": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
            "huge length": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
            "both": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "bad chunk": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n",
            "huge chunk": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nabc",
            "absolute": b"GET http://evil.example/robots.txt" + head, "authority": b"CONNECT evil.example:443" + head,
            "asterisk": b"OPTIONS *" + head, "empty": b"GET " + head,
        }
        for name, data in samples.items():
            with self.subTest(name):
                status = status_of(self.server.send(data, 3, half_close=True))
                self.assertIn(status, (None, 200, 400, 404, 405, 413, 414, 431, 501, 505), name)
        self.assert_well("malformed requests")

    def test_where_a_request_ends(self):
        """What a proxy may read otherwise: what follows it is never answered as a request of its own."""
        smuggled = b"GET /robots.txt HTTP/1.1\r\nHost: x\r\n\r\n"
        head = b"POST /subscribe HTTP/1.1\r\nHost: x\r\n"
        samples = {
            "two lengths": (head + b"Content-Length: 0\r\nContent-Length: 40\r\n\r\n", 400),
            "the other first": (head + b"Content-Length: 40\r\nContent-Length: 0\r\n\r\n", 400),
            "length and coding": (head + b"Content-Length: 40\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
            "coding in 1.0": (head.replace(b"1.1", b"1.0") + b"Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n"
                              b"\r\n0\r\n\r\n", 400),
            "two codings": (head + b"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
            "a list of codings": (head + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
            "unknown coding": (head + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501),
            "blank in a name": (head + b"Content-Length : 40\r\n\r\n", 400),
            "two hosts": (head + b"Host: y\r\nContent-Length: 0\r\n\r\n", 400),
        }
        for name, (data, want) in samples.items():
            with self.subTest(name):
                answer = self.server.send(data + smuggled, 10)
                self.assertEqual(status_of(answer), want)
                self.assertEqual(answer.count(b"HTTP/1.1 "), 1)
                self.assertIn(b"Connection: close\r\n", answer)
        # A target with its authority is as good as one without (RFC 9112 3.2.2).
        for target in ("http://x/robots.txt", "HTTP://x:80/robots.txt?a=b", "http://x", "http://x?a"):
            answer = self.server.send(f"GET {target} HTTP/1.1\r\nHost: y\r\nConnection: close\r\n\r\n".encode())
            self.assertEqual(status_of(answer), 200, target)

    def test_paths_reach_nothing(self):
        secret = (self.folder / "paperboy.json").read_bytes()[:30]
        tricks = [
            "/../paperboy.json", "/%2e%2e/paperboy.json", "/%2e%2e%2fpaperboy.json", "/..%2fpaperboy.json",
            "/archive/..%2f..%2fpaperboy.json", "/archive/%2e%2e", "/archive/..", "/archive/../../etc/passwd",
            "/..\\paperboy.json", "/%5c..%5cpaperboy.json", "//etc/passwd", "///", "/./", "/%2e/", "/.",
            "/archive/%00", "/%00", "/robots.txt%00.html", "/%0d%0aSet-Cookie:%20a=b", "/%c0%ae%c0%ae/paperboy.json",
            "/%e0%80%ae/", "/%ff", "/%", "/%2", "/%zz", "/%252e%252e/paperboy.json", "/archive/2026-02-30",
            "/archive/2026-02-17/x", "/archive/%2f", "/paperboy.json", "/style.css/../../paperboy.json",
            "/templates/web.css", "/archive/" + "9" * 3000, "/" + "a/" * 2000, "/rss/" + "%41" * 1000,
        ]
        for path in tricks:
            with self.subTest(path[:60]):
                answer = self.server.send(
                    f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode("latin-1"), 10)
                self.assertIn(status_of(answer), (400, 404, 414, 431), path)
                self.assertNotIn(secret, answer)
                self.assertNotIn(b"root:", answer)
                self.assertNotIn(b"Set-Cookie", answer)
        self.assert_well("path tricks")

    def test_what_is_too_large(self):
        head = b"POST /subscribe HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        chunk = b"8000\r\n" + b"a" * 0x8000 + b"\r\n"
        samples = {
            "target": (b"GET /" + b"a" * 10000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", (414, 431)),
            "longer target": (b"GET /" + b"a" * 1000000, (None, 414, 431)),
            "header": (b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"b" * 100000 + b"\r\n\r\n", (None, 400, 413, 431)),
            "headers": (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 50000 + b"\r\n", (None, 400, 413, 431)),
            "said body": (head + b"Content-Length: 1000000\r\n\r\n", (413,)),
            "body": (head + b"Content-Length: 1000000\r\n\r\n" + b"a" * 1000000, (None, 413)),
            "chunks": (head + b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 40, (None, 404, 413)),
            "query": (b"GET /?" + b"a=b&" * 1500 + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", (None, 200, 414)),
        }
        for name, (data, statuses) in samples.items():
            with self.subTest(name):
                self.assertIn(status_of(self.server.send(data, 4)), statuses)
        self.assert_well("oversized requests")

    def test_pipelined(self):
        one = b"GET /robots.txt HTTP/1.1\r\nHost: x\r\n\r\n"
        last = one.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
        with self.server.connect() as connection, concurrent.futures.ThreadPoolExecutor(1) as pool:
            reading = pool.submit(read_all, connection)
            connection.sendall(one * 3000 + last)
            self.assertEqual(reading.result(60).count(b"HTTP/1.1 200 OK"), 3001)
        # Those that have to be worked at a desk, too.
        worked = b"GET /config HTTP/1.1\r\nHost: x\r\n\r\n"
        with self.server.connect() as connection, concurrent.futures.ThreadPoolExecutor(1) as pool:
            reading = pool.submit(read_all, connection)
            connection.sendall(worked * 1000 + last)
            self.assertEqual(reading.result(60).count(b"HTTP/1.1 200 OK"), 1001)
        # And for one who reads nothing of it.
        with self.server.connect(5) as connection:
            try:
                connection.sendall(one * 20000)
            except OSError:
                pass  # its socket is full: nobody reads
            self.assert_well("one who asks and does not read")
        self.assert_well("pipelined requests")

    def test_gone_at_once(self):
        """Who leaves before the answer costs no thread and no descriptor."""
        for path in ("/health", "/metrics", "/", "/archive") * 10:  # each desk opens what it needs
            self.server.ask(path)
        before = self.server.descriptors()
        for path in (b"/health", b"/metrics", b"/", b"/robots.txt", b"/archive") * 60:
            with self.server.connect() as connection:
                connection.sendall(b"GET " + path + b" HTTP/1.1\r\nHost: x\r\n\r\n")
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        end = time.monotonic() + 5
        while self.server.descriptors() > before + 8 and time.monotonic() < end:
            time.sleep(0.05)
        self.assertLessEqual(self.server.descriptors(), before + 8)
        self.assert_well("connections that were reset")


class Slow(Hostile):
    """Some hundred connections at once, over a proxy's address, so that they count as many clients."""

    def dribble(self, connections, seconds):
        """A byte of a header now and then, on all of them; how many are left at the end."""
        end = time.monotonic() + seconds
        left = list(connections)
        while left and time.monotonic() < end:
            time.sleep(0.5)
            self.assertTrue(self.server.is_well(), "others are served meanwhile")
            for connection in list(left):
                try:
                    connection.sendall(b"a")
                    connection.setblocking(False)
                    try:
                        if not connection.recv(4096):
                            raise OSError
                    except BlockingIOError:
                        pass
                    connection.setblocking(True)
                except OSError:
                    left.remove(connection)
        return left

    def test_slow_headers_bodies_and_readers(self):
        kinds = {
            "headers": b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ", "first line": b"GET /",
            "nothing": b"", "waits": b"GET /robots.txt HTTP/1.1\r\nHost: x\r\n\r\n",
        }
        opened = []
        for data in kinds.values():
            for _ in range(80):
                connection = self.server.connect()
                connection.sendall(data)
                opened.append(connection)
        readers = []
        for _ in range(20):  # they ask for much and read none of it
            connection = socket.socket()
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect((LOCAL_ADDRESS, self.server.port))
            connection.setblocking(False)
            try:
                connection.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 400)
            except BlockingIOError:
                pass
            readers.append(connection)
        left = self.dribble(opened, WAIT_SECONDS + SLACK_SECONDS)
        self.assertEqual(len(left), 0, "slow ones are cut off")
        self.assert_well("slow connections")
        for connection in opened + readers:
            connection.close()
        _, _, body = self.server.ask("/metrics")
        cut = [line for line in body.decode().splitlines() if line.startswith("paperboy_http_connections_cut_off_total ")]
        self.assertGreaterEqual(int(cut[0].split()[1]), 200)


class Untrusted(Hostile):
    proxies = []

    def test_one_client_has_so_many_connections(self):
        opened = [self.server.connect() for _ in range(PER_CLIENT * 2)]
        time.sleep(0.5)
        alive = 0
        for connection in opened:
            try:
                connection.sendall(b"GET /robots.txt HTTP/1.1\r\nHost: x\r\n\r\n")
                connection.settimeout(5)
                alive += bool(connection.recv(100))
            except OSError:
                pass
        self.assertEqual(alive, PER_CLIENT)
        for connection in opened:
            connection.close()
        time.sleep(0.3)
        self.assert_well("too many connections of one client")

    def test_forwarded_for_is_nobodys_word(self):
        """Without a trusted proxy the header changes nothing, whatever it says."""
        for value in ("127.0.0.1", "1.2.3.4, 5.6.7.8", "'\"<>", "::1", "x" * 3000, ",,,,", "999.1.1.1"):
            status, _, _ = self.server.ask("/config", headers={"X-Forwarded-For": value, "X-Forwarded-Proto": "https"})
            self.assertEqual(status, 200)
        self.assert_well("forged headers")


class Trusted(Hostile):
    def test_forwarded_for_games(self):
        for value in ("127.0.0.1", "1.2.3.4, 5.6.7.8", "'\"<>", "::1", "x" * 3000, ",,,,", "999.1.1.1",
                      "1.2.3.4," * 2000, "[2001:db8::1]:443", "unknown", "127.0.0.1, " * 500):
            status, _, _ = self.server.ask("/config", headers={"X-Forwarded-For": value, "X-Forwarded-Proto": value})
            self.assertIn(status, (200, 431))
        self.assert_well("forged headers")
