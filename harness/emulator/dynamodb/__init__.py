"""DynamoDB: tables, indexes, expressions, streams, exact and fast.

Codes such as D-20 are rows of docs/aws-rows.csv: what AWS does, and where that is documented or was seen.
"""
