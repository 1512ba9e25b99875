"""Scenarios: one file asks one question of a SIMULATED network, the answer is a folder that anyone can read and repeat.

``file/`` reads the question, ``virtual/`` plays it on a clock that is not the machine's, ``told/`` writes the answer. All of it
beyond ``file/`` needs the extra ``warifu[research]``.
"""
