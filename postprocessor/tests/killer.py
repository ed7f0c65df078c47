"""A proxy between goldkeep and the emulator that kills goldkeep at a chosen request.

    with Killer(emulator.url) as killer:
        killer.aim(3, BEFORE)                       # at the third request; aim() only counts
        process = goldkeep.start(…, env={"AWS_ENDPOINT_URL": killer.url})
        killer.watch(process.pid)
        process.communicate()
        killer.settle()                             # nothing of it is under way any more
        killer.seen                                 # how many requests there were

What the dead process had sent without its being counted is not passed on.
"""

import os
import signal
import threading

from proxy import PATIENCE, Proxy

BEFORE = "before it is sent"
AFTER = "before its answer is read"


class Killer(Proxy):
    def __init__(self, url):
        super().__init__(url)
        self.changed = threading.Condition()
        self.aim()

    def aim(self, number=None, moment=BEFORE):
        """The next process is killed at its request of that number; None: it lives."""
        with self.changed:
            self.number, self.moment = number, moment
            self.pid = None
            self.killed = False
            self.seen = self.under_way = 0

    def watch(self, pid):
        with self.changed:
            self.pid = pid
            self.changed.notify_all()

    def settle(self):
        """Wait until the emulator has answered everything that was passed on."""
        with self.changed:
            assert self.changed.wait_for(lambda: self.under_way == 0, PATIENCE)

    def treat(self, request):
        number = self.arrive()
        if number is None:
            return None
        try:
            answer = None if self.strike(number, BEFORE) else request.carry_out()
            dead = self.strike(number, AFTER)
        finally:
            self.leave()
        return None if dead else answer

    def arrive(self):
        """The number of a request that has come; None if its sender is dead."""
        with self.changed:
            assert self.changed.wait_for(lambda: self.pid, PATIENCE), "nobody is watched"
            if self.killed:
                return None
            self.seen += 1
            self.under_way += 1
            return self.seen

    def leave(self):
        with self.changed:
            self.under_way -= 1
            self.changed.notify_all()

    def strike(self, number, moment):
        """Kill, if this is the moment; returns whether the process is dead now."""
        with self.changed:
            if (number, moment) != (self.number, self.moment):
                return self.killed
            self.killed = True
            os.kill(self.pid, signal.SIGKILL)
            # Left for whoever started it to collect.
            os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
            return True
