"""DynamoDB's operations, by theme; each takes the database and the request's body and gives the answer's."""
