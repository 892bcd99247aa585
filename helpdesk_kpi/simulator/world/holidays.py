"""Public holidays of the two places where the simulated desks are."""

from datetime import date, timedelta

Holiday = tuple[date, date, str]
"""First day, last day (inclusive), name."""


def berlin(year: int) -> list[Holiday]:
    """Holidays in Berlin; Easter by the anonymous Gregorian computus (Meeus, Astronomical Algorithms, chapter 8)."""
    easter = _easter(year)
    single = [
        (date(year, 1, 1), "New Year's Day"),
        (date(year, 3, 8), "International Women's Day"),
        (easter - timedelta(days=2), "Good Friday"),
        (easter + timedelta(days=1), "Easter Monday"),
        (date(year, 5, 1), "Labour Day"),
        (easter + timedelta(days=39), "Ascension Day"),
        (easter + timedelta(days=50), "Whit Monday"),
        (date(year, 10, 3), "Day of German Unity"),
    ]
    return sorted([(day, day, name) for day, name in single] + [(date(year, 12, 25), date(year, 12, 26), "Christmas")])


def china(year: int) -> list[Holiday]:
    """Holidays as the State Council's General Office announces them each autumn; no year, no list."""
    return [(date(year, *first), date(year, *last), name) for first, last, name in _CHINA.get(year, ())]


def china_workdays(year: int) -> list[date]:
    """Weekend days that are worked to make up for a longer holiday."""
    return [date(year, month, day) for month, day in _CHINA_WORKDAYS.get(year, ())]


_CHINA = {
    2025: [
        ((1, 1), (1, 1), "元旦"),
        ((1, 28), (2, 4), "春节"),
        ((4, 4), (4, 6), "清明节"),
        ((5, 1), (5, 5), "劳动节"),
        ((5, 31), (6, 2), "端午节"),
        ((10, 1), (10, 8), "国庆节、中秋节"),
    ],
    2026: [
        ((1, 1), (1, 3), "元旦"),
        ((2, 15), (2, 23), "春节"),
        ((4, 4), (4, 6), "清明节"),
        ((5, 1), (5, 5), "劳动节"),
        ((6, 19), (6, 21), "端午节"),
        ((9, 25), (9, 27), "中秋节"),
        ((10, 1), (10, 7), "国庆节"),
    ],
}
_CHINA_WORKDAYS = {
    2025: [(1, 26), (2, 8), (4, 27), (9, 28), (10, 11)],
    2026: [(1, 4), (2, 14), (2, 28), (5, 9), (9, 20), (10, 10)],
}


def _easter(year: int) -> date:
    golden = year % 19
    century, rest = divmod(year, 100)
    leap, leap_rest = divmod(century, 4)
    drift = (century + 8) // 25
    epact = (19 * golden + century - leap - (century - drift + 1) // 3 + 15) % 30
    quarter, quarter_rest = divmod(rest, 4)
    weekday = (32 + 2 * leap_rest + 2 * quarter - epact - quarter_rest) % 7
    late = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)
