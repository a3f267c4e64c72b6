#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The lint checks themselves: each finds what it is there for, in a small tree made for it, and nothing else."""
import os
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
import layering  # noqa: E402
import sources  # noqa: E402

LICENCE = "// SPDX-License-Identifier: MIT\n"


class LintTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def write(self, path, content):
        full = os.path.join(self.folder.name, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as file:
            file.write(content)

    def complaints(self, check, path, content):
        self.write(path, content)
        found = check(self.folder.name)
        os.remove(os.path.join(self.folder.name, path))
        return found

    def assert_complains(self, check, path, content, expected):
        found = self.complaints(check, path, content)
        self.assertEqual(len(found), 1, found)
        self.assertIn(expected, found[0])

    def assert_fine(self, check, path, content):
        self.assertEqual(self.complaints(check, path, content), [])

    def test_arrows(self):
        check = layering.check
        self.assert_fine(check, "src/sampler/a.cpp", '#include "cpython/b.hpp"\n#include <lampyr/c.hpp>\n#include <vector>\n')
        self.assert_complains(check, "src/cpython/a.cpp", '#include "sampler/b.hpp"\n', "must not include")
        self.assert_complains(check, "src/profile/a.cpp", '#include "process/b.hpp"\n', "must not include")
        self.assert_fine(check, "src/elf/a.cpp", '#include "process/remote_memory.hpp"\n')
        self.assert_complains(check, "src/elf/a.cpp", '#include "process/spawn.hpp"\n', "must not include")
        self.assert_complains(check, "tools/lampyr/a.cpp", '#include "profile/b.hpp"\n', "must not include")
        self.assert_complains(check, "src/export/a.cpp", '  # include "b.hpp"\n', "from src/")
        self.assert_complains(check, "src/misc/a.cpp", "", "not in the table")

    def test_confined_headers(self):
        self.assert_fine(layering.check, "src/process/a.cpp", "#include <sys/ptrace.h>\n")
        self.assert_complains(layering.check, "src/sampler/a.cpp", "#include <sys/uio.h>\n", "src/process")
        self.assert_complains(layering.check, "src/cpython/a.cpp", "#include <gelf.h>\n", "src/elf")

    def test_version_questions(self):
        check = layering.check
        for question in ("if (v.minor >= 11) f();", "if (layout->version.minor<9) f();", "if (3 == v.major) f();",
                         "if (version < Version{3, 7, 4}) f();"):
            self.assert_complains(check, "src/cpython/frame.cpp", question + "\n", "asks for a version")
            self.assert_fine(check, "src/cpython/layouts/cp39.cpp", question + "\n")
        self.assert_fine(check, "src/cpython/a.cpp", "if (a.minor == b.minor) f();  // v.minor >= 11\n")

    def test_licence_and_length(self):
        check = sources.check
        self.assert_fine(check, "src/base/a.cpp", LICENCE)
        self.assert_complains(check, "src/base/a.cpp", "#pragma once\n" + LICENCE, "first line")
        self.assert_fine(check, "tools/a", "#!/bin/sh\n# SPDX-License-Identifier: MIT\n")
        self.assert_complains(check, "tools/a", "#!/bin/sh\necho\n", "first line")
        self.assert_complains(check, "src/base/a.cpp", LICENCE + "\n" * 800, "801 lines")

    def test_unsafe_scripts(self):
        for statement in ("e.inner" "HTML = name", "ev" "al (name)", "document" ".write(name)", "new Fun" "ction(name)"):
            self.assert_complains(sources.check, "src/export/v.js", LICENCE + statement + "\n", "markup or code")
        self.assert_fine(sources.check, "src/export/v.js", LICENCE + "e.textContent = name; retrieval(name)\n")

    def test_foreign_words(self):
        self.assert_complains(sources.check, "docs/a.md", "see /wo" "rk/x\n", "own path")
        self.assert_complains(sources.check, "docs/a.md", "http://deb.deb" "ian.org/x\n", "package archive")
        self.assert_fine(sources.check, "docs/a.md", "src/network/x and frame/work/x\n")


if __name__ == "__main__":
    unittest.main()
