"""How a load test is driven: greenlets that make the calls of a stage, and locust, its master and its workers."""
