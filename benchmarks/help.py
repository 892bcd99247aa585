"""`helpdesk-kpi --help`, beside a bare interpreter that imports click. The best of ten."""

import subprocess
import sys
import time

RUNS = 10


def main() -> None:
    least = best([sys.executable, "-c", "import click"])
    taken = best([sys.executable, "-m", "helpdesk_kpi", "--help"])
    print(f"python and click {least:.3f} s, --help {taken:.3f} s, {taken / least:.2f} x")


def best(command: list[str]) -> float:
    taken = []
    for _ in range(RUNS):
        began = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        taken.append(time.perf_counter() - began)
    return min(taken)


if __name__ == "__main__":
    main()
