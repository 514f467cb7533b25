"""`paperboy serve` against nginx: the same feed, plain and gzipped, asked for by wrk over 200
connections, turn by turn in the same run. nginx has the bytes as a static file, opened once
(open_file_cache), the gzipped ones made before (gzip_static)."""
import gzip
import json
import os
import re
import signal
import shutil
import socket
import statistics
import subprocess
import tempfile
import time
import urllib.request

CONNECTIONS = 200
SECONDS = 4
NGINX = '''worker_processes auto; pid %(folder)s/nginx.pid; error_log %(folder)s/nginx.log; daemon off;
events { worker_connections 2048; }
http {
  access_log off; sendfile on; tcp_nopush on; tcp_nodelay on; keepalive_requests 100000000; gzip_static on; gzip_vary on;
  open_file_cache max=100 inactive=60s; default_type application/rss+xml;
  client_body_temp_path %(folder)s/1; proxy_temp_path %(folder)s/2; fastcgi_temp_path %(folder)s/3;
  uwsgi_temp_path %(folder)s/4; scgi_temp_path %(folder)s/5;
  server { listen 127.0.0.1:%(port)d backlog=1024; root %(folder)s/www; }
}
'''


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def wait_for(port):
    for _ in range(500):
        try:
            socket.create_connection(('127.0.0.1', port)).close()
            return
        except OSError:
            time.sleep(0.02)
    raise SystemExit('bench: a web server does not start')


def start_paperboy(program, templates, papers, folder):
    port = free_port()
    configuration = {
        'sender': {'name': 'Paperboy', 'address': 'digest@example.test'}, 'templates': os.path.abspath(templates),
        'subscribers': 'store:', 'arxiv': {'rss': 'http://127.0.0.1:9/', 'oai': 'http://127.0.0.1:9/'},
        # All connections are of one address, which may only be a proxy's.
        'web': {'listen': '127.0.0.1:%d' % port, 'base_url': 'http://127.0.0.1:%d/' % port,
                'trusted_proxies': ['127.0.0.1']}}
    path = os.path.join(folder, 'paperboy.json')
    with open(path, 'w', encoding='utf-8') as file:
        json.dump(configuration, file)
    argv = [os.path.abspath(program), '--config', path]
    subprocess.run([*argv, 'fetch', '--feed', os.path.abspath(papers)], check=True, stderr=subprocess.DEVNULL)
    process = subprocess.Popen([*argv, 'serve'], stderr=subprocess.DEVNULL)
    wait_for(port)
    return process, port


def start_nginx(folder, port, feed):
    os.makedirs(os.path.join(folder, 'www'))
    os.chmod(folder, 0o755)
    for name, bytes_ in (('rss', feed), ('rss.gz', gzip.compress(feed, 9))):
        with open(os.path.join(folder, 'www', name), 'wb') as file:
            file.write(bytes_)
    path = os.path.join(folder, 'nginx.conf')
    with open(path, 'w', encoding='utf-8') as file:
        file.write(NGINX % {'folder': folder, 'port': port})
    program = shutil.which('nginx') or '/usr/sbin/nginx'
    process = subprocess.Popen([program, '-c', path], stderr=subprocess.DEVNULL)
    wait_for(port)
    return process


def ask(port, packed):
    """Requests in a second, and errors of any kind."""
    argv = ['wrk', '-t2', '-c%d' % CONNECTIONS, '-d%ds' % SECONDS]
    if packed:
        argv += ['-H', 'Accept-Encoding: gzip']
    out = subprocess.run([*argv, 'http://127.0.0.1:%d/rss' % port], check=True, stdout=subprocess.PIPE).stdout.decode()
    errors = sum(int(number) for line in re.findall(r'(?:Socket errors|Non-2xx).*', out)
                 for number in re.findall(r'\d+', line.replace('2xx or 3xx', '').replace('Non-2xx', '')))
    return float(re.search(r'Requests/sec: *([\d.]+)', out)[1]), errors


def end(process):
    process.send_signal(signal.SIGTERM)
    return process.wait()


def bench_serving(program, templates, papers, runs):
    folder = tempfile.mkdtemp(prefix='bench-')
    os.makedirs(os.path.join(folder, 'nginx'))
    os.chmod(folder, 0o755)
    ours, port = start_paperboy(program, templates, papers, folder)
    try:
        feed = urllib.request.urlopen('http://127.0.0.1:%d/rss' % port).read()
        their_port = free_port()
        theirs = start_nginx(os.path.join(folder, 'nginx'), their_port, feed)
        try:
            print('serving /rss, %.0f KB, to %d connections for %d s at a time, medians of %d'
                  % (len(feed) / 1000, CONNECTIONS, SECONDS, runs))
            for packed in (False, True):
                rates, errors = {port: [], their_port: []}, {port: 0, their_port: 0}
                for _ in range(runs):
                    for where in (port, their_port):
                        rate, wrong = ask(where, packed)
                        rates[where].append(rate)
                        errors[where] += wrong
                mine, other = (statistics.median(rates[where]) for where in (port, their_port))
                print('  %-28s %12.0f requests/s %6d errors' % ('nginx, a file' + (', gzip' if packed else ''), other,
                                                              errors[their_port]))
                print('  %-28s %12.0f requests/s %6d errors %11.2f x nginx'
                      % ('paperboy' + (', gzip' if packed else ''), mine, errors[port], mine / other), flush=True)
        finally:
            end(theirs)
    finally:
        status = end(ours)
        shutil.rmtree(folder, ignore_errors=True)
    if status:
        raise SystemExit('bench: serve ended with status %d' % status)
