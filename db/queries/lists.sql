-- What the lists share.

-- name: list_follows_index
-- What every list is planned with: one plan for any values, by indexes, without bitmaps. The planner takes a
-- partnership for a small part of each table (0048), so that to read all that it has and to sort that seems
-- cheaper than to follow the index in whose order the page stands: planned for its values a page of 20 deliveries
-- of 84,000 took 750 ms, one of 200 notifications of 100,000 a second.
SELECT set_config('plan_cache_mode', 'force_generic_plan', true) AS planned,
       set_config('enable_bitmapscan', 'off', true) AS bitmaps,
       set_config('enable_seqscan', 'off', true) AS whole_tables;
