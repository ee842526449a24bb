"""Looks at pages as a browser shows and prints them.

    look.py axe DIR AXE_JS     faults that axe-core finds in each *.html of the directory
    look.py print DIR [MOST]   prints each to PDF beside it: it has a title, all of its words, nothing
                               beyond the edge of the paper, and at most so many pages
    look.py show DIR           pictures beside them, for people

Prints each fault on a line; the exit status is 1 when there is one.
"""
import pathlib
import re
import subprocess
import sys
import unicodedata

from browser import Browser

# The text that a reader sees, a charts' too.
WORDS = """(() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const texts = [];
  while (walker.nextNode())
    if (!walker.currentNode.parentElement.closest('style, title, desc'))
      texts.push(walker.currentNode.textContent);
  return texts.join(' ');
})()"""


def axe(browser, path, script):
    page = browser.page(path)
    page.run(script + ";1")
    result = page.run("axe.run(document).then(r => ({passes: r.passes.length, violations: "
                      "r.violations.map(v => v.id + ': ' + v.help + ' at '"
                      " + v.nodes.slice(0, 3).map(n => n.target + ' ' + n.html).join('; '))}))")
    page.close()
    if result["passes"] < 10:
        yield "axe has looked at next to nothing"
    yield from result["violations"]


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def plain(text):
    return unicodedata.normalize("NFKC", text)


def parts(text):
    """Its words and numbers, of which a reference with hyphens has several: lines end at those."""
    return re.findall(r"\w+", text)


def printed(browser, path, most):
    paper = path.with_suffix(".pdf")
    page = browser.page(path)
    words = parts(plain(page.run(WORDS)))
    title = page.run("document.title")
    page.pdf(paper)
    page.close()
    about = dict(line.split(":", 1) for line in output("pdfinfo", paper).splitlines() if ":" in line)
    shown = plain(output("pdftotext", "-raw", paper, "-"))
    known, joined = set(parts(shown)), "".join(shown.split())
    if not title or about.get("Title", "").strip() != title:
        yield f"the title of the PDF is not {title!r}"
    if "(A4)" not in about["Page size"]:
        yield f"the paper is {about['Page size'].strip()}"
    if int(about["Pages"]) > most:
        yield f"{about['Pages'].strip()} pages and not {most}"
    # A word that was broken at the end of a line stands in two.
    lost = [word for word in words if word not in known and word not in joined]
    if len(words) < 10 or lost:
        yield f"of {len(words)} words these are not on paper: {lost[:20]}"
    yield from beyond(browser, path, about["Page size"])


def beyond(browser, path, size):
    """What reaches over the edge: no box may be wider than what the margins leave."""
    points = float(size.split()[0])
    page = browser.page(path)
    page.as_printed(round((points / 72 * 25.4 - 28) / 25.4 * 96))
    wide = page.run("[...document.querySelectorAll('body *')].filter(e => "
                    "e.getBoundingClientRect().right > innerWidth + 1).map(e => e.tagName)")
    page.close()
    if wide:
        yield f"reaches over the edge of the paper: {sorted(set(wide))}"


def main():
    what, directory, *rest = sys.argv[1:]
    pages = sorted(pathlib.Path(directory).glob("*.html"))
    faults = 0
    with Browser() as browser:
        for path in pages:
            if what == "axe":
                found = axe(browser, path, pathlib.Path(rest[0]).read_text(encoding="utf-8"))
            elif what == "print":
                found = printed(browser, path, int(rest[0]) if rest else 1000)
            else:
                page = browser.page(path)
                page.picture(path.with_suffix(".png"))
                page.close()
                found = []
            for fault in found:
                faults += 1
                print(f"{path.name}: {fault}")
    if not pages:
        print("there are no pages")
    sys.exit(1 if faults or not pages else 0)


if __name__ == "__main__":
    main()
