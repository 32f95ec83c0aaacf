"""API Gateway WebSocket APIs: sessions, routes, events, @connections.

Codes such as M-5 and sections such as 1.9 are rows of docs/aws-rows.csv: what AWS does, and where that is
documented or was seen.
"""
