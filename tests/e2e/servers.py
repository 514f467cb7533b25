"""Real servers on loopback for one test module: Postfix (needs root) and Dovecot,
each private to a temporary folder, on free ports, ended by their own process ids."""

import imaplib
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

LOCAL_ADDRESS = "127.0.0.1"


def free_port():
    with socket.socket() as probe:
        probe.bind((LOCAL_ADDRESS, 0))
        return probe.getsockname()[1]


def wait_for(condition, seconds, what):
    """Polls until `condition` gives something true, which it returns."""
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not happen within {seconds} seconds")
        time.sleep(0.02)


def accepts(port):
    try:
        socket.create_connection((LOCAL_ADDRESS, port), timeout=1).close()
        return True
    except OSError:
        return False


def start_quietly(*argv):
    return subprocess.Popen([str(word) for word in argv], stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def end(process, seconds=10):
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Certificates:
    """An authority and certificates signed by it: `localhost` and one for another host."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.authority = self.folder / "ca.pem"
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                      "-days", "2", "-subj", "/CN=paperboy test authority", "-keyout", "ca.key", "-out", "ca.pem")
        self.certificate, self.key = self.make("server", "DNS:localhost,IP:127.0.0.1")
        self.other_certificate, self.other_key = self.make("other", "DNS:mail.example.invalid")

    def make(self, name, names):
        extensions = self.folder / f"{name}.ext"
        extensions.write_text(f"subjectAltName={names}\n")
        self._openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                      f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
        self._openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
                      "-days", "2", "-extfile", extensions.name, "-out", f"{name}.pem")
        return self.folder / f"{name}.pem", self.folder / f"{name}.key"

    def _openssl(self, *words):
        subprocess.run(["openssl", *words], cwd=self.folder, check=True, capture_output=True)


class MailServers:
    """Postfix for example.test, handing over to Dovecot by LMTP.

    Every address of example.test has a mailbox but those that `unknown` names. On
    `submission_port` it takes mail with STARTTLS and a login only, which Dovecot checks
    (the users' password is "secret"); on `naked_port` it offers the login without TLS."""

    domain = "example.test"

    def __init__(self):
        # Postfix refuses long paths for its sockets.
        parent = tempfile.gettempdir()
        self.folder = Path(tempfile.mkdtemp(prefix="mail-", dir=parent if len(parent) < 60 else "/tmp"))
        self.folder.chmod(0o755)
        self.certificates = Certificates(self.folder)
        self.smtp_port, self.imap_port, self.imaps_port, self.lmtp_port = (free_port() for _ in range(4))
        self.submission_port, self.naked_port = free_port(), free_port()
        self.dovecot = self.postfix = None

    def start(self):
        try:
            self._start_dovecot()
            self._start_postfix()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self):
        for server in (self.postfix, self.dovecot):
            if server is not None:
                end(server)
        shutil.rmtree(self.folder, ignore_errors=True)

    def log(self):
        """The end of both logs, for a failing test."""
        texts = []
        for name in ("maillog", "dovecot.log"):
            path = self.folder / name
            texts.append(f"--- {name}\n" + (path.read_text(errors="replace")[-3000:] if path.exists() else ""))
        return "\n".join(texts)

    def maildir(self, address):
        return self.folder / "home" / address.lower() / "Maildir"

    def add_user(self, address):
        # A file each: one that Dovecot has read is looked at again at most once in a
        # second of the clock, and is taken for the same when its time is.
        new = self.folder / f"{address.lower()}.new"
        new.write_text(f"{address.lower()}:{{PLAIN}}secret::::::\n", encoding="utf-8")
        new.rename(self.folder / "users" / address.lower())

    def wait_for_mail(self, address, seconds=20):
        """The messages of this mailbox once there is one."""
        new = self.maildir(address) / "new"
        try:
            wait_for(lambda: new.is_dir() and any(new.iterdir()), seconds, f"mail for {address}")
        except AssertionError as problem:
            raise AssertionError(f"{problem}\n{self.log()}") from None
        return [path.read_bytes() for path in sorted(new.iterdir())]

    def _start_dovecot(self):
        home = self.folder / "home"
        home.mkdir()
        shutil.chown(home, "nobody", "nogroup")
        (self.folder / "users").mkdir()
        self.add_user(f"news@{self.domain}")
        configuration = f"""
base_dir = {self.folder}/run
state_dir = {self.folder}/state
log_path = {self.folder}/dovecot.log
protocols = imap lmtp
listen = {LOCAL_ADDRESS}
ssl = yes
ssl_cert = <{self.certificates.certificate}
ssl_key = <{self.certificates.key}
disable_plaintext_auth = no
auth_failure_delay = 0
mail_location = maildir:~/Maildir
first_valid_uid = 1
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {self.folder}/users/%Lu
}}
userdb {{
  driver = passwd-file
  args = username_format=%u {self.folder}/users/%Lu
  override_fields = uid=nobody gid=nogroup home={home}/%u
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Processed {{
    auto = create
  }}
}}
service imap-login {{
  inet_listener imap {{
    port = {self.imap_port}
  }}
  inet_listener imaps {{
    port = {self.imaps_port}
    ssl = yes
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = {LOCAL_ADDRESS}
    port = {self.lmtp_port}
  }}
}}
service auth {{
  unix_listener {self.folder}/sasl {{
    mode = 0660
    user = postfix
  }}
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
"""
        path = self.folder / "dovecot.conf"
        path.write_text(configuration)
        self.dovecot = start_quietly("/usr/sbin/dovecot", "-F", "-c", path)
        wait_for(self._can_log_in, 10, "a login at Dovecot")

    def _can_log_in(self):
        try:
            with imaplib.IMAP4(LOCAL_ADDRESS, self.imap_port, timeout=5) as session:
                session.login(f"news@{self.domain}", "secret")
                return True
        except (OSError, imaplib.IMAP4.error):
            return False

    def _start_postfix(self):
        etc, queue, data = self.folder / "etc", self.folder / "queue", self.folder / "data"
        for folder in (etc, queue, data):
            folder.mkdir()
        shutil.chown(data, "postfix", "postfix")
        (self.folder / "mailboxes").write_text("")
        settings = {
            "compatibility_level": "3.6", "queue_directory": queue, "data_directory": data,
            "command_directory": "/usr/sbin", "daemon_directory": "/usr/lib/postfix/sbin",
            "meta_directory": "/etc/postfix", "shlib_directory": "/usr/lib/postfix",
            "myhostname": "localhost", "mydestination": "", "local_transport": "error:no local mail",
            "inet_interfaces": LOCAL_ADDRESS, "inet_protocols": "ipv4",
            "virtual_mailbox_domains": self.domain, "virtual_mailbox_maps": f"texthash:{self.folder}/mailboxes",
            "virtual_transport": f"lmtp:inet:{LOCAL_ADDRESS}:{self.lmtp_port}", "recipient_delimiter": "+",
            "mynetworks": "127.0.0.0/8",
            "smtpd_relay_restrictions": "permit_mynetworks,reject_unauth_destination",
            # An unknown user is found out by Dovecot, so that a real bounce comes back.
            "smtpd_reject_unlisted_recipient": "no",
            "smtpd_recipient_restrictions": f"check_recipient_access texthash:{self.folder}/refused",
            "smtpd_tls_cert_file": self.certificates.certificate, "smtpd_tls_key_file": self.certificates.key,
            "smtpd_tls_security_level": "may", "lmtp_dns_support_level": "disabled",
            "smtp_dns_support_level": "disabled", "alias_maps": "", "local_recipient_maps": "",
            "maillog_file": f"{self.folder}/maillog", "maillog_file_prefixes": self.folder,
            "smtpd_tls_loglevel": "1",
        }
        (self.folder / "refused").write_text(f"refused@{self.domain} 550 5.1.1 no such person here\n"
                                             f"later@{self.domain} 450 4.2.1 come back later\n")
        (etc / "main.cf").write_text("".join(f"{name} = {value}\n" for name, value in settings.items()))
        login = (f"-o smtpd_sasl_auth_enable=yes -o smtpd_sasl_type=dovecot -o smtpd_sasl_path={self.folder}/sasl"
                 " -o smtpd_relay_restrictions=permit_sasl_authenticated,reject -o smtpd_tls_security_level=")
        services = f"""
{LOCAL_ADDRESS}:{self.submission_port} inet n - n - - smtpd {login}encrypt -o smtpd_tls_auth_only=yes
{LOCAL_ADDRESS}:{self.naked_port} inet n - n - - smtpd {login}none
{LOCAL_ADDRESS}:{self.smtp_port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""
        (etc / "master.cf").write_text(services.lstrip())
        subprocess.run(["postfix", "-c", str(etc), "check"], check=True, capture_output=True, timeout=30)
        self.postfix = start_quietly("/usr/lib/postfix/sbin/master", "-c", etc, "-d")
        wait_for(lambda: accepts(self.smtp_port), 15, "Postfix's start")
