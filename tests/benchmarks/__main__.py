"""`make bench`: measures and prints, judges nothing."""

from tests.benchmarks import bench_decide, bench_reading, bench_turn, bench_understand

bench_decide.main()
bench_turn.main()
bench_reading.main()
bench_understand.main()
