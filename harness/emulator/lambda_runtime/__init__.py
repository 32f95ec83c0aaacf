"""Lambda: functions as processes over the Lambda Runtime API.

Codes such as L-3 and sections such as 3.1 are rows of docs/aws-rows.csv: what AWS does, and where that is
documented or was seen.
"""
