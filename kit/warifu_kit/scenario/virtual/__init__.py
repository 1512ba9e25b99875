"""The virtual clock: arrivals, costs, and the two engines that play them, one for behaviour and one for a nation's worth."""
