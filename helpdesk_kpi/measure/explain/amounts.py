"""Amounts with their unit, as people read them."""


def shown(value: float | None, unit: str) -> str:
    """
    >>> shown(7_499_000, "ms"), shown(-61_000, "ms"), shown(0.25, "share"), shown(3, "tickets"), shown(None, "ms")
    ('2 h 05 min', '-1 min 01 s', '25.0%', '3', '-')
    """
    if value is None:
        return "-"
    if unit != "ms":
        return f"{value:.1%}" if unit == "share" else f"{value:g}"
    sign = "-" if value < 0 else ""
    whole = round(abs(value) / 1000)
    if whole < 3600:
        return f"{sign}{whole // 60} min {whole % 60:02} s"
    hours, minutes = divmod((whole + 30) // 60, 60)  # as reports round
    return f"{sign}{hours} h {minutes:02} min"
