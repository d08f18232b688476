"""A page in QtWebKit, an engine of 2016, driven over stdin and stdout.

    old_page.py URL         opens URL without WebSocket

Lines of JSON come in:
    {"evaluate": "..."}     the value of this expression, as text
    {"type": "..."}         types this text (ASCII), as a person does
    {"press": "Return"}     presses a key, by its name in Qt
    {"screenshot": "..."}   draws the page into this file
and go out:
    {"answer": ...}         to each line that came in, and once the page is loaded
    {"complaint": "..."}    an error of the page's scripts
"""
import json
import sys

from PyQt5.QtCore import QSocketNotifier, Qt, QUrl
from PyQt5.QtTest import QTest
from PyQt5.QtWebKitWidgets import QWebPage, QWebView
from PyQt5.QtWidgets import QApplication


def tell(**what):
    print(json.dumps(what), flush=True)


class Page(QWebPage):
    def javaScriptConsoleMessage(self, message, line, source):
        tell(complaint=f"{source}:{line}: {message}")


def obey(view, command):
    if "type" in command:
        return QTest.keyClicks(view, command["type"])
    if "press" in command:
        return QTest.keyClick(view, getattr(Qt, f'Key_{command["press"]}'))
    if "screenshot" in command:
        return view.grab().save(command["screenshot"])
    return view.page().mainFrame().evaluateJavaScript(f'String({command["evaluate"]})')


def main():
    app = QApplication(sys.argv)
    view = QWebView()
    page = Page(view)
    view.setPage(page)
    frame = page.mainFrame()
    frame.javaScriptWindowObjectCleared.connect(
        lambda: frame.evaluateJavaScript("delete window.WebSocket"))

    def read():
        line = sys.stdin.readline()
        if line:
            tell(answer=obey(view, json.loads(line)))
        else:
            app.quit()

    reader = QSocketNotifier(0, QSocketNotifier.Read)
    reader.activated.connect(read)

    def loaded(well):
        view.loadFinished.disconnect(loaded)  # frames that come later tell it too
        tell(answer="loaded" if well else "not loaded")

    view.loadFinished.connect(loaded)
    view.resize(1000, 700)
    view.load(QUrl(sys.argv[1]))
    view.show()
    app.exec_()


main()
