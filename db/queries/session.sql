-- What every connection needs before and around the statements of a request.
-- role: session

-- name: session_role
-- As SET ROLE, which takes no parameter.
-- $1 role
SELECT set_config('role', $1::text, false);

-- name: transaction_begin_read
BEGIN READ ONLY;

-- name: transaction_begin_write
BEGIN READ WRITE;

-- name: transaction_check
-- A dry run never commits, so what is deferred to the commit is checked here.
SET CONSTRAINTS ALL IMMEDIATE;

-- name: transaction_commit
COMMIT;

-- name: transaction_rollback
ROLLBACK;
