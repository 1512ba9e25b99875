"""The supervisor as a witness: it sees that the hub's log only grows, and says so under each checkpoint.

Read ``cosigner`` (what is cosigned, and in which order), ``seen_file`` (what it must not forget), then ``app`` (the process).
It reads no leaf and sees nothing that not everybody in the network may see.
"""
