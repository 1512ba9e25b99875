"""The numbering authority: who has which My Number, and who may be given a code. It knows no code and no inquiry.

``app`` wires, ``servicer`` is proto in and proto out, ``store`` keeps.
"""
