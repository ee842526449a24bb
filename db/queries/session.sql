-- What every connection needs before and around the statements of a request.
-- role: session

-- name: session_role
-- As SET ROLE, which takes no parameter.
-- $1 role
SELECT set_config('role', $1::text, false);

-- name: session_reads
-- What begins no transaction of its own reads: a batch that reads is the pipeline's one implicit
-- transaction, which saves two of its four statements, and can still change nothing. Set after the
-- connection stands, because libpq's target_session_attrs takes such a default for a standby.
SELECT set_config('default_transaction_read_only', 'on', false);

-- name: transaction_begin_write
BEGIN READ WRITE;

-- name: transaction_check
-- A dry run never commits, so what is deferred to the commit is checked here.
SET CONSTRAINTS ALL IMMEDIATE;

-- name: transaction_commit
COMMIT;

-- name: transaction_rollback
ROLLBACK;
