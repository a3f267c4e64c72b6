# SPDX-License-Identifier: MIT
"""Stands still in known stacks to be recorded for tests/replay: python < replay_victim.py, then snapshot PID FILE.

The program is read from standard input, its code compiled under a made-up file name, and threads are started without the threading module's own frames, so
that a recording holds no path of the machine it was made on."""
import sys

SOURCE = '''
import sys, time, threading
try:
    import _thread
except ImportError:
    import thread as _thread

def leaf():
    time.sleep(1000)

class Worker(object):
    def method(self, n):
        if n:
            return self.method(
                n - 1)
        return [leaf()
                for _ in range(1)]

def generator():
    yield leaf()

def in_generator():
    for _ in generator():
        pass

def named(function, name):
    def run():
        threading.current_thread().name = name
        function()
    _thread.start_new_thread(run, ())

named(lambda: Worker().method(3), "recursive")
named(in_generator, "generator \\u2603")
sys.stdout.write("ready\\n")
sys.stdout.flush()
sorted([2, 1], key=lambda x: leaf())
'''

# Read from standard input this file is called "<stdin>".
exec(compile(SOURCE, "victim.py", "exec"), {"__name__": "__main__"})
