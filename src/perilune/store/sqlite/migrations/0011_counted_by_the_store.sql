-- What is counted is counted by whoever writes it, once per transaction and not once per row: see
-- `connection/counters.py`.  The triggers that are left keep no counter: they add and mark the rows
-- that counters are in, and number the changes of schedules.

DROP TRIGGER executions_added;
DROP TRIGGER executions_judged;
DROP TRIGGER executions_ended;
DROP TRIGGER executions_removed;
DROP TRIGGER kv_store_added;
DROP TRIGGER kv_store_changed;
DROP TRIGGER kv_store_removed;
