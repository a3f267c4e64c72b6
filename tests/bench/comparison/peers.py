# SPDX-License-Identifier: MIT
"""Which profilers are here, and which Python each can read: found out by running them."""
import os
import tempfile

from . import tools
from .machine import support
from .targets import Target

PEERS = {  # what --peers may name
    "py-spy": (tools.PySpy, tools.PySpyNonblocking),
    "austin": (tools.Austin,),
    "profiling": (tools.Profiling, tools.ProfilingBlocking),
}


def folder():
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.environ.get("LAMPYR_PEERS") or os.path.join(cache, "lampyr", "peers")


def program_of(peer):
    """The peer's program, or None."""
    if peer == "profiling":
        try:
            return support.find_python("3.15").path
        except support.Skip:
            return None
    for place in [os.path.join(folder(), "bin")] + os.environ.get("PATH", "").split(os.pathsep):
        path = os.path.join(place, peer)
        if os.access(path, os.X_OK):
            return path
    return None


class Peers:
    """All tools of a comparison: `all`, and `reading(python)` for those that can read it. lampyr comes first."""

    def __init__(self, lampyr, names):
        self.lampyr = tools.Lampyr(lampyr)
        self.on_cpu, self.blocking = tools.LampyrOnCpu(lampyr), tools.LampyrBlocking(lampyr)
        self.absent, self.peers, self.refusals, self.known = [], [], [], {}
        self.versions = [("lampyr", self.lampyr.version() + ", " + lampyr)]
        for name in names:
            path = program_of(name)
            if path is None:
                self.absent.append(name)
                continue
            made = [kind(path) for kind in PEERS[name]]
            try:
                self.versions.append((name, made[0].version()))
            except (OSError, IndexError) as failure:
                self.absent.append("%s (does not start: %s)" % (name, failure))
                continue
            self.peers += made

    def reading(self, python):
        if python.version not in self.known:
            with tempfile.TemporaryDirectory() as scratch, Target(python, "bench_depth.py", 20) as target:
                self.known[python.version] = [peer for peer in self.peers if self.can_read(peer, target, scratch)]
        return [self.lampyr] + self.known[python.version]

    def can_read(self, peer, target, scratch):
        taken = peer.record(target, 200, 0.4, scratch)
        if taken.sweeps > 0:
            return True
        self.refusals.append((peer.name, target.python.version, taken.usage.last_words))
        return False
