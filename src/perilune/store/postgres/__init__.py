"""The store in a PostgreSQL database, which any number of servers may share.

Everything that knows psycopg is here.
"""
