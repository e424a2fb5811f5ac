# SPDX-License-Identifier: AGPL-3.0-or-later
"""A disk of our own in a file, whose current can be cut.

The file system is told to stop at once (the shutdown ioctl of ext4 and xfs): from that instant
nothing more reaches the image, and what was written but not synced is lost, as it is where
the current fails. Mounted again, it replays its journal. With "logflush" the journal is written
out first: the cut falls a little later, new names are there whose octets are not.
"""
import fcntl
import os
import shutil
import struct
import subprocess
import time

SHUTDOWN = 0x8004587D     # EXT4_IOC_SHUTDOWN, XFS_IOC_GOINGDOWN
FLAGS = {"logflush": 1, "nologflush": 2}
KINDS = {"ext4": (200 << 20, ["mkfs.ext4", "-q", "-F"]), "xfs": (320 << 20, ["mkfs.xfs", "-q", "-f"])}
UMOUNT_WAIT = 20          # seconds: whoever was killed has closed his files by then


class NoDisk(Exception):
    """Here it cannot be done; why."""


class Disk:
    def __init__(self, kind, image, place):
        self.kind, self.image, self.place = kind, image, place
        self.mounted = False

    def make(self):
        size, words = KINDS[self.kind]
        if os.geteuid() != 0:
            raise NoDisk("only root may mount a disk")
        if shutil.which(words[0]) is None:
            raise NoDisk(f"{words[0]} is not installed")
        with open(self.image, "wb") as file:
            file.truncate(size)
        subprocess.run([*words, self.image], check=True, capture_output=True)
        self.place.mkdir(exist_ok=True)
        try:
            self.mount()
        except subprocess.CalledProcessError as no:
            raise NoDisk(f"no {self.kind} image can be mounted here: {no.stderr.decode().strip()}") from no

    def mount(self):
        subprocess.run(["mount", "-t", self.kind, "-o", "loop", self.image, self.place], check=True,
                       capture_output=True)
        self.mounted = True

    def cut(self, flag):
        folder = os.open(self.place, os.O_RDONLY)
        try:
            fcntl.ioctl(folder, SHUTDOWN, struct.pack("I", FLAGS[flag]))
        finally:
            os.close(folder)

    def unmount(self):
        until = time.monotonic() + UMOUNT_WAIT
        while self.mounted:
            done = subprocess.run(["umount", self.place], capture_output=True, text=True)
            self.mounted = done.returncode != 0
            if self.mounted and time.monotonic() > until:
                raise AssertionError(f"the disk cannot be unmounted: {done.stderr}")
            time.sleep(0.02 if self.mounted else 0)

    def check(self):
        """What fsck has to say of an unmounted disk; empty where it is sound."""
        words = {"ext4": ["e2fsck", "-f", "-n"], "xfs": ["xfs_repair", "-n"]}[self.kind]
        done = subprocess.run([*words, self.image], capture_output=True, text=True)
        return [] if done.returncode == 0 else [done.stdout[-500:]]
