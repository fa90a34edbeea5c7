"""Headless Chromium, driven through its debugging pipe: no other package."""

import base64
import itertools
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile

NAMES = ('chromium', 'chromium-browser', 'google-chrome', 'chrome')
FLAGS = (
    '--headless --no-sandbox --disable-gpu --disable-quic --no-first-run '
    '--disable-background-networking --disable-component-update '
    '--disable-sync --hide-scrollbars --disable-dev-shm-usage'
).split()

PATIENCE = 240  # seconds; a busy machine is slow
# Chromium reads commands from descriptor 3 and answers on 4.
LAUNCH = (
    'import os, sys; read, write = map(int, sys.argv[1:3]); '
    'a, b = os.dup(read), os.dup(write); '
    'os.dup2(a, 13); os.dup2(b, 14); os.dup2(13, 3); os.dup2(14, 4); '
    'os.execv(sys.argv[3], sys.argv[3:])'
)


def find_chromium():
    """Path of a Chromium, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """A page in a browser; a context manager."""

    def __init__(self, width=1280, height=900):
        self.profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        read, self.writing = os.pipe()
        self.reading, write = os.pipe()
        self.process = subprocess.Popen(
            [
                sys.executable,
                '-c',
                LAUNCH,
                str(read),
                str(write),
                find_chromium(),
                *FLAGS,
                '--remote-debugging-pipe',
                f'--window-size={width},{height}',
                f'--user-data-dir={self.profile.name}',
                'about:blank',
            ],
            pass_fds=(read, write),
            stderr=subprocess.DEVNULL,
        )
        os.close(read)
        os.close(write)
        self.numbers = itertools.count(1)
        self.waiting = b''
        self.session = None
        (page,) = (
            target
            for target in self.call('Target.getTargets')['targetInfos']
            if target['type'] == 'page'
        )
        self.session = self.call(
            'Target.attachToTarget', targetId=page['targetId'], flatten=True
        )['sessionId']

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.process.terminate()
        self.process.wait(20)
        os.close(self.writing)
        os.close(self.reading)
        self.profile.cleanup()

    def call(self, method, **params):
        """Send a command of the DevTools protocol; give its result."""
        number = next(self.numbers)
        message = dict(id=number, method=method, params=params)
        if self.session:
            message['sessionId'] = self.session
        os.write(self.writing, json.dumps(message).encode() + b'\0')
        while True:
            answer = self._next()
            if answer.get('id') == number:
                if 'error' in answer:
                    raise RuntimeError(f'{method}: {answer["error"]}')
                return answer['result']

    def _next(self):
        while b'\0' not in self.waiting:
            if not select.select([self.reading], [], [], PATIENCE)[0]:
                raise TimeoutError('Chromium does not answer')
            part = os.read(self.reading, 1 << 20)
            if not part:
                raise RuntimeError('Chromium has ended')
            self.waiting += part
        message, self.waiting = self.waiting.split(b'\0', 1)
        return json.loads(message)

    def run(self, script):
        """Evaluate JavaScript, await it, and give its value."""
        result = self.call(
            'Runtime.evaluate',
            expression=script,
            awaitPromise=True,
            returnByValue=True,
        )
        if 'exceptionDetails' in result:
            raise RuntimeError(json.dumps(result['exceptionDetails']))
        return result['result'].get('value')

    def open(self, url):
        """Open a page and wait until it has loaded."""
        self.call('Page.navigate', url=url)
        self.run(
            "new Promise(done => document.readyState === 'complete' ? done()"
            " : addEventListener('load', () => done()))"
        )

    def screenshot(self, path):
        """Write what is seen as a PNG."""
        data = self.call('Page.captureScreenshot', format='png')['data']
        path.write_bytes(base64.b64decode(data))
