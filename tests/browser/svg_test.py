#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The flame graph in a real browser: zoom, back, search, keyboard, hostile names, embedding.

svg_test.py SVG_MAKE LAMPYR [FOLDER]: pictures and screenshots go to FOLDER when it is given, else they are thrown away.
Exit status 77: no chromium and chromedriver here."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

import svg_browser

ENTER, ESCAPE, BACKSPACE, DOWN, RIGHT = "\ue006", "\ue00c", "\ue003", "\ue015", "\ue014"
FOLDER = None

# What the picture shows, read from the page: [name, x, y, width] for each frame text, in drawing order.
TEXTS = """return [...document.querySelectorAll('.flames text')].map(t => {
  const b = t.getBoundingClientRect(); return [t.textContent, b.x, b.y, b.width]; })"""
RECTS = """return [...document.querySelectorAll('.flames rect')].map(r => {
  const b = r.getBoundingClientRect(); return [b.x, b.y, b.width, r.getAttribute('class')]; })"""
FOUND = "return document.querySelector('.found').textContent"
STATUS = "return document.querySelector('.status').textContent"


class Picture(unittest.TestCase):
    browser = None

    @classmethod
    def setUpClass(cls):
        cls.browser = svg_browser.Browser()

    @classmethod
    def tearDownClass(cls):
        cls.browser.__exit__()

    def open(self, name, width=1200, height=800, dark=False, fragment=""):
        b = self.browser
        b.open("about:blank")
        b.log()
        b.size(width, height)
        b.dark(dark)
        b.open((FOLDER / name).as_uri() + fragment)
        self.assertTrue(b.wait("return document.documentElement.dataset.ready"), f"{name} did not start")

    def tearDown(self):
        self.assertIsNone(self.browser.dialog())
        self.assertEqual([m["message"] for m in self.browser.log() if m["level"] == "SEVERE"], [])

    def text(self, beginning):
        for text, x, y, _ in self.browser.run(TEXTS):
            if text.startswith(beginning):
                return x + 3, y + 6
        self.fail(f"{beginning} is not in the picture")

    def shot(self, name):
        self.browser.picture(str(FOLDER / (name + ".png")))

    def test_click_zooms_back_and_reset_return(self):
        b = self.browser
        self.open("server.svg")
        whole = b.run(TEXTS)
        self.shot("light")
        b.mouse(*self.text("show_cart"))
        self.assertRegex(b.run("return location.hash"), r"^#z=\d+$")
        self.assertNotEqual(b.run(TEXTS), whole)
        self.assertRegex(b.run(STATUS), r"Zoomed: show_cart|^show_cart")
        self.shot("zoom")
        b.mouse(*self.text("Session.execute"))
        b.keys(BACKSPACE)
        self.assertTrue(b.wait("return document.querySelector('.status').textContent.includes('show_cart')"))
        b.run("history.back()")
        self.assertTrue(b.wait("return location.hash === ''"))
        self.assertEqual(b.run(TEXTS), whole)
        b.mouse(*self.text("search"))
        b.keys(ESCAPE)
        self.assertEqual(b.run(TEXTS), whole)

    def test_address_restores_the_view(self):
        b = self.browser
        self.open("server.svg")
        b.mouse(*self.text("search"))
        address, texts = b.run("return location.href"), b.run(TEXTS)
        b.open("about:blank")
        b.open(address)
        b.wait("return document.documentElement.dataset.ready")
        self.assertEqual(b.run(TEXTS), texts)

    def test_search(self):
        b = self.browser
        self.open("server.svg")
        b.keys("/", *"cart|json")
        self.assertRegex(b.run(FOUND), r"^\d+\.\d % of all · \d+ frames matched$")
        self.shot("search")
        share = float(b.run(FOUND).split()[0])
        self.assertTrue(20 < share < 60, share)
        b.keys(ENTER)
        self.assertIn("1 of ", b.run(FOUND))
        b.keys(ENTER)
        self.assertIn("2 of ", b.run(FOUND))
        self.assertIn("s=cart%7Cjson", b.run("return location.hash"))
        b.keys(ESCAPE)
        self.assertEqual(b.run(FOUND), "")
        for query, expected in [("CART", "nothing matches"), ("Cart", "% of all"), ("(", "% of all"), ("(a+)+$", "nothing"), ("zzz", "nothing")]:
            b.run("const i = document.querySelector('input'); i.value = arguments[0]; i.dispatchEvent(new Event('input', {bubbles: true}))", query)
            self.assertIn(expected, b.run(FOUND), query)

    def test_all_matches_everything_once(self):
        b = self.browser
        self.open("server.svg", fragment="#s=.")
        self.assertTrue(b.run(FOUND).startswith("100 % of all"))

    def test_keyboard(self):
        b = self.browser
        self.open("server.svg")
        b.keys(DOWN, DOWN, DOWN)
        self.assertTrue(b.run(STATUS).startswith("main"), b.run(STATUS))
        self.assertTrue(b.run("return document.querySelector('[role=treeitem]').getAttribute('aria-label')").startswith("main · shop/server.py:198 · total "))
        b.keys(ENTER)
        self.assertIn("z=", b.run("return location.hash"))
        b.keys(ESCAPE, "?")
        self.assertEqual(b.run("return document.querySelector('.help').getAttribute('visibility')"), "visible")
        self.shot("help")
        b.keys(ESCAPE)
        self.assertEqual(b.run("return document.querySelector('.help').getAttribute('visibility')"), "hidden")
        top = self.text("<module>")[1]
        b.keys("o")
        self.assertGreater(self.text("<module>")[1], top)

    def test_hover_tells_total_self_and_shares(self):
        b = self.browser
        self.open("server.svg")
        b.mouse(*self.text("show_cart"), click=False)
        lines = b.run("return [...document.querySelectorAll('.tip text')].map(t => t.textContent)")
        self.assertEqual(lines[:2], ["show_cart", "shop/views/cart.py:20"])
        self.assertRegex(lines[2], r"^total \d.* s · [\d,]+ samples · \d+\.\d % of all$")
        self.assertRegex(lines[3], r"^self ")
        self.shot("hover")

    def test_widths_add_up_at_every_size(self):
        b = self.browser
        for width, height in [(300, 500), (760, 400), (1200, 800), (3840, 2000)]:
            self.open("tree-10000.svg", width, height)
            rows = {}
            for x, y, w, _ in b.run(RECTS):
                rows.setdefault(y, []).append((x, x + w))
            self.assertAlmostEqual(min(x for x, _ in rows[min(rows)]), 10, delta=.1)
            self.assertAlmostEqual(max(e for _, e in rows[min(rows)]), width - 10, delta=1.1)
            for spans in rows.values():
                spans.sort()
                for (_, end), (x, _) in zip(spans, spans[1:]):
                    self.assertGreaterEqual(x, end - .3)
            beyond = b.run("return [...document.querySelectorAll('text')].filter(t => t.getAttribute('visibility') !== 'hidden' && !t.closest('.help, .tip') && t.getBoundingClientRect().right > innerWidth + 1).map(t => t.textContent)")
            self.assertEqual(beyond, [])
            self.shot(f"width-{width}")

    def test_small_frames_widen(self):
        b = self.browser
        self.open("wide.svg")
        self.assertRegex(" ".join(text for text, *_ in b.run(TEXTS)), r"6,000 small frames")
        self.shot("wide")
        b.mouse(*self.text("6,000 small"), click=False)
        self.assertEqual(b.run("return [...document.querySelectorAll('.tip text')].map(t => t.textContent)")[:3],
                         ["6,000 small frames", "called by dispatch (wide.py:3)", "30.00 s · 3,000 samples · 50.0 % of all"])
        b.mouse(*self.text("6,000 small"))
        self.assertRegex(b.run("return location.hash"), r"^#z=\d+-\d+$")
        b.mouse(5, 300, click=False)
        self.assertRegex(b.run(STATUS), r"^Zoomed: small frames · 50.0 % of all")
        self.shot("small")
        rest = [r for r in b.run(RECTS) if r[3] == "rest"]
        self.assertGreater(len(rest), 10, "still too narrow for boxes of their own: several parts")
        self.assertAlmostEqual(sum(r[2] for r in rest), 1180, delta=1.1 * len(rest))
        b.mouse(rest[3][0] + 5, rest[3][1] + 5)
        alone = [r for r in b.run(RECTS) if r[3].startswith("k1") and r[2] > 9]
        self.assertGreater(len(alone), 150, "about a hundred handlers and their callees, each with its own box")
        b.mouse(alone[0][0] + 4, alone[0][1] + 4)
        self.text("handler_")
        address, texts = b.run("return location.href"), b.run(TEXTS)
        b.open("about:blank")
        b.open(address)
        b.wait("return document.documentElement.dataset.ready")
        self.assertEqual(b.run(TEXTS), texts)

    def test_deep_stack_scrolls(self):
        b = self.browser
        self.open("deep.svg")
        self.assertLess(b.run("return document.querySelectorAll('*').length"), 1000)
        self.shot("deep")
        before = b.run("return document.querySelector('.bar').getAttribute('y')")
        for _ in range(5):
            b.keys("\ue00f")
        self.assertNotEqual(b.run("return document.querySelector('.flames text').textContent"), "all")
        self.assertGreaterEqual(float(b.run("return document.querySelector('.bar').getAttribute('y')")), float(before))
        b.run("location.hash = '#z=90000'")
        self.assertTrue(b.wait("return document.querySelector('.status').textContent.startsWith('Zoomed')"))

    def test_hostile_names_are_only_text(self):
        b = self.browser
        self.open("hostile.svg")
        self.assertEqual(b.run("return document.querySelectorAll('script').length"), 1)
        self.assertEqual(b.run("return document.querySelectorAll('image, a, iframe, img').length"), 0)
        self.shot("hostile")
        for query in ["</script><script>alert", "onload=", "<lambda>", "漢字", "\\u{202e}", "1,000,000 bytes"]:
            b.run("const i = document.querySelector('input'); i.value = arguments[0]; i.dispatchEvent(new Event('input', {bubbles: true}))",
                  query.replace("\\", "\\\\").replace("{", "\\{").replace("}", "\\}"))
            self.assertIn("matched", b.run(FOUND), query)
            b.keys("n")
        for fragment in ["#z=999999999", "#z=-1", "#z=1e3&s=%E0%A4%A", "#s=" + "%28a%2B%29%2B" * 50, "#z=1-2", "#z=3-99999999", "#z=4-3", "#z=2-1-", "#z=0"]:
            self.open("hostile.svg", fragment=fragment)
            self.assertTrue(b.run(TEXTS))

    def test_difference_shows_both_sides(self):
        b = self.browser
        self.open("diff.svg")
        self.assertEqual({" ".join(text.split(" ")[:2]) for text, *_ in b.run(TEXTS) if text[0] in "▲▼✚✖"},
                         {"▲ parse", "▼ load", "✖ old_path", "✖ old_leaf", "✚ new_path", "✚ new_leaf"})
        rows = {}
        for x, y, w, _ in b.run(RECTS):
            rows.setdefault(y, []).append(w)
        for total in map(sum, rows.values()):
            self.assertLessEqual(total, 1180.5)
        functions = rows[sorted(rows)[2]]
        self.assertAlmostEqual(sum(functions), 1180, delta=1.1 * len(functions), msg="parse, load, old_path and new_path are all of main")
        for width, mean_share in zip(sorted(functions), [.1, .125, .375, .4], strict=True):
            self.assertAlmostEqual(width / 1180, mean_share, delta=.003)
        self.shot("diff")
        b.mouse(*self.text("✖ old_path"))
        self.assertIn("z=", b.run("return location.hash"))
        texts = " ".join(text for text, *_ in b.run(TEXTS))
        self.assertIn("old_leaf", texts)
        self.assertNotIn("parse", texts)
        b.keys(ESCAPE)
        b.keys("/", *"new_")
        self.assertIn("2 frames matched", b.run(FOUND))
        b.mouse(*self.text("✚ new_leaf"), click=False)
        self.shot("diff-search")

    def test_dark(self):
        self.open("server.svg", dark=True)
        self.assertEqual(self.browser.run("return getComputedStyle(document.querySelector('.bg')).fill"), "rgb(21, 23, 28)")
        self.shot("dark")

    def test_static_layer_needs_neither_script_nor_style(self):
        b = self.browser
        (FOLDER / "image.html").write_text('<body style="margin:0"><img src="server.svg"></body>')
        b.size(1240, 600)
        b.open((FOLDER / "image.html").as_uri())
        self.assertEqual(b.wait("const i = document.querySelector('img'); return i.complete && i.naturalWidth"), 1200)
        self.shot("image")
        svg = (FOLDER / "server.svg").read_text(encoding="utf-8")
        begin, end = svg.index("<style>"), svg.index("</style>") + len("</style>")
        bare = svg[:begin] + svg[end:svg.index("<script>")] + "</svg>"
        (FOLDER / "bare.svg").write_text(bare, encoding="utf-8")
        b.open((FOLDER / "bare.svg").as_uri())
        self.assertGreater(b.run("return document.querySelectorAll('.flames rect').length"), 100)
        self.assertEqual(b.run("return document.querySelector('.tools').getBoundingClientRect().width > 0 && getComputedStyle(document.querySelector('.btn')).visibility"), "hidden")
        self.shot("bare")

    def test_object_of_300_pixels(self):
        b = self.browser
        (FOLDER / "object.html").write_text('<object data="server.svg" width="300" height="420"></object><object data="server.svg"></object>')
        b.size(1240, 900)
        b.open((FOLDER / "object.html").as_uri())
        sizes = b.wait("const o = [...document.querySelectorAll('object')].map(o => o.clientWidth); return o[1] > 300 && o")
        self.assertEqual(sizes, [300, 1200])
        self.shot("object")


