"""The text sketch: how many pairs of reports of one problem it finds, and how many finds are right, by threshold.

The pairs are those of the tests, written by hand in English and Chinese.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

from helpdesk_kpi.text.comment import extract_features, fingerprint, similarity

sys.path.append(str(Path(__file__).parent.parent / "tests"))
from test_text_fingerprint import DIFFERENT, KEY, SAME, THRESHOLD

Pair = tuple[tuple[str, str], tuple[str, str]]
TEXTS = 20_000


def main() -> None:
    same, different = [alike(pair) for pair in SAME], [alike(pair) for pair in DIFFERENT]
    print(f"{len(same)} pairs of one problem, {len(different)} of two; used is {THRESHOLD:.2f}")
    for threshold in (0.10, 0.15, 0.20, 0.25, 0.30, 0.40):
        right = sum(found >= threshold for found in same)
        wrong = sum(found >= threshold for found in different)
        precision = right / (right + wrong) if right + wrong else 1.0
        print(f"threshold {threshold:.2f}: recall {right / len(same):.2f}, precision {precision:.2f}")
    texts = [text for pair in SAME for text in pair]
    texts *= TEXTS // len(texts)
    print(f"{len(texts) / timed(lambda s, t: fingerprint(s, t, KEY), texts):,.0f} sketches/s")
    print(f"{len(texts) / timed(lambda _, t: extract_features(t), texts):,.0f} comments/s (all features)")


def alike(pair: Pair) -> float:
    left, right = (fingerprint(subject, text, KEY) for subject, text in pair)
    return similarity(left, right)


def timed(work: Callable[[str, str], object], texts: list[tuple[str, str]]) -> float:
    began = time.perf_counter()
    for subject, text in texts:
        work(subject, text)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
