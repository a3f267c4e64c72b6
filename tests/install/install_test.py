#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""install_test.py SOURCES BUILD CMAKE (tree|library|package|wheel|portable): makes what users get from a build and uses it as they do.
Exit status 77: a tool that this needs is absent."""
import gzip
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import venv
import zipfile

SOURCES = BUILD = CMAKE = None


def run(*words, **more):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, **more)
    if done.returncode != 0:
        raise AssertionError("{} ended with {}:\n{}{}".format(words, done.returncode, done.stdout, done.stderr))
    return done.stdout


def needs(*programs):
    for program in programs:
        if not shutil.which(program):
            print("skipped: no " + program)
            sys.exit(77)


def version():
    return re.search(r"project\(lampyr VERSION ([\d.]+)", (SOURCES / "CMakeLists.txt").read_text())[1]


class InFolder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="lampyr-install-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def check_tool(self, prefix, zsh):
        """The command below `prefix` runs, and all that belongs to it is in its place."""
        self.assertEqual(run(prefix / "bin/lampyr", "--version"), "lampyr {}\n".format(version()))
        with gzip.open(prefix / "share/man/man1/lampyr.1.gz") as manual:
            self.assertEqual(manual.read(), (SOURCES / "docs/lampyr.1").read_bytes())
        for shell, name in (("bash", "bash-completion/completions/lampyr"), ("zsh", zsh),
                            ("fish", "fish/vendor_completions.d/lampyr.fish")):
            self.assertEqual((prefix / "share" / name).read_text(), run(prefix / "bin/lampyr", "completions", shell))


class Tree(InFolder):
    def test_everything_is_in_its_place(self):
        run(CMAKE, "--install", BUILD, "--prefix", self.folder, "--component", "tool", "--strip")
        self.check_tool(self.folder, "zsh/site-functions/_lampyr")
        profile = self.folder / "p.txt"
        run(self.folder / "bin/lampyr", "record", "-q", "-o", profile, "--", sys.executable, "-c", "sum(range(2 * 10**7))")
        self.assertIn("<module>", profile.read_text())


class Library(InFolder):
    def test_a_program_outside_of_the_tree(self):
        prefix, build = self.folder / "prefix", self.folder / "build"
        run(CMAKE, "--install", BUILD, "--prefix", prefix, "--component", "dev")
        self.assertEqual(sorted(path.name for path in (prefix / "include/lampyr").iterdir()),
                         sorted(path.name.replace(".hpp.in", ".hpp") for path in (SOURCES / "include/lampyr").iterdir()))
        for text in prefix.rglob("*.cmake"):
            self.assertNotIn(str(SOURCES), text.read_text(), "an installed file names the tree it came from")
        run(CMAKE, "-S", SOURCES / "tests/install/consumer", "-B", build, "-DCMAKE_PREFIX_PATH=" + str(prefix))
        run(CMAKE, "--build", build)
        (self.folder / "raw.txt").write_text("main (app.py:1);parse (app.py:9) 30\nmain (app.py:1) 10\n")
        said = run(build / "consumer", os.getpid(), self.folder / "raw.txt")
        self.assertEqual(said, "lampyr {}: hottest is parse (app.py)\nPython {}\n".format(version(), platform.python_version()))


class Package(InFolder):
    def test_a_debian_package(self):
        config = (BUILD / "CPackConfig.cmake")
        run(shutil.which("cpack"), "--config", config, "-B", self.folder, "-D", "CPACK_COMPONENTS_ALL=tool")
        (package,) = self.folder.glob("*.deb")
        architecture = run("dpkg", "--print-architecture").strip()
        self.assertEqual(package.name, "lampyr_{}-1_{}.deb".format(version(), architecture))
        fields = dict(re.findall(r"^ (\w[\w-]*): (.*)$", run("dpkg-deb", "-I", package), re.MULTILINE))
        self.assertEqual(fields["Package"], "lampyr")
        self.assertRegex(fields["Depends"], r"libc6 \(>= 2\.\d+\)")
        self.assertTrue(fields["Description"])
        listed = run("dpkg-deb", "-c", package)
        for line in listed.splitlines():
            self.assertRegex(line, r"^[-d]rw[-x]r-[-x]r-[-x] root/root ")
        run("dpkg-deb", "-x", package, self.folder / "root")
        root = self.folder / "root/usr"
        self.check_tool(root, "zsh/vendor-completions/_lampyr")
        for name in ("copyright", "changelog.gz", "changelog.Debian.gz"):
            self.assertTrue((root / "share/doc/lampyr" / name).stat().st_size)
        with open(root / "bin/lampyr", "rb") as binary:
            self.assertNotIn(b".debug_info", binary.read(), "it is stripped")
        self.check_lintian(package)

    def check_lintian(self, package):
        if not shutil.which("lintian"):
            return
        said = subprocess.run(["lintian", "--no-cfg", "--fail-on", "none", "--tag-display-limit", "0", package],
                              capture_output=True, text=True).stdout
        # It is not made for the archive of a distribution: no bug is closed by it, and nobody uploads it.
        expected = ("initial-upload-closes-no-bugs", "bad-distribution-in-changes-file", "bogus-mail-host",
                    "malformed-contact", "no-manual-page")
        faults = [line for line in said.splitlines() if re.match(r"[EW]: ", line) and not any(tag in line for tag in expected)]
        self.assertEqual(faults, [])


class Wheel(InFolder):
    def test_pip_puts_it_into_path(self):
        wheel = pathlib.Path(run(sys.executable, SOURCES / "tools/scripts/make-wheel", BUILD, "-o", self.folder).strip())
        self.assertRegex(wheel.name, r"^lampyr-{}-py3-none-(manylinux_2_\d+|linux)_{}(\.musllinux_1_1_{})?\.whl$".format(
            re.escape(version()), platform.machine(), platform.machine()))
        with zipfile.ZipFile(wheel) as archive:
            self.assertIsNone(archive.testzip())
        again = self.folder / "again"
        again.mkdir()
        other = pathlib.Path(run(sys.executable, SOURCES / "tools/scripts/make-wheel", BUILD, "-o", again).strip())
        self.assertEqual(wheel.read_bytes(), other.read_bytes(), "the same build gives the same wheel")
        try:
            venv.create(self.folder / "venv", with_pip=True)
        except (subprocess.CalledProcessError, ImportError):
            self.skipTest("no python3-venv")
        python = self.folder / "venv/bin/python"
        run(python, "-m", "pip", "install", "--no-index", "--disable-pip-version-check", wheel)
        self.check_tool(self.folder / "venv", "zsh/site-functions/_lampyr")
        self.assertIn("Version: " + version(), run(python, "-m", "pip", "show", "lampyr"))
        run(python, "-m", "pip", "uninstall", "-y", "lampyr")
        self.assertFalse((self.folder / "venv/bin/lampyr").exists())


class Portable(InFolder):
    """build/portable is made by hand (README): compiling everything again would take longer than all the other tests."""

    def setUp(self):
        super().setUp()
        self.build = SOURCES / "build/portable"
        self.binary = self.build / "tools/lampyr/lampyr"
        if not self.binary.exists():
            self.skipTest("no build/portable")

    def test_it_needs_no_library(self):
        said = run("readelf", "-l", "-d", self.binary)
        self.assertNotIn("INTERP", said, "it has an interpreter")
        self.assertNotIn("(NEEDED)", said, "it needs a library")
        self.assertIn("DYN (", run("readelf", "-h", self.binary), "it is position-independent")
        wheel = run(sys.executable, SOURCES / "tools/scripts/make-wheel", self.build, "-o", self.folder).strip()
        machine = platform.machine()
        self.assertTrue(wheel.endswith("manylinux_2_17_{0}.musllinux_1_1_{0}.whl".format(machine)), wheel)

    def test_it_records_and_reports(self):
        run(self.binary, "record", "-q", "-o", self.folder / "p.lampyr", "--", sys.executable, "-c", "sum(range(2 * 10**7))")
        self.assertIn("<module>", run(self.binary, "report", self.folder / "p.lampyr"))
        self.assertIn("Python", run(self.binary, "top", "--once", "--", sys.executable, "-c", "sum(range(10**8))"))

    def test_it_runs_in_a_root_of_its_own(self):
        """Where there is no file but itself and /proc, which shows a Python outside."""
        enter = ["unshare", "--mount", "sh", "-c", 'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"', str(self.folder)]
        (self.folder / "proc").mkdir()
        shutil.copy(self.binary, self.folder / "lampyr")
        if subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode != 0:
            self.skipTest("mount namespaces cannot be made here")
        python = subprocess.Popen([sys.executable, "-c", "while True: sum(range(10**6))"])
        try:
            for options in (["-f", "raw"], ["--native", "-f", "raw"], ["-f", "pprof"]):
                run(*enter, "/lampyr", "record", "-q", "-d", "0.5", "-o", "/out", *options, "-p", str(python.pid))
                if options[-1] == "raw":
                    self.assertIn("<module>", (self.folder / "out").read_text())
            self.assertIn("Python v", run(*enter, "/lampyr", "dump", "--locals", "-p", str(python.pid)))
            said = run(*enter, "/lampyr", "doctor", str(python.pid))
            self.assertRegex(said, r"user +uid \d+; lampyr runs as uid \d+")
            self.assertIn("It can be profiled", said)
        finally:
            python.kill()
            python.wait()


KINDS = {"tree": (Tree,), "library": (Library,), "package": (Package, "dpkg-deb", "dpkg-shlibdeps", "cpack"), "wheel": (Wheel,), "portable": (Portable, "readelf")}

if __name__ == "__main__":
    SOURCES, BUILD = (pathlib.Path(word).resolve() for word in sys.argv[1:3])
    CMAKE = sys.argv[3]
    kind, *programs = KINDS[sys.argv[4]]
    needs(*programs)
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(kind)
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    sys.exit(77 if result.skipped else 0 if result.wasSuccessful() else 1)