def make_difference(lampyr):
    """diff.svg: parse grew, load shrank, old_path is gone with what it calls, new_path is new."""
    base = {"main;parse": 300, "main;load": 500, "main;old_path;old_leaf": 200}
    new = {"main;parse": 500, "main;load": 250, "main;new_path;new_leaf": 250}
    for name, stacks in (("base", base), ("new", new)):
        (FOLDER / (name + ".txt")).write_text("".join(f"{stack} {count}\n" for stack, count in stacks.items()))
    subprocess.run([lampyr, "diff", "-q", "-o", "diff.svg", "base.txt", "--to", "new.txt"], cwd=FOLDER, check=True)


def main():
    global FOLDER
    if svg_browser.find() is None:
        print("skipped: needs chromium and chromedriver")
        return 77
    temporary = tempfile.TemporaryDirectory(prefix="svg-test-")
    FOLDER = pathlib.Path(sys.argv[3] if len(sys.argv) > 3 else temporary.name).resolve()
    FOLDER.mkdir(exist_ok=True)
    subprocess.run([sys.argv[1], str(FOLDER), "server", "threads", "wide", "deep", "hostile", "tree", "10000"], check=True)
    make_difference(pathlib.Path(sys.argv[2]).resolve())
    result = unittest.main(argv=[sys.argv[0]], exit=False).result
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
