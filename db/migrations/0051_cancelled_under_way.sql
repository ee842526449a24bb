-- What was cancelled while somebody called has its attempt recorded, and is delivered when it has come.
GRANT UPDATE (cancelled_because) ON delivery TO cspr_dispatch;
