"""Lambda: functions as processes over the Lambda Runtime API.

Codes such as L-3 are rows of docs/aws-rows.csv, in sections such as 3.1: what AWS does, and where that is documented
or was seen.
"""
