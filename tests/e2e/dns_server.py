"""A name server on loopback that knows what a test tells it."""

import socket
import struct
import threading

LOCAL_ADDRESS = "127.0.0.1"
TYPES = {"A": 1, "MX": 15, "TXT": 16, "AAAA": 28}
NO_SUCH_NAME, SERVER_FAILURE = 3, 2


def encode_name(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".") if label) + b"\0"


def encode_text(text):
    """A TXT record's strings: at most 255 bytes each."""
    raw = text.encode()
    pieces = [raw[at:at + 255] for at in range(0, len(raw), 255)] or [b""]
    return b"".join(bytes([len(piece)]) + piece for piece in pieces)


def encode_record(kind, value):
    if kind == "TXT":
        return encode_text(value)
    if kind == "MX":
        preference, host = value
        return struct.pack(">H", preference) + encode_name(host)
    return socket.inet_pton(socket.AF_INET if kind == "A" else socket.AF_INET6, value)


class DnsServer:
    """`records` maps (name, type) to a list of values; a name that stands nowhere, and
    above no name, does not exist. `silent` never answers; `failing` answers SERVFAIL.
    Long answers are cut for UDP, so that they are asked for over TCP."""

    def __init__(self, records=None, silent=False, failing=False):
        self.records = {("org", "TXT"): [], **(records or {})}
        self.silent, self.failing = silent, failing
        self.asked = []
        self.over_tcp = 0
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        while True:
            # One port for both, which somebody else may just have taken.
            self.udp.bind((LOCAL_ADDRESS, 0))
            self.port = self.udp.getsockname()[1]
            try:
                self.tcp = socket.create_server((LOCAL_ADDRESS, self.port))
                break
            except OSError:
                self.udp.close()
                self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.closing = False
        self.threads = [threading.Thread(target=target, daemon=True) for target in (self._serve_udp, self._serve_tcp)]
        for thread in self.threads:
            thread.start()

    def env(self):
        return {"PAPERBOY_RESOLVER": f"{LOCAL_ADDRESS}:{self.port}"}

    def close(self):
        self.closing = True
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as knock:
            knock.sendto(b"", (LOCAL_ADDRESS, self.port))
        self.tcp.shutdown(socket.SHUT_RDWR)
        for thread in self.threads:
            thread.join(10)
        self.udp.close()
        self.tcp.close()

    def _serve_udp(self):
        while not self.closing:
            question, sender = self.udp.recvfrom(4096)
            if len(question) < 12 or self.silent:
                continue
            reply = self.reply(question)
            if len(reply) > 512:
                reply = reply[:2] + b"\x87\x80" + reply[4:6] + b"\0\0" * 3 + self.question_of(question)
            self.udp.sendto(reply, sender)

    def _serve_tcp(self):
        while True:
            try:
                connection, _ = self.tcp.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(10)
                size = connection.recv(2)
                question = connection.recv(struct.unpack(">H", size)[0])
                reply = self.reply(question)
                self.over_tcp += 1
                connection.sendall(struct.pack(">H", len(reply)) + reply)

    @staticmethod
    def question_of(message):
        at = 12
        while message[at]:
            at += message[at] + 1
        return message[12:at + 5]

    def reply(self, message):
        question = self.question_of(message)
        labels, at = [], 0
        while question[at]:
            labels.append(question[at + 1:at + 1 + question[at]].decode())
            at += question[at] + 1
        name = ".".join(labels).lower()
        number = struct.unpack(">H", question[at + 1:at + 3])[0]
        kind = next((kind for kind, value in TYPES.items() if value == number), str(number))
        self.asked.append((name, kind))
        values = self.records.get((name, kind), [])
        is_there = any(known == name or known.endswith("." + name) for known, _ in self.records)
        code = SERVER_FAILURE if self.failing else 0 if is_there else NO_SUCH_NAME
        answers = b""
        for value in values:
            data = encode_record(kind, value)
            answers += b"\xc0\x0c" + struct.pack(">HHIH", number, 1, 60, len(data)) + data
        header = message[:2] + struct.pack(">HHHHH", 0x8580 | code, 1, len(values), 0, 0)
        return header + question + answers
