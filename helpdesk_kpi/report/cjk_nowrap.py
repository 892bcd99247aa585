"""Chinese units that no line may break: browsers break between any two characters, so also inside 小时 and 分钟."""

import re

#: A number with a unit of two characters. A no-break space alone holds the number, not the unit's second half.
_AMOUNT = re.compile(r"[0-9][0-9,.]*[\u00a0 ](?:小时|分钟)")
#: Where no element may stand: tags with their attributes, and what is drawn or never shown.
_KEPT = re.compile(r"(<title>.*?</title>|<style>.*?</style>|<svg.*?</svg>|<!--.*?-->|<[^>]*>)", re.DOTALL)


def keep_units_together(html: str) -> str:
    """Keep each number with its unit on one line. A style of its own, since mail readers may drop the style sheet; a
    word joiner (U+2060) would do the same, but old mail readers draw it as a box.
    """
    parts = _KEPT.split(html)
    parts[::2] = [_AMOUNT.sub(r'<span style="white-space:nowrap">\g<0></span>', text) for text in parts[::2]]
    return "".join(parts)
