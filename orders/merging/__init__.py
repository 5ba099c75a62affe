"""A list exported, edited in a spreadsheet and sent back: merged cell by cell, three ways (lesson F47).

Every exported row carries a key: which record it is, when it was read, and a check value of each cell as it left. A
cell is changed in the sheet if it differs from that; changed here if the record does; where both did and disagree, a
person decides. `comparing.compare` tells; orders.services.merges writes. See docs/round-trip.md.
"""
