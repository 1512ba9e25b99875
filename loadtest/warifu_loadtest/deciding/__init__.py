"""What a load test decides, as functions of values: they know neither a clock, nor locust, nor a network."""
