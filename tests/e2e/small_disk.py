"""A file system of few megabytes, to fill and to empty."""

import os
import subprocess
from pathlib import Path


class SmallDisk:
    def __init__(self, folder, megabytes):
        self.folder = Path(folder)
        self.folder.mkdir()
        self.filler = self.folder / "filler"
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "none", self.folder], check=True,
                       capture_output=True)

    @staticmethod
    def is_permitted(folder):
        """Whether this process may mount anything."""
        probe = Path(folder) / "probe"
        try:
            SmallDisk(probe, 1).unmount()
        except (OSError, subprocess.CalledProcessError):
            return False
        finally:
            probe.rmdir()
        return True

    def fill(self, but_kilobytes=0):
        with open(self.filler, "ab", buffering=0) as filler:
            try:
                while True:
                    filler.write(bytes(4096))
            except OSError:
                pass
            filler.truncate(max(0, filler.tell() - 1024 * but_kilobytes))

    def empty(self):
        self.filler.unlink(missing_ok=True)

    def unmount(self):
        subprocess.run(["umount", self.folder], check=True, capture_output=True)
