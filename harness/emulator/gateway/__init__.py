"""API Gateway WebSocket APIs: sessions, routes, events, @connections.

Codes such as M-5 are rows of docs/aws-rows.csv, in sections such as 1.9: what AWS does, and where that is documented
or was seen.
"""
