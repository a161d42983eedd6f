"""`make bench`: measures and prints, judges nothing."""

from tests.benchmarks import bench_turn

bench_turn.main()
