"""Charts: marks where the numbers say, escaped, and whole as files."""

from __future__ import annotations

import math
from xml.etree import ElementTree

import pytest
from markupsafe import Markup

from analysis.charts.axes import Axis
from analysis.charts.bars import Bar, bars
from analysis.charts.chart import MARGINS, Chart, style_sheet
from analysis.charts.curves import Curve, curves
from analysis.charts.interval import common_scale, interval
from analysis.charts.scale import Bands, Numeric, Steps
from analysis.charts.scatter import Point, scatter
from analysis.charts.tag import percent, tag
from tests.analysis_tests.browser import HOSTILE

UNIT = Numeric(0.0, 1.0)
SVG = "{http://www.w3.org/2000/svg}"


def parsed(chart: Chart) -> ElementTree.Element:
    """The file that the chart makes, by an XML parser."""
    return ElementTree.fromstring(chart.standalone())


def dots(chart: Chart) -> list[tuple[str | None, str | None, str | None]]:
    """(trial, x, y) of every dot."""
    found = parsed(chart).iter(f"{SVG}circle")
    return [(dot.get("data-trial"), dot.get("cx"), dot.get("cy")) for dot in found]


def test_nothing_ends_a_tag_or_an_attribute() -> None:
    made = tag("text", HOSTILE, data_x=HOSTILE, class_="a")
    assert ElementTree.fromstring(made).text == HOSTILE
    assert ElementTree.fromstring(made).get("data-x") == HOSTILE
    assert tag("line", x=1.0, y=None) == Markup('<line x="1"/>')
    assert percent(1 / 3) == "33.33%"


def test_points_lie_where_their_values_say_and_the_front_above_all() -> None:
    points = [
        Point(0.25, 0.75, 1, "front", "one"),
        Point(0.5, 0.5, 2, "ranked", "two"),
        Point(math.nan, 0.5, 3, "ranked", "nowhere"),
    ]
    chart = scatter(points, Axis("x", UNIT), Axis("y", UNIT), description="d")
    assert dots(chart) == [("2", "50%", "50%"), ("1", "25%", "25%")]


def test_a_link_is_focusable_and_says_its_trial() -> None:
    chart = scatter(
        [Point(0.5, 0.5, 7, "front", HOSTILE, href="../gallery/0007/index.html")],
        Axis(HOSTILE, UNIT),
        Axis("y", UNIT),
        description=HOSTILE,
    )
    link = next(parsed(chart).iter(f"{SVG}a"))
    assert link.get("href") == "../gallery/0007/index.html"
    assert link.get("aria-label") == HOSTILE


def test_the_staircase_of_two_trials_by_hand() -> None:
    """More is better in x, less in y: what (0.4, 0.2) and (0.8, 0.6) beat lies left of and above them."""
    points = [
        Point(0.4, 0.2, 1, "default", "", leads=True),
        Point(0.8, 0.6, 2, "front", "", leads=True),
        Point(0.1, 0.9, 3, "ranked", ""),
    ]
    x, y = Axis("x", UNIT, "max"), Axis("y", UNIT, "min")
    chart = scatter(points, x, y, description="d", staircase=True)
    lines = [path.get("d") for path in parsed(chart).iter(f"{SVG}path") if path.get("class") == "front-line"]
    assert lines == ["M80,0L80,0L80,40L40,40L40,80L0,80"]


def test_equal_values_on_a_band_are_spread_within_it() -> None:
    points = [Point("b", 0.5, trial, "ranked", "") for trial in range(50)]
    chart = scatter(points, Axis("x", Bands(("a", "b"))), Axis("y", UNIT), description="d")
    places = [float(str(x).rstrip("%")) for _, x, _ in dots(chart)]
    assert min(places) > 50
    assert max(places) < 100
    assert len(set(places)) == 50


def test_chance_is_a_dashed_line_where_it_is_in_the_picture() -> None:
    near = scatter([], Axis("x", UNIT), Axis("y", UNIT, chance=0.9), description="d").inline()
    far = scatter([], Axis("x", UNIT), Axis("y", UNIT, chance=9.0), description="d").inline()
    assert 'class="chance"' in near
    assert 'class="chance"' not in far


def test_a_curve_ends_at_the_edge_it_leaves_by() -> None:
    drawn = [Curve(3, "pruned", ((1.0, 0.5), (2.0, -4.0)), "three"), Curve(4, "front", ((1.0, 0.5),), "four")]
    chart = curves(drawn, Axis("x", Steps(("1/3", "all"))), Axis("y", UNIT), description="d")
    assert dots(chart) == [("3", "100%", "100%"), ("4", "0%", "50%")]
    lines = [p.get("d") for p in parsed(chart).iter(f"{SVG}path") if p.get("data-trial") == "3"]
    assert lines == ["M0,50L100,100"]


def test_bars_are_as_long_as_their_share_of_the_largest() -> None:
    chart = bars([Bar("a", (0.5, None)), Bar("b", (0.25, 0.1))], ("one", "two"), description="d")
    widths = [
        bar.get("width")
        for bar in parsed(chart).iter(f"{SVG}rect")
        if str(bar.get("class")).startswith("bar ") and list(bar)
    ]
    assert widths == ["100%", "50%", "20%"]


def test_an_interval_and_its_line_of_no_effect() -> None:
    drawn = ElementTree.fromstring(interval(0.5, 0.0, 1.0, Numeric(-1.0, 1.0), "helps", "words"))
    zero, reach = drawn.findall("line")
    assert (zero.get("x1"), reach.get("x1"), reach.get("x2")) == ("50%", "50%", "100%")
    assert [dot.get("cx") for dot in drawn.findall("circle")] == ["75%"]


def test_an_interval_beyond_the_scale_or_without_ends() -> None:
    beyond = interval(0.5, -9.0, 9.0, Numeric(-1.0, 1.0), "unclear", "words")
    assert "‹" in beyond
    assert "›" in beyond
    alone = ElementTree.fromstring(interval(0.5, math.nan, math.nan, Numeric(-1.0, 1.0), "unclear", "words"))
    assert len(alone.findall("line")) == 1
    nothing = ElementTree.fromstring(interval(math.nan, math.nan, math.nan, UNIT, "unclear", "words"))
    assert nothing.findall("circle") == []


def test_one_wide_interval_does_not_stretch_the_common_scale() -> None:
    narrow = [(0.1, 0.05, 0.15)] * 30
    scale = common_scale([*narrow, (0.0, -50.0, 50.0)])
    assert scale.high < 1
    assert common_scale([(-0.4, -0.5, -0.3)]).share(0.0) == pytest.approx(1.0, abs=0.1)
    assert common_scale([]).share(0.0) == 0.5


def test_a_file_carries_its_style_and_keeps_its_margins() -> None:
    chart = scatter([], Axis("x", UNIT), Axis("y", UNIT), description=HOSTILE, height=200)
    drawn = parsed(chart)
    left, top, right, bottom = MARGINS["axes"]
    assert drawn.get("height") == str(200 + top + bottom)
    assert [svg.get("width") for svg in drawn.findall(f"{SVG}svg")] == [str(720 - left - right)]
    assert f"{top}px {right}px {bottom}px {left}px" in style_sheet()
    assert [title.text for title in drawn.findall(f"{SVG}title")] == [HOSTILE]
