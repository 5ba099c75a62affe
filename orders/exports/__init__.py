"""Lists on their way out as sheets: what stands in a list, with its filters and its sort, as csv or xlsx.

`columns` says what a row holds, `rows` reads them chunk by chunk, `writing` turns them into bytes in flat memory.
"""
