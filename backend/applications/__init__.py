"""What a person submitted once: the application, its cases with their states and clocks, supplements, results, ratings."""
