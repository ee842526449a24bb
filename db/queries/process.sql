-- What the steps of every process write beside their own record.

-- name: transition_insert
-- The log of a step that led to another state, or back to the same.
-- $1 subject, $2 subject_id, $3 operation, $4 from_state, $5 to_state, $6 happened_on, $7 reason
-- $8 evidence (json object)
INSERT INTO transition (partnership_id, subject, subject_id, operation, from_state, to_state,
  happened_on, reason, evidence, key_id, agency_id)
VALUES (tenant(), $1::text, $2::uuid, $3::text, $4::text, $5::text, $6::date, $7::text, $8::jsonb,
  caller_key(), caller_agency());

-- name: clocks_apply
-- The effects of a step on the clocks.
-- $1 effects (json array, as the function says)
SELECT clocks_apply($1::jsonb) AS started;
