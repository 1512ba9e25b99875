"""Bulk inquiry (一括照会) as a business system makes it: a file of rows in, a file of results out.

- ``layout``: what a file says, field by field (pure)
- ``order``: under which request_ids its rows are asked, and in which order (pure)
- ``told``: which status and which words a row ends with (pure)
- ``result_file``: the file of results (pure)
- ``journal``: what is known already, on disk, so that a run that was broken off goes on
- ``running``: asking, through the agency's own node

It is the business system of one agency: it knows its own people's local numbers, and what was provided about them. It holds no
code, and asks nobody but its own node.
"""
