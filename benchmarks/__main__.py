"""make bench: throughput beside the floor, CPU, memory, and latency, on a private Dovecot and an SMTP sink.

python -m benchmarks [--messages 2000] [--rounds 3] [--latency-seconds 60]

Floor and desk take turns, and medians count: a machine drifts by more than what is to be measured.
"""

import argparse
import statistics

from benchmarks.bench import servers


def main() -> None:
    """Measure everything and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--latency-seconds", type=int, default=60)
    options = parser.parse_args()
    with servers() as bench:
        rounds = [bench.round(options.messages) for _ in range(options.rounds)]
        median = {name: statistics.median(one[name] for one in rounds) for name in rounds[0]}
        print(
            f"floor        {median['floor']:8.1f} messages/s\n"
            f"faultdesk    {median['messages_per_second']:8.1f} messages/s = "
            f"{median['of_floor']:.0%} of the floor (target 60 %)\n"
            f"CPU          {median['cpu_ms_per_message']:8.2f} ms/message\n"
            f"RSS          {max(one['rss_mib'] for one in rounds):8.0f} MiB at most, "
            "all processes (target 250)",
            flush=True,
        )
        waits = bench.latency(options.latency_seconds)
        print(
            f"latency      p50 {waits['p50_ms']:.0f} ms (target 700), p99 {waits['p99_ms']:.0f} ms "
            f"(target 1500), max {waits['max_ms']:.0f} ms, at 5 messages/s"
        )


if __name__ == "__main__":
    main()
