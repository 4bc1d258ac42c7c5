"""The live page in a real browser: what it shows is what the desk says, and nothing old looks fresh."""

import asyncio
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import replace

import pytest
from aiohttp import web
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from consumer.core.instants import MINUTE_MS, parse_rfc3339
from consumer.core.outlook import Outlook
from consumer.core.reading import PoolFigures, Reading, Row
from consumer.surface.http import application
from consumer.surface.status import NoFigures
from tests.surface.readings import AS_OF, SALES, outlook, reading
from tests.surface.test_live import READY, FakeDesk

pytestmark = pytest.mark.chromium

HOSTILE = "<img src=x onerror=\"document.title='owned'\"><script>alert(1)</script>"


def wall_clock() -> int:
    return time.time_ns() // 1_000_000


def moving(shown: Reading | None = None) -> FakeDesk:
    return FakeDesk(shown, wall_clock)


class Server:
    """The application on a thread of its own, on a port that stays the same when it is started again."""

    def __init__(self, desk: FakeDesk) -> None:
        self.desk = desk
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def start(self) -> "Server":
        self._runner = web.AppRunner(application(self.desk))
        self._in_loop(self._start()).result(10)
        return self

    async def _start(self) -> None:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True).start()
        self.port = self._runner.addresses[0][1]

    def stop(self) -> None:
        self._in_loop(self._runner.cleanup()).result(10)

    def close(self) -> None:
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _in_loop(self, work: "asyncio.Future[None] | object") -> "Future[None]":
        return asyncio.run_coroutine_threadsafe(work, self._loop)  # type: ignore[arg-type]


