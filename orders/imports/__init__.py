"""Import of sheets: a profile says what the columns mean, everything else is the same for every source.

`reading` turns bytes into a table, `rows` the table into typed values, `wanted` those into the records that should
exist, `existing` compares them with what is there, `apply` and `update` write the difference in one transaction,
`report` tells all of it.
"""
