"""What every party is made of: its folder and keys, its database, configuration files, its process, the network file.

What a party decides is not known here.
"""