class Page:
    """What somebody in front of the browser sees."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver

    def open(self, url: str) -> None:
        self.driver.get("about:blank")  # another hash alone would load nothing
        self.driver.get(url)
        self.until(lambda: self.text("as-of") != "–")

    def text(self, name: str) -> str:
        found = self.driver.find_elements(By.ID, name)
        return found[0].text if found else ""

    def table(self, name: str) -> list[list[str]]:
        rows = self.driver.find_elements(By.CSS_SELECTOR, f"#{name} > tr")
        return [[cell.text for cell in row.find_elements(By.CSS_SELECTOR, "th, td")] for row in rows]

    def choose(self, window: str) -> None:
        [button] = [one for one in self.buttons() if one.text == window]
        button.click()

    def buttons(self) -> list[webdriver.remote.webelement.WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, "#windows button")

    def pressed(self) -> list[str]:
        return [one.text for one in self.buttons() if one.get_attribute("aria-pressed") == "true"]

    def is_grey(self) -> bool:
        look = self.driver.find_element(By.TAG_NAME, "main").value_of_css_property("filter")
        return "grayscale(1)" in look

    def until(self, shows: Callable[[], object], seconds: float = 6) -> None:
        WebDriverWait(self.driver, seconds, 0.05).until(lambda _: shows())

    def complaints(self) -> list[str]:
        return [entry["message"] for entry in self.driver.get_log("browser")]


@pytest.fixture(scope="module")
def driver() -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1920,1080"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver") or ""))
    yield driver
    driver.quit()


@pytest.fixture
def page(driver: webdriver.Chrome) -> Page:
    page = Page(driver)
    page.complaints()  # those of an earlier test
    return page


@pytest.fixture
def serve() -> Iterator[Callable[[FakeDesk], Server]]:
    servers: list[Server] = []

    def start(desk: FakeDesk) -> Server:
        servers.append(Server(desk).start())
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def test_figures_are_those_of_the_desk(page: Page, serve: Callable[[FakeDesk], Server]) -> None:
    page.open(serve(moving()).url)
    page.until(lambda: page.text("standard") == "0.6100")  # 2.439999999 ÷ 4 calls
    assert page.driver.find_element(By.ID, "standard").get_attribute("title") == "0.61 USD"
    assert (page.text("absorbed"), page.text("p95"), page.text("calls")) == ("2.0025", "1.6000", "4")
    assert page.text("calls-note") == "costed; 3 unrated"
    assert page.driver.find_element(By.CSS_SELECTOR, ".big .currency").text == "USD"
    assert page.table("components") == [
        ["carrier", "0.03", "0.0075", "1.2 %"],
        ["fee", "0.01", "0.0025", "0.4 %"],
        ["labour", "2.40", "0.6000", "98.4 %"],
    ]
    assert page.table("total") == [["standard cost", "2.44", "0.6100", ""]]
    assert page.table("directions") == [
        ["inbound", "3", "2.43", "0.8100", "1.6000"],
        ["outbound", "1", "0.01", "0.0100", "0.0100"],
    ]
    assert page.table("pools") == [
        ["agents", "10.00", "2.40", "7.60", "24.0 %"],
        ["headsets", "1.00", "–", "–", "–"],
        ["night", "0.00", "0.00", "0.00", "–"],
        ["phones", "1.00", "1.50", "−0.50", "▲ 150.0 %"],
    ]
    assert page.table("segments")[:2] == [
        ["inbound · sales · ath", "3", "2.43", "0.8100"],
        ["outbound · __unknown__ · [bold]ath", "1", "0.01", "0.0100"],
    ]
    assert page.table("segments")[2][1:] == ["0", "–", "–"]  # its only call is unrated
    assert page.text("usual") == "usual at this hour 0.6000 ± 0.0400, now +1.7 %"
    assert page.table("moved") == [["inbound", "0.8000", "+0.0100", "+0.0200", "−0.0100", "+0.0000"]]
    assert page.table("budgets") == [["all / month", "300", "301 OVER", "210", "70.0 %"]]
    state = page.text("state").replace("\n", " ")
    for said in ("Dead letters 12,345", "Rate table 2026-q3, 2026-q4 (0a1b2c3d)", "Unrated 3", "Rejected 3",
                 "Duplicate 1,000", "Late 1", "Pending 1", "Costed 4", "Amended 1", "Events behind 0"):  # fmt: skip
        assert said in state
    assert page.text("banners") == ""
    assert page.complaints() == []


def test_a_button_shows_another_window_and_the_choice_is_kept(page: Page, serve: Callable[[FakeDesk], Server]) -> None:
    *others, week = reading().windows
    week = replace(week, rows=(Row((), SALES),))
    page.open(serve(moving(replace(reading(), windows=(*others, week)))).url)
    page.until(lambda: page.pressed() == ["1h"])
    page.choose("7d")
    page.until(lambda: page.text("standard") == "0.8100")
    assert page.text("calls") == "3"
    assert page.pressed() == ["7d"]
    assert page.driver.current_url.endswith("#7d")
    page.driver.refresh()
    page.until(lambda: page.text("standard") == "0.8100")
    page.choose("5m")
    page.until(lambda: page.pressed() == ["5m"])
    shown = [page.text(name) for name in ("standard", "absorbed", "p95", "calls")]
    assert shown == ["–", "–", "–", "0"]
    assert page.complaints() == []


def test_an_absorbed_figure_in_doubt_says_since_when_calls_are_known_and_is_lighter_than_a_sure_one(
    page: Page, serve: Callable[[FakeDesk], Server]
) -> None:
    """Of the week two days are known: since 21 November, 10:00 UTC, noon in Athens."""

    def look() -> tuple[str, ...]:
        figure, sure = (page.driver.find_element(By.ID, name) for name in ("absorbed", "p95"))
        names = ("font-weight", "color", "font-style")
        same = [figure.value_of_css_property(name) == sure.value_of_css_property(name) for name in names]
        return (page.text("absorbed"), page.text("absorbed-note"), *map(str, same))

    desk = moving()
    page.open(serve(desk).url)
    page.until(lambda: page.text("absorbed") == "2.0025")
    assert look() == ("2.0025", "idle capacity included", "True", "True", "True")
    page.choose("7d")
    page.until(lambda: page.pressed() == ["7d"])
    assert look() == ("2.0025", "doubtful: calls since 2026-11-21 12:00 only", "False", "False", "False")
    page.choose("5m")
    page.until(lambda: page.text("absorbed") == "–")
    assert look()[1] == "idle capacity included"  # without a call there is nothing to doubt
    desk.shown = replace(reading(), known_from_ms=AS_OF - MINUTE_MS)
    page.choose("1h")
    page.until(lambda: page.text("absorbed-note") == "doubtful: calls since 2026-11-23 11:59 only")
    assert page.text("pools-of") == "1h, calls since 2026-11-23 11:59 only"
    assert page.complaints() == []


def test_times_are_those_of_the_rate_tables_zone_and_it_is_named(
    page: Page, serve: Callable[[FakeDesk], Server]
) -> None:
    """The quarter begins on 1 October at midnight in Athens, which is 21:00 of the day before in UTC."""
    hour = reading().windows[1]
    quarter = replace(hour, window="quarter-to-date", from_ms=parse_rfc3339("2026-09-30T21:00:00Z"))
    desk = FakeDesk(replace(reading(), windows=(hour, quarter)), lambda: AS_OF)
    page.open(serve(desk).url + "#quarter-to-date")
    said = "standard cost · quarter-to-date: since 2026-10-01 00:00 Europe/Athens"
    page.until(lambda: said in page.driver.find_element(By.CLASS_NAME, "big").text)
    assert (page.text("as-of")[:3], page.text("zone")) == ("12:", "Europe/Athens")
    desk.shown = replace(desk.shown, time_zone="Mars/Olympus")
    page.until(lambda: page.text("zone") == "UTC")
    assert "since 2026-09-30 21:00 UTC" in page.text("span")
    assert page.complaints() == []


def test_what_is_over_all_of_it_sticks_out_beyond_a_mark(page: Page, serve: Callable[[FakeDesk], Server]) -> None:
    """A full bar ends at the mark; what is over goes beyond it, hatched, at most to the end of the scale at 125 %."""
    names = ("little", "full", "over", "double")
    pools = tuple(PoolFigures(name, 1_000, used) for name, used in zip(names, (500, 1_000, 1_186, 2_000), strict=True))
    windows = tuple(replace(window, pools=pools) for window in reading().windows)
    page.open(serve(moving(replace(reading(), windows=windows))).url)
    page.until(lambda: page.table("pools"))
    assert [row[-1] for row in page.table("pools")] == ["50.0 %", "100.0 %", "▲ 118.6 %", "▲ 200.0 %"]
    widths = page.driver.execute_script(
        "return [...document.querySelectorAll('#pools .share > i')]"
        ".map((bar) => [...bar.children].map((part) => parseFloat(part.style.width)))"
    )
    assert widths == [[40, 0], [80, 0], [80, pytest.approx(14.88)], [80, 20]]  # 18.6 ÷ 125 is 14.88 %
    hatched = page.driver.execute_script(
        "return [...document.querySelectorAll('#pools .share')]"
        ".map((one) => getComputedStyle(one.querySelector('i > i + i')).backgroundImage.startsWith('repeating-linear'))"
    )
    assert hatched == [True] * 4
    bars = page.driver.find_elements(By.CSS_SELECTOR, "#pools .share > i")
    assert len({bar.size["width"] for bar in bars}) == 1  # they can be held against one another


def test_where_nothing_is_usual_and_nothing_is_planned_nothing_is_said_of_it(
    page: Page, serve: Callable[[FakeDesk], Server]
) -> None:
    desk = moving()
    page.open(serve(desk).url)
    page.until(lambda: page.text("usual"))
    page.choose("7d")
    page.until(lambda: page.text("usual") == "")  # it is of the last hour
    assert page.table("moved")
    page.choose("1h")
    desk.outlook = Outlook()
    page.until(lambda: page.text("usual") == "")
    assert not any(page.driver.find_element(By.ID, f"{name}-table").is_displayed() for name in ("moved", "budgets"))
    assert page.complaints() == []


def test_figures_of_a_desk_that_hangs_are_stale_until_it_answers(
    page: Page, serve: Callable[[FakeDesk], Server]
) -> None:
    desk = moving()
    page.open(serve(desk).url)
    page.until(lambda: page.text("standard") == "0.6100")
    assert (page.text("stale"), page.is_grey()) == ("", False)
    desk.hangs = True
    page.until(lambda: re.match(r"STALE [3-6] s", page.text("stale")))
    assert page.is_grey()
    assert page.driver.title.startswith("STALE")
    page.until(lambda: "the worker answers, but has no new figures" in page.text("stale"))
    page.until(lambda: re.match(r"STALE [5-8] s", page.text("stale")))  # counts up
    desk.hangs = False
    page.until(lambda: page.text("stale") == "")
    assert not page.is_grey()
    assert page.complaints() == []


def test_figures_of_a_server_that_went_are_stale_until_it_is_back(
    page: Page, serve: Callable[[FakeDesk], Server]
) -> None:
    server = serve(moving())
    page.open(server.url)
    page.until(lambda: page.text("standard") == "0.6100")
    server.stop()
    page.until(lambda: re.match(r"STALE [3-6] s no connection to the worker", page.text("stale")))
    assert page.is_grey()
    server.start()
    page.until(lambda: page.text("stale") == "", 12)
    assert not page.is_grey()


def test_old_snapshots_that_come_late_are_not_fresh(page: Page, serve: Callable[[FakeDesk], Server]) -> None:
    """A network that holds snapshots up: they come one a second, but their time stands still."""
    desk = moving()
    page.open(serve(desk).url)
    page.until(lambda: page.text("standard") == "0.6100")
    stands_at = wall_clock()
    desk.clock = lambda: stands_at
    page.until(lambda: re.match(r"STALE [3-6] s", page.text("stale")))
    desk.clock = wall_clock
    page.until(lambda: page.text("stale") == "")


def test_what_is_wrong_is_said_in_words(page: Page, serve: Callable[[FakeDesk], Server]) -> None:
    desk = moving()
    desk.state = replace(
        READY, not_ready="reading calls.jsonl: 40 %", troubles=("calls are refused: no space left on device",),
        table_problems=tuple(f"version 2026-q4: problem {number}" for number in range(7)),
    )  # fmt: skip
    page.open(serve(desk).url)
    page.until(lambda: len(page.text("banners").splitlines()) == 3)
    unready, trouble, table = page.text("banners").splitlines()
    assert unready == "Not to be relied on yet: reading calls.jsonl: 40 %"
    assert trouble == "Trouble: calls are refused: no space left on device"
    assert table.startswith(
        "A newer rate table is refused, the one before it stays in use: version 2026-q4: problem 0; "
    )
    assert table.endswith("problem 4 (and 2 more)")
    desk.state = READY
    page.until(lambda: page.text("banners") == "")


def test_figures_that_went_are_not_shown_any_more(page: Page, serve: Callable[[FakeDesk], Server]) -> None:
    desk = moving()
    page.open(serve(desk).url)
    page.until(lambda: page.text("standard") == "0.6100")
    desk.failure = NoFigures("restoring: 40 % of the index")
    page.until(lambda: page.text("banners") == "No figures: restoring: 40 % of the index")
    assert [page.text(name) for name in ("standard", "absorbed", "p95", "calls")] == ["–"] * 4
    assert page.table("segments") == page.table("pools") == page.table("components") == []
    assert page.complaints() == []


def test_hostile_names_are_text(page: Page, serve: Callable[[FakeDesk], Server]) -> None:
    windows = tuple(
        replace(
            window,
            rows=(Row(("inbound", HOSTILE[:30], HOSTILE[:60]), SALES), Row((HOSTILE[:40],), SALES), Row((), SALES)),
            pools=(PoolFigures(HOSTILE[:50], 1, 1),),
        )
        for window in reading().windows
    )
    desk = moving(replace(reading(), windows=windows))
    desk.outlook = replace(outlook(), budgets=(replace(outlook().budgets[0], name=HOSTILE[:40]),))
    desk.state = replace(READY, troubles=(HOSTILE,), table_versions=(HOSTILE[:60],))
    page.open(serve(desk).url)
    page.until(lambda: page.table("segments"))
    assert page.table("segments")[0][0] == f"inbound · {HOSTILE[:30]} · {HOSTILE[:60]}"
    assert page.table("pools")[0][0] == HOSTILE[:50]
    assert page.table("directions")[0][0] == HOSTILE[:40]
    assert page.table("budgets")[0][0] == f"{HOSTILE[:40]} / month"
    assert HOSTILE in page.text("banners")
    assert page.driver.find_elements(By.CSS_SELECTOR, "img, body script") == []
    assert page.driver.title == "callcost"
    assert page.complaints() == []


@pytest.mark.parametrize(
    ("text", "places", "shown"),
    [
        ("2.352941176", 4, "2.3529"),
        ("0.00005", 4, "0.0001"),  # ties upwards
        ("0.000049999", 4, "0.0000"),
        ("9007199254740993.125", 2, "9,007,199,254,740,993.13"),  # no float has this many digits
        ("1234567", 2, "1,234,567.00"),
        ("-0.5", 2, "−0.50"),
        ("-0.005", 2, "0.00"),
        ("-0.0051", 2, "−0.01"),
        ("999.995", 2, "1,000.00"),
    ],
)
def test_money_is_rounded_half_up_on_its_digits(
    page: Page, serve: Callable[[FakeDesk], Server], text: str, places: int, shown: str
) -> None:
    page.open(serve(moving()).url)
    assert page.driver.execute_script("return rounded(arguments[0], arguments[1])", text, places) == shown


@pytest.mark.parametrize("width", [390, 1920, 3840])
def test_nothing_is_wider_than_the_screen(page: Page, serve: Callable[[FakeDesk], Server], width: int) -> None:
    size = {"width": width, "height": 1080, "deviceScaleFactor": 1, "mobile": False}
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    page.open(serve(moving()).url)
    page.until(lambda: page.text("standard") == "0.6100")
    wide, there_is = page.driver.execute_script(
        "return [document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert wide <= there_is
    page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
