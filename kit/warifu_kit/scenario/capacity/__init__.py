"""``warifu capacity``: how many hub workers, sequencers, how much memory and disk the traffic of a scenario needs.

``seeds`` plays a scenario again and again, ``sizing`` finds the fewest workers that keep a target, ``page`` writes it down.
"""
