"""A load test of a running network, from outside: business systems, an auditor and a supervisor that call it.

- ``deciding``: values in, values out: arrivals, histograms, the search for the knee, verdicts; no clock, no network
- ``shapes``: what is asked of the network, stage by stage; one file each
- ``users``: who asks, and what; one file each
- ``driving``: greenlets, locust and its workers
- ``report``: what is told of a run

It knows the core only, never a party's own code.
"""
